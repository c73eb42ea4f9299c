//! Reading the past: the state as of an earlier height.

use std::sync::Arc;

use polity_ledger::state::keys::is_leaf;

use super::snapshot::Snapshot;
use crate::fault::{Fault, fatal};

/// The authenticated state as of a height. Rows beside the state have no past: they are read as they are now, which
/// serves the rows of histories, because those are never overwritten.
#[derive(Clone)]
pub struct AsOf {
    snapshot: Arc<Snapshot>,
    height: u64,
}

impl AsOf {
    /// The height asked about.
    pub fn height(&self) -> u64 {
        self.height
    }

    /// The snapshot that answers.
    pub fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }

    /// The value of an authenticated key at that height. Where the store cannot read, the process stops.
    pub fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.try_get(key).unwrap_or_else(|fault| fatal(fault))
    }

    /// The same, with the fault returned.
    pub fn try_get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        if self.height == self.snapshot.height() || !is_leaf(key) {
            return self.snapshot.try_get(key);
        }
        self.snapshot.stored_version(key, self.height)
    }
}

/// A height that cannot be asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AsOfError {
    /// The height is below the history that this node keeps.
    #[error("height {asked} is older than history_base_height {history_base_height}")]
    BelowHistoryBase {
        /// The height asked for.
        asked: u64,
        /// The oldest height that can be asked about.
        history_base_height: u64,
    },
    /// The height is not committed yet.
    #[error("height {asked} is not committed yet, the newest is {newest}")]
    NotYet {
        /// The height asked for.
        asked: u64,
        /// The newest committed height.
        newest: u64,
    },
}

impl Snapshot {
    /// The authenticated state as of an earlier height.
    pub fn at(self: &Arc<Self>, height: u64) -> Result<AsOf, AsOfError> {
        if height > self.height() {
            return Err(AsOfError::NotYet {
                asked: height,
                newest: self.height(),
            });
        }
        if height < self.history_base_height() {
            let history_base_height = self.history_base_height();
            return Err(AsOfError::BelowHistoryBase {
                asked: height,
                history_base_height,
            });
        }

        Ok(AsOf {
            snapshot: Arc::clone(self),
            height,
        })
    }
}
