//! Catching up by blocks: what this node gives to others, and what it takes from them.

use std::ops::RangeInclusive;
use std::sync::Arc;

use bytes::Bytes;
use malachitebft_app_channel::app::engine::host::SyncedValueOutcome;
use malachitebft_app_channel::app::types::core::{
    ExtendedCommitCertificate, Round, VoteExtensions,
};
use malachitebft_app_channel::app::types::sync::RawDecidedValue;

use super::candidates::Candidate;
use super::{Driver, blocking};
use crate::Fault;
use crate::embedded::canonical::{Address, SealedBlock};
use crate::embedded::consensus::context::{EmbeddedContext, Height, countable};
use crate::embedded::consensus::judge;
use crate::embedded::consensus::messages::certificate;

/// Bytes of blocks in one answer; a single block may be larger.
pub(in crate::embedded::consensus) const BLOCKS_BYTES_MAX: usize = 4 << 20;

impl Driver {
    /// Decided blocks of a range, from its start on, as many as one answer holds.
    pub(super) async fn decided_values(
        &self,
        range: RangeInclusive<Height>,
    ) -> Result<Vec<RawDecidedValue<EmbeddedContext>>, Fault> {
        let rows = self.dependencies.rows.clone();
        let last = range.end().0.min(self.tip.height);
        let first = range.start().0.max(self.dependencies.first_height);
        blocking(move || {
            let mut values = Vec::new();
            let mut bytes = 0;
            for height in first..=last {
                let (Some(block), Some(commit)) = (rows.block_bytes(height)?, rows.commit(height)?)
                else {
                    break;
                };
                bytes += block.len();
                if bytes > BLOCKS_BYTES_MAX && !values.is_empty() {
                    break;
                }
                let certificate = ExtendedCommitCertificate::from_commit_certificate_and_extensions(
                    certificate(&commit),
                    VoteExtensions::default(),
                );
                values.push(RawDecidedValue::new(block, certificate));
            }
            Ok(values)
        })
        .await
    }

    /// Takes in a block that others decided. Its decision is verified already, so the application is not asked
    /// whether it would have voted for it; the engine's own rules are checked all the same.
    pub(super) async fn synced(
        &mut self,
        height: Height,
        round: Round,
        proposer: Address,
        bytes: Bytes,
    ) -> Result<SyncedValueOutcome<EmbeddedContext>, Fault> {
        let Some(number) = countable(round).filter(|_| height.0 == self.tip.next_height()) else {
            return Ok(SyncedValueOutcome::LocalTransientError);
        };
        // Nobody who is honest decided a larger one.
        if bytes.len() as u64 > self.tip.params.block_bytes_max() {
            return Ok(SyncedValueOutcome::PeerFault);
        }
        let (rows, tip) = (self.dependencies.rows.clone(), Arc::clone(&self.tip));
        let judged = blocking(move || {
            let block = SealedBlock::decode(bytes).ok();
            let Some(block) = block.filter(|block| block.header().height == height.0) else {
                return Ok(None);
            };
            let checked = judge::check(&block, &tip, &rows)?;
            Ok(Some((block, checked)))
        });
        let Some((block, checked)) = judged.await? else {
            return Ok(SyncedValueOutcome::PeerFault);
        };
        if let Err(rule) = checked {
            tracing::error!(
                %height,
                rule,
                "a block that was given as decided breaks a rule here: where all others give it, this node runs another \
                 version or has computed another state, which `polityd verify` tells"
            );
        }
        // Whatever this node thought of it while it was proposed.
        if let Some(candidate) = self.candidates.get_mut(&block.id()) {
            candidate.is_sound = checked.is_ok();
            candidate.is_synced = true;
            candidate.is_timely = true;
            return Ok(SyncedValueOutcome::Verdict(candidate.proposed(number)));
        }
        let candidate = Candidate {
            block: Arc::new(block),
            announcement: None,
            proposer,
            round: number,
            is_sound: checked.is_ok(),
            is_timely: true,
            is_synced: true,
            is_told: true,
            // Nobody votes for it, and consensus' log does not name it.
            is_kept: false,
        };
        let proposed = candidate.proposed(number);
        self.candidates.insert_synced(candidate);
        Ok(SyncedValueOutcome::Verdict(proposed))
    }
}
