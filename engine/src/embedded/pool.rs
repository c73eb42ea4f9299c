//! The pool: transactions between their check and their block.
//!
//! ```text
//!  submit ─▶ known? ─▶ check, in batches ─▶ ┌─────────────────────┐ ─▶ propose ─▶ a block
//!  gossip ─▶ known? ─▶  away from the loop  │ lanes, taking turns │
//!                                           └─────────────────────┘ ◀─ committed
//! ```
//!
//! A transaction is its bytes, and its name is the hash of all of them. It is checked once: while it is checked,
//! while it waits, and for a while after its block, a copy is answered without a look. What waits is bounded in
//! number and bytes, for each lane too, and nothing leaves in silence: into a block, or counted in
//! [`Status`] and said in the log. A block that holds a transaction is the only promise; the pool may lose all when the node stops.
//!
//! The pool knows no network. [`super::gossip`] reads it and feeds it.

mod admission;
mod seen;
mod state;
mod transaction;
mod waiting;

#[cfg(test)]
pub(super) mod sentences;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::watch;

pub use admission::Admission;
use transaction::DropReason;
pub(super) use transaction::Entry;
pub use transaction::{NotTaken, Origin, TxId};
pub use waiting::Limits;
pub(super) use waiting::Waiting;

use super::NodeId;
use crate::application::{
    Application, Check, CheckKind, CheckResult, Fault, PrepareProposal, Recheck, TxResult,
};
use admission::Door;
use state::State;

/// What waits now, and what happened since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Transactions that wait.
    pub transactions: usize,
    /// Their bytes inside a block.
    pub bytes: u64,
    /// The number of the newest arrival.
    pub last_arrival: u64,
    /// Transactions that the pool took.
    pub admitted: u64,
    /// Of those, how many came into a block.
    pub included: u64,
    /// Transactions that the application refused at the door.
    pub refused: u64,
    /// Copies that were answered without a check.
    pub already_known: u64,
    /// Transactions for which the pool had no room.
    pub not_taken: u64,
    /// Transactions that left for others whose turn came earlier.
    pub dropped_full: u64,
    /// Transactions that expired while they waited.
    pub dropped_expired: u64,
    /// Transactions that no longer passed the door.
    pub dropped_refused: u64,
}

/// What became of transactions that another node passed on.
pub(super) struct Received {
    /// One for each, in order.
    pub(super) answers: Vec<Result<CheckResult, NotTaken>>,
    /// How many of them wait already, and came from the same node.
    pub(super) repeated: usize,
}

/// The pool. Cheap to clone; all clones are one pool.
#[derive(Clone)]
pub struct Pool {
    application: Arc<dyn Application>,
    state: Arc<State>,
    door: Door,
}

impl Pool {
    /// An empty pool, and the work of its door, which must [run](Admission::run) for anything to come in.
    #[must_use]
    pub fn new(application: Arc<dyn Application>, limits: Limits) -> (Self, Admission) {
        let state = Arc::new(State::new(limits));
        let (door, admission) = admission::new(Arc::clone(&application), Arc::clone(&state));
        let pool = Self {
            application,
            state,
            door,
        };
        (pool, admission)
    }

    /// Offers transactions that came through this node's own gateway; one answer for each, in order. Code 0 means
    /// that it waits now.
    pub async fn submit(&self, transactions: Vec<Bytes>) -> Vec<Result<TxResult, NotTaken>> {
        let taken = self.state.take(transactions, Origin::Here);
        let answers = self.door.pass_or_refuse(taken.arrivals).await;
        answers
            .into_iter()
            .map(|answer| answer.map(|checked| checked.result))
            .collect()
    }

    /// Offers transactions that another node passed on. Waits while the door is busy, so that only their sender waits.
    pub(super) async fn receive(&self, peer: NodeId, transactions: Vec<Bytes>) -> Received {
        let room = self.door.wait_for_room(&transactions).await;
        let taken = self.state.take(transactions, Origin::Peer(peer));
        Received {
            repeated: taken.repeated,
            answers: self.door.pass(taken.arrivals, room).await,
        }
    }

    /// Chooses the content of a block: what the application makes of the transactions whose turn it is. The request's
    /// own transactions are replaced.
    ///
    /// What the application passed over is checked again, and leaves the pool if it is refused: otherwise a transaction
    /// that no block can hold would be offered for ever. What comes after all that it chose may wait for room.
    ///
    /// # Errors
    /// The application's fault.
    pub async fn propose(&self, request: PrepareProposal) -> Result<Vec<Bytes>, Fault> {
        let mut offered = self.reap(request.max_transaction_bytes);
        let request = PrepareProposal {
            transactions: offered.iter().map(|(_, bytes)| bytes.clone()).collect(),
            ..request
        };
        let application = Arc::clone(&self.application);
        let chosen = away(move || application.prepare_proposal(request)).await?;

        if chosen.len() < offered.len() {
            let in_block: HashSet<TxId> = chosen.iter().map(|bytes| TxId::of(bytes)).collect();
            let last = offered.iter().rposition(|(id, _)| in_block.contains(id));
            offered.truncate(last.unwrap_or(offered.len()));
            offered.retain(|(id, _)| !in_block.contains(id));
            self.check_again(offered).await?;
        }
        Ok(chosen)
    }

    /// Takes note of a committed block: what it contained leaves, what its time lets expire leaves, what it may have
    /// spoiled is checked again. `block_time` is in seconds.
    ///
    /// # Errors
    /// The application's fault.
    pub async fn committed(
        &self,
        transactions: &[Bytes],
        block_time: i64,
        recheck: &Recheck,
    ) -> Result<(), Fault> {
        let ids: Vec<TxId> = transactions.iter().map(|bytes| TxId::of(bytes)).collect();
        let spoiled = self.state.committed(&ids, block_time, recheck);
        self.check_again(spoiled).await
    }

    /// The transactions whose turn it is, up to a size as protobuf counts it.
    #[must_use]
    pub fn reap(&self, bytes_max: u64) -> Vec<(TxId, Bytes)> {
        self.state.read(|waiting| {
            let chosen = waiting.reap(bytes_max).into_iter();
            chosen
                .map(|entry| (entry.id, entry.transaction.clone()))
                .collect()
        })
    }

    /// The first of those that wait, in the order of turns.
    #[must_use]
    pub fn first(&self, transactions_max: usize) -> Vec<Bytes> {
        self.state.read(|waiting| {
            let first = waiting.in_order().take(transactions_max);
            first.map(|entry| entry.transaction.clone()).collect()
        })
    }

    /// What waits, now and after each change. `transactions` above 0 is what a proposer waits for.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Status> {
        self.state.watch()
    }

    /// What waits now, and what happened since the start.
    #[must_use]
    pub fn status(&self) -> Status {
        *self.state.watch().borrow()
    }

    /// Looks at what waits; the pool stands still meanwhile.
    pub(super) fn read<T>(&self, look: impl FnOnce(&Waiting) -> T) -> T {
        self.state.read(look)
    }

    /// The transactions of a list that were never seen.
    pub(super) fn unknown(&self, ids: &[TxId]) -> Vec<TxId> {
        self.state.unknown(ids)
    }

    async fn check_again(&self, transactions: Vec<(TxId, Bytes)>) -> Result<(), Fault> {
        if transactions.is_empty() {
            return Ok(());
        }
        let (ids, checks): (Vec<TxId>, Vec<Check>) = transactions
            .into_iter()
            .map(|(id, transaction)| {
                let kind = CheckKind::Recheck;
                (id, Check { transaction, kind })
            })
            .unzip();
        let results = check_batch(&self.application, checks).await?;

        let refused = ids
            .into_iter()
            .zip(results)
            .filter(|(_, checked)| checked.result.code != 0)
            .map(|(id, checked)| (id, checked.result));
        self.state.refuse(refused.collect());
        Ok(())
    }
}

/// Checks transactions as one batch; one result for each.
async fn check_batch(
    application: &Arc<dyn Application>,
    checks: Vec<Check>,
) -> Result<Vec<CheckResult>, Fault> {
    let expected = checks.len();
    let application = Arc::clone(application);
    let results = away(move || application.check_batch(checks)).await?;
    if results.len() != expected {
        let words = format!("check answered {} results for {expected}", results.len());
        return Err(Fault(words));
    }
    Ok(results)
}

/// Calls the application away from the event loop.
async fn away<T: Send + 'static>(
    call: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    tokio::task::spawn_blocking(call)
        .await
        .unwrap_or_else(|error| Err(Fault(format!("a call of the application ended: {error}"))))
}
