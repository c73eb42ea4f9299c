//! What holds between a state and the one that the next block made of it.

use std::collections::BTreeMap;

use polity_proto::v1::{
    Account, Event, Mode, ModeKind, Owner, OwnerKind, Posting, Proposal, Receipt, TransferKind,
};

use super::value::Sum;
use super::{Broken, State, all, ensure, find, number, rows};
use crate::decisions::stage;
use crate::judge::Now;
use crate::state::keys;
use crate::time::MINUTE;

/// One block, as it changed a state.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// The state before the block.
    pub before: &'a State,
    /// The state after it.
    pub after: &'a State,
    /// Time of the block.
    pub now: Now,
    /// What its transactions did.
    pub receipts: &'a [Receipt],
    /// What its timers did.
    pub timer_receipts: &'a [Receipt],
}

/// One check over a block.
pub type StepCheck = fn(&Step<'_>) -> Result<(), Broken>;

impl<'a> Step<'a> {
    fn events(&self) -> impl Iterator<Item = &'a Event> {
        let receipts = self.receipts.iter().chain(self.timer_receipts);
        receipts.flat_map(|receipt| &receipt.events)
    }

    fn postings(&self) -> impl Iterator<Item = &'a Posting> {
        self.events().filter_map(|event| event.posting.as_ref())
    }
}

/// What a proposal was opened under stays until it is closed. A mode changes only to the one that
/// it names for objections.
pub(super) fn frozen(step: &Step<'_>) -> Result<(), Broken> {
    for before in all::<Proposal>(step.before).filter(stage::is_pending) {
        let number = before.number;
        let Some(after) = find::<Proposal>(step.after, number) else {
            return ensure(13, false, || format!("proposal {number} is gone"));
        };
        let same = after.policy == before.policy
            && after.electorate == before.electorate
            && after.seats == before.seats
            && after.unit == before.unit
            && after.proposer == before.proposer;
        ensure(13, same, || {
            format!("proposal {number} has another policy or electorate than at its opening")
        })?;
        ensure(
            13,
            may_follow(before.mode.as_ref(), after.mode.as_ref()),
            || format!("proposal {number} is decided otherwise than when it was opened"),
        )?;
        let grown = after.version >= before.version;
        ensure(13, grown, || format!("proposal {number} lost a version"))?;
    }
    // What is closed stays as it was closed: nothing decided is ever changed.
    for before in all::<Proposal>(step.before).filter(|proposal| !stage::is_pending(proposal)) {
        let after = find::<Proposal>(step.after, before.number);
        ensure(13, after.as_ref() == Some(&before), || {
            format!("proposal {} changed after its end", before.number)
        })?;
    }
    Ok(())
}

fn may_follow(before: Option<&Mode>, after: Option<&Mode>) -> bool {
    let (Some(before), Some(after)) = (before, after) else {
        return before == after;
    };
    before == after
        || before.kind() == ModeKind::Announce && before.escalates_to.as_deref() == Some(after)
        || after.kind() == ModeKind::Announce && after.escalates_to.as_deref() == Some(before)
}

/// Accounts moved by what receipts tell and by nothing else, and each kind of transfer stays where
/// profit and loss expects it: so what the units gained together is what came from outside.
pub(super) fn results(step: &Step<'_>) -> Result<(), Broken> {
    let mut moved: BTreeMap<u64, (Sum, Sum)> = BTreeMap::new();
    for posting in step.postings() {
        moved
            .entry(posting.from)
            .or_default()
            .0
            .add(&posting.amount);
        moved.entry(posting.to).or_default().1.add(&posting.amount);
        let owner = |account| {
            let account: Option<Account> = find(step.after, account);
            account
                .and_then(|account| account.owner)
                .unwrap_or_default()
        };
        let (from, to) = (owner(posting.from), owner(posting.to));
        ensure(16, kind_fits(posting.kind(), &from, &to), || {
            format!("transfer {} is of an unfit kind", posting.transfer)
        })?;
    }
    for after in all::<Account>(step.after) {
        let number = after.number;
        let before: Account = find(step.before, number).unwrap_or_default();
        let (debits, credits) = moved.remove(&number).unwrap_or_default();
        let told = debits.plus(&before.debits_posted) == Sum::of(&[&after.debits_posted])
            && credits.plus(&before.credits_posted) == Sum::of(&[&after.credits_posted]);
        ensure(16, told, || {
            format!("account {number} moved otherwise than receipts tell")
        })?;
    }
    ensure(16, moved.is_empty(), || "a posting has no account")
}

/// Which transfers may be inside one owner, between units, or with the outside.
fn kind_fits(kind: TransferKind, from: &Owner, to: &Owner) -> bool {
    let both = |kind: OwnerKind| from.kind() == kind && to.kind() == kind;
    match kind {
        TransferKind::None => false,
        TransferKind::Internal => from == to,
        TransferKind::Allocation | TransferKind::ReturnAllocation => {
            both(OwnerKind::Unit) && from != to
        }
        TransferKind::Issue => from.kind() == OwnerKind::Issuance,
        TransferKind::Retire => to.kind() == OwnerKind::Issuance,
        TransferKind::External => {
            (from.kind() == OwnerKind::Party) != (to.kind() == OwnerKind::Party)
        }
        TransferKind::Payment
        | TransferKind::Reimbursement
        | TransferKind::Compensation
        | TransferKind::Refund
        | TransferKind::Gift => from != to,
        TransferKind::Correction => true,
    }
}

/// An id stays consumed until its minute is over.
pub(super) fn remembered(step: &Step<'_>) -> Result<(), Broken> {
    for (key, ids) in rows(step.before, keys::CONSUMED_AT) {
        let lives = number(key, 0).saturating_mul(MINUTE) > step.now.time;
        ensure(
            18,
            !lives || step.after.get(key) == Some(ids),
            || "an id was forgotten while it lives",
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
