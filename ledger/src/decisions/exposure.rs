//! What an open proposal would spend: it counts towards tiers, and may be reserved.

use polity_proto::v1::{Account, Capability, Exposure, Window};

use crate::actions::posting;
use crate::context::Context;
use crate::judge::{Need, hands, power};
use crate::state::keys;
use crate::{Amount, Rejection, time, window};

/// What a need would take from an account of a unit, if it takes anything.
pub(super) fn of_need(context: &Context<'_, '_>, need: &Need) -> Option<Exposure> {
    let value = need
        .value
        .as_ref()
        .filter(|value| !value.amount.is_zero())?;
    Some(Exposure {
        account: value.account,
        counterparty: Some(hands::payee(context, context.now().time, value.payee)),
        amount: value.amount.to_bytes(),
        day: time::day(context.now().time),
        reserved: need.capability == Capability::Spend && may_spend(context, need),
    })
}

/// An open spend reserves funds only if its proposer holds `spend` there, whatever the limits.
fn may_spend(context: &Context<'_, '_>, need: &Need) -> bool {
    let actor = context.actor;
    power::grants_of(context, actor.member, context.now().time)
        .iter()
        .any(|grant| {
            grant.capability() == Capability::Spend
                && power::scope_covers(context, grant, need.unit, need.object)
        })
}

/// Counts what a proposal would spend, and reserves what is to be reserved as far as it is there.
pub(super) fn open(
    context: &mut Context<'_, '_>,
    exposures: &mut [Exposure],
) -> Result<(), Rejection> {
    for exposure in exposures {
        let amount = Amount::from_state(&exposure.amount);
        let mut spent = spent(context, exposure);
        window::add(&mut spent, exposure.day, amount, window::SPENDING_DAYS)?;
        put_spent(context, exposure, &spent);
        exposure.reserved = exposure.reserved && reserve(context, exposure.account, amount);
    }
    Ok(())
}

/// Takes back what [`open`] counted and reserved.
pub(super) fn close(context: &mut Context<'_, '_>, exposures: &[Exposure]) {
    for exposure in exposures {
        let amount = Amount::from_state(&exposure.amount);
        let mut spent = spent(context, exposure);
        window::take_back(&mut spent, exposure.day, amount);
        put_spent(context, exposure, &spent);
        if let (true, Ok(mut account)) =
            (exposure.reserved, context.get::<Account>(exposure.account))
        {
            posting::subtract(&mut account.debits_pending, amount);
            context.put(&account);
        }
    }
}

fn reserve(context: &mut Context<'_, '_>, account: u64, amount: Amount) -> bool {
    let Ok(mut account) = context.get::<Account>(account) else {
        return false;
    };
    let enough = posting::available(&account).is_none_or(|available| available >= amount);
    if !enough || posting::add(&mut account.debits_pending, amount).is_err() {
        return false;
    }
    context.put(&account);
    true
}

fn spent(context: &Context<'_, '_>, exposure: &Exposure) -> Window {
    context.value(&spent_key(exposure))
}

fn put_spent(context: &mut Context<'_, '_>, exposure: &Exposure, spent: &Window) {
    if spent.days.is_empty() {
        context.state.delete(spent_key(exposure))
    } else {
        context.put_value(spent_key(exposure), spent)
    }
}

fn spent_key(exposure: &Exposure) -> Vec<u8> {
    keys::spent(exposure.account, exposure.counterparty.unwrap_or_default())
}
