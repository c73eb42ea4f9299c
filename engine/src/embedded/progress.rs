//! What the engine is doing, for those who look on.

use super::canonical::{Address, BlockId};
use super::presence::Presence;
use super::tip::Tip;
use crate::application::Timestamp;

/// Where the chain stands, and what consensus works on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The newest decided height; 0 before the first.
    pub height: u64,
    /// The newest block.
    pub block_id: BlockId,
    /// Its time.
    pub time: Timestamp,
    /// State after it.
    pub app_hash: Vec<u8>,
    /// The height that consensus works on.
    pub working_height: u64,
    /// Its round.
    pub round: u32,
    /// Whose turn it is to propose.
    pub proposer: Option<Address>,
    /// Rounds that ended without a decision, since the start.
    pub missed_rounds: u64,
    /// Whether this node votes.
    pub is_validator: bool,
    /// How many of the newest blocks it signed.
    pub presence: Presence,
    /// Whether the newest height came from a node that was ahead, and perhaps still is; or the others are far ahead.
    pub is_catching_up: bool,
}

impl Progress {
    pub(super) fn decided(&mut self, tip: &Tip, is_synced: bool) {
        self.height = tip.height;
        self.block_id = tip.block_id;
        self.time = tip.time;
        self.app_hash.clone_from(&tip.app_hash);
        self.is_catching_up = is_synced;
    }
}
