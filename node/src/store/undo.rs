//! Taking back the newest height.
//!
//! A power cut can leave the application one height ahead of the engine. Each commit therefore stores what it
//! replaced, and the store keeps that for the newest heights.

use polity_ledger::state::keys::is_leaf;
use prost::Message;

use super::commit::{Commit, LeafChange, leaf_row, tip};
use super::options::StoreOptions;
use super::snapshot::{Snapshot, damaged};
use super::table::{Meta, Table, height_key, position_key, version_key};
use super::{Hash, Store};
use crate::crash_point::{self, CrashPoint};
use crate::fault::{Fault, FaultKind};

/// What one commit replaced.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct UndoRecord {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) app_hash_before: Vec<u8>,
    /// Authenticated keys that got a version; the former version is still there.
    #[prost(bytes = "vec", repeated, tag = "2")]
    pub(super) versions: Vec<Vec<u8>>,
    #[prost(message, repeated, tag = "3")]
    pub(super) rows: Vec<Replaced>,
    #[prost(message, repeated, tag = "4")]
    pub(super) indexes: Vec<Replaced>,
    #[prost(uint64, tag = "5")]
    pub(super) transactions: u64,
    #[prost(bytes = "vec", repeated, tag = "6")]
    pub(super) consumed_ids: Vec<Vec<u8>>,
}

/// A row that was written over, with what it held; absent = there was none.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct Replaced {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) key: Vec<u8>,
    #[prost(bytes = "vec", optional, tag = "2")]
    pub(super) value: Option<Vec<u8>>,
}

/// Reads what stood under a key before a commit.
pub(crate) type Before<'a> = &'a dyn Fn(&[u8]) -> Result<Option<Vec<u8>>, Fault>;

/// The bytes of what a commit replaced. Authenticated values need nothing: their former versions stay.
pub(crate) fn undo_of(
    commit: &Commit,
    options: &StoreOptions,
    app_hash_before: &Hash,
    row_before: Before<'_>,
    index_before: Before<'_>,
) -> Result<Vec<u8>, Fault> {
    let mut undo = UndoRecord {
        app_hash_before: app_hash_before.to_vec(),
        transactions: commit.transactions.len() as u64,
        ..UndoRecord::default()
    };
    for (key, change) in &commit.changes {
        if is_leaf(key) {
            undo.versions.push(key.clone());
            continue;
        }
        if !options.is_written(key) {
            continue;
        }
        let is_new = change.is_some() && options.put_once_rows.contains(&key[0]);
        undo.rows.push(Replaced {
            key: key.clone(),
            value: if is_new { None } else { row_before(key)? },
        });
    }
    for (key, change) in &commit.indexes {
        let is_put_once = |prefix| options.put_once_indexes.contains(prefix);
        let is_new = change.is_some() && key.first().is_some_and(is_put_once);
        undo.indexes.push(Replaced {
            key: key.clone(),
            value: if is_new { None } else { index_before(key)? },
        });
    }
    let ids = commit.transactions.iter().filter_map(|one| one.consumed_id);
    undo.consumed_ids = ids.map(|id| id.to_vec()).collect();
    Ok(undo.encode_to_vec())
}

impl Store {
    /// Takes back the newest height, as if it had never been committed, and tells the height that is newest then.
    /// Can be repeated down to the oldest height whose undo is kept; the state of height 0 stays.
    ///
    /// # Errors
    /// `Internal` if there is nothing to take back, `StoreDamaged` if what is needed cannot be read.
    pub fn roll_back(&self) -> Result<u64, Fault> {
        let _writing = self.begin_writing();
        let snapshot = self.snapshot();
        let height = snapshot.height();
        let Some(undo) = read_undo(&snapshot, height)? else {
            let words =
                format!("height {height} cannot be taken back: what it replaced is not kept");
            return Err(Fault::new(FaultKind::Internal, words));
        };

        let mut batch = self.rocks.batch()?;
        for key in &undo.versions {
            batch.delete(Table::Values, &version_key(key, height));
            let former = snapshot.stored_version(key, height - 1)?;
            let leaf = LeafChange::of(key, former.as_deref());
            let row = leaf.hash.map(|hash| leaf_row(&hash, key));
            batch.put_or_delete(Table::Leaves, &leaf.key_hash, row.as_deref());
        }
        for row in &undo.rows {
            batch.put_or_delete(Table::Rows, &row.key, row.value.as_deref());
        }
        for entry in &undo.indexes {
            batch.put_or_delete(Table::Indexes, &entry.key, entry.value.as_deref());
        }
        let transactions = u32::try_from(undo.transactions).map_err(|_| damaged("undo"))?;
        for index in 0..transactions {
            batch.delete(Table::Transactions, &position_key(height, index));
            batch.delete(Table::Receipts, &position_key(height, index));
        }
        for id in &undo.consumed_ids {
            batch.delete(Table::Ids, id);
        }
        batch.delete(Table::Blocks, &height_key(height));
        // A row without bytes: that nothing is kept any more of what this height replaced is as it must be.
        batch.put(Table::Undo, &height_key(height), b"");
        // Before its first height, a store without a genesis has no tip.
        let has_tip = height > 1 || snapshot.organisation()?.is_some();
        let tip = has_tip.then(|| tip(height - 1, &undo.app_hash_before));
        batch.put_or_delete(Table::Meta, Meta::Tip.key(), tip.as_deref());

        crash_point::reach(CrashPoint::RollbackBeforeWrite);
        self.rocks.write_synced(batch.finish())?;
        crash_point::reach(CrashPoint::RollbackAfterWrite);
        self.forget_and_show()?;
        Ok(height - 1)
    }

    /// How many heights can be taken back now, one after another.
    pub fn heights_to_roll_back(&self) -> Result<u64, Fault> {
        let snapshot = self.snapshot();
        let mut heights = 0;
        while heights < snapshot.height()
            && read_undo(&snapshot, snapshot.height() - heights)?.is_some()
        {
            heights += 1;
        }
        Ok(heights)
    }
}

impl Snapshot {
    /// Root of the state before the newest height, where what it replaced is kept.
    pub fn app_hash_before(&self) -> Result<Option<Hash>, Fault> {
        if let Some(before) = self.app_hash_before.get() {
            return Ok(*before);
        }
        // A full block replaces megabytes, and whoever wants a proof asks for this.
        let undo = read_undo(self, self.height())?;
        let before = undo.and_then(|undo| undo.app_hash_before.try_into().ok());
        Ok(*self.app_hash_before.get_or_init(|| before))
    }
}

fn read_undo(snapshot: &Snapshot, height: u64) -> Result<Option<UndoRecord>, Fault> {
    let Some(bytes) = snapshot.view().get(Table::Undo, &height_key(height))? else {
        return Ok(None);
    };
    let undo = UndoRecord::decode(bytes.as_slice()).map_err(|_| damaged("undo"))?;
    if undo.app_hash_before.len() != 32 || height == 0 {
        return Err(damaged("undo"));
    }
    Ok(Some(undo))
}
