//! Writing a height: everything that it changed, in one synced batch.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use polity_engine::application::EngineRow;
use polity_ledger::merkle::jellyfish::{content_hash, leaf_of};
use polity_ledger::state::keys::is_leaf;

use super::engine::put_engine_rows;
use super::rocks::Batch;
use super::snapshot::Snapshot;
use super::table::{
    KEY_BYTES_MAX, Meta, PositionKey, Table, encode_version, height_key, position_key, version_key,
};
use super::undo::undo_of;
use super::{Hash, Store, free_space_check};
use crate::cores;
use crate::crash_point::{self, CrashPoint};
use crate::fault::{Fault, FaultKind};

/// How much more space than its own size a commit wants on the disk: the log, the table's files, their rewriting.
pub(super) const SPACE_FACTOR: u64 = 4;

/// Heights that wait for the disk with one that does not: the power takes back no more of them, and no more keep what they
/// would let go.
const LATER_HEIGHTS_MAX: u64 = 256;

/// When a write must be on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// When the call returns.
    Now,
    /// With the next one that must be at once: a power cut may take back the newest writes, in their order and each
    /// whole. A death of the process takes back nothing.
    Later,
}

/// Everything that one height changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Commit {
    /// The height: one more than the newest.
    pub height: u64,
    /// Root of the state tree after this height.
    pub app_hash: Hash,
    /// What the node wants to know of the block later, to execute it again: opaque here.
    pub block: Vec<u8>,
    /// Changes of state and of the rows beside it; absent = deleted.
    pub changes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    /// The leaf of each authenticated key in `changes`, in any order.
    pub leaves: Vec<LeafChange>,
    /// The block's transactions in order.
    pub transactions: Vec<Recorded>,
    /// Changes of derived indexes; absent = deleted.
    pub indexes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    /// What an engine inside the process keeps of the height.
    pub engine: Vec<EngineRow>,
}

impl Commit {
    /// About as many bytes as it writes.
    fn bytes(&self) -> usize {
        // Tag, table, lengths, height.
        const ROW: usize = 16;
        const HASH: usize = size_of::<Hash>();
        let values = self.changes.iter().chain(&self.indexes);
        let values =
            values.map(|(key, value)| ROW + key.len() + value.as_ref().map_or(0, Vec::len));
        let leaves = self.leaves.iter();
        let leaves = leaves.map(|leaf| ROW + 2 * HASH + leaf.key.len());
        let transactions = self.transactions.iter();
        let transactions =
            transactions.map(|one| 3 * ROW + one.transaction.len() + one.receipt.len() + HASH);
        values.chain(leaves).chain(transactions).sum()
    }
}

/// A leaf of the state tree that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeafChange {
    /// SHA-256 of the key.
    pub key_hash: Hash,
    /// Hash of the leaf; absent = deleted.
    pub hash: Option<Hash>,
    /// The key.
    pub key: Vec<u8>,
}

impl LeafChange {
    /// The leaf of a changed key.
    pub fn of(key: &[u8], value: Option<&[u8]>) -> LeafChange {
        let key_hash = content_hash(key);
        LeafChange {
            key_hash,
            hash: value.map(|value| leaf_of(&key_hash, value)),
            key: key.to_vec(),
        }
    }
}

/// A transaction of a block, as it came, with what became of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recorded {
    /// The transaction's bytes.
    pub transaction: Bytes,
    /// The receipt's bytes.
    pub receipt: Bytes,
    /// The id, if this transaction is the one that consumed it.
    pub consumed_id: Option<Hash>,
}

impl Store {
    /// Makes one height durable, whole, with one fsync; then readers see it.
    ///
    /// # Errors
    /// See [`Store::commit_with`].
    pub fn commit(&self, commit: Commit) -> Result<(), Fault> {
        self.commit_with(commit, Durability::Now)
    }

    /// Writes one height, whole; then readers see it.
    ///
    /// # Errors
    /// `Internal` for a height that is not the next or a commit that contradicts itself, `DiskFull` before anything
    /// is written where it might not fit, and whatever writing brings. After an error the store stands where it stood.
    pub fn commit_with(&self, commit: Commit, durability: Durability) -> Result<(), Fault> {
        let _writing = self.begin_writing();
        let durability = if commit.height.is_multiple_of(LATER_HEIGHTS_MAX) {
            Durability::Now
        } else {
            durability
        };
        let before = self.snapshot();
        if commit.height != before.height() + 1 {
            let words = format!(
                "a commit of height {} after height {}",
                commit.height,
                before.height()
            );
            return Err(Fault::new(FaultKind::Internal, words));
        }
        check_state(&commit.changes, &commit.leaves)?;
        let ids = consumed_ids(&commit);
        self.check_ids(&commit.changes, &ids)?;

        let (undo, batch) = cores::both(
            || self.undo_of(&commit, &before),
            || self.batch_of(&commit, &ids, &before),
        );
        let mut batch = batch?;
        self.put_undo(&mut batch, commit.height, undo?);

        free_space_check(
            self.rocks.directory(),
            self.options
                .free_bytes_min
                .saturating_add(SPACE_FACTOR * batch.bytes() as u64),
        )?;
        crash_point::reach(CrashPoint::StoreBeforeWrite);
        let epoch = self.write_state(batch, commit.changes, durability)?;
        crash_point::reach(CrashPoint::StoreAfterWrite);

        self.show(epoch)?;
        // A height that the power may take back needs what it would let go.
        if durability == Durability::Now {
            self.snapshot().let_go();
        }
        self.commits.fetch_add(1, Ordering::Relaxed);
        crash_point::reach(CrashPoint::StoreAfterSwap);
        Ok(())
    }

    /// The table of ids answers for the rows that say which are consumed: they must say the same.
    fn check_ids(
        &self,
        changes: &BTreeMap<Vec<u8>, Option<Vec<u8>>>,
        ids: &[(Hash, PositionKey)],
    ) -> Result<(), Fault> {
        let Some(first) = self.options.id_rows else {
            return Ok(());
        };
        let rows = changes.range(vec![first]..vec![first + 1]);
        let put = rows.filter(|(_, value)| value.is_some());
        let put = put.map(|(key, _)| &key[1..]);
        if put.eq(ids.iter().map(|(id, _)| &id[..])) {
            return Ok(());
        }
        let words = "the ids that a block consumes are not those of its transactions";
        Err(Fault::new(FaultKind::Internal, words))
    }

    /// Everything that a commit puts, but for its undo.
    fn batch_of(
        &self,
        commit: &Commit,
        ids: &[(Hash, PositionKey)],
        before: &Snapshot,
    ) -> Result<Batch<'_>, Fault> {
        // Its undo comes last, and takes about a third as much.
        let bytes = commit.bytes() + commit.bytes() / 2;
        let mut batch = self.rocks.batch_of_about(bytes)?;
        self.put_state(&mut batch, commit.height, &commit.changes, &commit.leaves);
        put_transactions(&mut batch, commit.height, &commit.transactions);
        for (id, position) in ids {
            batch.put(Table::Ids, id, position);
        }
        for (key, value) in &commit.indexes {
            batch.put_or_delete(Table::Indexes, key, value.as_deref());
        }
        batch.put(Table::Blocks, &height_key(commit.height), &commit.block);
        put_engine_rows(&mut batch, &commit.engine);
        let history_base = self.options.history_base_after(commit.height);
        if history_base > before.history_base_height() {
            batch.put(
                Table::Meta,
                Meta::HistoryBase.key(),
                &history_base.to_be_bytes(),
            );
        }
        batch.put(
            Table::Meta,
            Meta::Tip.key(),
            &tip(commit.height, &commit.app_hash),
        );
        Ok(batch)
    }

    pub(super) fn put_state(
        &self,
        batch: &mut Batch<'_>,
        height: u64,
        changes: &BTreeMap<Vec<u8>, Option<Vec<u8>>>,
        leaves: &[LeafChange],
    ) {
        for (key, value) in changes {
            if is_leaf(key) {
                batch.put(
                    Table::Values,
                    &version_key(key, height),
                    &encode_version(value.as_deref()),
                );
            } else if self.options.is_written(key) {
                batch.put_or_delete(Table::Rows, key, value.as_deref());
            }
        }
        // Memory takes rows faster in the order of their keys.
        let mut leaves: Vec<&LeafChange> = leaves.iter().collect();
        leaves.sort_unstable_by_key(|leaf| leaf.key_hash);
        for leaf in leaves {
            let row = leaf.hash.map(|hash| leaf_row(&hash, &leaf.key));
            batch.put_or_delete(Table::Leaves, &leaf.key_hash, row.as_deref());
        }
    }

    /// The record by which this commit can be rolled back.
    fn undo_of(&self, commit: &Commit, before: &Snapshot) -> Result<Vec<u8>, Fault> {
        undo_of(
            commit,
            &self.options,
            &before.app_hash(),
            &|key| before.try_get(key),
            &|key| before.index(key),
        )
    }

    fn put_undo(&self, batch: &mut Batch<'_>, height: u64, undo: Vec<u8>) {
        if self.options.undo_heights > 0 {
            batch.put(Table::Undo, &height_key(height), &undo);
        }
        if let Some(too_old) = height.checked_sub(self.options.undo_heights) {
            batch.delete(Table::Undo, &height_key(too_old));
        }
    }
}

/// The bytes of the newest height and its app hash.
pub(crate) fn tip(height: u64, app_hash: &[u8]) -> Vec<u8> {
    [height.to_be_bytes().as_slice(), app_hash].concat()
}

/// The row of a leaf: its hash, from which a start builds the tree, then the key, which exclusion proofs show of
/// neighbours.
pub(crate) fn leaf_row(hash: &Hash, key: &[u8]) -> Vec<u8> {
    [hash.as_slice(), key].concat()
}

pub(super) fn check_state(
    changes: &BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    leaves: &[LeafChange],
) -> Result<(), Fault> {
    let internal = |words: String| Err(Fault::new(FaultKind::Internal, words));
    if let Some(key) = changes
        .keys()
        .find(|key| key.is_empty() || key.len() > KEY_BYTES_MAX)
    {
        return internal(format!("a key of state has {} bytes", key.len()));
    }
    let authenticated = changes.keys().filter(|key| is_leaf(key)).count();
    if leaves.len() != authenticated {
        return internal(format!(
            "{} leaves for {authenticated} authenticated changes",
            leaves.len()
        ));
    }
    for leaf in leaves {
        let is_deleted = changes.get(&leaf.key).map(Option::is_none);
        if !is_leaf(&leaf.key) || is_deleted != Some(leaf.hash.is_none()) {
            return internal("a leaf without its change of state".to_owned());
        }
    }
    Ok(())
}

fn put_transactions(batch: &mut Batch<'_>, height: u64, transactions: &[Recorded]) {
    for (index, recorded) in (0..).zip(transactions) {
        let position = position_key(height, index);
        batch.put(Table::Transactions, &position, &recorded.transaction);
        batch.put(Table::Receipts, &position, &recorded.receipt);
    }
}

/// The ids that a commit's transactions consume, in order, and where each of them stands.
fn consumed_ids(commit: &Commit) -> Vec<(Hash, PositionKey)> {
    let ids = (0..).zip(&commit.transactions).filter_map(|(index, one)| {
        let id = one.consumed_id?;
        Some((id, position_key(commit.height, index)))
    });
    let mut ids: Vec<_> = ids.collect();
    ids.sort_unstable();
    ids
}
