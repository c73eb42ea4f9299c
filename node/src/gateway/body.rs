//! Request bodies, received within bounds of size, time and memory.

use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Bytes of a body that need no share of the common budget: ordinary calls pass also while large ones crowd.
const SMALL_BODY_BYTES: usize = 64 << 10;
/// The budget is counted in pieces, because a semaphore counts in 32 bits.
const PIECE_BYTES: usize = 1 << 10;

/// Memory for large bodies, shared by all connections.
pub(super) struct BodyBudget {
    pieces: Semaphore,
    body_bytes_max: usize,
    time: Duration,
}

/// A received body. Its share of the budget is held until it is dropped.
pub(super) struct Received<'a> {
    pub(super) bytes: Bytes,
    _share: Option<SemaphorePermit<'a>>,
}

/// Why a body was not received.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BodyError {
    #[error("request body is larger than {0} bytes")]
    TooLarge(usize),
    #[error("request body did not arrive in time")]
    TooSlow,
    #[error("too many large requests at a time")]
    Crowded,
    #[error("request body broke off")]
    BrokeOff,
}

impl BodyBudget {
    pub(super) fn new(
        bodies_bytes_max: usize,
        body_bytes_max: usize,
        time: Duration,
    ) -> BodyBudget {
        BodyBudget {
            pieces: Semaphore::new(bodies_bytes_max / PIECE_BYTES),
            body_bytes_max,
            time,
        }
    }

    pub(super) async fn receive(&self, body: Body) -> Result<Received<'_>, BodyError> {
        if body.size_hint().lower() > self.body_bytes_max as u64 {
            return Err(BodyError::TooLarge(self.body_bytes_max));
        }
        tokio::time::timeout(self.time, self.collect(body))
            .await
            .unwrap_or(Err(BodyError::TooSlow))
    }

    /// Takes a share as the bytes arrive, so that whoever announces much and sends little holds
    /// little.
    async fn collect(&self, body: Body) -> Result<Received<'_>, BodyError> {
        let mut bytes = BytesMut::new();
        let mut share: Option<SemaphorePermit<'_>> = None;
        let mut stream = body.into_data_stream();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|_| BodyError::BrokeOff)?;
            if bytes.len() + chunk.len() > self.body_bytes_max {
                return Err(BodyError::TooLarge(self.body_bytes_max));
            }
            bytes.extend_from_slice(&chunk);

            let needed = bytes
                .len()
                .saturating_sub(SMALL_BODY_BYTES)
                .div_ceil(PIECE_BYTES);
            let missing = needed - share.as_ref().map_or(0, SemaphorePermit::num_permits);
            let more = u32::try_from(missing).map_err(|_| BodyError::Crowded)?;
            if more > 0 {
                let more = self
                    .pieces
                    .try_acquire_many(more)
                    .map_err(|_| BodyError::Crowded)?;
                match &mut share {
                    Some(share) => share.merge(more),
                    None => share = Some(more),
                }
            }
        }
        Ok(Received {
            bytes: bytes.freeze(),
            _share: share,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn check(budget: &BodyBudget, bytes: usize) -> Result<usize, BodyError> {
        Ok(budget
            .receive(Body::from(vec![0; bytes]))
            .await?
            .bytes
            .len())
    }

    #[tokio::test]
    async fn large_bodies_share_a_budget_and_small_ones_need_none() {
        let budget = BodyBudget::new(128 << 10, 192 << 10, Duration::from_secs(5));
        assert_eq!(check(&budget, 192 << 10).await, Ok(192 << 10));
        let held = budget
            .receive(Body::from(vec![0; 192 << 10]))
            .await
            .unwrap();
        assert_eq!(check(&budget, 65 << 10).await, Err(BodyError::Crowded));
        assert_eq!(check(&budget, 64 << 10).await, Ok(64 << 10));
        drop(held);
        assert_eq!(check(&budget, 65 << 10).await, Ok(65 << 10));
    }

    #[tokio::test]
    async fn a_body_beyond_the_limit_is_refused_whether_announced_or_streamed() {
        let budget = BodyBudget::new(1 << 20, 1 << 10, Duration::from_secs(5));
        assert_eq!(
            check(&budget, 1025).await,
            Err(BodyError::TooLarge(1 << 10))
        );
        let chunks = (0..5).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![0; 512])));
        let streamed = Body::from_stream(futures_util::stream::iter(chunks));
        assert_eq!(
            budget.receive(streamed).await.err(),
            Some(BodyError::TooLarge(1 << 10))
        );
    }

    #[tokio::test]
    async fn a_body_that_never_ends_times_out() {
        let budget = BodyBudget::new(1 << 20, 1 << 10, Duration::from_millis(20));
        let never =
            Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>());
        assert_eq!(budget.receive(never).await.err(), Some(BodyError::TooSlow));
    }
}
