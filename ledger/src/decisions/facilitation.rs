//! Who tests an objection.
//!
//! Holacracy Constitution 5.0, 5.3.3: the facilitator tests; where a rule is said to be broken, the
//! secretary interprets. 5.3.6: where the seat is empty or its holder cannot act, each stands in
//! for the other, then the circle lead, then any circle member. Nobody tests their own objection or
//! one to their own proposal, and whoever discarded a member's objection does not test that
//! member's next one: so nobody can silence another alone, nor through people whom they admitted.

use polity_proto::v1::{Assignment, Objection, ObjectionState, Proposal, Role, RoleKind};

use crate::Rejection;
use crate::context::Context;
use crate::judge::hands::{self, Hands};
use crate::judge::power;
use crate::state::keys::List;
use crate::state::{Read, lists};

/// Refuses whoever is not to test the objection now.
pub(super) fn check_tester(
    context: &Context<'_, '_>,
    proposal: &Proposal,
    objection: &Objection,
) -> Result<(), Rejection> {
    let (now, member) = (context.now().time, context.actor.member);
    if hands::meet(context, now, &parties(proposal, objection), &[member]) {
        return Err(Rejection::SamePerson);
    }
    Rejection::NotFacilitator.unless(testers(context, now, proposal, objection).contains(&member))
}

/// The people of the first seat from which somebody can test.
pub fn testers(state: &dyn Read, now: u64, proposal: &Proposal, objection: &Objection) -> Vec<u64> {
    let (first, second) = if objection.breaks_a_rule.is_empty() {
        (RoleKind::Facilitator, RoleKind::Secretary)
    } else {
        (RoleKind::Secretary, RoleKind::Facilitator)
    };
    let members = proposal.electorate.iter().copied();
    let members = members.filter(|member| power::member_is_active(state, *member));
    let seats = [first, second, RoleKind::Lead]
        .map(|kind| holders(state, now, proposal, kind))
        .into_iter()
        .chain([members.collect()]);
    let mut barred = parties(proposal, objection);
    barred.extend(discarders(state, proposal, objection));
    let barred = Hands::of(state, now, &barred);
    let is_barred = |member: &u64| Hands::of(state, now, &[*member]).meet(&barred);
    seats
        .map(|mut people| {
            people.retain(|member| !is_barred(member));
            people
        })
        .find(|people| !people.is_empty())
        .unwrap_or_default()
}

/// Who proposed, who objects and who benefits. What the ledger itself proposes, nobody does.
fn parties(proposal: &Proposal, objection: &Objection) -> Vec<u64> {
    let proposer = Some(proposal.proposer).filter(|proposer| *proposer != 0);
    proposer
        .into_iter()
        .chain([objection.objector])
        .chain(proposal.beneficiaries.iter().copied())
        .collect()
}

/// Those who hold such a seat now and were given it before the proposal was opened, whatever date
/// it was recorded for: nobody is assigned to set a certain objection aside.
fn holders(state: &dyn Read, now: u64, proposal: &Proposal, kind: RoleKind) -> Vec<u64> {
    lists::objects::<Role>(state, List::Roles, proposal.unit)
        .filter(|role| role.kind() == kind)
        .flat_map(|role| lists::objects::<Assignment>(state, List::Holders, role.number))
        .filter(|assignment| {
            assignment.assigned_at <= proposal.opened_at
                && power::assignment_empowers(state, assignment, now)
                && power::member_is_active(state, assignment.member)
        })
        .map(|assignment| assignment.member)
        .collect()
}

/// Who has discarded another objection of this objector to this version.
fn discarders(state: &dyn Read, proposal: &Proposal, objection: &Objection) -> Vec<u64> {
    lists::objects::<Objection>(state, List::Objections, proposal.number)
        .filter(|earlier| {
            earlier.number != objection.number
                && earlier.state() == ObjectionState::Discarded
                && earlier.objector == objection.objector
                && earlier.version == objection.version
        })
        .map(|earlier| earlier.tested_by)
        .collect()
}
