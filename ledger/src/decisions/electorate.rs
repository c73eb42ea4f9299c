//! Who takes part in the governance of a unit.

use polity_proto::v1::{Assignment, Member, MemberKind, Proposal, Role, RoleKind, Unit};

use super::passages;
use crate::Rejection;
use crate::context::Context;
use crate::judge::power;
use crate::state::keys::List;
use crate::state::{Read, lists, objects};

/// Most members of an electorate.
pub const MEMBERS_MAX: usize = 500;

/// The electorate of a unit now, ascending: for a circle the holders of its roles, and the leads and
/// representatives of the units in it; elsewhere the joined members. People only.
pub fn of(state: &dyn Read, now: u64, unit: u64) -> Vec<u64> {
    let is_circle = objects::get::<Unit>(state, unit).is_some_and(|unit| power::is_circle(&unit));
    let mut members = match is_circle {
        true => circle_members(state, now, unit),
        false => lists::all(state, List::Joined, unit),
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
        for number in lists::all(state, List::Roles, child) {
            let speaks = objects::get::<Role>(state, number).is_some_and(|role| {
                matches!(role.kind(), RoleKind::Lead | RoleKind::Representative)
            });
            if speaks {
                members.extend(holders(state, now, number));
            }
        }
    }
    members
}

/// Holders of a role now; who was imported has no power until the assignment is renewed.
fn holders(state: &dyn Read, now: u64, role: u64) -> impl Iterator<Item = u64> + '_ {
    lists::all(state, List::Holders, role)
        .into_iter()
        .filter_map(move |number| objects::get::<Assignment>(state, number))
        .filter(move |assignment| {
            power::assignment_holds(state, assignment, now)
                && power::assignment_carries_grants(assignment)
        })
        .map(|assignment| assignment.member)
}

fn is_active_person(state: &dyn Read, member: u64) -> bool {
    power::member_is_active(state, member)
        && objects::get::<Member>(state, member)
            .is_some_and(|member| member.kind() == MemberKind::Person)
}

/// Notes who decides, as it is at the opening; whom the proposer sent out of the unit just before is
/// still asked.
pub(super) fn freeze(context: &Context<'_, '_>, proposal: &mut Proposal) -> Result<(), Rejection> {
    let mut members = of(context, context.now().time, proposal.unit);
    let sent_out = passages::sent_out(context, proposal).into_iter();
    members.extend(sent_out.filter(|member| is_active_person(context, *member)));
    members.sort_unstable();
    members.dedup();
    proposal.electorate = members;
    match (1..=MEMBERS_MAX).contains(&proposal.electorate.len()) {
        true => Ok(()),
        false => Err(Rejection::ElectorateSize),
    }
}

/// Refuses whoever was not among them at the opening.
pub(super) fn check(proposal: &Proposal, member: u64) -> Result<(), Rejection> {
    match proposal.electorate.contains(&member) {
        true => Ok(()),
        false => Err(Rejection::NotInElectorate),
    }
}
