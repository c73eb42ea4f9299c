//! The table `undo`: what the newest heights replaced, so that they can be taken back.

use super::replica::Replica;
use super::{DIFFERS, MISSING, STRAY, wrong};
use crate::fault::Fault;
use crate::store::{Commit, Snapshot, StoreOptions, Table, height_key, undo_of};

pub(super) struct UndoTable<'a> {
    snapshot: &'a Snapshot,
    options: &'a StoreOptions,
    // The oldest height that must have a row.
    first_kept: u64,
}

impl<'a> UndoTable<'a> {
    /// The table of a store whose newest chain begins at `first_height`, below which nothing is taken back.
    pub(super) fn new(
        snapshot: &'a Snapshot,
        options: &'a StoreOptions,
        first_height: u64,
    ) -> Result<UndoTable<'a>, Fault> {
        // A height that was taken back has left a row, so that its own age counts.
        let mut highest = snapshot.height();
        snapshot.for_each_row(Table::Undo, |key, _| {
            highest = highest.max(height_of(key).unwrap_or(0));
            Ok(())
        })?;
        let first_kept = (highest.saturating_add(1)).saturating_sub(options.undo_heights);
        Ok(UndoTable {
            snapshot,
            options,
            first_kept: first_kept.max(first_height),
        })
    }

    /// Compares what a height replaced; `before` is the state that it was executed over.
    pub(super) fn compare(&self, commit: &Commit, before: &Replica) -> Result<(), Fault> {
        let height = commit.height;
        let Some(stored) = self.row(height)? else {
            return Ok(());
        };
        let made = undo_of(
            commit,
            self.options,
            &before.app_hash(),
            &|key| Ok(before.state().get(key).cloned()),
            // Indexes are put where nothing stands.
            &|_| Ok(None),
        )?;
        if stored == made {
            Ok(())
        } else {
            Err(wrong(Table::Undo, height, &height_key(height), DIFFERS))
        }
    }

    /// The row of a height; none where there need be none.
    fn row(&self, height: u64) -> Result<Option<Vec<u8>>, Fault> {
        let key = height_key(height);
        let row = self.snapshot.row(Table::Undo, &key)?;
        if row.is_none() && height >= self.first_kept {
            Err(wrong(Table::Undo, height, &key, MISSING))
        } else {
            Ok(row)
        }
    }

    /// Looks for rows of heights that were not executed, but for those that were taken back.
    pub(super) fn finish(self) -> Result<(), Fault> {
        let newest = self.snapshot.height();
        self.snapshot
            .for_each_row(Table::Undo, |key, row| match height_of(key) {
                Some(height) if (1..=newest).contains(&height) => Ok(()),
                Some(height) if height > newest && row.is_empty() => Ok(()),
                Some(_) | None => Err(wrong(Table::Undo, newest, key, STRAY)),
            })
    }
}

fn height_of(key: &[u8]) -> Option<u64> {
    key.try_into().map(u64::from_be_bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    fn with_store(test: impl FnOnce(&Store)) {
        let directory = tempfile::tempdir().unwrap();
        let options = StoreOptions {
            free_bytes_min: 0,
            undo_heights: 4,
            ..StoreOptions::default()
        };
        let store = Store::open(directory.path(), options).unwrap();
        for height in 1..=10 {
            let commit = Commit {
                height,
                ..Commit::default()
            };
            store.commit(commit).unwrap();
        }
        test(&store);
    }

    /// The heights without the row that they must have; `STRAY` rows fail.
    fn missing(store: &Store, first_height: u64) -> Vec<u64> {
        let snapshot = store.snapshot();
        let table = UndoTable::new(&snapshot, store.options(), first_height).unwrap();
        let heights = 1..=snapshot.height();
        let missing = heights.filter(|height| table.row(*height).is_err());
        let missing = missing.collect();
        table.finish().unwrap();
        missing
    }

    #[test]
    fn an_emptied_table_lacks_the_rows_of_the_newest_heights() {
        with_store(|store| {
            assert_eq!(missing(store, 1), [0; 0]);
            store.go_on(b"which empties it").unwrap();
            assert_eq!(missing(store, 1), [7, 8, 9, 10]);
            assert_eq!(missing(store, 11), [0; 0], "another chain goes on");
        });
    }

    #[test]
    fn nothing_is_missing_where_heights_were_taken_back_and_made_again() {
        with_store(|store| {
            for _ in 0..4 {
                store.roll_back().unwrap();
                assert_eq!(missing(store, 1), [0; 0]);
            }
            assert_eq!(
                (store.height(), store.heights_to_roll_back().unwrap()),
                (6, 0)
            );
            for height in 7..=12 {
                let commit = Commit {
                    height,
                    ..Commit::default()
                };
                store.commit(commit).unwrap();
                assert_eq!(missing(store, 1), [0; 0]);
            }
        });
    }
}
