//! The table `engine`: the headers that every proof of a client hangs on, and the signatures that decided them.

use std::sync::Arc;

use polity_engine::application::{BlockResult, EngineStore, Timestamp};
use polity_engine::cometbft::Genesis;
use polity_engine::embedded::{Audit, AuditError, Wrong};
use polity_ledger::genesis::Founding;

pub(super) use polity_engine::embedded::Decided;

use super::replica::Replica;
use super::wrong;
use crate::app::{BlockRecord, EvidenceRecord, GenesisRecord, beginning};
use crate::config::Engine;
use crate::fault::{Fault, FaultKind};
use crate::store::{Snapshot, Store, Table};

/// The rows of the chain that goes on now; those of ended chains are in the archive.
pub(super) struct EngineTable<'a> {
    store: &'a Arc<Store>,
    chain: Founding<'a>,
    // Not under CometBFT, whose blocks are elsewhere.
    is_used: bool,
    audit: Option<Audit>,
}

impl<'a> EngineTable<'a> {
    pub(super) fn new(
        store: &'a Arc<Store>,
        engine: Engine,
        record: &'a GenesisRecord,
    ) -> Result<EngineTable<'a>, Fault> {
        let has_rows = store.snapshot().has_rows(Table::Engine)?;
        Ok(EngineTable {
            store,
            chain: record.newest(),
            is_used: has_rows || engine == Engine::Embedded,
            audit: None,
        })
    }

    /// The block of a height, its header and signatures verified; none where another engine keeps it.
    pub(super) fn next_block(
        &mut self,
        height: u64,
        before: &Replica,
    ) -> Result<Option<Decided>, Fault> {
        if !self.is_used || height < self.chain.initial_height.max(1) {
            return Ok(None);
        }
        let audit = match &mut self.audit {
            Some(audit) => audit,
            None => {
                let begun = self.begin(before)?;
                self.audit.insert(begun)
            }
        };
        audit.next_block().map(Some).map_err(told)
    }

    /// Goes on after a block with what came of it.
    pub(super) fn executed(
        &mut self,
        decided: Option<Decided>,
        result: &BlockResult,
    ) -> Result<(), Fault> {
        match (&mut self.audit, decided) {
            (Some(audit), Some(decided)) => audit.executed(decided, result).map_err(told),
            (Some(_) | None, Some(_) | None) => Ok(()),
        }
    }

    /// Looks for rows that no block made; answers how many headers were verified.
    pub(super) fn finish(self, snapshot: &Snapshot) -> Result<u64, Fault> {
        let Some(mut audit) = self.audit else {
            return Ok(0);
        };
        snapshot.for_each_row(Table::Engine, |key, value| {
            audit.row(key, value).map_err(|wrong| told(wrong.into()))
        })?;
        Ok(audit.blocks())
    }

    fn begin(&self, before: &Replica) -> Result<Audit, Fault> {
        let time = Timestamp {
            seconds: i64::try_from(self.chain.time).unwrap_or(i64::MAX),
            nanos: 0,
        };
        let app_state = self.chain.app_state.to_vec();
        let genesis = Genesis {
            initial_height: self.chain.initial_height.max(1),
            ..Genesis::new(self.chain.chain_id, time, Vec::new(), app_state)
        };
        let made = beginning(before.state(), &before.app_hash())?;
        let store = Arc::clone(self.store) as Arc<dyn EngineStore>;
        Audit::begin(store, &genesis, made).map_err(told)
    }
}

/// What the ledger keeps of a block.
pub(super) fn record_of(decided: &Decided, parent_time: Option<u64>) -> BlockRecord {
    let header = decided.block.header();
    let evidence = decided.misbehavior();
    BlockRecord {
        time: header.time.unix_seconds(),
        time_nanos: header.time.nanos,
        parent_time,
        hash: decided.block.id().hash.to_vec(),
        proposer: header.proposer_address.0.to_vec(),
        evidence: evidence.iter().map(EvidenceRecord::of).collect(),
        ..BlockRecord::default()
    }
}

fn told(error: AuditError) -> Fault {
    match error {
        AuditError::Wrong(Wrong { key, height, words }) => {
            wrong(Table::Engine, height, &key, &words)
        }
        AuditError::Fault(fault) => Fault::new(FaultKind::Divergence, fault.0),
    }
}
