//! The state as this program makes it, in memory.

use std::collections::BTreeMap;

use bytes::Bytes;
use polity_ledger::merkle::tree::StateTree;
use polity_ledger::state::{Changes, keys};
use polity_ledger::{block, genesis};
use prost::Message;

use super::Source;
use crate::app::{Executed, GenesisRecord, Replay};
use crate::fault::{Fault, FaultKind};
use crate::store::Hash;

/// Everything that the ledger's state holds, and the rows beside it.
pub(super) type State = BTreeMap<Vec<u8>, Vec<u8>>;

pub(super) struct Replica {
    replay: Replay,
    state: State,
    tree: StateTree,
    app_hash: Hash,
    // Of the newest block, Unix seconds.
    time: Option<u64>,
}

impl Replica {
    pub(super) fn found(record: &GenesisRecord) -> Result<Replica, Fault> {
        let founded = genesis::found(&record.founding())
            .map_err(|error| Fault::new(FaultKind::Divergence, format!("the genesis: {error}")))?;
        let mut replica = Replica {
            replay: Replay::default(),
            state: State::new(),
            tree: StateTree::new(),
            app_hash: Hash::default(),
            time: None,
        };
        replica.app_hash = replica.tree.apply(&block::tree_updates(&founded.changes));
        replica.take(founded.changes);
        // The receipt of the founding is a row beside the state.
        let key = keys::key(keys::TIMER_RECEIPT, &[0, 0]);
        replica.state.insert(key, founded.receipt.encode_to_vec());
        Ok(replica)
    }

    pub(super) fn state(&self) -> &State {
        &self.state
    }

    /// Root of the state.
    pub(super) fn app_hash(&self) -> Hash {
        self.app_hash
    }

    /// Time of the newest block; none before the first.
    pub(super) fn time(&self) -> Option<u64> {
        self.time
    }

    /// Verifies the signatures of the block after the next one, while that is executed.
    pub(super) fn foresee(&self, organisation: &Hash, transactions: &[Bytes]) {
        self.replay.foresee(organisation, transactions);
    }

    /// Executes a block over the state, which stays as it is until [`Replica::apply`].
    pub(super) fn execute(
        &mut self,
        organisation: &Hash,
        height: u64,
        source: &Source,
    ) -> Result<Executed, Fault> {
        self.replay.execute(
            &self.state,
            &mut self.tree,
            organisation,
            height,
            &source.record,
            &source.transactions,
        )
    }

    /// Moves the state ahead.
    pub(super) fn apply(&mut self, executed: Executed) {
        self.app_hash = executed.commit.app_hash;
        self.time = Some(executed.record.time);
        self.take(executed.commit.changes);
    }

    fn take(&mut self, changes: Changes) {
        for (key, value) in changes {
            match value {
                Some(value) => self.state.insert(key, value),
                None => self.state.remove(&key),
            };
        }
    }
}
