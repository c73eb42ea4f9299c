//! Static separation of duties: capabilities that no member holds together in a unit and below.
//!
//! What would come to be held is judged before it is given, and a unit does not move where its move
//! would bring two together. Time still can, where an exception ends: then neither of the two can be
//! used, see [`keeps_apart`]. What others delegated to somebody, whom nobody asked, is in nobody's way:
//! it ends instead, see `colliding`.

use std::collections::BTreeSet;
use std::rc::Rc;

use polity_proto::v1::{Assignment, Capability, Grant, Role, ScopeKind, SodException, SodRule};

use super::power;
use crate::Rejection;
use crate::state::keys::List;
use crate::state::{Read, lists, objects};

/// Most duty rules of an organisation.
pub const RULES_MAX: u64 = 256;

/// Refuses that a member comes to hold `role` where its grants meet what the member holds.
pub fn check_assignment(
    state: &dyn Read,
    now: u64,
    member: u64,
    role: u64,
) -> Result<(), Rejection> {
    Rejection::DutyConflict.when(broken_by_role(state, now, member, role).is_some())
}

/// The rule that keeps a role's grants apart from what a member holds.
pub fn broken_by_role(state: &dyn Read, now: u64, member: u64, role: u64) -> Option<SodRule> {
    let grants: Vec<Grant> = living_grants(state, List::Grants, role, now);
    broken_by(state, now, member, &grants, held_in_roles)
}

/// Refuses a grant to a role where one of its holders would break a rule.
pub fn check_grant(state: &dyn Read, now: u64, grant: &Grant) -> Result<(), Rejection> {
    let gained = std::slice::from_ref(grant);
    let mut holders = holders(state, grant.role, now).into_iter();
    Rejection::DutyConflict
        .when(holders.any(|one| broken_by(state, now, one, gained, held_in_roles).is_some()))
}

/// Whether one of the holders of a grant's role would have it by an exception alone, beside what a rule keeps apart from it.
pub(crate) fn is_by_exception(state: &dyn Read, now: u64, grant: &Grant) -> bool {
    let gained = std::slice::from_ref(grant);
    holders(state, grant.role, now).into_iter().any(|member| {
        let mut met = met_by(state, now, member, gained, held_in_roles).into_iter();
        met.any(|rule| is_excepted(state, now, &rule, member))
    })
}

/// Refuses a delegation to a member who would break a rule by it.
pub fn check_delegation(state: &dyn Read, now: u64, delegation: &Grant) -> Result<(), Rejection> {
    let gained = std::slice::from_ref(delegation);
    let broken = broken_by(state, now, delegation.member, gained, held);
    Rejection::DutyConflict.when(broken.is_some())
}

/// The delegations to a member that a rule keeps apart from what else the member holds, without exception.
pub(crate) fn colliding(state: &dyn Read, now: u64, member: u64) -> Vec<u64> {
    let mut rules = rules(state);
    if rules.is_empty() {
        return Vec::new();
    }
    let held = held(state, now, member);
    rules.retain(|rule| holds_both(state, rule, &held) && !is_excepted(state, now, rule, member));
    let collides = |grant: &Grant| {
        let mut rules = rules.iter();
        rules.any(|rule| is_either(rule, grant.capability()) && reaches(state, grant, rule.unit))
    };
    let delegated = living_grants(state, List::Delegations, member, now).into_iter();
    delegated
        .filter(collides)
        .map(|grant| grant.number)
        .collect()
}

/// What a member holds, as it is asked here.
type Held = fn(&dyn Read, u64, u64) -> Vec<Grant>;

fn broken_by(
    state: &dyn Read,
    now: u64,
    member: u64,
    gained: &[Grant],
    held: Held,
) -> Option<SodRule> {
    let mut met = met_by(state, now, member, gained, held).into_iter();
    met.find(|rule| !is_excepted(state, now, rule, member))
}

/// The rules that keep what a member would gain apart from what they hold, whatever is excepted.
fn met_by(state: &dyn Read, now: u64, member: u64, gained: &[Grant], held: Held) -> Vec<SodRule> {
    let mut rules = rules(state);
    if rules.is_empty() || gained.is_empty() {
        return Vec::new();
    }
    let mut held = held(state, now, member);
    held.extend_from_slice(gained);
    rules.retain(|rule| {
        let touched = gained
            .iter()
            .any(|grant| is_either(rule, grant.capability()) && reaches(state, grant, rule.unit));
        touched && holds_both(state, rule, &held)
    });
    rules
}

/// The rule that keeps a member from using `capability` in `unit` now, because the member holds
/// its counterpart too and no exception is in force.
pub fn keeps_apart(
    state: &dyn Read,
    now: u64,
    member: u64,
    capability: Capability,
    unit: u64,
) -> Option<SodRule> {
    let rules: Vec<SodRule> = rules(state)
        .into_iter()
        .filter(|rule| is_either(rule, capability) && power::is_within(state, unit, rule.unit))
        .collect();
    if rules.is_empty() {
        return None;
    }
    let grants = power::grants_of(state, member, now);
    rules.into_iter().find(|rule| {
        let other = if rule.first() == capability {
            rule.second()
        } else {
            rule.first()
        };
        holds(state, other, rule.unit, &grants) && !is_excepted(state, now, rule, member)
    })
}

/// Members who hold both capabilities of a rule in roles and have no exception, computed over its scope.
pub fn breakers(state: &dyn Read, now: u64, rule: &SodRule) -> Vec<u64> {
    both(state, now, rule, false)
}

/// The same, with what is delegated.
pub(crate) fn breakers_by_delegation(state: &dyn Read, now: u64, rule: &SodRule) -> Vec<u64> {
    both(state, now, rule, true)
}

fn both(state: &dyn Read, now: u64, rule: &SodRule, delegated: bool) -> Vec<u64> {
    let having = |capability| with_capability_in(state, now, capability, rule.unit, delegated);
    let (first, second) = (having(rule.first()), having(rule.second()));
    first
        .intersection(&second)
        .copied()
        .filter(|member| !is_excepted(state, now, rule, *member))
        .collect()
}

/// Members who hold something over one of these units, whatever their state.
pub fn people_over(state: &dyn Read, now: u64, units: &[u64]) -> BTreeSet<u64> {
    let mut people = BTreeSet::new();
    for unit in units {
        for grant in living_grants(state, List::GrantsOver, *unit, now) {
            match grant.source {
                0 => people.extend(holders(state, grant.role, now)),
                _ => {
                    people.insert(grant.member);
                }
            }
        }
    }
    people
}

/// Which of these members break which rules by what they hold in roles: rule and member, without exception.
pub fn conflicts(state: &dyn Read, now: u64, members: &BTreeSet<u64>) -> BTreeSet<(u64, u64)> {
    let rules = rules(state);
    if rules.is_empty() {
        return BTreeSet::new();
    }
    let mut conflicts = BTreeSet::new();
    for member in members {
        let held = held_in_roles(state, now, *member);
        let broken = rules.iter().filter(|rule| {
            holds_both(state, rule, &held) && !is_excepted(state, now, rule, *member)
        });
        conflicts.extend(broken.map(|rule| (rule.number, *member)));
    }
    conflicts
}

/// The rules that hold.
pub fn rules(state: &dyn Read) -> Vec<SodRule> {
    let rules = lists::objects(state, List::SodRules, 0);
    rules.map(Rc::unwrap_or_clone).collect()
}

fn is_either(rule: &SodRule, capability: Capability) -> bool {
    rule.first() == capability || rule.second() == capability
}

fn holds_both(state: &dyn Read, rule: &SodRule, grants: &[Grant]) -> bool {
    holds(state, rule.first(), rule.unit, grants) && holds(state, rule.second(), rule.unit, grants)
}

fn holds(state: &dyn Read, capability: Capability, unit: u64, grants: &[Grant]) -> bool {
    grants
        .iter()
        .any(|grant| grant.capability() == capability && reaches(state, grant, unit))
}

/// Whether a grant's scope meets the tree below `unit`.
pub(crate) fn reaches(state: &dyn Read, grant: &Grant, unit: u64) -> bool {
    let Some(scope) = &grant.scope else {
        return false;
    };
    let below = match scope.kind() {
        ScopeKind::UnitAndBelow => !power::is_over_value(grant.capability()),
        ScopeKind::None | ScopeKind::Unit | ScopeKind::Object => false,
    };
    power::is_within(state, scope.unit, unit)
        || (below && power::is_within(state, unit, scope.unit))
}

fn is_excepted(state: &dyn Read, now: u64, rule: &SodRule, member: u64) -> bool {
    lists::objects::<SodException>(state, List::SodExceptions, rule.number).any(|exception| {
        exception.member == member && exception.from <= now && now < exception.until
    })
}

/// What a member holds or will hold, whatever their state: a suspended member may return.
fn held(state: &dyn Read, now: u64, member: u64) -> Vec<Grant> {
    let mut grants = living_grants(state, List::Delegations, member, now);
    grants.extend(held_in_roles(state, now, member));
    grants
}

fn held_in_roles(state: &dyn Read, now: u64, member: u64) -> Vec<Grant> {
    let mut grants = Vec::new();
    let assignments = lists::objects::<Assignment>(state, List::Assignments, member);
    for assignment in assignments.filter(|assignment| is_living(assignment, now)) {
        grants.extend(living_grants(state, List::Grants, assignment.role, now));
    }
    grants
}

/// Those who hold a role now or in the time to come, whatever their state.
pub(crate) fn holders(state: &dyn Read, role: u64, now: u64) -> Vec<u64> {
    lists::objects::<Assignment>(state, List::Holders, role)
        .filter(|assignment| is_living(assignment, now))
        .map(|assignment| assignment.member)
        .collect()
}

/// Whether an assignment carries grants now or in the time to come.
fn is_living(assignment: &Assignment, now: u64) -> bool {
    power::assignment_carries_grants(assignment)
        && assignment.ended_at == 0
        && power::lasts(assignment.until, now)
}

/// Grants of a list that hold now or will hold.
pub(crate) fn living_grants(state: &dyn Read, list: List, owner: u64, now: u64) -> Vec<Grant> {
    lists::objects::<Grant>(state, list, owner)
        .filter(|grant| grant.ended_at == 0 && power::lasts(grant.until, now))
        .map(Rc::unwrap_or_clone)
        .collect()
}

fn with_capability_in(
    state: &dyn Read,
    now: u64,
    capability: Capability,
    unit: u64,
    delegated: bool,
) -> BTreeSet<u64> {
    let above = power::lineage(state, unit).into_iter().skip(1);
    let units = above
        .map(|unit| unit.number)
        .chain(power::subtree(state, unit, usize::MAX))
        .collect::<Vec<_>>();
    let mut members = BTreeSet::new();
    for over in units {
        for grant in living_grants(state, List::GrantsOver, over, now) {
            if grant.capability() != capability || !reaches(state, &grant, unit) {
                continue;
            }
            let role_lives =
                objects::look::<Role>(state, grant.role).is_some_and(|role| role.removed_at == 0);
            match grant.source {
                0 if role_lives => members.extend(holders(state, grant.role, now)),
                0 => {}
                _ if delegated => {
                    members.insert(grant.member);
                }
                _ => {}
            }
        }
    }
    members
}
