//! Where a stopped node stands.

use std::sync::Arc;

use polity_ledger::genesis::{Founding, organisation_digest};

use crate::app::{BlockRecord, GenesisRecord};
use crate::fault::{Fault, FaultKind};
use crate::store::{AsOf, Hash, Snapshot};

/// A height at which a chain can end: its block changed nothing, so its header, which the validators signed, names
/// the state after it.
pub struct Stand {
    /// Digest of the chain.
    pub chain: Hash,
    /// The height.
    pub height: u64,
    /// Hash of its header.
    pub header_hash: Vec<u8>,
    /// State after it, and before it.
    pub app_hash: Vec<u8>,
    /// Its time, Unix seconds.
    pub time: u64,
    /// The state itself.
    pub state: AsOf,
}

impl Stand {
    /// Where a store stands.
    ///
    /// # Errors
    /// The words that say why no chain can end there.
    pub fn of(snapshot: &Arc<Snapshot>) -> Result<Stand, Fault> {
        let genesis = GenesisRecord::read(snapshot)?
            .ok_or_else(|| cannot("the store holds no organisation yet"))?;
        Stand::at(snapshot, snapshot.height(), &genesis.newest())
    }

    /// Where it stood when the chain began that goes on now. None where that chain is the first, and where the store
    /// does not keep that state any more.
    pub fn before(snapshot: &Arc<Snapshot>) -> Result<Option<Stand>, Fault> {
        let Some(genesis) = GenesisRecord::read(snapshot)? else {
            return Ok(None);
        };
        let chains = genesis.chains();
        let [.., ended, newest] = &chains[..] else {
            return Ok(None);
        };
        let height = newest.initial_height - 1;
        match snapshot.at(height) {
            Ok(_) => Stand::at(snapshot, height, ended).map(Some),
            Err(_) => Ok(None),
        }
    }

    fn at(snapshot: &Arc<Snapshot>, height: u64, chain: &Founding<'_>) -> Result<Stand, Fault> {
        let record = |height| -> Result<Option<BlockRecord>, Fault> {
            let bytes = snapshot.block(height)?;
            bytes.map(|bytes| BlockRecord::read(&bytes)).transpose()
        };
        let (Some(newest), Some(parent)) = (record(height)?, record(height.saturating_sub(1))?)
        else {
            return Err(cannot("a chain ends after two blocks at the earliest"));
        };
        if height < chain.initial_height {
            let words = format!("the chain {} has no block yet", chain.chain_id);
            return Err(cannot(&words));
        }
        if newest.app_hash != parent.app_hash || newest.transactions > 0 {
            return Err(cannot(&format!(
                "block {height} changed something that no header proves yet: start the nodes again, and stop them when \
                 the network rests"
            )));
        }
        let state = snapshot
            .at(height)
            .map_err(|error| cannot(&error.to_string()))?;
        Ok(Stand {
            chain: organisation_digest(chain),
            height,
            header_hash: newest.hash,
            app_hash: newest.app_hash,
            time: newest.time,
            state,
        })
    }
}

fn cannot(words: &str) -> Fault {
    Fault::new(FaultKind::GenesisMismatch, words)
}
