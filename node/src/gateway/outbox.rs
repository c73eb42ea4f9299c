//! What waits to be written to a websocket, bounded in messages and in bytes.

use std::sync::Arc;

use axum::extract::ws::Utf8Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// Messages that wait to be written.
pub(super) struct Outbox {
    queue: mpsc::Sender<Waiting>,
    bytes: Arc<Semaphore>,
    bytes_max: usize,
}

/// A message with its share of the outbox, given back when it was written.
pub(super) struct Waiting {
    pub(super) text: Utf8Bytes,
    _share: OwnedSemaphorePermit,
}

/// The outbox is full or closed.
pub(super) struct Full;

impl Outbox {
    pub(super) fn new(messages: usize, bytes_max: usize) -> (Outbox, mpsc::Receiver<Waiting>) {
        let (queue, written) = mpsc::channel(messages);
        (
            Outbox {
                queue,
                bytes: Arc::new(Semaphore::new(bytes_max)),
                bytes_max,
            },
            written,
        )
    }

    pub(super) async fn wait_and_push(&self, text: String) -> Result<(), Full> {
        let share = Arc::clone(&self.bytes)
            .acquire_many_owned(self.share(&text))
            .await
            .map_err(|_| Full)?;
        self.queue
            .send(Waiting {
                text: text.into(),
                _share: share,
            })
            .await
            .map_err(|_| Full)
    }

    pub(super) fn try_push(&self, text: String) -> Result<(), Full> {
        let share = Arc::clone(&self.bytes)
            .try_acquire_many_owned(self.share(&text))
            .map_err(|_| Full)?;
        self.queue
            .try_send(Waiting {
                text: text.into(),
                _share: share,
            })
            .map_err(|_| Full)
    }

    /// A message larger than the whole outbox takes all of it.
    fn share(&self, text: &str) -> u32 {
        u32::try_from(text.len().min(self.bytes_max)).unwrap_or(u32::MAX)
    }
}
