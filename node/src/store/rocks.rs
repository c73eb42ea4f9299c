//! The only file that names the storage library: tables, batches, pinned views, checkpoints.

use std::ffi::CStr;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rocksdb::checkpoint::Checkpoint;
use rocksdb::compaction_filter::{CompactionFilter, Decision};
use rocksdb::compaction_filter_factory::{CompactionFilterContext, CompactionFilterFactory};
use rocksdb::statistics::Ticker;
use rocksdb::{
    BlockBasedIndexType, BlockBasedOptions, Cache, ColumnFamily, ColumnFamilyDescriptor, DB,
    DBCompressionType, DBRecoveryMode, ErrorKind, LogLevel, Options, ReadOptions, SliceTransform,
    WriteBatch, WriteOptions,
};

use super::Durability;
use super::options::{HistoryKept, StoreOptions};
use super::retention::Retention;
use super::table::{Table, split_version_key, version_prefix};
use crate::fault::{Fault, FaultKind};

/// A file of the lowest level is rewritten, to leave out what only older snapshots see, when it is a day old, if nothing
/// has rewritten it by then. Without a delay that is as soon as a snapshot goes, and each block takes a new one: every
/// file would be written twice. What is pruned may stay a day longer.
const REWRITTEN_LATE: &str = "bottommost_file_compaction_delay=86400";

/// An open database.
pub(super) struct Rocks {
    db: DB,
    options: Options,
    directory: PathBuf,
    retention: Arc<Retention>,
    synced_writes: AtomicU64,
}

impl Rocks {
    /// Opens the database of a directory, or makes an empty one there.
    pub(super) fn open(directory: &Path, settings: &StoreOptions) -> Result<Rocks, Fault> {
        let mut options = database_options(settings);
        // In a store that holds something, a table that is not there was lost: an empty one in its place
        // would hide that.
        let is_new = holds_nothing(directory)?;
        options.create_if_missing(is_new);
        options.create_missing_column_families(is_new);
        Rocks::open_by(directory, settings, options, |options, tables| {
            DB::open_cf_descriptors(options, directory, tables)
        })
    }

    /// Opens the database of a directory to which nobody may write. What its log holds is read into memory.
    pub(super) fn open_to_read(directory: &Path, settings: &StoreOptions) -> Result<Rocks, Fault> {
        let options = database_options(settings);
        Rocks::open_by(directory, settings, options, |options, tables| {
            DB::open_cf_descriptors_read_only(options, directory, tables, false)
        })
    }

    fn open_by(
        directory: &Path,
        settings: &StoreOptions,
        options: Options,
        open: impl FnOnce(&Options, Vec<ColumnFamilyDescriptor>) -> Result<DB, rocksdb::Error>,
    ) -> Result<Rocks, Fault> {
        let retention = Arc::new(Retention::default());
        let cache = Cache::new_lru_cache(settings.block_cache_bytes);
        let tables = Table::ALL.map(|table| {
            ColumnFamilyDescriptor::new(
                table.name(),
                table_options(table, settings, &cache, &retention),
            )
        });
        let db = open(&options, tables.into())
            .map_err(|error| fault("opening the store", directory, &error))?;

        Ok(Rocks {
            db,
            options,
            directory: directory.to_path_buf(),
            retention,
            synced_writes: AtomicU64::new(0),
        })
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn retention(&self) -> &Arc<Retention> {
        &self.retention
    }

    pub(super) fn batch(&self) -> Result<Batch<'_>, Fault> {
        self.batch_of_about(0)
    }

    /// An empty batch that will have about so many bytes: it copies what it holds whenever it grows.
    pub(super) fn batch_of_about(&self, bytes: usize) -> Result<Batch<'_>, Fault> {
        let mut handles = Vec::with_capacity(Table::ALL.len());
        for table in Table::ALL {
            handles.push(self.handle(table)?);
        }
        Ok(Batch {
            handles,
            batch: WriteBatch::with_capacity_bytes(bytes),
        })
    }

    /// Writes a batch whole or not at all, and returns when the disk has it: one fsync of the log.
    pub(super) fn write_synced(&self, batch: WriteBatch) -> Result<(), Fault> {
        self.write(batch, Durability::Now)
    }

    /// Writes a batch whole or not at all. What was to be written later is on the disk with the next synced one,
    /// because they share a log.
    pub(super) fn write(&self, batch: WriteBatch, durability: Durability) -> Result<(), Fault> {
        let mut options = WriteOptions::default();
        if durability == Durability::Now {
            options.set_sync(true);
            self.synced_writes.fetch_add(1, Ordering::Relaxed);
        }
        self.db
            .write_opt(batch, &options)
            .map_err(|error| fault("writing to the store", &self.directory, &error))
    }

    /// How many synced writes there were.
    pub(super) fn synced_writes(&self) -> u64 {
        self.synced_writes.load(Ordering::Relaxed)
    }

    /// How often the library itself says that it synced its log; zero without `StoreOptions::statistics`.
    pub(super) fn log_syncs(&self) -> u64 {
        self.options.get_ticker_count(Ticker::WalFileSynced)
    }

    /// Bytes of the files of all tables.
    pub(super) fn file_bytes(&self) -> Result<u64, Fault> {
        let files = self
            .db
            .live_files()
            .map_err(|error| fault("listing the files", &self.directory, &error))?;
        Ok(files.iter().map(|file| file.size as u64).sum())
    }

    /// Writes what memory holds to files and brings every table into its smallest form.
    pub(super) fn compact(&self) -> Result<(), Fault> {
        for table in Table::ALL {
            self.db
                .compact_range_cf(self.handle(table)?, None::<&[u8]>, None::<&[u8]>);
        }
        Ok(())
    }

    /// Makes a consistent copy in `target`, which must not exist: links on the same file system, else copies.
    pub(super) fn checkpoint(&self, target: &Path) -> Result<(), Fault> {
        Checkpoint::new(&self.db)
            .and_then(|checkpoint| checkpoint.create_checkpoint(target))
            .map_err(|error| fault("writing a backup", target, &error))
    }

    fn handle(&self, table: Table) -> Result<&ColumnFamily, Fault> {
        self.db.cf_handle(table.name()).ok_or_else(|| {
            Fault::new(
                FaultKind::StoreDamaged,
                format!("the table {} is missing", table.name()),
            )
        })
    }
}

/// Changes that are written together.
pub(super) struct Batch<'a> {
    // In the order of `Table::ALL`.
    handles: Vec<&'a ColumnFamily>,
    batch: WriteBatch,
}

impl Batch<'_> {
    pub(super) fn put(&mut self, table: Table, key: &[u8], value: &[u8]) {
        self.batch.put_cf(self.handles[table as usize], key, value);
    }

    pub(super) fn delete(&mut self, table: Table, key: &[u8]) {
        self.batch.delete_cf(self.handles[table as usize], key);
    }

    /// Deletes every row of a table whose key is shorter than 255 bytes.
    pub(super) fn clear(&mut self, table: Table) {
        let to = [0xff; 255];
        self.batch
            .delete_range_cf(self.handles[table as usize], &[][..], &to[..]);
    }

    pub(super) fn put_or_delete(&mut self, table: Table, key: &[u8], value: Option<&[u8]>) {
        match value {
            Some(value) => self.put(table, key, value),
            None => self.delete(table, key),
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.batch.size_in_bytes()
    }

    pub(super) fn finish(self) -> WriteBatch {
        self.batch
    }
}

type Pin<'a> = rocksdb::Snapshot<'a>;
type RawIterator<'a> = rocksdb::DBRawIteratorWithThreadMode<'a, DB>;

self_cell::self_cell!(
    /// The database as it was at one moment, whatever is written later.
    pub(super) struct View {
        owner: Arc<Rocks>,
        #[covariant]
        dependent: Pin,
    }
);

impl View {
    /// Pins the present.
    pub(super) fn pin(rocks: Arc<Rocks>) -> View {
        View::new(rocks, |rocks| rocks.db.snapshot())
    }

    /// The value of exactly this key.
    pub(super) fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        let rocks = self.borrow_owner();
        self.borrow_dependent()
            .get_cf_opt(rocks.handle(table)?, key, ReadOptions::default())
            .map_err(|error| fault(table.reading(), &rocks.directory, &error))
    }

    /// The stored version of this key of a version, or else the newest older one.
    pub(super) fn newest_version(&self, version_key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        let rocks = self.borrow_owner();
        let mut options = ReadOptions::default();
        options.set_prefix_same_as_start(true);
        let mut rows = self
            .borrow_dependent()
            .raw_iterator_cf_opt(rocks.handle(Table::Values)?, options);
        rows.seek(version_key);
        if let Some((key, value)) = rows.item() {
            let is_of_this_key = version_prefix(key) == version_prefix(version_key);
            return Ok(is_of_this_key.then(|| value.to_vec()));
        }

        rows.status()
            .map_err(|error| fault(Table::Values.reading(), &rocks.directory, &error))?;
        Ok(None)
    }

    /// Calls `row` for the rows from `from` on and below `to` (absent: to the end), in order, until it breaks.
    pub(super) fn scan(
        &self,
        table: Table,
        from: &[u8],
        to: Option<&[u8]>,
        row: impl FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, Fault>,
    ) -> Result<(), Fault> {
        let mut rows = self.rows(table, from, to)?;
        rows.seek(from);
        self.walk(table, rows, RawIterator::next, row)
    }

    /// The same backwards: from the last row below `to` (absent: from the end) down to `from`.
    pub(super) fn scan_back(
        &self,
        table: Table,
        from: &[u8],
        to: Option<&[u8]>,
        row: impl FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, Fault>,
    ) -> Result<(), Fault> {
        let mut rows = self.rows(table, from, to)?;
        rows.seek_to_last();
        self.walk(table, rows, RawIterator::prev, row)
    }

    /// The rows from `from` on and below `to` (absent: to the end), read once and not cached.
    fn rows(&self, table: Table, from: &[u8], to: Option<&[u8]>) -> Result<RawIterator<'_>, Fault> {
        let mut options = ReadOptions::default();
        options.set_total_order_seek(true);
        options.fill_cache(false);
        options.set_iterate_lower_bound(from);
        if let Some(to) = to {
            options.set_iterate_upper_bound(to);
        }
        let handle = self.borrow_owner().handle(table)?;
        Ok(self.borrow_dependent().raw_iterator_cf_opt(handle, options))
    }

    /// Calls `row` for the row that `rows` stands on, and for each one that `step` leads to, until it breaks.
    fn walk<'a>(
        &self,
        table: Table,
        mut rows: RawIterator<'a>,
        step: fn(&mut RawIterator<'a>),
        mut row: impl FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, Fault>,
    ) -> Result<(), Fault> {
        while let Some((key, value)) = rows.item() {
            if row(key, value)?.is_break() {
                return Ok(());
            }
            step(&mut rows);
        }

        rows.status()
            .map_err(|error| fault(table.reading(), &self.borrow_owner().directory, &error))
    }
}

/// Makes one [`Pruner`] for each compaction.
struct Pruning {
    retention: Arc<Retention>,
}

impl CompactionFilterFactory for Pruning {
    type Filter = Pruner;

    fn create(&mut self, _context: CompactionFilterContext) -> Pruner {
        Pruner {
            horizon: self.retention.horizon(),
            prefix: Vec::new(),
            is_horizon_passed: false,
        }
    }

    fn name(&self) -> &CStr {
        c"polity.pruning"
    }
}

/// Drops the versions below the newest one at the horizon. It meets the versions of a key newest first; in one
/// compaction perhaps not all of them, but never an older one without those between.
struct Pruner {
    horizon: u64,
    prefix: Vec<u8>,
    is_horizon_passed: bool,
}

impl CompactionFilter for Pruner {
    fn filter(&mut self, _level: u32, key: &[u8], _value: &[u8]) -> Decision {
        let Some((_, height)) = split_version_key(key) else {
            return Decision::Keep;
        };
        if version_prefix(key) != self.prefix {
            self.prefix = version_prefix(key).to_vec();
            self.is_horizon_passed = false;
        }
        if self.is_horizon_passed {
            return Decision::Remove;
        }

        self.is_horizon_passed = height <= self.horizon;
        Decision::Keep
    }

    fn name(&self) -> &CStr {
        c"polity.pruner"
    }
}

/// Whether nothing was ever written here; the making of a store may have been broken off.
fn holds_nothing(directory: &Path) -> Result<bool, Fault> {
    let doing = format!("looking into {}", directory.display());
    for entry in std::fs::read_dir(directory).map_err(|error| Fault::from_io(&doing, &error))? {
        let entry = entry.map_err(|error| Fault::from_io(&doing, &error))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let bytes = entry.metadata().map_or(0, |metadata| metadata.len());
        if name.ends_with(".sst") || (name.ends_with(".log") && bytes > 0) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn database_options(settings: &StoreOptions) -> Options {
    let mut options = Options::default();
    // A torn tail is a commit that was never acknowledged. Damage before the tail would lose acknowledged ones
    // without a word under the library's default; this mode refuses to open instead.
    options.set_wal_recovery_mode(DBRecoveryMode::TolerateCorruptedTailRecords);
    options.set_db_write_buffer_size(settings.write_buffer_bytes);
    options.set_max_total_wal_size(2 * settings.write_buffer_bytes as u64);
    options.set_max_open_files(settings.open_files_max);
    options.set_max_background_jobs(2);
    options.set_bytes_per_sync(1 << 20);
    options.set_manifest_preallocation_size(64 << 10);
    options.set_log_level(LogLevel::Warn);
    options.set_keep_log_file_num(2);
    options.set_max_log_file_size(1 << 20);
    options.set_stats_dump_period_sec(0);
    options.set_stats_persist_period_sec(0);
    if settings.statistics {
        options.enable_statistics();
    }
    options
}

fn table_options(
    table: Table,
    settings: &StoreOptions,
    cache: &Cache,
    retention: &Arc<Retention>,
) -> Options {
    let mut options = Options::default()
        .get_options_from_string(REWRITTEN_LATE)
        .expect("the library knows its own settings");
    options.set_write_buffer_size(settings.write_buffer_bytes / 2);
    options.set_target_file_size_base(32 << 20);
    options.set_max_bytes_for_level_base(128 << 20);
    options.set_compression_type(DBCompressionType::Lz4);

    let mut blocks = BlockBasedOptions::default();
    blocks.set_block_cache(cache);
    // Indexes and filters live in the bounded cache too, in partitions: memory does not grow with the data.
    blocks.set_cache_index_and_filter_blocks(true);
    blocks.set_pin_l0_filter_and_index_blocks_in_cache(true);
    blocks.set_index_type(BlockBasedIndexType::TwoLevelIndexSearch);
    blocks.set_partition_filters(true);
    blocks.set_optimize_filters_for_memory(true);

    match table {
        Table::Values => {
            // The filter knows the keys, not their versions: a read seeks the newest version of one key.
            options.set_prefix_extractor(SliceTransform::create(
                "polity.key",
                version_prefix,
                None,
            ));
            blocks.set_whole_key_filtering(false);
            blocks.set_bloom_filter(10.0, false);
            blocks.set_block_size(8 << 10);
            if settings.history_kept != HistoryKept::All {
                options.set_compaction_filter_factory(Pruning {
                    retention: Arc::clone(retention),
                });
            }
        }
        Table::Rows => {
            blocks.set_bloom_filter(10.0, false);
            blocks.set_block_size(8 << 10);
        }
        Table::Leaves | Table::Ids => {
            // Hashes: nothing to compress.
            options.set_compression_type(DBCompressionType::None);
            blocks.set_bloom_filter(10.0, false);
            blocks.set_block_size(4 << 10);
            if table == Table::Ids {
                // Each new transaction asks for an id that is not there: filters say so in memory as in files.
                // Five bits or more for each of the ids that fit; all of them are memory that is taken at once.
                options.set_memtable_whole_key_filtering(true);
                options.set_memtable_prefix_bloom_ratio(0.01);
            }
        }
        Table::Transactions
        | Table::Receipts
        | Table::Blocks
        | Table::Undo
        | Table::Indexes
        | Table::Engine
        | Table::Archive => {
            // Read by position, mostly in order: larger blocks compress better, and a filter would find nothing out.
            blocks.set_block_size(16 << 10);
        }
        Table::Meta => {}
    }
    options.set_block_based_table_factory(&blocks);
    options
}

/// Gives an error of the library its kind. The library tells some kinds apart by words alone.
fn fault(doing: &str, path: &Path, error: &rocksdb::Error) -> Fault {
    let words = error.as_ref();
    let kind = match error.kind() {
        ErrorKind::Corruption => FaultKind::StoreDamaged,
        ErrorKind::IOError if words.contains("lock file") || words.contains("/LOCK") => {
            let words = format!("{} is in use by another process", path.display());
            return Fault::new(FaultKind::StoreLocked, words);
        }
        ErrorKind::IOError
            if words.contains("No space left") || words.contains("quota exceeded") =>
        {
            FaultKind::DiskFull
        }
        // A file that the manifest names is gone, or shorter than it was written.
        ErrorKind::IOError if words.contains("No such file") || words.contains("truncated") => {
            FaultKind::StoreDamaged
        }
        ErrorKind::IOError => FaultKind::Io,
        // Opening tells of tables and files that it does not know as an invalid argument.
        ErrorKind::InvalidArgument | ErrorKind::NotSupported | ErrorKind::NotFound => {
            FaultKind::StoreDamaged
        }
        ErrorKind::MergeInProgress
        | ErrorKind::Incomplete
        | ErrorKind::ShutdownInProgress
        | ErrorKind::TimedOut
        | ErrorKind::Aborted
        | ErrorKind::Busy
        | ErrorKind::Expired
        | ErrorKind::TryAgain
        | ErrorKind::CompactionTooLarge
        | ErrorKind::ColumnFamilyDropped
        | ErrorKind::Unknown => FaultKind::Internal,
    };
    Fault::new(kind, format!("{doing} at {}: {words}", path.display()))
}
