//! RocksDB as it is, without a ledger above it: what writing costs at least, and where `jmt` keeps its nodes.

use std::path::Path;

use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamilyDescriptor, DB, DBCompressionType, Options, WriteBatch,
    WriteBatchIteratorCf, WriteOptions,
};

/// How long a log is kept that is not needed any more: longer than any run.
const LOG_KEPT_SECONDS: u64 = 3_600;

/// A database, as fast as it can be set up on a machine like this.
pub(super) struct Bare(DB);

/// What a database wrote, batch by batch, taken from its log.
pub(super) struct Log {
    tables: Vec<String>,
    batches: Vec<Batch>,
}

/// Changes that were written together.
pub(super) struct Batch(Vec<u8>);

/// One row of a batch; an absent value deletes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row<'l> {
    pub(super) table: &'l str,
    pub(super) key: Vec<u8>,
    pub(super) value: Option<Vec<u8>>,
}

impl Bare {
    /// Opens a database with one table, or makes it.
    pub(super) fn open(directory: &Path, cache_bytes: usize) -> Bare {
        let mut options = options();
        let mut blocks = BlockBasedOptions::default();
        blocks.set_block_cache(&Cache::new_lru_cache(cache_bytes));
        blocks.set_bloom_filter(10.0, false);
        options.set_block_based_table_factory(&blocks);
        Bare(DB::open(&options, directory).expect("the database opens"))
    }

    /// Makes an empty database in which the batches of a log can be repeated.
    pub(super) fn like(log: &Log, directory: &Path) -> Bare {
        Bare(open_tables(&options(), directory, &log.tables))
    }

    pub(super) fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.0.get(key).expect("the database can be read")
    }

    /// Puts and deletes rows of the only table in one synced batch.
    pub(super) fn write(
        &self,
        puts: impl Iterator<Item = (Vec<u8>, Vec<u8>)>,
        deletes: impl Iterator<Item = Vec<u8>>,
    ) {
        let mut batch = WriteBatch::default();
        puts.for_each(|(key, value)| batch.put(key, value));
        deletes.for_each(|key| batch.delete(key));
        self.write_synced(batch);
    }

    /// Writes a batch that another database wrote.
    pub(super) fn repeat(&self, batch: &Batch) {
        self.write_synced(WriteBatch::from_data(&batch.0));
    }

    fn write_synced(&self, batch: WriteBatch) {
        let mut synced = WriteOptions::default();
        synced.set_sync(true);
        self.0
            .write_opt(batch, &synced)
            .expect("the database can be written");
    }
}

impl Batch {
    pub(super) fn bytes(&self) -> usize {
        self.0.len()
    }
}

impl Log {
    /// Everything that the closed database of a directory has in its log: all that it ever wrote, as long as nothing
    /// was moved from memory to files.
    pub(super) fn read(directory: &Path) -> Log {
        let mut keeping = options();
        keeping.set_wal_ttl_seconds(LOG_KEPT_SECONDS);
        let tables = DB::list_cf(&keeping, directory).expect("the database names its tables");
        let db = open_tables(&keeping, directory, &tables);
        let written = db.get_updates_since(0).expect("the log is there");
        let batches =
            written.map(|batch| Batch(batch.expect("the log can be read").1.data().to_vec()));
        Log {
            batches: batches.collect(),
            tables,
        }
    }

    pub(super) fn batches(&self) -> &[Batch] {
        &self.batches
    }

    /// The rows of a batch, in order.
    pub(super) fn rows(&self, batch: &Batch) -> Vec<Row<'_>> {
        let mut rows = Rows {
            tables: &self.tables,
            found: Vec::new(),
        };
        WriteBatch::from_data(&batch.0).iterate_cf(&mut rows);
        rows.found
    }
}

fn open_tables(options: &Options, directory: &Path, tables: &[String]) -> DB {
    let tables = tables
        .iter()
        .map(|name| ColumnFamilyDescriptor::new(name, self::options()));
    DB::open_cf_descriptors(options, directory, tables).expect("the database opens")
}

struct Rows<'l> {
    tables: &'l [String],
    found: Vec<Row<'l>>,
}

impl Rows<'_> {
    fn add(&mut self, table: u32, key: &[u8], value: Option<&[u8]>) {
        // Tables are numbered in the order of their making, and none was ever dropped.
        self.found.push(Row {
            table: &self.tables[table as usize],
            key: key.to_vec(),
            value: value.map(<[u8]>::to_vec),
        });
    }
}

impl WriteBatchIteratorCf for Rows<'_> {
    fn put_cf(&mut self, table: u32, key: &[u8], value: &[u8]) {
        self.add(table, key, Some(value));
    }

    fn delete_cf(&mut self, table: u32, key: &[u8]) {
        self.add(table, key, None);
    }

    fn merge_cf(&mut self, _table: u32, _key: &[u8], _value: &[u8]) {
        unreachable!("no database of ours merges");
    }
}

fn options() -> Options {
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    options.set_compression_type(DBCompressionType::Lz4);
    options.set_write_buffer_size(64 << 20);
    options.set_max_background_jobs(2);
    options.set_bytes_per_sync(1 << 20);
    options
}
