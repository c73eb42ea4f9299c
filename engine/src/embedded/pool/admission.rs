//! The way through the door: what arrives while one batch is checked becomes the next batch. So a lone transaction
//! is checked at once, and under load batches grow by themselves to where signatures are cheapest.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::state::{Arrival, State};
use super::{NotTaken, check_batch};
use crate::application::{Application, Check, CheckKind, CheckResult, Fault};

/// Transactions of one batch: larger ones verify no faster.
const BATCH_MAX: usize = 2_048;
/// Bytes of transactions that wait for their check.
const ROOM_BYTES: usize = 16 << 20;
/// What a transaction takes beside its bytes.
const OVERHEAD_BYTES: usize = 256;

type Answer = Result<CheckResult, NotTaken>;

/// Makes the two sides of a door.
pub(super) fn new(application: Arc<dyn Application>, state: Arc<State>) -> (Door, Admission) {
    let (sender, parcels) = mpsc::unbounded_channel();
    let door = Door {
        state: Arc::clone(&state),
        room: Arc::new(Semaphore::new(ROOM_BYTES)),
        sender,
    };
    let admission = Admission {
        application,
        state,
        parcels,
    };
    (door, admission)
}

/// Transactions that arrived together. They hold their room until they are answered.
struct Parcel {
    arrivals: Vec<Arrival>,
    answer: oneshot::Sender<Vec<Answer>>,
    _room: Option<OwnedSemaphorePermit>,
}

/// The outer side, for those who bring transactions. The queue needs no bound of its own: room is what is scarce.
#[derive(Clone)]
pub(super) struct Door {
    state: Arc<State>,
    room: Arc<Semaphore>,
    sender: mpsc::UnboundedSender<Parcel>,
}

impl Door {
    /// Waits until there is room for transactions.
    pub(super) async fn wait_for_room(
        &self,
        transactions: &[Bytes],
    ) -> Option<OwnedSemaphorePermit> {
        let permits = permits(transactions.iter().map(Bytes::len));
        // The semaphore is never closed.
        let room = Arc::clone(&self.room);
        room.acquire_many_owned(permits).await.ok()
    }

    /// Brings transactions through the door, or answers that there is no room for them.
    pub(super) async fn pass_or_refuse(
        &self,
        taken: Vec<Result<Arrival, NotTaken>>,
    ) -> Vec<Answer> {
        let arrivals = taken.iter().filter_map(|taken| taken.as_ref().ok());
        let permits = permits(arrivals.clone().map(|arrival| arrival.transaction.len()));
        let Ok(room) = Arc::clone(&self.room).try_acquire_many_owned(permits) else {
            let arrivals: Vec<Arrival> = arrivals.cloned().collect();
            self.state.give_back(&arrivals);
            return taken
                .into_iter()
                .map(|taken| Err(taken.err().unwrap_or(NotTaken::Busy)))
                .collect();
        };
        self.pass(taken, Some(room)).await
    }

    /// Brings transactions through the door; one answer for each, in order.
    ///
    /// Between taking a transaction and sending it here nothing waits, so a caller who gives up leaves none behind
    /// that is taken and never checked.
    pub(super) async fn pass(
        &self,
        taken: Vec<Result<Arrival, NotTaken>>,
        room: Option<OwnedSemaphorePermit>,
    ) -> Vec<Answer> {
        let mut arrivals = Vec::with_capacity(taken.len());
        let mut early: Vec<Option<NotTaken>> = Vec::with_capacity(taken.len());
        for taken in taken {
            match taken {
                Ok(arrival) => {
                    arrivals.push(arrival);
                    early.push(None);
                }
                Err(not_taken) => early.push(Some(not_taken)),
            }
        }
        let answers = if arrivals.is_empty() {
            Vec::new()
        } else {
            self.checked(arrivals, room).await
        };

        let mut answers = answers.into_iter();
        early
            .into_iter()
            .map(|early| match early {
                Some(not_taken) => Err(not_taken),
                None => answers.next().unwrap_or(Err(NotTaken::Stopping)),
            })
            .collect()
    }

    async fn checked(
        &self,
        arrivals: Vec<Arrival>,
        room: Option<OwnedSemaphorePermit>,
    ) -> Vec<Answer> {
        let (answer, answered) = oneshot::channel();
        let parcel = Parcel {
            arrivals,
            answer,
            _room: room,
        };
        // Where the door no longer runs, there is no answer.
        let _ = self.sender.send(parcel);
        answered.await.unwrap_or_default()
    }
}

/// The inner side: the one task that checks.
pub struct Admission {
    application: Arc<dyn Application>,
    state: Arc<State>,
    parcels: mpsc::UnboundedReceiver<Parcel>,
}

impl Admission {
    /// Checks what arrives, until every pool is dropped.
    ///
    /// # Errors
    /// The application's fault; nothing comes in any more, and the node must stop.
    pub async fn run(mut self) -> Result<(), Fault> {
        while let Some(first) = self.parcels.recv().await {
            let mut transactions = first.arrivals.len();
            let mut parcels = vec![first];
            while transactions < BATCH_MAX
                && let Ok(next) = self.parcels.try_recv()
            {
                transactions += next.arrivals.len();
                parcels.push(next);
            }
            self.check(parcels).await?;
        }
        Ok(())
    }

    async fn check(&self, parcels: Vec<Parcel>) -> Result<(), Fault> {
        let checks = parcels
            .iter()
            .flat_map(|parcel| &parcel.arrivals)
            .map(|arrival| Check {
                transaction: arrival.transaction.clone(),
                kind: CheckKind::New,
            })
            .collect();
        let mut results = check_batch(&self.application, checks).await?.into_iter();

        for parcel in parcels {
            let checked = parcel.arrivals.into_iter().zip(results.by_ref()).collect();
            // Whoever brought them may have left.
            let _ = parcel.answer.send(self.state.settle(checked));
        }
        Ok(())
    }
}

/// The room of transactions, at most all there is, so that the largest parcel passes alone.
fn permits(sizes: impl Iterator<Item = usize>) -> u32 {
    let bytes: usize = sizes.map(|size| size + OVERHEAD_BYTES).sum();
    u32::try_from(bytes.min(ROOM_BYTES)).unwrap_or(u32::MAX)
}
