//! Grants and duties.

use std::rc::Rc;

use polity_proto::v1::{
    Assignment, Basis, BasisSource, Capability, Grant, Member, MemberState, SodException, SodRule,
};

use super::{Broken, State, all, ensure, find};
use crate::Amount;
use crate::judge::duties::reaches;
use crate::judge::{Now, power};
use crate::state::keys::List;
use crate::state::lists;

/// Nobody brought themselves alone to hold what they alone gave; delegations are another member's
/// and never wider than their source; what spends has a period.
pub(super) fn grants(state: &State, now: Now) -> Result<(), Broken> {
    for grant in all::<Grant>(state) {
        let number = grant.number;
        let spends = matches!(grant.capability(), Capability::Spend | Capability::Trade);
        ensure(10, !spends || grant.per_period.is_some(), || {
            format!("grant {number} spends without a limit per period")
        })?;
        if grant.source == 0 {
            ensure(10, !is_given_to_oneself(state, &grant, now.time), || {
                format!("grant {number} was given by the one who then took its role")
            })?;
            continue;
        }
        let delegator = power::delegator(state, &grant);
        ensure(
            10,
            delegator.is_some_and(|member| member != grant.member),
            || format!("delegation {number} is to oneself"),
        )?;
        let within = find::<Grant>(state, grant.source)
            .is_some_and(|source| source.source == 0 && is_within(&grant, &source));
        ensure(10, within, || {
            format!("delegation {number} is wider than its source")
        })?;
    }
    Ok(())
}

/// Whether whoever gave a grant alone holds its role by an assignment that they made alone.
fn is_given_to_oneself(state: &State, grant: &Grant, now: u64) -> bool {
    let alone = |basis: &Option<Basis>| {
        basis.is_some_and(|basis| {
            matches!(
                basis.source(),
                BasisSource::Grant | BasisSource::Policy | BasisSource::Own
            )
        })
    };
    alone(&grant.basis)
        && power::grant_holds(state, grant, now)
        && lists::objects::<Assignment>(state, List::Holders, grant.role).any(|assignment| {
            assignment.member == grant.given_by
                && assignment.assigned_by == grant.given_by
                && alone(&assignment.basis)
                && power::assignment_carries_grants(&assignment)
                && power::assignment_holds(state, &assignment, now)
        })
}

fn is_within(delegation: &Grant, source: &Grant) -> bool {
    let narrower = source.per_transfer.is_empty()
        || !delegation.per_transfer.is_empty()
            && Amount::from_state(&delegation.per_transfer)
                <= Amount::from_state(&source.per_transfer);
    let capped = source.per_period.is_none() || delegation.per_period.is_some();
    narrower
        && capped
        && delegation.capability == source.capability
        && delegation.scope == source.scope
        && (source.asset == 0 || delegation.asset == source.asset)
}

/// Nobody holds in a unit and below what a rule keeps apart there, unless an exception was given for
/// it, or the genesis gave both. An exception ends by itself: then neither can be used, and nothing
/// is broken.
pub(super) fn duties(state: &State, now: Now) -> Result<(), Broken> {
    let rules: Vec<SodRule> = all(state)
        .filter(|rule: &SodRule| rule.removed_at == 0)
        .collect();
    if rules.is_empty() {
        return Ok(());
    }
    for member in all::<Member>(state).filter(|member| member.state() == MemberState::Active) {
        let number = member.number;
        let held = held(state, number, now.time);
        for rule in &rules {
            let holds = |capability, at_all: bool| {
                held.iter().any(|(grant, is_later)| {
                    grant.capability() == capability
                        && (at_all || !is_later)
                        && reaches(state, grant, rule.unit)
                })
            };
            let both = |at_all| holds(rule.first(), at_all) && holds(rule.second(), at_all);
            let excepted = || {
                all::<SodException>(state)
                    .any(|given| given.rule == rule.number && given.member == number)
            };
            ensure(11, !both(true) || both(false) || excepted(), || {
                format!("member {number} breaks rule {}", rule.number)
            })?;
        }
    }
    Ok(())
}

/// What a member holds now, each with whether it came after the genesis.
fn held(state: &State, member: u64, now: u64) -> Vec<(Grant, bool)> {
    let is_later =
        |basis: &Option<Basis>| basis.is_some_and(|basis| basis.source() != BasisSource::Genesis);
    let mut held: Vec<(Grant, bool)> = lists::objects::<Grant>(state, List::Delegations, member)
        .filter(|grant| power::grant_holds(state, grant, now))
        .map(|grant| (Rc::unwrap_or_clone(grant), true))
        .collect();
    for assignment in lists::objects::<Assignment>(state, List::Assignments, member) {
        let carries = power::assignment_carries_grants(&assignment)
            && power::assignment_holds(state, &assignment, now);
        if !carries {
            continue;
        }
        for grant in lists::objects::<Grant>(state, List::Grants, assignment.role) {
            if power::grant_holds(state, &grant, now) {
                let later = is_later(&grant.basis) || is_later(&assignment.basis);
                held.push((Rc::unwrap_or_clone(grant), later));
            }
        }
    }
    held
}
