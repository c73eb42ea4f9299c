//! What one person gives alone: nothing to themselves, and no more over value than they may do alone.
//!
//! A grant is as good as a policy that says `alone`. A unit may only tighten what stands above it, so
//! what a policy reserves to others is not given away by who could not do it alone either: the unit
//! decides.

use polity_proto::v1::{Grant, ModeKind, ScopeKind};

use super::delegate;
use crate::Rejection;
use crate::context::{Authority, Context};
use crate::judge::{Need, hands, policies, power};
use crate::state::keys::List;
use crate::state::lists;

/// Refuses a grant over value beyond what who gives it alone may do alone, where a policy speaks.
pub(super) fn check_bounds(context: &Context<'_, '_>, grant: &Grant) -> Result<(), Rejection> {
    let bounded = context.is_of_one()
        && power::is_over_value(grant.capability())
        && is_reserved(context, grant);
    let givers = context.people_behind();
    let held = || {
        givers
            .iter()
            .flat_map(|giver| usable_grants(context, *giver))
    };
    match !bounded || held().any(|own| is_within(grant, &own)) {
        true => Ok(()),
        false => Err(Rejection::GrantExceedsGiver),
    }
}

/// Whether a policy, the unit's own or one from above, lets nobody do it alone at every amount.
fn is_reserved(context: &Context<'_, '_>, grant: &Grant) -> bool {
    let unit = grant.scope.as_ref().map_or(0, |scope| scope.unit);
    let need = Need::of(grant.capability(), unit);
    policies::judging_tier(context, context.now(), &need)
        .is_some_and(|judging| policies::mode_of(&judging.tier).kind() != ModeKind::Alone)
}

/// The grants that a member can use, in whichever role.
fn usable_grants(context: &Context<'_, '_>, member: u64) -> Vec<Grant> {
    let now = context.now().time;
    let mut grants = power::grants_of(context, member, now);
    grants.retain(|grant| !hands::hold_back(context, now, grant, member));
    grants
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

/// Refuses that whoever assigns takes a role over value, or one whose grant they gave: it would be a
/// grant to themselves in the other order. What a unit decides is no one person's.
pub(super) fn check_assignment(
    context: &Context<'_, '_>,
    member: u64,
    role: u64,
) -> Result<(), Rejection> {
    if context.authority != Authority::Signed || !context.people_behind().contains(&member) {
        return Ok(());
    }
    let now = context.now().time;
    let is_own_gift = |grant: &Grant| {
        let basis = grant.basis.unwrap_or_default();
        grant.given_by == member && hands::is_of_one(context, now, &basis)
    };
    let to_self = lists::all(context, List::Grants, role)
        .into_iter()
        .filter_map(|number| context.get::<Grant>(number).ok())
        .filter(|grant| grant.ended_at == 0 && (grant.until == 0 || now < grant.until))
        .any(|grant| power::is_over_value(grant.capability()) || is_own_gift(&grant));
    match to_self {
        true => Err(Rejection::GrantToSelf),
        false => Ok(()),
    }
}
