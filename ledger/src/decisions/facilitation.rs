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
use crate::judge::{hands, power};
use crate::state::keys::List;
use crate::state::{Read, lists};

/// Refuses whoever is not to test the objection now.
pub(super) fn check_tester(
    context: &Context<'_, '_>,
    proposal: &Proposal,
    objection: &Objection,
) -> Result<(), Rejection> {
    let member = context.actor.member;
    if is_party(context, context.now().time, proposal, objection, member) {
        return Err(Rejection::SamePerson);
    }
    Rejection::NotFacilitator
        .unless(testers(context, context.now().time, proposal, objection).contains(&member))
}

/// The people of the first seat from which somebody can test.
pub fn testers(state: &dyn Read, now: u64, proposal: &Proposal, objection: &Objection) -> Vec<u64> {
    let (first, second) = match objection.breaks_a_rule.is_empty() {
        true => (RoleKind::Facilitator, RoleKind::Secretary),
        false => (RoleKind::Secretary, RoleKind::Facilitator),
    };
    let members = proposal.electorate.iter().copied();
    let members = members.filter(|member| power::member_is_active(state, *member));
    let seats = [first, second, RoleKind::Lead]
        .map(|kind| holders(state, now, proposal, kind))
        .into_iter()
        .chain([members.collect()]);
    seats
        .map(|people| {
            let able = people.into_iter().filter(|member| {
                !is_party(state, now, proposal, objection, *member)
                    && !has_discarded(state, now, proposal, objection, *member)
            });
            able.collect::<Vec<u64>>()
        })
        .find(|people| !people.is_empty())
        .unwrap_or_default()
}

fn is_party(
    state: &dyn Read,
    now: u64,
    proposal: &Proposal,
    objection: &Objection,
    member: u64,
) -> bool {
    // What the ledger itself proposes, nobody does.
    let proposer = Some(proposal.proposer).filter(|proposer| *proposer != 0);
    let mut parties = proposer
        .into_iter()
        .chain([objection.objector])
        .chain(proposal.beneficiaries.iter().copied());
    parties.any(|party| hands::are_one(state, now, party, member))
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

/// Whether the member, or somebody who counts as them, has discarded another objection of this objector to this
/// version.
fn has_discarded(
    state: &dyn Read,
    now: u64,
    proposal: &Proposal,
    objection: &Objection,
    member: u64,
) -> bool {
    lists::objects::<Objection>(state, List::Objections, proposal.number).any(|earlier| {
        earlier.number != objection.number
            && earlier.state() == ObjectionState::Discarded
            && earlier.objector == objection.objector
            && earlier.version == objection.version
            && hands::are_one(state, now, earlier.tested_by, member)
    })
}
