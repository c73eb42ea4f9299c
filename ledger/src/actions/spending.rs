//! What was spent lately: towards a counterparty, for tiers that splitting does not lower, and by
//! a grant, for its limit per period.

use polity_proto::v1::{BasisSource, Grant, Hold, Owner, OwnerKind, Window};

use super::posting::{self, Move};
use crate::context::Context;
use crate::judge::hands;
use crate::state::keys;
use crate::{Amount, Rejection, time, window};

/// Counts what an account of a unit or of an external party, or an asset's issuance, pays.
pub(crate) fn count(context: &mut Context<'_, '_>, movement: &Move) -> Result<(), Rejection> {
    if !is_counted(posting::owner(&movement.from)) {
        return Ok(());
    }
    let today = time::day(context.now().time);
    context.take(movement.from.number, movement.amount)?;
    let payee = hands::payee(context, context.now().time, posting::owner(&movement.to));
    let key = keys::spent(movement.from.number, payee);
    let mut spent: Window = context.value(&key);
    window::add(&mut spent, today, movement.amount, window::SPENDING_DAYS)?;
    context.put_value(key, &spent);

    for grant in counted_grants(context, grant_of_basis(context)) {
        let key = keys::key(keys::GRANT_USE, &[grant]);
        let mut used: Window = context.value(&key);
        window::add(&mut used, today, movement.amount, window::GRANT_DAYS)?;
        context.put_value(key, &used);
    }
    Ok(())
}

/// Gives back what a hold counted on its day and did not post.
pub(crate) fn take_back(context: &mut Context<'_, '_>, hold: &Hold, from: Owner, released: Amount) {
    if !is_counted(from) || released.is_zero() {
        return;
    }
    let day = time::day(hold.placed_at);
    let grants = counted_grants(context, hold.grant);
    let payee = hold.payee.unwrap_or_default();
    let windows = std::iter::once(keys::spent(hold.from, payee)).chain(
        grants
            .into_iter()
            .map(|grant| keys::key(keys::GRANT_USE, &[grant])),
    );
    for key in windows {
        let mut window: Window = context.value(&key);
        window::take_back(&mut window, day, released);
        if window.days.is_empty() {
            context.state.delete(key);
        } else {
            context.put_value(key, &window);
        }
    }
}

/// The grant by which the present action happens; 0: none.
pub(crate) fn grant_of_basis(context: &Context<'_, '_>) -> u64 {
    match context.basis.source() {
        BasisSource::Grant => context.basis.number,
        BasisSource::None
        | BasisSource::Genesis
        | BasisSource::Own
        | BasisSource::Policy
        | BasisSource::Proposal
        | BasisSource::Timer => 0,
    }
}

/// The grant and, for a delegation, its source; only those with a period are counted.
fn counted_grants(context: &Context<'_, '_>, grant: u64) -> Vec<u64> {
    let Ok(grant) = context.get::<Grant>(grant) else {
        return Vec::new();
    };
    let source = context.get::<Grant>(grant.source).ok();
    std::iter::once(grant)
        .chain(source)
        .filter(|grant| grant.per_period.is_some())
        .map(|grant| grant.number)
        .collect()
}

fn is_counted(owner: Owner) -> bool {
    match owner.kind() {
        OwnerKind::Unit | OwnerKind::Party | OwnerKind::Issuance => true,
        OwnerKind::None | OwnerKind::Member | OwnerKind::Escrow => false,
    }
}
