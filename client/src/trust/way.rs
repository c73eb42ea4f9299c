//! The way from what is believed to another height: up by signatures, down by hashes.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use tendermint::Time;
use tokio::time::{MissedTickBehavior, interval};

use super::block::LightBlock;
use super::header::sha256;
use super::light::LightClient;
use super::links::HeaderHash;
use super::verify::{Step, expired, header_hash, step, whole};
use crate::rpc::Client;
use crate::{Error, ErrorKind, Result};

/// Pieces of the way down that are asked for at once.
const CALLS_AT_ONCE: usize = 8;

/// Between two of them: a node answers five hundred calls a second to one address.
const BETWEEN_CALLS: Duration = Duration::from_micros(2_500);

/// The most steps of one call on its way up. Halving needs at most 64 for one change of
/// validators; a node that sends us on for ever is given up.
const FORWARD_STEPS_MAX: usize = 10_000;

impl LightClient {
    /// The blocks from the root to `height` by which somebody without a network can verify the
    /// last of them; see [`verify_chain`](super::verify_chain).
    pub async fn path_to(&self, height: u64) -> Result<Vec<LightBlock>> {
        let now = self.options.now()?;
        let first = self.root_block(now).await?;
        if height < first.height() {
            return Err(Error::usage("the root of trust is above this height"));
        }

        let path = self.forward(first.clone(), height, now).await?;
        let path = std::iter::once(first).chain(path);
        Ok(path.map(Arc::unwrap_or_clone).collect())
    }

    /// Up from a believed block to `height`: in one step where that reaches, by halves otherwise.
    /// Gives the blocks above `from`, the last being that of `height`.
    pub(super) async fn forward(
        &self,
        from: Arc<LightBlock>,
        height: u64,
        now: Time,
    ) -> Result<Vec<Arc<LightBlock>>> {
        let mut trusted = from;
        let mut path = Vec::new();
        let mut candidates = Vec::new();
        for _ in 0..FORWARD_STEPS_MAX {
            if trusted.height() == height {
                return Ok(path);
            }
            let candidate = match candidates.pop() {
                Some(candidate) => candidate,
                None => Arc::new(self.fetch(height, &trusted).await?),
            };

            match step(&trusted, &candidate, &self.options, now)? {
                Step::Trusted => {
                    path.push(candidate.clone());
                    trusted = candidate;
                }
                Step::TooFar => {
                    let middle = trusted.height().midpoint(candidate.height());
                    if middle == trusted.height() {
                        return Err(Error::proof(format!(
                            "the header of height {} is not signed by those whom the header \
                             below it names",
                            candidate.height()
                        )));
                    }
                    let between = self.fetch(middle, &trusted).await?;
                    candidates.extend([candidate, Arc::new(between)]);
                }
            }
        }
        Err(Error::proof("too many headers on the way"))
    }

    /// Down from a header that is known, header by header along their hashes. The hashes bind whatever the age of the
    /// signatures.
    pub(super) async fn backward(&self, height: u64) -> Result<Arc<LightBlock>> {
        let Some(nearest) = self.newest_believed() else {
            return Err(Error::proof("nothing is believed yet"));
        };
        let believed = self.believed_at_or_above(height);
        let linked = self.links.at_or_above(height);
        let known = believed.into_iter().chain(linked);
        let Some(from) = known.min_by_key(|known| known.0) else {
            return Err(expired(&nearest));
        };

        let block = match (self.down(from, height, &nearest).await, believed) {
            // A link may have been altered where it is kept. What is believed tells, and the way from there mends the link.
            (Err(error), Some(believed))
                if error.kind() == ErrorKind::ProofFailed && believed != from =>
            {
                self.down(believed, height, &nearest).await?
            }
            (walked, _) => walked?,
        };
        self.links.remember(height, &header_hash(&block));
        // Not kept: its signatures were not verified, so it cannot vouch for others.
        Ok(Arc::new(block))
    }

    /// The block of a height below a header that is known.
    async fn down(
        &self,
        from: (u64, HeaderHash),
        height: u64,
        near: &LightBlock,
    ) -> Result<LightBlock> {
        let hash = self.walk(from, height).await?;
        let block = self.fetch(height, near).await?;
        if header_hash(&block) == hash && whole(&block) {
            Ok(block)
        } else {
            Err(not_continued(height))
        }
    }

    /// The hash of a header below one that is known. The way is read in pieces, some of them at once, and remembered.
    pub(super) async fn walk(&self, from: (u64, HeaderHash), height: u64) -> Result<HeaderHash> {
        let (mut at, mut hash) = from;
        let mut clock = interval(BETWEEN_CALLS);
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let ticks = stream::unfold(clock, |mut clock| async {
            clock.tick().await;
            Some(((), clock))
        });
        let tops = (height + 1..=at).rev().step_by(Client::HEADERS_MAX);
        let pieces = stream::iter(tops).zip(ticks).map(|(top, ())| {
            let bottom = top.saturating_sub(Client::HEADERS_MAX as u64 - 1);
            self.rpc.headers(bottom.max(height + 1), top)
        });
        let mut pieces = pin!(pieces.buffered(CALLS_AT_ONCE));
        while let Some(headers) = pieces.try_next().await? {
            for header in headers {
                if at == height
                    || header.height.value() != at
                    || sha256(header.hash()) != Some(hash)
                {
                    return Err(not_continued(header.height.value()));
                }
                self.links.remember(at, &hash);
                let below = header.last_block_id.and_then(|id| sha256(id.hash));
                hash = below.ok_or_else(|| not_continued(at))?;
                at -= 1;
            }
        }
        if at == height {
            Ok(hash)
        } else {
            Err(not_continued(at))
        }
    }

    fn believed_at_or_above(&self, height: u64) -> Option<(u64, HeaderHash)> {
        let believed = self.believed();
        let (height, block) = believed.range(height..).next()?;
        Some((*height, header_hash(block)))
    }
}

fn not_continued(height: u64) -> Error {
    Error::proof(format!(
        "the header of height {height} is not the one that the chain continues"
    ))
}
