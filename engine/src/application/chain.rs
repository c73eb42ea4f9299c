//! What is agreed once for a chain, or changes rarely: its start, its validators, its parameters.

use bytes::Bytes;

/// A moment of UTC as a block header carries it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Seconds since 1970-01-01T00:00:00Z; negative before it.
    pub seconds: i64,
    /// Nanoseconds within the second, below 1,000,000,000. They count forward in time also before 1970.
    pub nanos: u32,
}

impl Timestamp {
    /// Unix seconds; 0 before 1970, when there was no block.
    #[must_use]
    pub fn unix_seconds(self) -> u64 {
        u64::try_from(self.seconds).unwrap_or_default()
    }
}

/// Where an application stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// The application's name, shown in status.
    pub name: String,
    /// The version of the software, shown in status.
    pub version: String,
    /// The version of the rules, part of every block header.
    pub app_version: u64,
    /// Height of the last commit; 0 before the first.
    pub last_block_height: u64,
    /// App hash of the last commit; empty before the first.
    pub last_block_app_hash: Bytes,
}

/// The start of a chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InitChain {
    /// The genesis time.
    pub time: Timestamp,
    /// Names the chain; part of every signature.
    pub chain_id: String,
    /// The parameters of genesis.
    pub consensus_params: ConsensusParams,
    /// The validators of genesis; may be empty, then the answer must name them.
    pub validators: Vec<ValidatorUpdate>,
    /// The application's own founding bytes, free of any encoding of an engine.
    pub app_state: Bytes,
    /// Height of the first block, usually 1.
    pub initial_height: u64,
}

/// The answer to [`InitChain`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InitChainResult {
    /// Parameters that replace those of genesis; `None` keeps them.
    pub consensus_params: Option<ConsensusParams>,
    /// Validators that replace those of genesis; empty keeps them.
    pub validators: Vec<ValidatorUpdate>,
    /// App hash of the founding state, carried by the header of the first block.
    pub app_hash: Bytes,
}

/// A validator's power from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidatorUpdate {
    /// Its ed25519 public key.
    pub public_key: [u8; 32],
    /// Its voting power, at most `i64::MAX / 8` in total; 0 removes it.
    pub power: u64,
}

/// Parameters that the engine obeys. In an update, `None` means unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsensusParams {
    /// Limits of a block.
    pub block: Option<BlockParams>,
    /// Limits of evidence of misbehaviour.
    pub evidence: Option<EvidenceParams>,
    /// Version of the rules, from the next header on.
    pub app_version: Option<u64>,
    /// How fast blocks follow each other. Only an engine that keeps its own time obeys them.
    pub pace: Option<PaceParams>,
}

/// How fast blocks follow each other, and how long a round waits. In milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaceParams {
    /// Least time from the start of one block to the start of the next.
    pub block_interval: u64,
    /// Time after which a block is made although nothing happened.
    pub idle_interval: u64,
    /// Time to wait for a proposal in the first round.
    pub propose_timeout: u64,
    /// Time to wait for further votes in the first round, once most have come.
    pub vote_timeout: u64,
    /// What each further round of a height adds to both.
    pub timeout_step: u64,
}

/// For departments that are a few milliseconds from each other.
impl Default for PaceParams {
    fn default() -> Self {
        Self {
            block_interval: 20,
            idle_interval: 60_000,
            propose_timeout: 600,
            vote_timeout: 300,
            timeout_step: 200,
        }
    }
}

/// Limits of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockParams {
    /// Bytes of a whole block; -1 means the engine's own limit.
    pub max_bytes: i64,
    /// Gas of a block; -1 means no limit, which is what an application without gas wants.
    pub max_gas: i64,
}

/// Limits of evidence. It expires when it is older than both bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EvidenceParams {
    /// Age in blocks.
    pub max_age_blocks: i64,
    /// Age in nanoseconds.
    pub max_age_nanos: i64,
    /// Bytes of evidence in one block.
    pub max_bytes: i64,
}
