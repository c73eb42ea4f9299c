//! What waits to be written to a websocket, bounded in messages and in bytes: of one client, and of all together.

use std::sync::Arc;

use axum::extract::ws::Utf8Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// Bytes of each outbox that need no share of the common budget: ordinary answers and events pass also while some
/// clients let a lot wait. Of a thousand connections, the most by default, that is a GiB.
const OWN_BYTES: usize = 1 << 20;

/// Messages that wait to be written.
pub(super) struct Outbox {
    queue: mpsc::Sender<Waiting>,
    bytes: Arc<Semaphore>,
    bytes_max: usize,
    own: Arc<Semaphore>,
    common: Arc<Semaphore>,
}

/// The text of a message: a part of its own, then one that it shares with those to other clients, so that what waits
/// for many is in memory once.
pub(super) struct Text {
    own: String,
    shared: Arc<str>,
}

/// A message with its share of the outbox, given back when it was written.
pub(super) struct Waiting {
    pub(super) text: Text,
    _share: [OwnedSemaphorePermit; 2],
}

/// The outbox is full or closed.
pub(super) struct Full;

impl Text {
    pub(super) fn new(own: String, shared: Arc<str>) -> Text {
        Text { own, shared }
    }

    /// All of it in one piece, as it is written.
    pub(super) fn whole(&self) -> Utf8Bytes {
        [&self.own, self.shared.as_ref()].concat().into()
    }

    fn len(&self) -> usize {
        self.own.len() + self.shared.len()
    }
}

impl From<String> for Text {
    fn from(own: String) -> Text {
        Text::new(own, Arc::default())
    }
}

impl Outbox {
    /// An outbox with a bound of its own, beside others that share `common`, which is no smaller.
    pub(super) fn new(
        messages: usize,
        bytes_max: usize,
        common: Arc<Semaphore>,
    ) -> (Outbox, mpsc::Receiver<Waiting>) {
        let (queue, written) = mpsc::channel(messages);
        (
            Outbox {
                queue,
                bytes: Arc::new(Semaphore::new(bytes_max)),
                bytes_max,
                own: Arc::new(Semaphore::new(OWN_BYTES)),
                common,
            },
            written,
        )
    }

    pub(super) async fn wait_and_push(&self, text: Text) -> Result<(), Full> {
        let bytes = self.share(&text);
        let share = acquire(&self.bytes, bytes).await?;
        let room = match try_acquire(&self.own, bytes) {
            Ok(room) => room,
            Err(Full) => acquire(&self.common, bytes).await?,
        };
        let waiting = Waiting {
            text,
            _share: [share, room],
        };
        self.queue.send(waiting).await.map_err(|_| Full)
    }

    pub(super) fn try_push(&self, text: Text) -> Result<(), Full> {
        let bytes = self.share(&text);
        let share = try_acquire(&self.bytes, bytes)?;
        let room =
            try_acquire(&self.own, bytes).or_else(|Full| try_acquire(&self.common, bytes))?;
        let waiting = Waiting {
            text,
            _share: [share, room],
        };
        self.queue.try_send(waiting).map_err(|_| Full)
    }

    /// A message larger than the whole outbox takes all of it.
    fn share(&self, text: &Text) -> u32 {
        u32::try_from(text.len().min(self.bytes_max)).unwrap_or(u32::MAX)
    }
}

async fn acquire(bytes: &Arc<Semaphore>, share: u32) -> Result<OwnedSemaphorePermit, Full> {
    Arc::clone(bytes)
        .acquire_many_owned(share)
        .await
        .map_err(|_| Full)
}

fn try_acquire(bytes: &Arc<Semaphore>, share: u32) -> Result<OwnedSemaphorePermit, Full> {
    Arc::clone(bytes)
        .try_acquire_many_owned(share)
        .map_err(|_| Full)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_lets_much_wait_leaves_others_what_ordinary_messages_need() {
        let common = Arc::new(Semaphore::new(3 << 20));
        let outbox = || Outbox::new(8, 3 << 20, Arc::clone(&common));
        let (slow, mut written) = outbox();
        let (other, _others) = outbox();
        let message = |bytes: usize| Text::from("x".repeat(bytes));

        assert!(slow.try_push(message(2 << 20)).is_ok());
        assert!(slow.try_push(message(2 << 20)).is_err(), "its own bound");
        assert!(other.try_push(message(2 << 20)).is_err(), "the common one");
        assert!(other.try_push(message(1 << 20)).is_ok());
        drop(written.recv().await);
        assert!(other.try_push(message(2 << 20)).is_ok());
    }
}
