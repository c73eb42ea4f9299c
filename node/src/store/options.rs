//! The settings of the store. They change how fast it answers and how much it keeps, never what it says; but for
//! `id_rows`, which says more.

use polity_ledger::state::keys;

use crate::query::PUT_ONCE_INDEXES;

/// How much of the past can be asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryKept {
    /// Every height since the first.
    All,
    /// As many of the newest heights; raised to [`StoreOptions::undo_heights`] where it is less.
    NewestHeights(u64),
}

/// The settings of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreOptions {
    /// How much of the past can be asked about by height.
    pub history_kept: HistoryKept,
    /// How many of the newest heights can be rolled back.
    pub undo_heights: u64,
    /// First bytes of rows that are put where nothing stands, and later at most deleted. The undo of such a put needs
    /// no read before the write. Naming a prefix here whose rows are overwritten makes a rollback wrong, so leave out
    /// what is uncertain.
    pub put_once_rows: Vec<u8>,
    /// The same of indexes.
    pub put_once_indexes: Vec<u8>,
    /// First bytes of rows that follow from others. They are held in memory as long as there is room, and never written.
    pub derived_rows: Vec<u8>,
    /// First byte of the rows that say which ids transactions have consumed: that byte and the id, without a value. They are
    /// read from the table of ids and never written, also after they were deleted. They are put once, and are to be named so.
    pub id_rows: Option<u8>,
    /// Bound of the newest values held in memory, in bytes of keys and values with their overhead.
    pub hot_bytes_max: usize,
    /// Bound of the blocks of files held in memory, in bytes.
    pub block_cache_bytes: usize,
    /// Bound of the newest writes held in memory until they become files, in bytes.
    pub write_buffer_bytes: usize,
    /// A commit is refused where it would leave less space than this on the disk, in bytes.
    pub free_bytes_min: u64,
    /// Files kept open at once.
    pub open_files_max: i32,
    /// Nothing is written, so the store opens also where its file system allows only reading. Elsewhere it is opened like any
    /// other, which no second process can have.
    pub reads_only: bool,
    /// Counts what the storage library does, fsyncs of the log included; costs a few per cent.
    pub statistics: bool,
}

impl Default for StoreOptions {
    fn default() -> StoreOptions {
        StoreOptions {
            history_kept: HistoryKept::All,
            undo_heights: 16,
            put_once_rows: Vec::new(),
            put_once_indexes: Vec::new(),
            derived_rows: Vec::new(),
            id_rows: None,
            hot_bytes_max: 256 << 20,
            block_cache_bytes: 64 << 20,
            write_buffer_bytes: 64 << 20,
            free_bytes_min: 256 << 20,
            open_files_max: 512,
            reads_only: false,
            statistics: false,
        }
    }
}

impl StoreOptions {
    /// The settings of a store that holds the ledger.
    pub fn of_the_ledger() -> StoreOptions {
        StoreOptions {
            put_once_rows: keys::PUT_ONCE.to_vec(),
            put_once_indexes: PUT_ONCE_INDEXES.to_vec(),
            derived_rows: keys::DERIVED.to_vec(),
            id_rows: Some(keys::CONSUMED_ID),
            ..StoreOptions::default()
        }
    }

    /// Whether the row of a key is written.
    pub(crate) fn is_written(&self, key: &[u8]) -> bool {
        let follows = |first| self.derived_rows.contains(first) || self.id_rows == Some(*first);
        !key.first().is_some_and(follows)
    }

    /// The oldest height that stays answerable after the commit of `height`.
    pub(super) fn history_base_after(&self, height: u64) -> u64 {
        match self.history_kept {
            HistoryKept::All => 0,
            HistoryKept::NewestHeights(heights) => {
                height.saturating_sub(heights.max(self.undo_heights))
            }
        }
    }
}
