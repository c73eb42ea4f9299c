//! Reading: the state of one height, unmoved by what is committed later.

use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

use polity_ledger::state::keys::is_leaf;

use super::Hash;
use super::cache::Cache;
use super::retention::Retention;
use super::rocks::{Rocks, View};
use super::table::{
    Meta, Table, decode_version, height_key, position_key, split_position_key, version_key,
};
use crate::fault::{Fault, FaultKind, fatal};

/// The state of the newest height at the moment when it was taken. Can be held and read from any thread.
pub struct Snapshot {
    view: View,
    cache: Arc<Cache>,
    id_rows: Option<u8>,
    epoch: u64,
    height: u64,
    app_hash: Hash,
    // Read once it is asked for.
    pub(super) app_hash_before: OnceLock<Option<Hash>>,
    history_base: u64,
    retention: Arc<Retention>,
}

/// Where a transaction stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The height of its block.
    pub height: u64,
    /// Its place in the block, from 0.
    pub index: u32,
}

/// A leaf of the state tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// SHA-256 of the key.
    pub key_hash: Hash,
    /// Hash of the leaf, over key hash and value hash.
    pub hash: Hash,
    /// The key.
    pub key: Vec<u8>,
}

impl Snapshot {
    pub(super) fn take(
        rocks: &Arc<Rocks>,
        cache: &Arc<Cache>,
        id_rows: Option<u8>,
        epoch: u64,
    ) -> Result<Snapshot, Fault> {
        let view = View::pin(Arc::clone(rocks));
        let (height, app_hash) = match view.get(Table::Meta, Meta::Tip.key())? {
            None => (0, Hash::default()),
            Some(tip) => read_tip(&tip)?,
        };
        let history_base = match view.get(Table::Meta, Meta::HistoryBase.key())? {
            None => 0,
            Some(base) => u64::from_be_bytes(base.try_into().map_err(|_| damaged("history base"))?),
        };
        let retention = Arc::clone(rocks.retention());
        retention.begin_use(history_base);

        Ok(Snapshot {
            view,
            cache: Arc::clone(cache),
            id_rows,
            epoch,
            height,
            app_hash,
            app_hash_before: OnceLock::new(),
            history_base,
            retention,
        })
    }

    /// The height; 0 before the first commit.
    pub fn height(&self) -> u64 {
        self.height
    }

    /// Root of the state tree at this height.
    pub fn app_hash(&self) -> Hash {
        self.app_hash
    }

    /// The oldest height that [`Snapshot::at`] answers.
    pub fn history_base_height(&self) -> u64 {
        self.history_base
    }

    /// What nobody asks about who asks from this height on may go: the disk has it.
    pub(super) fn let_go(&self) {
        self.retention.set_base(self.history_base);
    }

    /// The value of a key, or of a row beside the state.
    ///
    /// The rules read through this, and they know no faults: where the store cannot read, the process stops.
    pub fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.try_get(key).unwrap_or_else(|fault| fatal(fault))
    }

    /// The same, with the fault returned.
    pub fn try_get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        if let Some(value) = self.cache.get(key, self.epoch) {
            return Ok(value);
        }
        if self.cache.has_alone(key) {
            return Ok(None);
        }

        let value = self.stored(key)?;
        self.cache.fill(key, value.as_deref(), self.epoch);
        Ok(value)
    }

    /// Brings a key's value into memory. What a commit that is under way wrote is there already, and what it was before
    /// is of no use to a later block. Answers what memory holds, of whichever height.
    pub fn read_ahead(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.cache.keep(key).unwrap_or_else(|| self.get(key))
    }

    /// Holds a derived row of this height in memory.
    pub fn remember(&self, key: &[u8], row: &[u8]) {
        self.cache.fill(key, Some(row), self.epoch);
    }

    /// The value of a key in the files.
    fn stored(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        match key.split_first() {
            _ if is_leaf(key) => self.stored_version(key, self.height),
            Some((first, id)) if self.id_rows == Some(*first) => {
                let position = self.view.get(Table::Ids, id)?;
                Ok(position.map(|_| Vec::new()))
            }
            _ => self.view.get(Table::Rows, key),
        }
    }

    /// The digest of the organisation that the store belongs to, once it belongs to one.
    pub fn organisation(&self) -> Result<Option<Hash>, Fault> {
        let digest = self.view.get(Table::Meta, Meta::Organisation.key())?;
        digest
            .map(|digest| {
                digest
                    .try_into()
                    .map_err(|_| damaged("organisation digest"))
            })
            .transpose()
    }

    /// The genesis, as it was given.
    pub fn genesis(&self) -> Result<Option<Vec<u8>>, Fault> {
        self.view.get(Table::Meta, Meta::Genesis.key())
    }

    /// What the node recorded of a block.
    pub fn block(&self, height: u64) -> Result<Option<Vec<u8>>, Fault> {
        self.view.get(Table::Blocks, &height_key(height))
    }

    /// The bytes of a transaction.
    pub fn transaction(&self, position: Position) -> Result<Option<Vec<u8>>, Fault> {
        self.view.get(
            Table::Transactions,
            &position_key(position.height, position.index),
        )
    }

    /// The bytes of a receipt.
    pub fn receipt(&self, position: Position) -> Result<Option<Vec<u8>>, Fault> {
        self.view.get(
            Table::Receipts,
            &position_key(position.height, position.index),
        )
    }

    /// The transactions of a block, in order.
    pub fn transactions(&self, height: u64) -> Result<Vec<Vec<u8>>, Fault> {
        self.of_height(Table::Transactions, height)
    }

    /// The receipts of a block, in order.
    pub fn receipts(&self, height: u64) -> Result<Vec<Vec<u8>>, Fault> {
        self.of_height(Table::Receipts, height)
    }

    /// The transaction that consumed an id.
    pub fn position_of(&self, id: &Hash) -> Result<Option<Position>, Fault> {
        let Some(bytes) = self.view.get(Table::Ids, id)? else {
            return Ok(None);
        };
        let (height, index) =
            split_position_key(&bytes).ok_or_else(|| damaged("position of a transaction"))?;
        Ok(Some(Position { height, index }))
    }

    /// The leaf of a key hash: the key itself, which the tree in memory does not hold.
    pub fn leaf(&self, key_hash: &Hash) -> Result<Option<Leaf>, Fault> {
        let row = self.view.get(Table::Leaves, key_hash)?;
        row.map(|row| read_leaf(key_hash, &row)).transpose()
    }

    /// Calls `leaf` for all leaves in ascending order of their key hash: what the tree is built from at a start.
    pub fn for_each_leaf(&self, mut leaf: impl FnMut(Leaf)) -> Result<(), Fault> {
        self.view.scan(Table::Leaves, &[], None, |key_hash, row| {
            leaf(read_leaf(key_hash, row)?);
            Ok(ControlFlow::Continue(()))
        })
    }

    /// The hashes of all leaves whose key hash begins with this byte, ascending: one of 256 parts of the tree, so
    /// that several threads can build it.
    pub fn leaf_hashes(&self, first_byte: u8) -> Result<Vec<(Hash, Hash)>, Fault> {
        let mut hashes = Vec::new();
        let to = first_byte.checked_add(1).map(|next| [next]);
        self.view.scan(
            Table::Leaves,
            &[first_byte],
            to.as_ref().map(<[u8; 1]>::as_slice),
            |key_hash, row| {
                let key_hash = key_hash.try_into().map_err(|_| damaged("leaf"))?;
                let hash = row.first_chunk::<32>().ok_or_else(|| damaged("leaf"))?;
                hashes.push((key_hash, *hash));
                Ok(ControlFlow::Continue(()))
            },
        )?;
        Ok(hashes)
    }

    /// The newest version of an authenticated key that is not newer than `height`.
    pub(super) fn stored_version(&self, key: &[u8], height: u64) -> Result<Option<Vec<u8>>, Fault> {
        // No longer key can be stored.
        if key.is_empty() || key.len() > super::KEY_BYTES_MAX {
            return Ok(None);
        }
        match self.view.newest_version(&version_key(key, height))? {
            None => Ok(None),
            Some(version) => decode_version(version).ok_or_else(|| damaged("value")),
        }
    }

    pub(super) fn view(&self) -> &View {
        &self.view
    }

    /// The newest height must have its block's record: both come in one batch.
    pub(super) fn check_tip(&self) -> Result<(), Fault> {
        if self.height > 0 && self.block(self.height)?.is_none() {
            let words = format!(
                "table meta, row tip: there is no record of block {}",
                self.height
            );
            return Err(Fault::new(FaultKind::StoreDamaged, words));
        }
        Ok(())
    }

    fn of_height(&self, table: Table, height: u64) -> Result<Vec<Vec<u8>>, Fault> {
        let mut found = Vec::new();
        let to = height.checked_add(1).map(height_key);
        self.view.scan(
            table,
            &height_key(height),
            to.as_ref().map(<[u8; 8]>::as_slice),
            |_, bytes| {
                found.push(bytes.to_vec());
                Ok(ControlFlow::Continue(()))
            },
        )?;
        Ok(found)
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        self.retention.end_use(self.history_base);
    }
}

/// The fault of bytes that no commit ever wrote.
pub(super) fn damaged(what: &str) -> Fault {
    Fault::new(
        FaultKind::StoreDamaged,
        format!("a stored {what} is not as it was written"),
    )
}

pub(super) fn read_leaf(key_hash: &[u8], row: &[u8]) -> Result<Leaf, Fault> {
    let key_hash = key_hash.try_into().map_err(|_| damaged("leaf"))?;
    let (hash, key) = row
        .split_first_chunk::<32>()
        .ok_or_else(|| damaged("leaf"))?;
    Ok(Leaf {
        key_hash,
        hash: *hash,
        key: key.to_vec(),
    })
}

fn read_tip(bytes: &[u8]) -> Result<(u64, Hash), Fault> {
    let (height, app_hash) = bytes
        .split_first_chunk::<8>()
        .ok_or_else(|| damaged("height"))?;
    let app_hash = app_hash.try_into().map_err(|_| damaged("app hash"))?;
    Ok((u64::from_be_bytes(*height), app_hash))
}
