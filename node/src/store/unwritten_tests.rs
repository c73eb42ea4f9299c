//! Rows that follow from others: they are answered, and never written.

use super::sample::{Changes, DERIVED_PREFIX, commit_of, contents, id_row, options};
use super::table::Table;
use super::{Commit, Store};
use crate::fault::FaultKind;

#[test]
fn what_follows_from_other_rows_is_remembered_and_never_written() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), options()).unwrap();
    let key = [DERIVED_PREFIX, 1];
    let put = |height, row: &[u8]| {
        let changes = Changes::from([(key.to_vec(), Some(row.to_vec()))]);
        store.commit(commit_of(height, changes)).unwrap();
    };
    put(1, b"first");
    let before = store.snapshot();
    put(2, b"second");
    assert_eq!(store.snapshot().get(&key), Some(b"second".to_vec()));
    assert_eq!(before.get(&key), None);
    before.remember(&key, b"first");
    assert_eq!(store.snapshot().get(&key), Some(b"second".to_vec()));

    let is_there = |(_, row): &(_, Vec<u8>)| row.starts_with(&key);
    assert!(!contents(&store).into_keys().any(|row| is_there(&row)));
    store.roll_back().unwrap();
    assert_eq!(store.snapshot().get(&key), None);
    store.snapshot().remember(&key, b"first");
    assert_eq!(store.snapshot().get(&key), Some(b"first".to_vec()));
}

#[test]
fn whether_an_id_is_consumed_is_read_from_the_table_of_ids() {
    let directory = tempfile::tempdir().unwrap();
    let open = || Store::open(directory.path(), options()).unwrap();
    let first = commit_of(1, Changes::new());
    let row = id_row(&first.transactions[0].consumed_id.unwrap());
    let forgets = Changes::from([(row.clone(), None)]);
    // Twice: the first time from the files, the second from memory.
    let check = |store: &Store, expected: Option<Vec<u8>>| {
        assert_eq!(store.snapshot().get(&row), expected);
        assert_eq!(store.snapshot().get(&row), expected);
        assert!(!contents(store).contains_key(&(Table::Rows, row.clone())));
    };
    let store = open();
    check(&store, None);
    store.commit(first).unwrap();
    check(&store, Some(vec![]));
    store.commit(commit_of(2, forgets)).unwrap();
    check(&store, Some(vec![]));

    drop(store);
    let store = open();
    check(&store, Some(vec![]));
    store.roll_back().unwrap();
    check(&store, Some(vec![]));
    store.roll_back().unwrap();
    check(&store, None);
}

#[test]
fn a_commit_whose_ids_are_not_those_that_its_rows_say_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), options()).unwrap();
    let check = |change: fn(&mut Commit)| {
        let mut commit = commit_of(1, Changes::new());
        change(&mut commit);
        let fault = store.commit(commit).unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Internal);
    };
    check(|commit| commit.changes.clear());
    check(|commit| commit.transactions[0].consumed_id = None);
    check(|commit| commit.transactions[1].consumed_id = Some([7; 32]));
    check(|commit| drop(commit.changes.insert(id_row(&[7; 32]), Some(Vec::new()))));
}
