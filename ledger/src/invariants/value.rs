//! Value: sums, limits, holds and budget lines.

use std::collections::BTreeMap;

use polity_proto::v1::{Account, BudgetLine, Hold, HoldState, Proposal, TimerKind};

use super::{Broken, State, all, ensure, find, has_timer};
use crate::Amount;
use crate::actions::line_available;
use crate::judge::Now;
use crate::state::keys::List;
use crate::state::lists;

/// A sum that no number of amounts overflows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Sum {
    high: u64,
    low: u128,
}

impl Sum {
    pub(super) fn of(amounts: &[&[u8]]) -> Sum {
        let mut sum = Sum::default();
        for amount in amounts {
            sum.add(amount);
        }
        sum
    }

    pub(super) fn add(&mut self, amount: &[u8]) {
        let (low, carries) = self.low.overflowing_add(Amount::from_state(amount).0);
        self.low = low;
        self.high += u64::from(carries);
    }

    pub(super) fn plus(mut self, amount: &[u8]) -> Sum {
        self.add(amount);
        self
    }
}

/// For each asset, what all accounts were credited equals what all were debited.
pub(super) fn sums(state: &State, _: Now) -> Result<(), Broken> {
    let mut assets: BTreeMap<u64, (Sum, Sum)> = BTreeMap::new();
    for account in all::<Account>(state) {
        let (debits, credits) = assets.entry(account.asset).or_default();
        debits.add(&account.debits_posted);
        credits.add(&account.credits_posted);
    }
    for (asset, (debits, credits)) in assets {
        ensure(1, debits == credits, || {
            format!("asset {asset}: debits {debits:?}, credits {credits:?}")
        })?;
    }
    Ok(())
}

/// Credits and the limit cover debits, what is held included.
pub(super) fn limits(state: &State, _: Now) -> Result<(), Broken> {
    for account in all::<Account>(state).filter(|account| !account.unlimited) {
        let has = Sum::of(&[&account.credits_posted, &account.credit_limit]);
        let owes = Sum::of(&[&account.debits_posted, &account.debits_pending]);
        ensure(2, owes <= has, || {
            format!("account {}: has {has:?}, owes {owes:?}", account.number)
        })?;
    }
    Ok(())
}

/// A hold is open and whole, or over and split; accounts have pending what is open and what open
/// proposals reserve; open holds are listed and end by themselves.
pub(super) fn holds(state: &State, _: Now) -> Result<(), Broken> {
    let mut debits: BTreeMap<u64, Sum> = BTreeMap::new();
    let mut credits: BTreeMap<u64, Sum> = BTreeMap::new();
    for hold in all::<Hold>(state) {
        check_hold(state, &hold)?;
        if hold.state() == HoldState::Open {
            debits.entry(hold.from).or_default().add(&hold.amount);
            credits.entry(hold.to).or_default().add(&hold.amount);
        }
    }
    for proposal in all::<Proposal>(state) {
        for exposure in proposal
            .exposures
            .iter()
            .filter(|exposure| exposure.reserved)
        {
            debits
                .entry(exposure.account)
                .or_default()
                .add(&exposure.amount);
        }
    }
    for account in all::<Account>(state) {
        let number = account.number;
        let of = |sums: &BTreeMap<u64, Sum>| sums.get(&number).copied().unwrap_or_default();
        let pending = [
            (Sum::of(&[&account.debits_pending]), of(&debits)),
            (Sum::of(&[&account.credits_pending]), of(&credits)),
        ];
        for (has, held) in pending {
            ensure(3, has == held, || {
                format!("account {number}: pending {has:?}, held {held:?}")
            })?;
        }
    }
    Ok(())
}

fn check_hold(state: &State, hold: &Hold) -> Result<(), Broken> {
    let number = hold.number;
    let is_open = hold.state() == HoldState::Open;
    let split = Sum::of(&[&hold.posted, &hold.released]);
    let expected = if is_open {
        Sum::default()
    } else {
        Sum::of(&[&hold.amount])
    };
    ensure(3, split == expected, || {
        format!("hold {number}: {split:?} of {expected:?} is posted or released")
    })?;
    let posts = hold.state() == HoldState::Posted;
    ensure(3, posts != hold.posted.is_empty(), || {
        format!("hold {number}: state and what was posted differ")
    })?;
    for account in [hold.from, hold.to] {
        let listed = lists::contains(state, List::Holds, account, number);
        ensure(3, listed == is_open, || {
            format!("hold {number}: wrongly listed at account {account}")
        })?;
    }
    let ends = has_timer(state, hold.expires_at, TimerKind::Hold, number);
    ensure(3, ends == is_open, || format!("hold {number}: wrong timer"))
}

/// A hard line has not spent more than it had; each line has committed what is held on it.
pub(super) fn lines(state: &State, _: Now) -> Result<(), Broken> {
    let mut committed: BTreeMap<u64, Sum> = BTreeMap::new();
    for hold in all::<Hold>(state).filter(|hold| hold.state() == HoldState::Open) {
        committed.entry(hold.line).or_default().add(&hold.amount);
    }
    for line in all::<BudgetLine>(state) {
        let number = line.number;
        ensure(4, !line.hard || line_available(&line).is_some(), || {
            format!("line {number} is exceeded")
        })?;
        let held = committed.get(&number).copied().unwrap_or_default();
        let has = Sum::of(&[&line.committed]);
        ensure(4, has == held, || {
            format!("line {number}: committed {has:?}, held {held:?}")
        })?;
    }
    for hold in all::<Hold>(state).filter(|hold| hold.line != 0) {
        let exists = find::<BudgetLine>(state, hold.line).is_some();
        ensure(4, exists, || format!("hold {}: no line", hold.number))?;
    }
    Ok(())
}
