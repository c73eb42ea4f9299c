//! What the pool knows, behind one lock, and the changes that it makes to it. Nothing here waits or asks.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::watch;

use super::seen::Seen;
use super::waiting::Waiting;
use super::{DropReason, Entry, Limits, NotTaken, Origin, Status, TxId};
use crate::application::{CheckResult, Recheck, TxResult};

/// Ids that are remembered at least, so that a late copy of a transaction costs no check.
const SEEN_MAX: usize = 200_000;

/// How often it is said that the pool is full.
const FULL_SAID_EVERY: Duration = Duration::from_secs(10);

/// The pool's one state.
pub(super) struct State {
    limits: Limits,
    content: Mutex<Content>,
    status: watch::Sender<Status>,
}

struct Content {
    waiting: Waiting,
    seen: Seen,
    status: Status,
    /// When it was said last that the pool is full.
    full_said: Option<Instant>,
}

/// A transaction on its way through the door.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    pub(super) id: TxId,
    pub(super) transaction: Bytes,
    pub(super) origin: Origin,
}

/// What the pool took of transactions that arrived together.
pub(super) struct Taken {
    /// One for each, in order.
    pub(super) arrivals: Vec<Result<Arrival, NotTaken>>,
    /// How many of them wait already, and came by the same way.
    pub(super) repeated: usize,
}

impl State {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            content: Mutex::new(Content {
                waiting: Waiting::new(limits),
                seen: Seen::new(SEEN_MAX),
                status: Status::default(),
                full_said: None,
            }),
            status: watch::Sender::new(Status::default()),
        }
    }

    pub(super) fn watch(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    /// Looks at what waits.
    pub(super) fn read<T>(&self, look: impl FnOnce(&Waiting) -> T) -> T {
        look(&self.lock().waiting)
    }

    /// The transactions of a list that were never seen.
    pub(super) fn unknown(&self, ids: &[TxId]) -> Vec<TxId> {
        let content = self.lock();
        ids.iter()
            .filter(|id| !content.waiting.contains(id) && !content.seen.is_known(id))
            .copied()
            .collect()
    }

    /// Takes transactions for their check.
    pub(super) fn take(&self, transactions: Vec<Bytes>, origin: Origin) -> Taken {
        let ids: Vec<TxId> = transactions.iter().map(|bytes| TxId::of(bytes)).collect();
        self.change(|content| {
            let mut repeated = 0;
            let arrivals = transactions
                .into_iter()
                .zip(ids)
                .map(|(transaction, id)| {
                    if transaction.len() > self.limits.transaction_bytes_max {
                        return Err(NotTaken::TooLarge {
                            bytes: transaction.len(),
                            bytes_max: self.limits.transaction_bytes_max,
                        });
                    }
                    let waiting = content.waiting.get(&id);
                    if waiting.is_some_and(|entry| entry.origin == origin) {
                        repeated += 1;
                    }
                    if waiting.is_some() || !content.seen.take(id) {
                        content.status.already_known += 1;
                        return Err(NotTaken::AlreadyKnown);
                    }
                    Ok(Arrival {
                        id,
                        transaction,
                        origin,
                    })
                })
                .collect();
            Taken { arrivals, repeated }
        })
    }

    /// Lets go of transactions that were taken and cannot be checked now.
    pub(super) fn give_back(&self, arrivals: &[Arrival]) {
        self.change(|content| {
            for arrival in arrivals {
                content.seen.forget(&arrival.id);
            }
            content.status.not_taken += arrivals.len() as u64;
        });
    }

    /// Lets checked transactions in: one answer for each, in order.
    pub(super) fn settle(
        &self,
        checked: Vec<(Arrival, CheckResult)>,
    ) -> Vec<Result<CheckResult, NotTaken>> {
        let since = Instant::now();
        self.change(|content| {
            checked
                .into_iter()
                .map(|(arrival, checked)| {
                    if checked.result.code != 0 {
                        content.seen.forget(&arrival.id);
                        content.status.refused += 1;
                        return Ok(checked);
                    }
                    if content.seen.is_committed(&arrival.id) {
                        // It came to a block by another node while it was checked here.
                        return Err(NotTaken::AlreadyKnown);
                    }
                    let entry = Entry {
                        id: arrival.id,
                        transaction: arrival.transaction,
                        lane: checked.lane.clone(),
                        valid_until: checked.valid_until,
                        origin: arrival.origin,
                        since,
                    };
                    match content.waiting.insert(entry) {
                        Ok(leaving) => {
                            content.status.admitted += 1;
                            content.let_go(leaving, &DropReason::PoolFull);
                            Ok(checked)
                        }
                        Err(not_taken) => {
                            content.seen.forget(&arrival.id);
                            content.status.not_taken += 1;
                            Err(not_taken)
                        }
                    }
                })
                .collect()
        })
    }

    /// Removes what a block contained and what its time lets expire; answers what must be checked again.
    pub(super) fn committed(
        &self,
        ids: &[TxId],
        block_time: i64,
        recheck: &Recheck,
    ) -> Vec<(TxId, Bytes)> {
        self.change(|content| {
            for id in ids {
                content.seen.commit(*id);
                if content.waiting.remove(id).is_some() {
                    content.status.included += 1;
                }
            }
            let expired = content.waiting.expire(block_time);
            content.let_go(expired, &DropReason::Expired);

            // A list would be searched once for everything that waits, under the lock.
            let lanes: Option<HashSet<&Bytes>> = match recheck {
                Recheck::All => None,
                Recheck::Lanes(lanes) if lanes.is_empty() => return Vec::new(),
                Recheck::Lanes(lanes) => Some(lanes.iter().collect()),
            };
            let spoiled = |entry: &&Entry| {
                lanes
                    .as_ref()
                    .is_none_or(|lanes| lanes.contains(&entry.lane))
            };
            content
                .waiting
                .in_order()
                .filter(spoiled)
                .map(|entry| (entry.id, entry.transaction.clone()))
                .collect()
        })
    }

    /// Removes what no longer passes the door.
    pub(super) fn refuse(&self, refused: Vec<(TxId, TxResult)>) {
        self.change(|content| {
            for (id, result) in refused {
                let leaving = content.waiting.remove(&id);
                content.let_go(leaving, &DropReason::Refused(result));
            }
        });
    }

    fn lock(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a change, then tells those who watch, and says how many transactions left without a block: one line for all.
    fn change<T>(&self, change: impl FnOnce(&mut Content) -> T) -> T {
        let mut content = self.lock();
        let before = content.status;
        let outcome = change(&mut content);
        content.status.transactions = content.waiting.len();
        content.status.bytes = content.waiting.bytes();
        content.status.last_arrival = content.waiting.last_arrival();
        let status = content.status;
        let is_full = status.dropped_full > before.dropped_full && content.is_full_to_be_said();
        self.status.send_if_modified(|shown| {
            let changed = *shown != status;
            *shown = status;
            changed
        });
        drop(content);

        let expired = status.dropped_expired - before.dropped_expired;
        let refused = status.dropped_refused - before.dropped_refused;
        if is_full {
            tracing::warn!(
                since_start = status.dropped_full,
                "the pool is full: transactions leave it for others"
            );
        }
        // After a block or a proposal, so no more often than these.
        if expired + refused > 0 {
            tracing::info!(
                expired,
                refused,
                "transactions left the pool without a block"
            );
        }
        outcome
    }
}

impl Content {
    /// Whether nobody was told of it lately: every arrival may push another one out.
    fn is_full_to_be_said(&mut self) -> bool {
        let now = Instant::now();
        let is_due = self
            .full_said
            .is_none_or(|said| now.duration_since(said) >= FULL_SAID_EVERY);
        if is_due {
            self.full_said = Some(now);
        }
        is_due
    }

    /// Forgets transactions that leave without a block, so that they can come again, and counts them by why they left.
    fn let_go(&mut self, leaving: impl IntoIterator<Item = Entry>, reason: &DropReason) {
        for entry in leaving {
            self.seen.forget(&entry.id);
            match reason {
                DropReason::PoolFull => self.status.dropped_full += 1,
                DropReason::Expired => self.status.dropped_expired += 1,
                DropReason::Refused(_) => self.status.dropped_refused += 1,
            }
            tracing::debug!(transaction = %entry.id, %reason, "dropped from the pool");
        }
    }
}
