//! The table `undo`: what the newest heights replaced, so that they can be taken back.

use super::replica::Replica;
use super::{DIFFERS, MISSING, STRAY, wrong};
use crate::fault::Fault;
use crate::store::{Commit, Snapshot, StoreOptions, Table, height_key, undo_of};

pub(super) struct UndoTable<'a> {
    snapshot: &'a Snapshot,
    options: &'a StoreOptions,
    rows: u64,
    // Once a height has a row, each one after it has: the oldest are dropped first.
    has_begun: bool,
}

impl<'a> UndoTable<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, options: &'a StoreOptions) -> UndoTable<'a> {
        UndoTable {
            snapshot,
            options,
            rows: 0,
            has_begun: false,
        }
    }

    /// Compares what a height replaced; `before` is the state that it was executed over.
    pub(super) fn compare(&mut self, commit: &Commit, before: &Replica) -> Result<(), Fault> {
        let (height, key) = (commit.height, height_key(commit.height));
        let Some(stored) = self.snapshot.row(Table::Undo, &key)? else {
            return match self.has_begun {
                true => Err(wrong(Table::Undo, height, &key, MISSING)),
                false => Ok(()),
            };
        };
        let made = undo_of(
            commit,
            self.options,
            &before.app_hash(),
            &|key| Ok(before.state().get(key).cloned()),
            // Indexes are put where nothing stands.
            &|_| Ok(None),
        )?;
        if stored != made {
            return Err(wrong(Table::Undo, height, &key, DIFFERS));
        }
        self.has_begun = true;
        self.rows += 1;
        Ok(())
    }

    /// Looks for rows of heights that were not executed.
    pub(super) fn finish(self) -> Result<(), Fault> {
        let newest = self.snapshot.height();
        self.snapshot.for_each_row(Table::Undo, |key, _| {
            let height = <[u8; 8]>::try_from(key).map(u64::from_be_bytes);
            match height.is_ok_and(|height| (1..=newest).contains(&height)) {
                true => Ok(()),
                false => Err(wrong(Table::Undo, newest, key, STRAY)),
            }
        })
    }
}
