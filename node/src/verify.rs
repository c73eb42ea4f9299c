//! Executing the whole chain again from what this node stores, and comparing every row of every table.
//!
//! | file | tables |
//! |---|---|
//! | `meta` | `meta` |
//! | `written_once` | `values`, `transactions`, `receipts`, `ids`, `blocks`, `indexes` |
//! | `newest` | `leaves`, `rows` |
//! | `undo` | `undo` |
//! | `engine` | `engine`: each header and the signatures that decided it |
//! | `archive` | `archive`: the same of chains that have ended |
//!
//! CometBFT's blocks lie outside of the store, so under that engine headers and signatures are its own to check.

mod archive;
mod chains;
mod engine;
mod meta;
mod newest;
mod replica;
mod undo;
mod written_once;

use std::sync::Arc;

use bytes::Bytes;
use polity_ledger::genesis;

pub use chains::VerifiedChain;

use crate::app::BlockRecord;
use crate::config::Engine;
use crate::fault::{Fault, FaultKind};
use crate::store::{Hash, Snapshot, Store, Table, height_key};
use archive::ArchiveTable;
use chains::compare_seam;
use engine::EngineTable;
use replica::Replica;
use undo::UndoTable;
use written_once::WrittenOnce;

/// What was found to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Heights that were executed again.
    pub heights: u64,
    /// Transactions in them.
    pub transactions: u64,
    /// Values that the state has at the end, rows beside it included.
    pub values: u64,
    /// Headers whose hashes and signatures were verified: those that are in the store.
    pub headers: u64,
    /// From this height on the values of the past were compared too: older ones are not kept.
    pub history_base_height: u64,
    /// Digest of the chain that goes on now.
    pub organisation: Hash,
    /// The chains that the heights belong to, oldest first.
    pub chains: Vec<VerifiedChain>,
    /// Root of the state after the newest height.
    pub app_hash: Hash,
}

/// Founds the organisation again and executes every stored block over the result; then compares each row of each
/// table with what follows from that. Blocks are kept for ever, so a node that keeps less of the past is verified from
/// the genesis like any other. Where a chain went on as another one, the state must be the one that the departments
/// signed. `progress` is told each height.
///
/// # Errors
/// `Divergence` with the first row that differs: its table, its key, its height; `StoreDamaged` where the files cannot
/// be read.
pub fn verify(
    store: &Arc<Store>,
    engine: Engine,
    mut progress: impl FnMut(u64),
) -> Result<Verified, Fault> {
    let snapshot = store.snapshot();
    let record = meta::genesis(&snapshot)?;
    let chains = chains::of(&record);
    let mut organisation = genesis::organisation_digest(&record.founding());
    let mut replica = Replica::found(&record)?;
    let mut written_once = WrittenOnce::begin(&snapshot, replica.state())?;
    let first_height = record.newest().initial_height.max(1);
    let undo = UndoTable::new(&snapshot, store.options(), first_height)?;
    let mut archive = ArchiveTable::new(store, &record);
    let mut own = EngineTable::new(store, engine, &record)?;
    let mut transactions = 0;

    for height in 1..=snapshot.height() {
        if let Some(chain) = chains.iter().find(|chain| chain.first_height == height) {
            organisation = chain.digest;
        }
        let decided = own.next_block(height, &replica)?;
        let source = match &decided {
            Some(decided) => Source::decided(decided, replica.time()),
            None => Source::stored(&snapshot, height, replica.time())?,
        };
        replica.foresee(&organisation, &transactions_of(&snapshot, height + 1)?);
        let executed = replica.execute(&organisation, height, &source)?;
        written_once.compare(&executed.commit)?;
        undo.compare(&executed.commit, &replica)?;
        archive.compare(height, &source, &executed, &replica)?;
        own.executed(decided, &executed.result)?;
        transactions += source.transactions.len() as u64;
        replica.apply(executed);
        written_once.compare_base(height, replica.state())?;
        compare_seam(&snapshot, &record, &replica, height)?;
        progress(height);
    }

    meta::compare(&snapshot, &replica)?;
    written_once.finish()?;
    undo.finish()?;
    newest::compare(&snapshot, replica.state(), store.options())?;
    let headers = own.finish(&snapshot)? + archive.finish(&snapshot)?;
    Ok(Verified {
        heights: snapshot.height(),
        transactions,
        values: replica.state().len() as u64,
        headers,
        history_base_height: snapshot.history_base_height(),
        organisation: chains.last().map_or(organisation, |chain| chain.digest),
        chains,
        app_hash: replica.app_hash(),
    })
}

/// What is executed again.
struct Source {
    record: BlockRecord,
    transactions: Vec<Bytes>,
}

impl Source {
    /// A block whose header was verified.
    fn decided(decided: &engine::Decided, parent_time: Option<u64>) -> Source {
        Source {
            record: engine::record_of(decided, parent_time),
            transactions: decided.block.block().transactions.clone(),
        }
    }

    /// What the ledger kept of a block that another engine made.
    fn stored(snapshot: &Snapshot, height: u64, parent_time: Option<u64>) -> Result<Source, Fault> {
        let key = height_key(height);
        let record = snapshot.row(Table::Blocks, &key)?;
        let record = record.ok_or_else(|| wrong(Table::Blocks, height, &key, "it is missing"))?;
        let record = BlockRecord::read(&record)
            .map_err(|_| wrong(Table::Blocks, height, &key, "it cannot be read"))?;
        Ok(Source {
            record: BlockRecord {
                parent_time,
                ..record
            },
            transactions: transactions_of(snapshot, height)?,
        })
    }
}

/// The transactions that the ledger kept of a block; none above the newest.
fn transactions_of(snapshot: &Snapshot, height: u64) -> Result<Vec<Bytes>, Fault> {
    let transactions = snapshot.transactions(height)?;
    Ok(transactions.into_iter().map(Bytes::from).collect())
}

/// A row that is not what it must be.
fn wrong(table: Table, height: u64, key: &[u8], words: &str) -> Fault {
    let words = format!(
        "table {}, height {height}, row {}: {words}",
        table.name(),
        hex::encode(key)
    );
    Fault::new(FaultKind::Divergence, words)
}

/// The words for a row with other bytes than those that follow from the blocks.
const DIFFERS: &str = "it is not what this program computes";
/// The words for a row that no block made.
const STRAY: &str = "nothing that was executed made it";
/// The words for a row that is not there.
const MISSING: &str = "it is missing";
