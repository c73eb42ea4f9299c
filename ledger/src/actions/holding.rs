//! Holds: value that is reserved, and later posted, voided or expired.
//!
//! What is held counts at once: against the account's funds, its budget line, its limits. What is
//! released is given back to each of them, on the day on which it was counted.

use polity_proto::v1::{
    Account, Capability, EndReason, Hold, HoldState, Movement, ObjectKind, Posting, TimerKind,
};

use super::posting::{self, Move};
use super::{budget, spending};
use crate::context::Context;
use crate::judge::{Need, hands};
use crate::state::keys::List;
use crate::state::{lists, timers};
use crate::{Amount, Rejection};

/// What a hold knows beside its movement.
#[derive(Clone, Debug, Default)]
pub(crate) struct Terms {
    /// Block time from which it is over.
    pub expires_at: u64,
    pub reference: String,
    pub document: Vec<u8>,
    /// The bank statement, for a bank record.
    pub statement: Option<Vec<u8>>,
}

/// Whether enough waits for the minute of that time.
pub(super) fn is_minute_full(context: &Context<'_, '_>, time: u64) -> bool {
    timers::waiting(context, time) >= timers::OF_A_MINUTE_MAX
}

/// Whether those who act now placed the hold, or are one with whoever did: whoever records does not confirm, and
/// whoever delivers does not accept.
pub(super) fn is_placed_by_these(context: &Context<'_, '_>, hold: &Hold) -> bool {
    !context.is_genesis() && context.is_behind_act(&hold.basis.unwrap_or_default())
}

/// To end a hold on the side that pays, out of the same budget line. The value was counted when it was held: what is
/// asked is the capability alone, in the tier that this counting led to.
pub(super) fn need_to_pay(
    context: &Context<'_, '_>,
    hold: &Hold,
    from: &Account,
    to: &Account,
) -> Need {
    Need {
        line: hold.line,
        ..posting::need_to_take(context, Capability::Spend, from, to, Amount::ZERO)
    }
}

/// To end a hold on the side that receives.
pub(super) fn need_to_receive(context: &Context<'_, '_>, from: &Account, to: &Account) -> Need {
    posting::need_to_take(context, Capability::Spend, to, from, Amount::ZERO)
}

/// Reserves value; returns the hold's number.
pub(crate) fn place(
    context: &mut Context<'_, '_>,
    movement: Move,
    terms: Terms,
) -> Result<u64, Rejection> {
    let now = context.now().time;
    let latest = now.saturating_add(context.parameters().hold_max);
    if terms.expires_at <= now || terms.expires_at > latest {
        return Err(Rejection::HoldTerm);
    }
    if is_minute_full(context, terms.expires_at) && !context.is_genesis() {
        return Err(Rejection::ListTooLong);
    }
    posting::check_accounts(context, &movement)?;
    posting::check_funds(&movement.from, movement.amount)?;
    let line = budget::commit(context, &movement)?;
    let Move {
        mut from, mut to, ..
    } = movement.clone();
    posting::add(&mut from.debits_pending, movement.amount)?;
    posting::add(&mut to.credits_pending, movement.amount)?;
    spending::count(context, &movement)?;

    let number = context.next_number(ObjectKind::Hold);
    let amount = movement.amount.to_bytes();
    if let Some(line) = line {
        context.put(&line);
    }
    context.put(&Hold {
        number,
        from: from.number,
        to: to.number,
        amount: amount.clone(),
        kind: movement.kind as i32,
        line: movement.line,
        reference: terms.reference,
        document: terms.document,
        value_date: movement.value_date,
        expires_at: terms.expires_at,
        state: HoldState::Open as i32,
        placed_by: context.basis.member,
        basis: Some(context.basis),
        placed_at: now,
        external: terms.statement.is_some(),
        statement: terms.statement.unwrap_or_default(),
        grant: spending::grant_of_basis(context),
        payee: Some(hands::payee(context, now, posting::owner(&to))),
        ..Hold::default()
    });
    for account in [from.number, to.number] {
        lists::append(context.state, List::Holds, account, number);
    }
    timers::set(context.state, terms.expires_at, TimerKind::Hold, number);
    let histories = histories(from.number, to.number);
    posting::write(
        context,
        from,
        to,
        Movement {
            hold: number,
            amount,
            kind: movement.kind as i32,
            line: movement.line,
            ..Movement::default()
        },
    );
    context.event(ObjectKind::Hold, number, &histories);
    Ok(number)
}

/// Posts a part of an open hold, or all, as a transfer; releases the rest. Returns the transfer.
pub(crate) fn post(
    context: &mut Context<'_, '_>,
    mut hold: Hold,
    amount: Option<Amount>,
) -> Result<u64, Rejection> {
    let held = check_open(context, &hold)?;
    let posted = amount.unwrap_or(held);
    let released = held.minus(posted).ok_or(Rejection::HoldExceeded)?;
    let movement = Move {
        from: context.get(hold.from)?,
        to: context.get(hold.to)?,
        amount: posted,
        kind: hold.kind(),
        line: hold.line,
        // What was held is paid now, also where the period that was meant is closed by now. A bank's day stays.
        value_date: if hold.external { hold.value_date } else { 0 },
    };
    posting::check_accounts(context, &movement)?;
    let Move {
        mut from, mut to, ..
    } = movement.clone();
    posting::add(&mut from.debits_posted, posted)?;
    posting::add(&mut to.credits_posted, posted)?;
    budget::settle(context, hold.line, held, posted)?;

    end(context, &mut hold, HoldState::Posted, released);
    clear_timer(context, &hold);
    posting::subtract(&mut from.debits_pending, held);
    posting::subtract(&mut to.credits_pending, held);
    spending::take_back(context, &hold, posting::owner(&from), released);
    let transfer = context.next_number(ObjectKind::Transfer);
    posting::write(
        context,
        from,
        to,
        Movement {
            transfer,
            hold: hold.number,
            amount: posted.to_bytes(),
            kind: hold.kind,
            line: hold.line,
            ..Movement::default()
        },
    );
    let posting = Posting {
        transfer,
        from: hold.from,
        to: hold.to,
        amount: posted.to_bytes(),
        kind: hold.kind,
    };
    context.posted(ObjectKind::Hold, hold.number, posting);
    Ok(transfer)
}

/// Voids an open hold: all of it is free again.
pub(crate) fn void(context: &mut Context<'_, '_>, hold: Hold) -> Result<(), Rejection> {
    check_open(context, &hold)?;
    let histories = histories(hold.from, hold.to);
    let number = hold.number;
    clear_timer(context, &hold);
    release(context, hold, HoldState::Voided)?;
    context.event(ObjectKind::Hold, number, &histories);
    Ok(())
}

/// Ends a hold whose time is over. Nothing happens where it was posted or voided before.
pub(crate) fn expire(context: &mut Context<'_, '_>, number: u64) {
    let Ok(hold) = context.get::<Hold>(number) else {
        return;
    };
    if hold.state() != HoldState::Open || context.now().time < hold.expires_at {
        return;
    }
    let histories = histories(hold.from, hold.to);
    if release(context, hold, HoldState::Expired).is_ok() {
        context.ended(ObjectKind::Hold, number, EndReason::Expired, &histories);
    }
}

/// Refuses a hold that is over, also where its timer still waits; gives what is held.
pub(crate) fn check_open(context: &Context<'_, '_>, hold: &Hold) -> Result<Amount, Rejection> {
    if hold.state() != HoldState::Open || context.now().time >= hold.expires_at {
        return Err(Rejection::HoldClosed);
    }
    Ok(Amount::from_state(&hold.amount))
}

fn release(
    context: &mut Context<'_, '_>,
    mut hold: Hold,
    state: HoldState,
) -> Result<(), Rejection> {
    let held = Amount::from_state(&hold.amount);
    let mut from: Account = context.get(hold.from)?;
    let mut to: Account = context.get(hold.to)?;
    budget::settle(context, hold.line, held, Amount::ZERO)?;

    end(context, &mut hold, state, held);
    posting::subtract(&mut from.debits_pending, held);
    posting::subtract(&mut to.credits_pending, held);
    spending::take_back(context, &hold, posting::owner(&from), held);
    posting::write(
        context,
        from,
        to,
        Movement {
            hold: hold.number,
            amount: hold.amount.clone(),
            kind: hold.kind,
            line: hold.line,
            ..Movement::default()
        },
    );
    Ok(())
}

/// Writes the hold in its last state and takes it from the lists of what is open.
fn end(context: &mut Context<'_, '_>, hold: &mut Hold, state: HoldState, released: Amount) {
    let held = Amount::from_state(&hold.amount);
    let posted = held.minus(released).unwrap_or_default();
    hold.state = state as i32;
    hold.posted = posted.to_bytes();
    hold.released = released.to_bytes();
    context.put(hold);
    for account in [hold.from, hold.to] {
        lists::remove(context.state, List::Holds, account, hold.number);
    }
}

/// Takes away the timer of a hold that ends before its time. One that ran has left its bucket, which may be long.
fn clear_timer(context: &mut Context<'_, '_>, hold: &Hold) {
    timers::clear(context.state, hold.expires_at, TimerKind::Hold, hold.number);
}

fn histories(from: u64, to: u64) -> [(ObjectKind, u64); 2] {
    [(ObjectKind::Account, from), (ObjectKind::Account, to)]
}
