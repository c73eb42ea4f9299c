//! What a unit decides itself, whatever an ancestor's scope or policy says: "and below" stops there.

use std::rc::Rc;

use polity_proto::v1::{
    Assignment, Capability, Grant, Member, MemberState, Policy, ScopeKind, Unit,
};

use super::{Now, policies, power, who};
use crate::state::keys::List;
use crate::state::{Read, lists, objects};

/// Whether only the unit itself gives this power, whatever an ancestor's scope says: power over
/// value and over its validator; `govern`, as soon as somebody governs the unit itself (until then
/// those above set it up); and where its validator is operated, from then on also `assign_roles`.
pub(super) fn decides_itself(
    state: &dyn Read,
    capability: Capability,
    unit: u64,
    now: u64,
) -> bool {
    let is_ever = power::is_over_value(capability) || capability == Capability::OperateValidator;
    let once_governed = capability == Capability::Govern
        || capability == Capability::AssignRoles && is_operated(state, unit);
    is_ever || once_governed && is_governed(state, unit, now)
}

/// The unit that alone chooses who holds a role with this grant: by it they operate the unit's validator, or say who
/// does. Whoever governs from above would otherwise take the seats of the departments one by one.
pub(crate) fn chooses_holder(state: &dyn Read, grant: &Grant, now: u64) -> Option<u64> {
    let scope = grant
        .scope
        .filter(|scope| scope.kind() != ScopeKind::Object)?;
    let capability = grant.capability();
    let leads_to_the_validator = matches!(
        capability,
        Capability::OperateValidator | Capability::Govern | Capability::AssignRoles
    );
    let chooses = grant.ended_at == 0
        && leads_to_the_validator
        && is_operated(state, scope.unit)
        && decides_itself(state, capability, scope.unit, now);
    chooses.then_some(scope.unit)
}

/// Whether the unit is a circle whose people govern it: then its roles, too, are theirs alone.
pub(crate) fn is_self_governed_circle(state: &dyn Read, unit: u64, now: u64) -> bool {
    objects::look::<Unit>(state, unit).is_some_and(|unit| power::is_circle(&unit))
        && is_governed(state, unit, now)
}

/// Whether this is the root, and nobody governs it: no grant, and no policy by which anybody can begin. Above it there are
/// only the validators' departments to set it up.
pub(crate) fn is_root_without_governors(state: &dyn Read, unit: u64, now: Now) -> bool {
    objects::look::<Unit>(state, unit).is_some_and(|unit| unit.parent == 0)
        && !is_governed_by_grant(state, unit, now.time)
        && !begins_by_policy(state, unit, now)
}

/// Whether there is somebody whom the unit's own policy for `govern` lets begin.
fn begins_by_policy(state: &dyn Read, unit: u64, now: Now) -> bool {
    let policy = policies::policy_of(state, unit, Capability::Govern);
    policy.is_some_and(|policy| {
        policy.tiers.iter().any(|tier| {
            let by = tier.by.unwrap_or_default();
            !who::everybody(state, now, unit, &by, 1).is_empty()
        })
    })
}

/// Whether somebody governs this very unit: a member holds `govern` by a grant over it, or
/// it has people in its roles and a policy for that, its own or one from above that leaves it to them.
fn is_governed(state: &dyn Read, unit: u64, now: u64) -> bool {
    has_holders(state, unit, now) && governs_by_policy(state, unit)
        || is_governed_by_grant(state, unit, now)
}

/// Whether a grant says who operates the unit's validator.
fn is_operated(state: &dyn Read, unit: u64) -> bool {
    grants_over(state, unit).any(|grant| {
        grant.capability() == Capability::OperateValidator
            && grant.ended_at == 0
            && is_over_unit(&grant)
    })
}

fn is_over_unit(grant: &Grant) -> bool {
    let scope = grant.scope.unwrap_or_default();
    scope.kind() != ScopeKind::Object
}

fn grants_over(state: &dyn Read, unit: u64) -> impl Iterator<Item = Rc<Grant>> {
    lists::objects::<Grant>(state, List::GrantsOver, unit)
}

fn has_holders(state: &dyn Read, unit: u64, now: u64) -> bool {
    lists::all(state, List::Roles, unit)
        .into_iter()
        .any(|role| assignments_of(state, role, now).next().is_some())
}

fn is_governed_by_grant(state: &dyn Read, unit: u64, now: u64) -> bool {
    grants_over(state, unit)
        .filter(|grant| {
            grant.capability() == Capability::Govern
                && grant.source == 0
                && is_over_unit(grant)
                && power::grant_holds(state, grant, now)
        })
        .any(|grant| {
            assignments_of(state, grant.role, now)
                .any(|assignment| power::assignment_carries_grants(&assignment))
        })
}

/// Assignments of a role to members who joined, suspended ones too: a suspension leaves a unit to nobody else.
fn assignments_of(state: &dyn Read, role: u64, now: u64) -> impl Iterator<Item = Rc<Assignment>> {
    let joined = |member: u64| {
        let member = objects::get::<Member>(state, member);
        member.is_some_and(|member| {
            matches!(member.state(), MemberState::Active | MemberState::Suspended)
        })
    };
    lists::objects::<Assignment>(state, List::Holders, role).filter(move |assignment| {
        power::assignment_holds(state, assignment, now) && joined(assignment.member)
    })
}

/// Whether a policy lets the people of a unit govern it: its own, or one from above that leaves it
/// to them.
fn governs_by_policy(state: &dyn Read, unit: u64) -> bool {
    let govern = Capability::Govern;
    let is_left = |policy: &Policy| {
        policy.recursive && policy.tiers.iter().all(policies::is_left_to_the_unit)
    };
    power::lineage(state, unit).into_iter().any(|over| {
        policies::policy_of(state, over.number, govern)
            .is_some_and(|policy| over.number == unit || is_left(&policy))
    })
}
