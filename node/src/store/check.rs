//! Reading a whole store once, to know that it is whole.

use std::ops::ControlFlow;

use polity_ledger::merkle::jellyfish::{content_hash, leaf_of};
use prost::Message;
use sha2::{Digest, Sha256};

use super::snapshot::{Snapshot, damaged, read_leaf};
use super::table::{Table, decode_version, split_position_key, split_version_key};
use super::undo::UndoRecord;
use super::{Hash, Store};
use crate::fault::{Fault, FaultKind};

/// What a whole store holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CheckReport {
    /// The newest height.
    pub height: u64,
    /// Keys of the authenticated state.
    pub leaves: u64,
    /// Stored versions of their values.
    pub versions: u64,
    /// Rows beside the state.
    pub rows: u64,
    /// Recorded blocks.
    pub blocks: u64,
    /// Recorded transactions, each with its receipt.
    pub transactions: u64,
    /// Consumed ids.
    pub ids: u64,
    /// Entries of derived indexes.
    pub index_entries: u64,
}

impl Store {
    /// Reads everything once: checksums of all files, every row's form, values against leaves, transactions against
    /// receipts, blocks without a gap. Whether the leaves make the app hash is for the tree to say.
    ///
    /// # Errors
    /// `StoreDamaged` with the first thing that does not fit.
    pub fn check(&self) -> Result<CheckReport, Fault> {
        let snapshot = self.snapshot();
        let (leaves, leaf_digest) = check_leaves(&snapshot)?;
        let (versions, value_digest) = check_values(&snapshot)?;
        if leaf_digest != value_digest {
            return Err(Fault::new(
                FaultKind::StoreDamaged,
                "the stored values are not those of the stored leaves",
            ));
        }
        let transactions = positions(&snapshot, Table::Transactions)?;
        if transactions != positions(&snapshot, Table::Receipts)? {
            return Err(Fault::new(
                FaultKind::StoreDamaged,
                "transactions and receipts do not belong together",
            ));
        }
        check_others(&snapshot)?;

        Ok(CheckReport {
            height: snapshot.height(),
            leaves,
            versions,
            rows: count(&snapshot, Table::Rows, |_, _| true)?,
            blocks: check_blocks(&snapshot)?,
            transactions: transactions.0,
            ids: count(&snapshot, Table::Ids, |id, position| {
                id.len() == 32 && split_position_key(position).is_some()
            })?,
            index_entries: count(&snapshot, Table::Indexes, |_, _| true)?,
        })
    }
}

/// How many leaves there are, and a digest of them that does not depend on their order.
fn check_leaves(snapshot: &Snapshot) -> Result<(u64, Hash), Fault> {
    let mut digest = Hash::default();
    let mut leaves = 0;
    snapshot
        .view()
        .scan(Table::Leaves, &[], None, |key_hash, row| {
            let leaf = read_leaf(key_hash, row)?;
            if content_hash(&leaf.key) != leaf.key_hash {
                return Err(damaged("leaf"));
            }
            add(&mut digest, &leaf.key_hash, &leaf.hash);
            leaves += 1;
            Ok(ControlFlow::Continue(()))
        })?;
    Ok((leaves, digest))
}

/// How many versions there are, and the digest of the leaves that the newest ones make.
fn check_values(snapshot: &Snapshot) -> Result<(u64, Hash), Fault> {
    let mut digest = Hash::default();
    let mut versions = 0;
    let mut newest_key = Vec::new();
    snapshot
        .view()
        .scan(Table::Values, &[], None, |row_key, version| {
            let (key, height) = split_version_key(row_key).ok_or_else(|| damaged("value"))?;
            let value = decode_version(version.to_vec()).ok_or_else(|| damaged("value"))?;
            if height > snapshot.height() {
                return Err(damaged("value"));
            }
            versions += 1;
            if key != newest_key {
                newest_key = key.to_vec();
                if let Some(value) = value {
                    let key_hash = content_hash(key);
                    add(&mut digest, &key_hash, &leaf_of(&key_hash, &value));
                }
            }
            Ok(ControlFlow::Continue(()))
        })?;
    Ok((versions, digest))
}

fn add(digest: &mut Hash, key_hash: &Hash, leaf: &Hash) {
    let leaf = Sha256::new()
        .chain_update(key_hash)
        .chain_update(leaf)
        .finalize();
    for (byte, of_leaf) in digest.iter_mut().zip(leaf) {
        *byte ^= of_leaf;
    }
}

/// How many rows a table by position has, and a digest of their positions.
fn positions(snapshot: &Snapshot, table: Table) -> Result<(u64, Hash), Fault> {
    let mut digest = Sha256::new();
    let mut rows = 0;
    snapshot.view().scan(table, &[], None, |position, _| {
        let (height, _) = split_position_key(position).ok_or_else(|| damaged("position"))?;
        if height > snapshot.height() {
            return Err(damaged("position"));
        }
        digest.update(position);
        rows += 1;
        Ok(ControlFlow::Continue(()))
    })?;
    Ok((rows, digest.finalize().into()))
}

/// How many blocks are recorded: without a gap up to the newest height.
fn check_blocks(snapshot: &Snapshot) -> Result<u64, Fault> {
    let mut blocks = 0;
    let mut last = None;
    snapshot
        .view()
        .scan(Table::Blocks, &[], None, |height, _| {
            let height =
                u64::from_be_bytes(height.try_into().map_err(|_| damaged("block's record"))?);
            if last.is_some_and(|last: u64| last + 1 != height) {
                let words = format!("the record of the block before height {height} is missing");
                return Err(Fault::new(FaultKind::StoreDamaged, words));
            }
            last = Some(height);
            blocks += 1;
            Ok(ControlFlow::Continue(()))
        })?;
    if last.unwrap_or(0) != snapshot.height() {
        return Err(damaged("block's record"));
    }
    Ok(blocks)
}

/// Reads the tables that the report does not count. Those of the engine and of ended chains have rows of forms that are
/// not the store's own: what is told of them is that the disk gives them as they were written.
fn check_others(snapshot: &Snapshot) -> Result<(), Fault> {
    for table in Table::ALL {
        match table {
            Table::Undo => count(snapshot, table, |_, undo| UndoRecord::decode(undo).is_ok())?,
            Table::Engine | Table::Archive | Table::Meta => count(snapshot, table, |_, _| true)?,
            Table::Values
            | Table::Rows
            | Table::Leaves
            | Table::Transactions
            | Table::Receipts
            | Table::Ids
            | Table::Blocks
            | Table::Indexes => continue,
        };
    }
    Ok(())
}

fn count(
    snapshot: &Snapshot,
    table: Table,
    is_well_formed: impl Fn(&[u8], &[u8]) -> bool,
) -> Result<u64, Fault> {
    let mut rows = 0;
    snapshot.view().scan(table, &[], None, |key, value| {
        if !is_well_formed(key, value) {
            return Err(damaged(table.name()));
        }
        rows += 1;
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(rows)
}
