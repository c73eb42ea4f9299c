//! The parameters that a chain agrees on, as this engine uses them.

use std::time::Duration;

use prost::Message;

use crate::application::{BlockParams, ConsensusParams, EvidenceParams, PaceParams};

/// Bytes of a block where the parameters leave it to the engine.
const BLOCK_BYTES_DEFAULT: u64 = 4 << 20;

/// All parameters of a height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Params {
    /// Limits of a block.
    pub block: BlockParams,
    /// Limits of evidence.
    pub evidence: EvidenceParams,
    /// How fast blocks follow each other.
    pub pace: PaceParams,
    /// Version of the application's rules.
    pub app_version: u64,
}

impl Params {
    /// The parameters after these changes.
    #[must_use]
    pub fn updated(mut self, changes: &ConsensusParams) -> Self {
        self.block = changes.block.unwrap_or(self.block);
        self.evidence = changes.evidence.unwrap_or(self.evidence);
        self.pace = changes.pace.unwrap_or(self.pace);
        self.app_version = changes.app_version.unwrap_or(self.app_version);
        self
    }

    /// All of them as changes.
    #[must_use]
    pub fn to_changes(self) -> ConsensusParams {
        ConsensusParams {
            block: Some(self.block),
            evidence: Some(self.evidence),
            app_version: Some(self.app_version),
            pace: Some(self.pace),
        }
    }

    /// The most bytes of a block.
    #[must_use]
    pub fn block_bytes_max(&self) -> u64 {
        u64::try_from(self.block.max_bytes).unwrap_or(BLOCK_BYTES_DEFAULT)
    }

    /// Least time between two blocks.
    pub(super) fn block_interval(&self) -> Duration {
        Duration::from_millis(self.pace.block_interval)
    }

    /// Time after which a block is made although nothing happened.
    pub(super) fn idle_interval(&self) -> Duration {
        Duration::from_millis(self.pace.idle_interval)
    }

    pub(super) fn to_row(self) -> ParamsRow {
        ParamsRow {
            block_bytes_max: self.block.max_bytes,
            block_gas_max: self.block.max_gas,
            evidence_age_blocks: self.evidence.max_age_blocks,
            evidence_age_nanos: self.evidence.max_age_nanos,
            evidence_bytes_max: self.evidence.max_bytes,
            block_interval: self.pace.block_interval,
            idle_interval: self.pace.idle_interval,
            propose_timeout: self.pace.propose_timeout,
            vote_timeout: self.pace.vote_timeout,
            timeout_step: self.pace.timeout_step,
            app_version: self.app_version,
        }
    }

    pub(super) fn from_row(row: &ParamsRow) -> Self {
        Self {
            block: BlockParams {
                max_bytes: row.block_bytes_max,
                max_gas: row.block_gas_max,
            },
            evidence: EvidenceParams {
                max_age_blocks: row.evidence_age_blocks,
                max_age_nanos: row.evidence_age_nanos,
                max_bytes: row.evidence_bytes_max,
            },
            pace: PaceParams {
                block_interval: row.block_interval,
                idle_interval: row.idle_interval,
                propose_timeout: row.propose_timeout,
                vote_timeout: row.vote_timeout,
                timeout_step: row.timeout_step,
            },
            app_version: row.app_version,
        }
    }
}

/// The parameters as they are stored.
#[derive(Clone, PartialEq, Message)]
pub(super) struct ParamsRow {
    #[prost(int64, tag = "1")]
    block_bytes_max: i64,
    #[prost(int64, tag = "2")]
    block_gas_max: i64,
    #[prost(int64, tag = "3")]
    evidence_age_blocks: i64,
    #[prost(int64, tag = "4")]
    evidence_age_nanos: i64,
    #[prost(int64, tag = "5")]
    evidence_bytes_max: i64,
    #[prost(uint64, tag = "6")]
    block_interval: u64,
    #[prost(uint64, tag = "7")]
    idle_interval: u64,
    #[prost(uint64, tag = "8")]
    propose_timeout: u64,
    #[prost(uint64, tag = "9")]
    vote_timeout: u64,
    #[prost(uint64, tag = "10")]
    timeout_step: u64,
    #[prost(uint64, tag = "11")]
    app_version: u64,
}
