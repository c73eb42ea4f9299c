//! What a unit decides itself, whatever an ancestor's scope or policy says: "and below" stops there.

use polity_proto::v1::{Capability, Grant, Policy, Unit};

use super::{policies, power};
use crate::state::keys::List;
use crate::state::{Read, lists, objects};

/// Whether only the unit itself gives this power, whatever an ancestor's scope says: power over
/// value and over its validator; and `govern`, as soon as somebody governs the unit itself
/// (until then those above set it up).
pub(super) fn decides_itself(
    state: &dyn Read,
    capability: Capability,
    unit: u64,
    now: u64,
) -> bool {
    if power::is_over_value(capability) || capability == Capability::OperateValidator {
        return true;
    }
    capability == Capability::Govern && is_governed(state, unit, now)
}

/// Whether the unit is a circle whose people govern it: then its roles, too, are theirs alone.
pub(super) fn is_self_governed_circle(state: &dyn Read, unit: u64, now: u64) -> bool {
    objects::get::<Unit>(state, unit).is_some_and(|unit| power::is_circle(&unit))
        && is_governed(state, unit, now)
}

/// Whether somebody governs this very unit: an active member holds `govern` by a grant over it, or
/// it has people in its roles and a policy for that, its own or one from above that leaves it to them.
fn is_governed(state: &dyn Read, unit: u64, now: u64) -> bool {
    has_holders(state, unit, now) && governs_by_policy(state, unit)
        || is_governed_by_grant(state, unit, now)
}

fn has_holders(state: &dyn Read, unit: u64, now: u64) -> bool {
    lists::all(state, List::Roles, unit)
        .into_iter()
        .any(|role| !power::holders_of(state, role, now).is_empty())
}

fn is_governed_by_grant(state: &dyn Read, unit: u64, now: u64) -> bool {
    lists::all(state, List::GrantsOver, unit)
        .into_iter()
        .filter_map(|number| objects::get::<Grant>(state, number))
        .filter(|grant| {
            grant.capability() == Capability::Govern
                && grant.source == 0
                && power::grant_holds(state, grant, now)
        })
        .any(|grant| {
            power::holders_of(state, grant.role, now)
                .iter()
                .any(|member| {
                    power::holding(state, *member, grant.role, now)
                        .is_some_and(|assignment| power::assignment_carries_grants(&assignment))
                })
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
