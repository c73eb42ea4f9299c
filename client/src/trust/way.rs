//! The way from what is believed to another height: up by signatures, down by hashes.

use std::sync::Arc;

use tendermint::Time;

use super::block::LightBlock;
use super::light::LightClient;
use super::verify::{Step, expired, linked, step, whole};
use crate::{Error, Result};

/// How many headers are read one by one, downwards, to reach a height below all that vouch.
pub const BACKWARD_STEPS_MAX: u64 = 10_000;

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

    /// Down from a believed block, header by header along their hashes. The hashes bind whatever
    /// the age of the signatures.
    pub(super) async fn backward(&self, height: u64) -> Result<Arc<LightBlock>> {
        let above = {
            let believed = self.believed();
            believed.range(height..).next().map(|(_, b)| b.clone())
        };
        let Some(mut upper) = above else {
            return Err(match self.newest_believed() {
                Some(newest) => expired(&newest),
                None => Error::proof("nothing is believed yet"),
            });
        };
        if upper.height() - height > BACKWARD_STEPS_MAX {
            return Err(Error::proof(format!(
                "no header within {BACKWARD_STEPS_MAX} of height {height} is believed: an \
                 earlier root of trust is needed"
            )));
        }

        while upper.height() > height {
            let lower = self.fetch(upper.height() - 1, &upper).await?;
            if !linked(&upper, &lower) || !whole(&lower) {
                return Err(Error::proof(format!(
                    "the header of height {} is not the one that the chain continues",
                    lower.height()
                )));
            }
            upper = Arc::new(lower);
        }
        // Not kept: its signatures were not verified, so it cannot vouch for others.
        Ok(upper)
    }
}
