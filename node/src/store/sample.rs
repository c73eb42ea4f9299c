//! What the store's tests commit: made of the height alone, so that another process makes the same.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use polity_ledger::state::keys::is_leaf;
use sha2::{Digest, Sha256};

use super::table::Table;
use super::{Commit, Hash, LeafChange, Recorded, Store, StoreOptions};

/// Rows with this first byte are never overwritten by the samples.
pub(super) const APPEND_ONLY_PREFIX: u8 = 0x90;

/// Rows with this first byte are never written by the samples' store.
pub(super) const DERIVED_PREFIX: u8 = 0x91;

/// Rows with this first byte say which ids are consumed.
const ID_PREFIX: u8 = 0x92;

pub(super) type Changes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// Everything in the tables but what is kept to roll back.
pub(super) type Contents = BTreeMap<(Table, Vec<u8>), Vec<u8>>;

pub(super) fn options() -> StoreOptions {
    StoreOptions {
        put_once_rows: vec![APPEND_ONLY_PREFIX, ID_PREFIX],
        derived_rows: vec![DERIVED_PREFIX],
        id_rows: Some(ID_PREFIX),
        free_bytes_min: 0,
        hot_bytes_max: 16 << 10,
        ..StoreOptions::default()
    }
}

/// A commit of these changes, with two transactions, the id of the first of them, and an index entry for each.
pub(super) fn commit_of(height: u64, mut changes: Changes) -> Commit {
    let transactions: Vec<Recorded> = (0..2u64).map(|number| recorded(height, number)).collect();
    let ids = transactions.iter().filter_map(|one| one.consumed_id);
    changes.extend(ids.map(|id| (id_row(&id), Some(Vec::new()))));
    let leaves = changes.iter().filter(|(key, _)| is_leaf(key));
    Commit {
        height,
        app_hash: hash(&[height]),
        block: format!("block {height}").into_bytes(),
        leaves: leaves
            .map(|(key, value)| LeafChange::of(key, value.as_deref()))
            .collect(),
        indexes: [
            (b"newest".to_vec(), Some(height.to_be_bytes().to_vec())),
            (height.to_be_bytes().to_vec(), Some(vec![])),
        ]
        .into(),
        changes,
        transactions,
        engine: Vec::new(),
    }
}

/// A commit with changes that depend on the height: some keys again and again, some once, some deleted.
pub(super) fn commit_at(height: u64) -> Commit {
    let mut changes = Changes::new();
    for number in 0..20 {
        let random = hash(&[height, number]);
        let key = [
            &[1 + random[0] % 3],
            (u64::from(random[1] % 16)).to_be_bytes().as_slice(),
        ]
        .concat();
        let value = (random[2] > 50).then(|| random[3..3 + usize::from(random[3] % 28)].to_vec());
        changes.insert(key, value);
        changes.insert(
            vec![0x80, random[4] % 8],
            (random[5] > 80).then(|| random[..8].to_vec()),
        );
        changes.insert(
            [&[APPEND_ONLY_PREFIX], random.as_slice()].concat(),
            Some(random.to_vec()),
        );
    }
    commit_of(height, changes)
}

pub(super) fn commit_up_to(store: &Store, height: u64) {
    for height in store.height() + 1..=height {
        store.commit(commit_at(height)).unwrap();
    }
}

pub(super) fn contents(store: &Store) -> Contents {
    let snapshot = store.snapshot();
    let mut contents = Contents::new();
    for table in Table::ALL.into_iter().filter(|table| *table != Table::Undo) {
        let keep = |key: &[u8], value: &[u8]| {
            contents.insert((table, key.to_vec()), value.to_vec());
            Ok(ControlFlow::Continue(()))
        };
        snapshot.view().scan(table, &[], None, keep).unwrap();
    }
    contents
}

/// The contents of a store that reached this height without any trouble.
pub(super) fn contents_at(height: u64) -> Contents {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), options()).unwrap();
    commit_up_to(&store, height);
    contents(&store)
}

pub(super) fn hash(numbers: &[u64]) -> Hash {
    let mut hasher = Sha256::new();
    for number in numbers {
        hasher.update(number.to_be_bytes());
    }
    hasher.finalize().into()
}

/// The row that says that an id is consumed.
pub(super) fn id_row(id: &Hash) -> Vec<u8> {
    [&[ID_PREFIX], id.as_slice()].concat()
}

fn recorded(height: u64, number: u64) -> Recorded {
    Recorded {
        transaction: format!("transaction {height} {number}").into(),
        receipt: format!("receipt {height} {number}").into(),
        consumed_id: (number == 0).then(|| hash(&[height, number, 1])),
    }
}

pub(super) fn file_ending(directory: &Path, end: &str) -> PathBuf {
    largest_file(directory, |name| name.ends_with(end))
}

pub(super) fn file_beginning(directory: &Path, beginning: &str) -> PathBuf {
    largest_file(directory, |name| name.starts_with(beginning))
}

fn largest_file(directory: &Path, is_wanted: impl Fn(&str) -> bool) -> PathBuf {
    let files = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let wanted = files.filter(|path| is_wanted(path.file_name().unwrap().to_str().unwrap()));
    wanted
        .max_by_key(|path| fs::metadata(path).unwrap().len())
        .unwrap()
}

pub(super) fn flip_byte(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 0x10;
    fs::write(path, bytes).unwrap();
}
