//! A store altered behind the node's back, row by row: what a disk, a careless hand or a thief could do to it while all
//! checksums of its files hold.

use std::path::{Path, PathBuf};

use rocksdb::{DB, IteratorMode, Options};

/// A row: key and value.
pub type Row = (Vec<u8>, Vec<u8>);

/// The files of a store that no node has open.
#[derive(Debug)]
pub struct Files(PathBuf);

impl Files {
    /// The store of a directory.
    #[must_use]
    pub fn of(directory: &Path) -> Files {
        Files(directory.to_owned())
    }

    /// The names of its tables.
    #[must_use]
    pub fn tables(&self) -> Vec<String> {
        let names = DB::list_cf(&Options::default(), &self.0).expect("the tables can be listed");
        names.into_iter().filter(|name| name != "default").collect()
    }

    /// The rows of a table.
    #[must_use]
    pub fn rows(&self, table: &str) -> Vec<Row> {
        let database = self.open();
        let handle = database.cf_handle(table).expect("there is such a table");
        let rows = database.iterator_cf(handle, IteratorMode::Start);
        rows.map(|row| row.expect("the row can be read"))
            .map(|(key, value)| (key.to_vec(), value.to_vec()))
            .collect()
    }

    /// Puts rows, or deletes them.
    pub fn write(&self, table: &str, rows: &[(&[u8], Option<&[u8]>)]) {
        let database = self.open();
        let handle = database.cf_handle(table).expect("there is such a table");
        for (key, value) in rows {
            let written = match value {
                Some(value) => database.put_cf(handle, key, value),
                None => database.delete_cf(handle, key),
            };
            written.expect("the row can be altered");
        }
    }

    fn open(&self) -> DB {
        let options = Options::default();
        let names = DB::list_cf(&options, &self.0).expect("the tables can be listed");
        DB::open_cf(&options, &self.0, names).expect("the store can be opened")
    }
}
