//! A store that goes on under another chain id: what the ended chain leaves behind.

use std::sync::Arc;

use std::sync::atomic::Ordering;

use super::rocks::View;
use super::table::{Meta, Table};
use super::{Store, free_space_check};
use crate::fault::Fault;

/// An entry of the archive: key and value.
pub type ArchiveEntry = (Vec<u8>, Vec<u8>);

impl Store {
    /// From here on the store belongs to another chain too, which this record of the genesis names. In one synced
    /// batch with it goes what belongs to the ended chain alone: the rows of its engine, and what it would take to
    /// roll back below this height. Ledger, history, receipts and archive stay as they are.
    pub fn go_on(&self, genesis: &[u8]) -> Result<(), Fault> {
        let _writing = self.begin_writing();
        let mut batch = self.rocks.batch()?;
        batch.put(Table::Meta, Meta::Genesis.key(), genesis);
        batch.clear(Table::Engine);
        batch.clear(Table::Undo);
        free_space_check(self.rocks.directory(), self.options.free_bytes_min)?;
        self.rocks.write_synced(batch.finish())?;
        // The state is as it was, and so is what memory holds of it.
        self.show(self.epoch.load(Ordering::Relaxed))
    }

    /// Keeps blocks of a chain that ends.
    pub fn put_archive(&self, entries: &[ArchiveEntry]) -> Result<(), Fault> {
        let _writing = self.begin_writing();
        let mut batch = self.rocks.batch()?;
        for (key, value) in entries {
            batch.put(Table::Archive, key, value);
        }
        free_space_check(self.rocks.directory(), self.options.free_bytes_min)?;
        self.rocks.write_synced(batch.finish())
    }

    /// What was kept under a key.
    pub fn archived(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        View::pin(Arc::clone(&self.rocks)).get(Table::Archive, key)
    }
}

#[cfg(test)]
mod tests {
    use polity_engine::application::{EngineRow, EngineStore};

    use super::super::sample::{commit_at, commit_up_to, options};
    use super::super::{Position, Snapshot};
    use super::*;

    #[test]
    fn a_store_that_goes_on_keeps_the_ledger_and_never_goes_back_before_it() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), options()).unwrap();
        commit_up_to(&store, 3);
        let row = EngineRow {
            key: b"B".to_vec(),
            value: Some(b"block"[..].into()),
        };
        store.write(vec![row]).unwrap();
        store
            .put_archive(&[(b"B3".to_vec(), b"kept".to_vec())])
            .unwrap();
        let before = store.snapshot();

        store.go_on(b"two chains").unwrap();

        let after = store.snapshot();
        assert_eq!(
            after.genesis().unwrap().as_deref(),
            Some(&b"two chains"[..])
        );
        assert_eq!(after.app_hash(), before.app_hash());
        let leaves = |snapshot: &Snapshot| {
            let mut leaves = Vec::new();
            snapshot.for_each_leaf(|leaf| leaves.push(leaf)).unwrap();
            leaves
        };
        assert_eq!(leaves(&after), leaves(&before));
        let first = Position {
            height: 3,
            index: 0,
        };
        assert_eq!(after.receipt(first), before.receipt(first));
        assert_eq!(store.read(b"B"), Ok(None));
        assert_eq!(store.archived(b"B3").unwrap(), Some(b"kept".to_vec()));
        assert!(store.roll_back().is_err());

        store.commit(commit_at(4)).unwrap();
        assert_eq!(store.roll_back().unwrap(), 3);
        assert!(store.roll_back().is_err());
    }
}
