//! Moving value: what every transfer, hold and allocation has in common.

use polity_proto::v1::{
    Account, Asset, AssetKind, Capability, ClosedPeriod, Member, MemberState, Movement, ObjectKind,
    Owner, OwnerKind, Posting, TransferKind,
};

use super::{budget, spending};
use crate::context::Context;
use crate::judge::{Need, ValueNeed, power};
use crate::state::{keys, objects};
use crate::{Amount, Rejection};

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
        // One's own money, too, sleeps after a recovery: the capability says that it is spent.
        OwnerKind::Member if owner.number == context.actor.member => Need {
            capability,
            ..Need::own()
        },
        OwnerKind::Unit => Need {
            object: Some((ObjectKind::Account, from.number)),
            value: Some(ValueNeed {
                asset: from.asset,
                amount,
                account: from.number,
                counterparty: self::owner(to),
                payee: self::owner(to),
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
    // Whoever has not joined could give nothing back, and their invitation could no longer be taken
    // back.
    Rejection::MemberStateWrong.when(is_of_invited(context, to))?;
    for account in [from, to] {
        let owner = owner(account);
        if owner.kind() != OwnerKind::Unit {
            continue;
        }
        if !power::unit_lives(context, owner.number) {
            return Err(Rejection::UnitDissolved);
        }
        if value_date(context, movement.value_date) < closed_until(context, owner.number) {
            return Err(Rejection::PeriodClosed);
        }
    }
    check_kind(movement)
}

/// Whether an account belongs to somebody who was invited and has not joined.
fn is_of_invited(context: &Context<'_, '_>, account: &Account) -> bool {
    let owner = owner(account);
    owner.kind() == OwnerKind::Member
        && objects::look::<Member>(context, owner.number)
            .is_some_and(|member| member.state() == MemberState::Invited)
}

/// Profit and loss is read from kinds: what stays with its owner is internal, and nothing else is.
fn check_kind(movement: &Move) -> Result<(), Rejection> {
    let stays = owner(&movement.from) == owner(&movement.to);
    let fits = match movement.kind {
        TransferKind::Internal => stays,
        TransferKind::Correction => true,
        TransferKind::None
        | TransferKind::Payment
        | TransferKind::Reimbursement
        | TransferKind::Compensation
        | TransferKind::Refund
        | TransferKind::Gift
        | TransferKind::Allocation
        | TransferKind::ReturnAllocation
        | TransferKind::Issue
        | TransferKind::Retire
        | TransferKind::External => !stays,
    };
    Rejection::KindUnfit.unless(fits)
}

/// Whoever delivers does not accept: goods go to another owner by a hold, which the side that receives posts.
fn check_goods(context: &Context<'_, '_>, movement: &Move) -> Result<(), Rejection> {
    let is_delivery = match movement.kind {
        TransferKind::Payment
        | TransferKind::Reimbursement
        | TransferKind::Compensation
        | TransferKind::Refund
        | TransferKind::Gift
        | TransferKind::Allocation
        | TransferKind::ReturnAllocation => true,
        TransferKind::None
        | TransferKind::Internal
        | TransferKind::Issue
        | TransferKind::Retire
        | TransferKind::External
        | TransferKind::Correction => false,
    };
    Rejection::GoodsUnaccepted.when(is_delivery && is_of_goods(context, &movement.from)?)
}

/// Whether an account holds goods.
pub(crate) fn is_of_goods(context: &Context<'_, '_>, account: &Account) -> Result<bool, Rejection> {
    let asset = objects::look::<Asset>(context, account.asset).ok_or(Rejection::ObjectUnknown)?;
    Ok(asset.kind() == AssetKind::Goods)
}

/// The date that counts for periods: the one that was given, or block time.
pub(crate) fn value_date(context: &Context<'_, '_>, given: u64) -> u64 {
    if given == 0 {
        context.now().time
    } else {
        given
    }
}

pub(crate) fn closed_until(context: &Context<'_, '_>, unit: u64) -> u64 {
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

/// Refuses what exceeds what the source account may still pay.
pub(crate) fn check_funds(from: &Account, amount: Amount) -> Result<(), Rejection> {
    match available(from) {
        Some(available) if available < amount => Err(Rejection::InsufficientFunds),
        Some(_) | None => Ok(()),
    }
}

/// Judges and posts a movement as a transfer; returns its number.
pub(crate) fn post(context: &mut Context<'_, '_>, movement: Move) -> Result<u64, Rejection> {
    check_accounts(context, &movement)?;
    check_goods(context, &movement)?;
    check_funds(&movement.from, movement.amount)?;
    let line = budget::spend(context, &movement)?;
    spending::count(context, &movement)?;
    let Move {
        mut from,
        mut to,
        amount,
        kind,
        line: line_number,
        ..
    } = movement;
    add(&mut from.debits_posted, amount)?;
    add(&mut to.credits_posted, amount)?;

    let transfer = context.next_number(ObjectKind::Transfer);
    if let Some(line) = line {
        context.put(&line);
    }
    let posting = Posting {
        transfer,
        from: from.number,
        to: to.number,
        amount: amount.to_bytes(),
        kind: kind as i32,
    };
    write(
        context,
        from,
        to,
        Movement {
            transfer,
            amount: amount.to_bytes(),
            kind: kind as i32,
            line: line_number,
            ..Movement::default()
        },
    );
    context.posted(ObjectKind::Transfer, transfer, posting);
    Ok(transfer)
}

/// Writes both accounts, each with the movement as it sees it.
pub(crate) fn write(
    context: &mut Context<'_, '_>,
    mut from: Account,
    mut to: Account,
    movement: Movement,
) {
    from.last = Some(Movement {
        other: to.number,
        credited: false,
        ..movement.clone()
    });
    to.last = Some(Movement {
        other: from.number,
        credited: true,
        ..movement
    });
    context.put_back(from);
    context.put_back(to);
}
