//! Moving value: what every transfer, hold and allocation has in common.

use polity_proto::v1::{
    Account, BasisSource, BudgetLine, Capability, ClosedPeriod, Grant, Movement, ObjectKind, Owner,
    OwnerKind, Posting, TransferKind, Window,
};

use crate::context::Context;
use crate::judge::{Need, ValueNeed};
use crate::state::keys;
use crate::{Amount, Rejection, time, window};

/// Value that is to move, with its accounts as they are before.
#[derive(Clone, Debug)]
pub(crate) struct Move {
    pub from: Account,
    pub to: Account,
    pub amount: Amount,
    pub kind: TransferKind,
    /// Budget line that it is spent from; 0: none.
    pub line: u64,
    /// Unix seconds; 0: block time.
    pub value_date: u64,
}

/// The authority to take value from an account: its member's own act, or the unit's capability.
pub(crate) fn need_to_take(
    context: &Context<'_, '_>,
    capability: Capability,
    from: &Account,
    to: &Account,
    amount: Amount,
) -> Need {
    let owner = owner(from);
    match owner.kind() {
        OwnerKind::Member if owner.number == context.actor.member => Need::own(),
        OwnerKind::Unit => Need {
            object: Some((ObjectKind::Account, from.number)),
            value: Some(ValueNeed {
                asset: from.asset,
                amount,
                account: from.number,
                counterparty: self::owner(to),
            }),
            ..Need::of(capability, owner.number)
        },
        // Another member's money; a party's moves by bank records, issuance by its own actions.
        OwnerKind::Member
        | OwnerKind::Party
        | OwnerKind::Issuance
        | OwnerKind::Escrow
        | OwnerKind::None => Need::not_yours(),
    }
}

/// Who owns an account.
pub(crate) fn owner(account: &Account) -> Owner {
    account.owner.unwrap_or_default()
}

/// Judges the accounts' state in the order of precedence; moves nothing.
pub(crate) fn check_accounts(context: &Context<'_, '_>, movement: &Move) -> Result<(), Rejection> {
    let Move {
        from, to, amount, ..
    } = movement;
    if amount.is_zero() {
        return Err(Rejection::AmountZero);
    }
    if from.number == to.number {
        return Err(Rejection::SameAccount);
    }
    if from.asset != to.asset {
        return Err(Rejection::WrongAsset);
    }
    if from.frozen || to.frozen {
        return Err(Rejection::AccountFrozen);
    }
    if from.closed_at != 0 || to.closed_at != 0 {
        return Err(Rejection::AccountClosed);
    }
    for account in [from, to] {
        let owner = owner(account);
        if owner.kind() == OwnerKind::Unit
            && value_date(context, movement) < closed_until(context, owner.number)
        {
            return Err(Rejection::PeriodClosed);
        }
    }
    Ok(())
}

/// The date that counts for periods.
pub(crate) fn value_date(context: &Context<'_, '_>, movement: &Move) -> u64 {
    if movement.value_date == 0 {
        context.now().time
    } else {
        movement.value_date
    }
}

fn closed_until(context: &Context<'_, '_>, unit: u64) -> u64 {
    context
        .value::<ClosedPeriod>(&keys::key(keys::CLOSED_PERIOD, &[unit]))
        .until
}

/// What an account may still pay: credits posted − debits posted − debits pending + credit limit.
/// `None`: without limit.
pub fn available(account: &Account) -> Option<Amount> {
    if account.unlimited {
        return None;
    }
    let credits = Amount::from_state(&account.credits_posted);
    let limit = Amount::from_state(&account.credit_limit);
    let debits = Amount::from_state(&account.debits_posted);
    let pending = Amount::from_state(&account.debits_pending);
    let can = credits.0.saturating_add(limit.0);
    let used = debits.0.saturating_add(pending.0);
    Some(Amount(can.saturating_sub(used)))
}

/// Adds to one of an account's counters.
pub(crate) fn add(counter: &mut Vec<u8>, amount: Amount) -> Result<(), Rejection> {
    *counter = Amount::from_state(counter).plus(amount)?.to_bytes();
    Ok(())
}

/// Takes from one of an account's counters what is known to be there.
pub(crate) fn subtract(counter: &mut Vec<u8>, amount: Amount) {
    let left = Amount::from_state(counter).minus(amount);
    *counter = left
        .expect("a counter holds what is taken from it")
        .to_bytes();
}

/// Judges and posts a movement as a transfer; returns its number.
pub(crate) fn post(context: &mut Context<'_, '_>, movement: Move) -> Result<u64, Rejection> {
    check_accounts(context, &movement)?;
    let Move {
        mut from,
        mut to,
        amount,
        kind,
        line,
        ..
    } = movement.clone();
    if available(&from).is_some_and(|available| available < amount) {
        return Err(Rejection::InsufficientFunds);
    }
    let line = match line {
        0 => None,
        number => Some(spend_from_line(context, number, &movement)?),
    };
    add(&mut from.debits_posted, amount)?;
    add(&mut to.credits_posted, amount)?;
    count_spending(context, &movement)?;

    let transfer = context.next_number(ObjectKind::Transfer);
    if let Some(line) = line {
        context.put(&line);
    }
    let movement = Movement {
        transfer,
        hold: 0,
        other: to.number,
        credited: false,
        amount: amount.to_bytes(),
        kind: kind as i32,
    };
    to.last = Some(Movement {
        other: from.number,
        credited: true,
        ..movement.clone()
    });
    from.last = Some(movement);
    context.put(&from);
    context.put(&to);
    let posting = Posting {
        transfer,
        from: from.number,
        to: to.number,
        amount: amount.to_bytes(),
        kind: kind as i32,
    };
    context.posted(ObjectKind::Transfer, transfer, posting);
    Ok(transfer)
}

/// What a budget line has left.
pub fn line_available(line: &BudgetLine) -> Option<Amount> {
    let planned = Amount::from_state(&line.approved)
        .0
        .saturating_add(Amount::from_state(&line.carried).0);
    let used = Amount::from_state(&line.committed)
        .0
        .saturating_add(Amount::from_state(&line.spent).0);
    planned.checked_sub(used).map(Amount)
}

/// The line that a movement names, if it fits: of the paying unit, asset and period, with enough left.
pub(crate) fn line_for(
    context: &Context<'_, '_>,
    number: u64,
    movement: &Move,
) -> Result<BudgetLine, Rejection> {
    let line: BudgetLine = context.get(number)?;
    let owner = owner(&movement.from);
    let date = value_date(context, movement);
    let fits = owner.kind() == OwnerKind::Unit
        && line.unit == owner.number
        && line.asset == movement.from.asset
        && (line.from..line.until).contains(&date);
    if !fits {
        return Err(Rejection::BudgetLineWrong);
    }
    if line.closed {
        return Err(Rejection::BudgetLineClosed);
    }
    let left = line_available(&line);
    if line.hard && left.is_none_or(|left| left < movement.amount) {
        return Err(Rejection::BudgetExceeded);
    }
    Ok(line)
}

fn spend_from_line(
    context: &Context<'_, '_>,
    number: u64,
    movement: &Move,
) -> Result<BudgetLine, Rejection> {
    let mut line = line_for(context, number, movement)?;
    add(&mut line.spent, movement.amount)?;
    Ok(line)
}

/// Counts what a unit's account spends: towards its counterparty, and of the grant that allowed it.
pub(crate) fn count_spending(
    context: &mut Context<'_, '_>,
    movement: &Move,
) -> Result<(), Rejection> {
    if owner(&movement.from).kind() != OwnerKind::Unit {
        return Ok(());
    }
    let today = time::day(context.now().time);
    context.take(movement.from.number, movement.amount)?;
    let counterparty = owner(&movement.to);
    let key = keys::spent(
        movement.from.number,
        counterparty.kind(),
        counterparty.number,
    );
    let mut spent: Window = context.value(&key);
    window::add(&mut spent, today, movement.amount, window::SPENDING_DAYS)?;
    context.put_value(key, &spent);

    for grant in grants_used(context) {
        let key = keys::key(keys::GRANT_USE, &[grant]);
        let mut used: Window = context.value(&key);
        window::add(&mut used, today, movement.amount, window::GRANT_DAYS)?;
        context.put_value(key, &used);
    }
    Ok(())
}

/// The grant of the present basis and, for a delegation, its source; only those with a period are counted.
pub(crate) fn grants_used(context: &Context<'_, '_>) -> Vec<u64> {
    if context.basis.source() != BasisSource::Grant {
        return Vec::new();
    }
    let Ok(grant) = context.get::<Grant>(context.basis.number) else {
        return Vec::new();
    };
    let source = context.get::<Grant>(grant.source).ok();
    std::iter::once(grant)
        .chain(source)
        .filter(|grant| grant.per_period.is_some())
        .map(|grant| grant.number)
        .collect()
}
