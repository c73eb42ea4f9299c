//! Who takes part in the governance of a unit.

use polity_proto::v1::{Assignment, Capability, Passage, Proposal, Role, RoleKind, Unit};

use super::passages;
use crate::Rejection;
use crate::context::Context;
use crate::judge::{self, power};
use crate::state::keys::List;
use crate::state::{Read, lists, objects};

/// Most members of an electorate.
pub const MEMBERS_MAX: usize = 500;

/// The electorate of a unit now, ascending: for a circle the holders of its roles, and the leads and
/// representatives of the units in it; elsewhere the joined members. People only.
pub fn of(state: &dyn Read, now: u64, unit: u64) -> Vec<u64> {
    objects::get::<Unit>(state, unit).map_or_else(Vec::new, |unit| of_unit(state, now, &unit))
}

/// As [`of`], of a unit as it is or could be.
pub(super) fn of_unit(state: &dyn Read, now: u64, unit: &Unit) -> Vec<u64> {
    let mut members = if power::is_circle(unit) {
        circle_members(state, now, unit.number)
    } else {
        lists::all(state, List::Joined, unit.number)
    };
    members.retain(|member| is_active_person(state, *member));
    members.sort_unstable();
    members.dedup();
    members
}

fn circle_members(state: &dyn Read, now: u64, circle: u64) -> Vec<u64> {
    let mut members = Vec::new();
    for role in lists::all(state, List::Roles, circle) {
        members.extend(holders(state, now, role));
    }
    for child in lists::all(state, List::Children, circle) {
        members.extend(speakers(state, now, child));
    }
    members
}

/// Who speaks for a unit in the circle around it: those who lead or represent it.
pub(super) fn speakers(state: &dyn Read, now: u64, unit: u64) -> Vec<u64> {
    lists::objects::<Role>(state, List::Roles, unit)
        .filter(|role| speaks(role))
        .flat_map(|role| holders(state, now, role.number))
        .collect()
}

/// Whether a role speaks for its unit.
pub(super) fn speaks(role: &Role) -> bool {
    matches!(role.kind(), RoleKind::Lead | RoleKind::Representative)
}

/// Holders of a role now; whoever was imported has no power until the assignment is renewed.
fn holders(state: &dyn Read, now: u64, role: u64) -> impl Iterator<Item = u64> + '_ {
    lists::objects::<Assignment>(state, List::Holders, role)
        .filter(move |assignment| power::assignment_empowers(state, assignment, now))
        .map(|assignment| assignment.member)
}

fn is_active_person(state: &dyn Read, member: u64) -> bool {
    power::member_is_active(state, member) && !power::is_service(state, member)
}

/// Notes who decides, as it is at the opening; whom the proposer sent out of the unit just before is
/// still asked. About the result of an election those decide who were asked at its call.
pub(super) fn freeze(context: &Context<'_, '_>, proposal: &mut Proposal) -> Result<(), Rejection> {
    if proposal.election != 0 {
        return Ok(());
    }
    let sent_out = passages::sent_out(context, proposal);
    proposal.electorate = with_sent_out(context, proposal.unit, sent_out)?;
    Ok(())
}

/// Who elects in a unit, as it is at the call. An election is nobody's proposal: whoever was sent out
/// just before takes part, whoever it was that calls.
pub(crate) fn of_election(context: &Context<'_, '_>, unit: u64) -> Result<Vec<u64>, Rejection> {
    let sent_out = passages::recently_sent_out(context, unit);
    with_sent_out(context, unit, sent_out)
}

fn with_sent_out(
    context: &Context<'_, '_>,
    unit: u64,
    sent_out: Vec<Passage>,
) -> Result<Vec<u64>, Rejection> {
    let mut members = of(context, context.now().time, unit);
    let sent_out = sent_out.into_iter().map(|sent| sent.member);
    members.extend(sent_out.filter(|member| is_active_person(context, *member)));
    members.sort_unstable();
    members.dedup();
    if (1..=MEMBERS_MAX).contains(&members.len()) {
        Ok(members)
    } else {
        Err(Rejection::ElectorateSize)
    }
}

/// Refuses whoever was not among them at the opening.
pub(super) fn check(proposal: &Proposal, member: u64) -> Result<(), Rejection> {
    Rejection::NotInElectorate.unless(proposal.electorate.contains(&member))
}

/// Refuses to let somebody agree while their approving sleeps after a recovery: a stranger's new key says yes to
/// nothing. It may say no, which only hinders.
pub(super) fn check_awake(context: &Context<'_, '_>, member: u64) -> Result<(), Rejection> {
    let asleep = judge::sleeps(context, context.now(), member, Capability::Approve);
    Rejection::Sleeping.when(asleep)
}
