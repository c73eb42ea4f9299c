//! What one person gives alone: nothing to themselves, and no more over value than they may do alone.
//!
//! A grant is as good as a policy that says `alone`. A unit may only tighten what stands above it, so what a policy
//! reserves to others is not given away by somebody who could not do it alone either: the unit decides. And a policy
//! that says `alone` is as good as a grant, to whomever it names.

use std::collections::BTreeSet;

use polity_proto::v1::{Assignment, Grant, ModeKind, Policy, ScopeKind, Tier};

use super::delegate;
use crate::context::Context;
use crate::judge::{Need, asks_nobody_to_agree, duties, hands, policies, power};
use crate::state::keys::List;
use crate::state::lists;
use crate::{Amount, Rejection};

/// Refuses a grant over value that goes beyond what its giver may do alone, where one person gives
/// it and a policy speaks.
pub(super) fn check_bounds(context: &Context<'_, '_>, grant: &Grant) -> Result<(), Rejection> {
    if !context.is_of_one() || !is_reserved(context, grant) {
        return Ok(());
    }
    check_within(context, grant)?;
    let holders: BTreeSet<u64> = lists::objects::<Assignment>(context, List::Holders, grant.role)
        .map(|assignment| assignment.member)
        .collect();
    let gained = std::slice::from_ref(grant);
    holders
        .into_iter()
        .try_for_each(|holder| check_together(context, holder, gained))
}

/// Refuses tiers over value by which one person alone would let others do alone what that person may
/// not do alone. They would not use them themselves either ([`hands::withholds_tier`]). Nor does one person open the
/// pockets of the units below, to whoever holds a role there.
pub(super) fn check_policy(context: &Context<'_, '_>, policy: &Policy) -> Result<(), Rejection> {
    if !context.is_of_one() || !power::is_over_value(policy.capability()) {
        return Ok(());
    }
    let opens = |tier: &Tier| asks_nobody_to_agree(policies::mode_of(tier));
    if policy.recursive && policy.tiers.iter().any(opens) {
        return Err(Rejection::OwnDecisionOnly);
    }
    let held = usable_by_givers(context);
    let mut alone = policy
        .tiers
        .iter()
        .filter(|tier| policies::mode_of(tier).kind() == ModeKind::Alone);
    Rejection::GrantExceedsGiver
        .unless(alone.all(|tier| held.iter().any(|own| is_tier_within(policy, tier, own))))
}

/// Refuses that whoever assigns alone takes a role over value, or one whose grant they gave: it would
/// be a grant to themselves in the other order. Nor do they give one holder more, by several roles,
/// than they may do alone.
pub(super) fn check_assignment(
    context: &Context<'_, '_>,
    member: u64,
    role: u64,
) -> Result<(), Rejection> {
    if !context.is_of_one() {
        return Ok(());
    }
    let grants = grants_of_role(context, role);
    if context.people_behind().contains(&member) {
        let is_theirs =
            |grant: &Grant| power::is_over_value(grant.capability()) || is_gift(context, grant);
        return Rejection::GrantToSelf.when(grants.iter().any(is_theirs));
    }
    let gained: Vec<Grant> = grants
        .into_iter()
        .filter(|grant| is_gift(context, grant) && is_reserved(context, grant))
        .collect();
    check_together(context, member, &gained)
}

/// Refuses what one holder would gain where all of its sort that the same people gave them alone is
/// together more than these may do alone: limits do not multiply by the number of roles.
fn check_together(
    context: &Context<'_, '_>,
    member: u64,
    gained: &[Grant],
) -> Result<(), Rejection> {
    if gained.is_empty() {
        return Ok(());
    }
    let mut gifts: Vec<Grant> = lists::objects::<Assignment>(context, List::Assignments, member)
        .flat_map(|assignment| grants_of_role(context, assignment.role))
        .filter(|grant| is_gift(context, grant))
        .collect();
    gifts.extend_from_slice(gained);
    gifts.sort_by_key(|grant| grant.number);
    gifts.dedup_by_key(|grant| grant.number);
    for grant in gained {
        let alike: Vec<&Grant> = gifts.iter().filter(|gift| is_alike(gift, grant)).collect();
        if alike.len() > 1 {
            check_within(context, &together(grant, &alike))?;
        }
    }
    Ok(())
}

/// Whether two grants allow the same sort of thing, so that having both is having more of it.
fn is_alike(one: &Grant, other: &Grant) -> bool {
    let unit = |grant: &Grant| grant.scope.map_or(0, |scope| scope.unit);
    let period = |grant: &Grant| {
        let limit = grant.per_period.clone();
        limit.map(|limit| (limit.kind, limit.days))
    };
    one.capability == other.capability
        && unit(one) == unit(other)
        && (one.asset == other.asset || one.asset == 0 || other.asset == 0)
        && period(one) == period(other)
}

/// A grant with all that these allow in a period.
fn together(grant: &Grant, alike: &[&Grant]) -> Grant {
    let limits = alike.iter().filter_map(|grant| grant.per_period.as_ref());
    let sum = limits.fold(0_u128, |sum, limit| {
        sum.saturating_add(Amount::from_state(&limit.amount).0)
    });
    let mut whole = grant.clone();
    if let Some(limit) = &mut whole.per_period {
        limit.amount = Amount(sum).to_bytes();
    }
    whole
}

fn check_within(context: &Context<'_, '_>, grant: &Grant) -> Result<(), Rejection> {
    let held = usable_by_givers(context);
    Rejection::GrantExceedsGiver.unless(held.iter().any(|own| is_within(grant, own)))
}

/// Whether a policy, the unit's own or one from above, lets nobody do over value at every amount
/// alone what the grant allows.
fn is_reserved(context: &Context<'_, '_>, grant: &Grant) -> bool {
    let unit = grant.scope.as_ref().map_or(0, |scope| scope.unit);
    let need = Need::of(grant.capability(), unit);
    power::is_over_value(grant.capability())
        && policies::judging_tier(context, context.now(), &need)
            .is_some_and(|judging| policies::mode_of(&judging.tier).kind() != ModeKind::Alone)
}

/// Whether those who act now, or whoever leads them, gave a grant alone.
fn is_gift(context: &Context<'_, '_>, grant: &Grant) -> bool {
    let basis = grant.basis.unwrap_or_default();
    grant.given_by != 0 && context.is_behind(grant.given_by) && hands::is_of_one(context, &basis)
}

/// The grants of a role that hold, or will.
fn grants_of_role(context: &Context<'_, '_>, role: u64) -> Vec<Grant> {
    duties::living_grants(context, List::Grants, role, context.now().time)
}

/// The grants that one of those who give can use, in whichever role.
fn usable_by_givers(context: &Context<'_, '_>) -> Vec<Grant> {
    let now = context.now().time;
    let mut usable = Vec::new();
    for giver in context.people_behind() {
        let grants = power::grants_of(context, giver, now).into_iter();
        usable.extend(grants.filter(|grant| !hands::withholds(context, now, grant, giver)));
    }
    usable
}

/// Whether a grant goes in nothing beyond another one.
fn is_within(given: &Grant, own: &Grant) -> bool {
    let in_scope = match (&given.scope, &own.scope) {
        (Some(given), Some(own)) if own.kind() == ScopeKind::Object => given == own,
        (Some(given), Some(own)) => given.unit == own.unit,
        (_, _) => false,
    };
    let in_time = own.until == 0 || (given.until != 0 && given.until <= own.until);
    let to_the_same = own.counterparties.is_empty()
        || !given.counterparties.is_empty()
            && given
                .counterparties
                .iter()
                .all(|owner| own.counterparties.contains(owner));
    given.capability == own.capability
        && in_scope
        && in_time
        && to_the_same
        && (own.asset == 0 || given.asset == own.asset)
        && delegate::is_narrower(given, own)
}

/// Whether what a tier lets somebody do alone is within a grant. A tier has no end, no period and no
/// counterparties; what goes to one of them in thirty days counts together in it.
fn is_tier_within(policy: &Policy, tier: &Tier, own: &Grant) -> bool {
    let is_last = tier.up_to.is_empty();
    // What the policy does not speak of meets the last tier.
    let of_the_asset = own.asset == 0 || (own.asset == policy.asset && !is_last);
    let over_all = own
        .scope
        .is_some_and(|scope| scope.unit == policy.unit && scope.kind() != ScopeKind::Object);
    let period = own.per_period.as_ref().map(|period| &period.amount[..]);
    let mut limits = [Some(&own.per_transfer[..]), period].into_iter().flatten();
    own.capability == policy.capability
        && over_all
        && of_the_asset
        && own.until == 0
        && own.counterparties.is_empty()
        && limits.all(|limit| {
            limit.is_empty()
                || !is_last && Amount::from_state(&tier.up_to) <= Amount::from_state(limit)
        })
}
