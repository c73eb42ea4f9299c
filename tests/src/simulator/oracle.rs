//! What must hold of the whole run, beside what each state tells by itself.

use std::collections::BTreeMap;

use polity_ledger::block::BlockOutcome;
use polity_ledger::invariants::{self, Step};
use polity_ledger::state::keys;
use polity_ledger::{Rejection, check};
use polity_proto::v1::Receipt;

use crate::memory::{self, Memory, State};

/// Remembers every transaction of the run.
#[derive(Clone, Debug, Default)]
pub(super) struct Oracle {
    /// Height by the id of a transaction that was consumed.
    consumed: BTreeMap<[u8; 32], u64>,
}

impl Oracle {
    /// Checks a committed block: each state invariant, each one over the block, that no id was ever
    /// consumed twice, and that refusals change nothing but their own record.
    ///
    /// # Errors
    /// The first that does not hold.
    pub(super) fn check(
        &mut self,
        before: &State,
        memory: &Memory,
        transactions: &[Vec<u8>],
        outcome: &BlockOutcome,
    ) -> Result<(), String> {
        let (receipts, timer_receipts) = (&outcome.receipts, &outcome.timer_receipts);
        let now = memory.now();
        invariants::check(&memory.state, now).map_err(|broken| broken.to_string())?;
        let step = Step {
            before,
            after: &memory.state,
            now,
            receipts,
            timer_receipts,
        };
        invariants::check_step(&step).map_err(|broken| broken.to_string())?;
        let is_idle = timer_receipts.is_empty() && receipts.iter().all(|receipt| receipt.code != 0);
        let touched = outcome.changes.keys().find(|key| !may_change(key));
        if let (true, Some(key)) = (is_idle, touched) {
            return Err(format!("refusals changed the key {}", hex::encode(key)));
        }
        for (bytes, receipt) in transactions.iter().zip(receipts) {
            self.consume(memory, bytes, receipt)?;
        }
        Ok(())
    }

    fn consume(&mut self, memory: &Memory, bytes: &[u8], receipt: &Receipt) -> Result<(), String> {
        let checked = check::check(bytes, &memory.organisation);
        let Ok(checked) = checked else {
            return match receipt.code {
                0 => Err("bytes that do not check were accepted".into()),
                _ => Ok(()),
            };
        };
        let before_consumption = [
            Rejection::TooLarge,
            Rejection::Expired,
            Rejection::ValidTooLong,
            Rejection::Consumed,
        ];
        if before_consumption
            .iter()
            .any(|rejection| rejection.code() == receipt.code)
        {
            return Ok(());
        }
        match self.consumed.insert(*checked.id(), memory.height) {
            None => Ok(()),
            Some(height) => Err(format!("an id was consumed at height {height} and again")),
        }
    }
}

/// What a block changes in which nobody did anything: consumed ids, and evidence with what follows.
fn may_change(key: &[u8]) -> bool {
    let of_evidence = [
        keys::MISBEHAVIOUR,
        keys::VALIDATOR,
        keys::VALIDATORS_CHANGED,
        keys::CONSENSUS_KEY,
        keys::LIST_HEAD,
        keys::LIST_PAGE,
    ];
    memory::is_of_consumption(key)
        || key
            .first()
            .is_some_and(|prefix| of_evidence.contains(prefix))
}
