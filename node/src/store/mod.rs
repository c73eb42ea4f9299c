//! The durable store of a node.
//!
//! A height is written in one synced batch or not at all ([`Store::commit`]). Readers hold a [`Snapshot`]: the state
//! of one height, unmoved by the commits that follow, from any thread. What a commit replaced is kept for the newest
//! heights, so that they can be taken back ([`Store::roll_back`]). What the tables hold is told in `table.rs`; the
//! storage library is named in `rocks.rs` alone.

mod as_of;
mod backup;
#[cfg(test)]
mod backup_tests;
mod cache;
mod check;
mod commit;
mod continuation;
#[cfg(test)]
mod crash_tests;
mod disk;
mod engine;
mod files;
mod format;
mod genesis;
mod index_range;
#[cfg(test)]
mod model_tests;
mod options;
mod raw;
mod retention;
mod rocks;
#[cfg(test)]
mod sample;
mod snapshot;
mod table;
#[cfg(test)]
mod tests;
mod undo;
#[cfg(test)]
mod unwritten_tests;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

pub use as_of::{AsOf, AsOfError};
pub use backup::{BackupSummary, restore, verify_backup};
pub(crate) use backup::{restore_after, restoring};
pub use check::CheckReport;
pub use commit::{Commit, Durability, LeafChange, Recorded};
pub use continuation::ArchiveEntry;
pub use disk::{free_bytes, free_space_check};
pub use genesis::Genesis;
pub use index_range::{IndexEntry, IndexRange};
pub use options::{HistoryKept, StoreOptions};
pub use snapshot::{Leaf, Position, Snapshot};
pub use table::KEY_BYTES_MAX;

pub(crate) use commit::{leaf_row, tip};
pub(crate) use files::{ListedFile, hash_file, put_in_place, remove_tree, require_empty, sync};
pub(crate) use raw::{height_of_version, version_row};
pub(crate) use table::{Meta, Table, height_key, position_key};
pub(crate) use undo::undo_of;

use crate::cores;
use crate::crash_point;
use crate::fault::{Fault, FaultKind};
use cache::Cache;
use rocks::{Batch, Rocks};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// The durable store: one directory, one process, one writer, any number of readers.
pub struct Store {
    rocks: Arc<Rocks>,
    cache: Arc<Cache>,
    options: StoreOptions,
    newest: RwLock<Arc<Snapshot>>,
    // Held while something is written: writes come one after another.
    writing: Mutex<()>,
    epoch: AtomicU64,
    commits: AtomicU64,
}

/// What the store did since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StoreCounters {
    /// Heights committed.
    pub commits: u64,
    /// Synced writes of any purpose: one for each commit, each rollback, each change of the organisation or indexes.
    pub synced_writes: u64,
    /// Fsyncs of the log as the storage library counts them; zero without [`StoreOptions::statistics`].
    pub log_syncs: u64,
    /// Reads of state that found their key in memory.
    pub hot_hits: u64,
    /// Reads of state that went to the files.
    pub hot_misses: u64,
}

impl Store {
    /// Opens the store of a directory, or makes an empty one there.
    ///
    /// # Errors
    /// `StoreLocked` while another process has it open, `StoreDamaged` if it cannot be read as it was written, `Usage`
    /// if it has the form of another version, `DiskFull` and `Io`.
    pub fn open(directory: &Path, options: StoreOptions) -> Result<Store, Fault> {
        crash_point::read_order();
        let is_new = prepare_directory(directory)?;
        format::settle(directory, is_new)?;
        let rocks = if options.reads_only && disk::allows_only_reading(directory)? {
            Arc::new(Rocks::open_to_read(directory, &options)?)
        } else {
            let rocks = Arc::new(Rocks::open(directory, &options)?);
            // Nobody else has the store, so no backup is being made.
            files::remove_tree(&backup::held(directory))?;
            rocks
        };

        let cache = Arc::new(Cache::new(
            options.hot_bytes_max,
            &options.put_once_rows,
            &options.derived_rows,
        ));
        let newest = Arc::new(Snapshot::take(&rocks, &cache, options.id_rows, 0)?);
        newest.check_tip()?;
        newest.let_go();

        Ok(Store {
            rocks,
            cache,
            options,
            newest: RwLock::new(newest),
            writing: Mutex::new(()),
            epoch: AtomicU64::new(0),
            commits: AtomicU64::new(0),
        })
    }

    /// The state of the newest committed height. Cheap; holds still while commits go on.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.newest.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The height of the newest commit; 0 before the first.
    pub fn height(&self) -> u64 {
        self.snapshot().height()
    }

    /// The directory of the store.
    pub fn directory(&self) -> &Path {
        self.rocks.directory()
    }

    /// The settings that the store was opened with.
    pub fn options(&self) -> &StoreOptions {
        &self.options
    }

    /// What the store did since it was opened.
    pub fn counters(&self) -> StoreCounters {
        let (hot_hits, hot_misses) = self.cache.hits_and_misses();
        StoreCounters {
            commits: self.commits.load(Ordering::Relaxed),
            synced_writes: self.rocks.synced_writes(),
            log_syncs: self.rocks.log_syncs(),
            hot_hits,
            hot_misses,
        }
    }

    /// Bytes of the files of all tables, without the log.
    pub fn file_bytes(&self) -> Result<u64, Fault> {
        self.rocks.file_bytes()
    }

    /// Brings the files into their smallest form and drops what is older than the history kept. Takes its time.
    pub fn compact(&self) -> Result<(), Fault> {
        self.rocks.compact()
    }

    fn begin_writing(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a batch, and meanwhile takes over into memory what it changes of the state; returns the epoch to show.
    ///
    /// Until it is shown nobody is misled: no reader has that epoch yet.
    fn write_state(
        &self,
        batch: Batch<'_>,
        changes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
        durability: Durability,
    ) -> Result<u64, Fault> {
        let epoch = self.epoch.fetch_add(1, Ordering::Relaxed) + 1;
        let ((), written) = cores::both(
            || self.cache.begin_epoch(epoch, changes),
            || self.rocks.write(batch.finish(), durability),
        );
        match written {
            Ok(()) => Ok(epoch),
            Err(fault) => {
                self.forget_and_show()?;
                Err(fault)
            }
        }
    }

    /// Shows readers what was written: a new snapshot in the place of the former one.
    fn show(&self, epoch: u64) -> Result<(), Fault> {
        let snapshot = Snapshot::take(&self.rocks, &self.cache, self.options.id_rows, epoch)?;
        *self.newest.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(snapshot);
        Ok(())
    }

    /// Shows readers what is in the files, after a rollback or a write that failed: what is in memory does not hold.
    fn forget_and_show(&self) -> Result<(), Fault> {
        let epoch = self.epoch.fetch_add(1, Ordering::Relaxed) + 1;
        self.cache.clear(epoch);
        self.show(epoch)
    }
}

/// What the storage library writes first, before the file CURRENT. Each later start gives it another number.
const FIRST_MANIFEST: &str = "MANIFEST-000001";

/// The directory must hold a whole store, or none, whose making may have been broken off: a new store over the rest of an
/// old one would hide a loss. Says whether there is none yet.
fn prepare_directory(directory: &Path) -> Result<bool, Fault> {
    let doing = format!("preparing the store's directory {}", directory.display());
    std::fs::create_dir_all(directory).map_err(|error| Fault::from_io(&doing, &error))?;
    if directory.join("CURRENT").exists() {
        return Ok(false);
    }

    for entry in std::fs::read_dir(directory).map_err(|error| Fault::from_io(&doing, &error))? {
        let name = entry
            .map_err(|error| Fault::from_io(&doing, &error))?
            .file_name();
        let name = name.to_string_lossy();
        let is_later_manifest = name.starts_with("MANIFEST") && name != FIRST_MANIFEST;
        if name.ends_with(".sst") || name.ends_with(".log") || is_later_manifest {
            let words = format!("{} holds {name} but no file CURRENT", directory.display());
            return Err(Fault::new(FaultKind::StoreDamaged, words));
        }
    }
    Ok(true)
}
