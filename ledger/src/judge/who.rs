//! Who may begin, and who may approve: the sorts of people that a policy names.

use std::ops::ControlFlow;

use polity_proto::v1::{Assignment, Capability, Grant, Role, RoleKind, ScopeKind, Who, WhoKind};

use super::{Actor, Now, power};
use crate::state::keys::List;
use crate::state::{Read, lists, objects};

/// Whether the actor is among them, for `unit`.
pub fn includes(state: &dyn Read, now: Now, actor: Actor, unit: u64, who: &Who) -> bool {
    // An imported assignment gives no power until it is renewed.
    let role = || {
        let assignment = power::holding(state, actor.member, actor.role, now.time)?;
        power::assignment_carries_grants(&assignment)
            .then(|| objects::look::<Role>(state, actor.role))
            .flatten()
    };
    match who.kind() {
        WhoKind::None => false,
        WhoKind::JoinedMembers => {
            power::member_is_active(state, actor.member)
                && lists::contains(state, List::JoinedBy, actor.member, unit)
        }
        WhoKind::RoleHolders => role().is_some_and(|role| role.unit == unit),
        WhoKind::Role => role().is_some_and(|role| {
            who.role
                .as_ref()
                .is_some_and(|named| named.number == role.number)
        }),
        WhoKind::RoleKind => role().is_some_and(|role| {
            role.kind() == who.role_kind()
                && nearest_with_role_kind(state, unit, who.role_kind()) == Some(role.unit)
        }),
        WhoKind::Capability => {
            power::has_capability(state, actor.member, who.capability(), unit, now.time)
        }
    }
}

/// The unit, or the nearest above it, that has a role of the kind.
pub fn nearest_with_role_kind(state: &dyn Read, unit: u64, kind: RoleKind) -> Option<u64> {
    power::lineage(state, unit)
        .into_iter()
        .map(|unit| unit.number)
        .find(|unit| {
            lists::objects::<Role>(state, List::Roles, *unit).any(|role| role.kind() == kind)
        })
}

/// Takes one of those who are looked for, and says whether to look on.
type Visit<'v> = &'v mut dyn FnMut(Actor) -> ControlFlow<()>;

/// Everybody whom `who` names for `unit` now, each in a role in which they count; at most `max`.
pub fn everybody(state: &dyn Read, now: Now, unit: u64, who: &Who, max: usize) -> Vec<Actor> {
    first(max, |visit| each(state, now, unit, who, visit))
}

/// Everybody who has an effective grant or delegation of `capability` over `unit` or over an
/// object of it, whatever its limits; at most `max`.
pub fn with_capability(
    state: &dyn Read,
    now: Now,
    capability: Capability,
    unit: u64,
    max: usize,
) -> Vec<Actor> {
    first(max, |visit| {
        each_with_capability(state, now, capability, unit, true, visit)
    })
}

/// The people whom `who` names for `unit` now, services left out, each in a role in which they count; at most `max`.
pub(crate) fn people(state: &dyn Read, now: Now, unit: u64, who: &Who, max: usize) -> Vec<Actor> {
    first(max, |visit| each_person(state, now, unit, who, visit))
}

/// How often somebody is looked at, in each of their roles, where people are counted.
const LOOKS_MAX: usize = 4_000;

/// Visits the people whom `who` names for `unit` now, services left out, in each role in which they count.
pub(super) fn each_person(
    state: &dyn Read,
    now: Now,
    unit: u64,
    who: &Who,
    visit: Visit<'_>,
) -> ControlFlow<()> {
    let mut looks = 0;
    each(state, now, unit, who, &mut |one| {
        looks += 1;
        if looks > LOOKS_MAX {
            return ControlFlow::Break(());
        }
        if power::is_service(state, one.member) {
            ControlFlow::Continue(())
        } else {
            visit(one)
        }
    })
}

/// Visits everybody whom `who` names for `unit` now, in each role in which they count.
fn each(state: &dyn Read, now: Now, unit: u64, who: &Who, visit: Visit<'_>) -> ControlFlow<()> {
    match who.kind() {
        WhoKind::None => ControlFlow::Continue(()),
        WhoKind::JoinedMembers => {
            let mut joined = lists::all(state, List::Joined, unit).into_iter();
            joined.try_for_each(|member| {
                if power::member_is_active(state, member) {
                    visit(Actor { member, role: 0 })
                } else {
                    ControlFlow::Continue(())
                }
            })
        }
        WhoKind::RoleHolders => {
            let mut roles = lists::all(state, List::Roles, unit).into_iter();
            roles.try_for_each(|role| each_holder(state, now, role, visit))
        }
        WhoKind::Role => {
            let role = who.role.as_ref().map_or(0, |role| role.number);
            each_holder(state, now, role, visit)
        }
        WhoKind::RoleKind => {
            let unit = nearest_with_role_kind(state, unit, who.role_kind()).unwrap_or_default();
            lists::objects::<Role>(state, List::Roles, unit)
                .filter(|role| role.kind() == who.role_kind())
                .try_for_each(|role| each_holder(state, now, role.number, visit))
        }
        // As in `includes`: whoever has it over one object alone is none of them.
        WhoKind::Capability => {
            each_with_capability(state, now, who.capability(), unit, false, visit)
        }
    }
}

fn each_with_capability(
    state: &dyn Read,
    now: Now,
    capability: Capability,
    unit: u64,
    of_objects: bool,
    visit: Visit<'_>,
) -> ControlFlow<()> {
    for over in power::lineage(state, unit) {
        for grant in lists::objects::<Grant>(state, List::GrantsOver, over.number) {
            let object = grant.scope.as_ref().filter(|scope| {
                of_objects && scope.kind() == ScopeKind::Object && scope.unit == unit
            });
            let object = object.map(|scope| (scope.object_kind(), scope.object));
            let fits = grant.capability() == capability
                && power::scope_covers(state, &grant, unit, object)
                && power::grant_holds(state, &grant, now.time);
            if !fits {
                continue;
            }
            if grant.source == 0 {
                each_holder(state, now, grant.role, visit)?;
            } else if power::member_is_active(state, grant.member) {
                visit(Actor {
                    member: grant.member,
                    role: 0,
                })?;
            }
        }
    }
    ControlFlow::Continue(())
}

/// Visits the active holders of a role whose assignments carry its grants.
fn each_holder(state: &dyn Read, now: Now, role: u64, visit: Visit<'_>) -> ControlFlow<()> {
    for assignment in lists::objects::<Assignment>(state, List::Holders, role) {
        let counts = power::assignment_empowers(state, &assignment, now.time)
            && power::member_is_active(state, assignment.member);
        if counts {
            visit(Actor {
                member: assignment.member,
                role,
            })?;
        }
    }
    ControlFlow::Continue(())
}

/// The first who are visited, each once; at most `max`.
fn first(max: usize, visit: impl FnOnce(Visit<'_>) -> ControlFlow<()>) -> Vec<Actor> {
    let mut found = Vec::new();
    // That it was stopped says only that there may be more.
    let _ = visit(&mut |actor| {
        if found.len() < max && !found.contains(&actor) {
            found.push(actor);
        }
        if found.len() < max {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    });
    found
}
