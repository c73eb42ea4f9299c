//! Memory for answers by HTTP, from when their text is made until it is written: bounded for all connections together.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::rpc::RpcError;

/// Bytes of an answer that need no share of the budget: ordinary calls are answered also while large answers crowd.
const SMALL_BYTES: usize = 64 << 10;

/// Memory for large answers, shared by all connections.
pub(super) struct AnswerBudget {
    bytes: Arc<Semaphore>,
    bytes_max: usize,
}

/// An answer's part of the budget, given back when it is dropped.
#[derive(Default)]
pub(super) struct Share(Option<OwnedSemaphorePermit>);

/// Too many large answers are being made or wait to be taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Crowded;

impl AnswerBudget {
    pub(super) fn new(bytes_max: usize) -> AnswerBudget {
        AnswerBudget {
            bytes: Arc::new(Semaphore::new(bytes_max)),
            bytes_max,
        }
    }

    /// Makes the share of an answer as large as the answer is by now. One larger than the whole budget takes all of it.
    pub(super) fn cover(&self, share: &mut Share, answer_bytes: usize) -> Result<(), Crowded> {
        let needed = answer_bytes.saturating_sub(SMALL_BYTES).min(self.bytes_max);
        let held = share
            .0
            .as_ref()
            .map_or(0, OwnedSemaphorePermit::num_permits);
        let more = u32::try_from(needed.saturating_sub(held)).map_err(|_| Crowded)?;
        if more == 0 {
            return Ok(());
        }
        let more = Arc::clone(&self.bytes)
            .try_acquire_many_owned(more)
            .map_err(|_| Crowded)?;
        match &mut share.0 {
            Some(share) => share.merge(more),
            None => share.0 = Some(more),
        }
        Ok(())
    }
}

impl Share {
    /// The answer, which holds its share until the last of its bytes is written.
    pub(super) fn hold(self, text: String) -> Bytes {
        struct Held {
            text: String,
            _share: Share,
        }
        impl AsRef<[u8]> for Held {
            fn as_ref(&self) -> &[u8] {
                self.text.as_bytes()
            }
        }
        Bytes::from_owner(Held { text, _share: self })
    }
}

impl From<Crowded> for RpcError {
    fn from(Crowded: Crowded) -> RpcError {
        RpcError::server("too many large answers wait to be taken; ask again later")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_answers_share_a_budget_until_they_are_written_and_small_ones_need_none() {
        let budget = AnswerBudget::new(128 << 10);
        let mut first = Share::default();
        assert_eq!(budget.cover(&mut first, 128 << 10), Ok(()));
        assert_eq!(budget.cover(&mut first, 160 << 10), Ok(()));
        let written = first.hold("answer".to_owned());
        let cover = |bytes: usize| budget.cover(&mut Share::default(), bytes);

        assert_eq!(cover(97 << 10), Err(Crowded));
        assert_eq!((cover(96 << 10), cover(64 << 10)), (Ok(()), Ok(())));
        let piece = written.slice(1..);
        drop(written);
        assert_eq!(cover(97 << 10), Err(Crowded), "a piece still waits");
        drop(piece);
        assert_eq!(cover(97 << 10), Ok(()));
        assert_eq!(cover(1 << 30), Ok(()), "larger than the budget, alone");
    }
}
