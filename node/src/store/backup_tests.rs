//! What a backup promises.

use std::fs;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};

use polity_engine::application::{EngineRow, EngineStore as _};

use super::sample::{commit_up_to, contents, contents_at, file_ending, flip_byte, hash, options};
use super::{Store, restore, verify_backup};
use crate::fault::FaultKind;

#[test]
fn a_backup_of_a_running_store_is_one_whole_height() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let store = Store::open(&path("store"), options()).unwrap();
    commit_up_to(&store, 5);
    let is_done = AtomicBool::new(false);
    let backup = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_done.load(Ordering::Relaxed) {
                commit_up_to(&store, store.height() + 1);
            }
        });
        let backup = store.back_up(&path("backup")).unwrap();
        is_done.store(true, Ordering::Relaxed);
        backup
    });
    assert_eq!(verify_backup(&path("backup")).unwrap(), backup);
    assert_eq!(backup.app_hash, hash(&[backup.height]));
    drop(store);

    let (restored, report) = restore(&path("backup"), &path("restored"), options()).unwrap();
    assert_eq!((restored, report.height), (backup.clone(), backup.height));
    let store = Store::open(&path("restored"), options()).unwrap();
    assert_eq!(contents(&store), contents_at(backup.height));
    commit_up_to(&store, backup.height + 2);
    assert_eq!(contents(&store), contents_at(backup.height + 2));
}

#[test]
fn what_a_backup_that_was_broken_off_holds_still_is_let_go_at_the_next_start() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    fs::create_dir(path("store.held")).unwrap();
    fs::write(path("store.held/000008.sst"), "replaced long ago").unwrap();
    let _store = Store::open(&path("store"), options()).unwrap();
    assert!(!path("store.held").exists());
}

#[test]
fn a_changed_backup_is_not_restored() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let store = Store::open(&path("store"), options()).unwrap();
    commit_up_to(&store, 5);
    store.back_up(&path("backup")).unwrap();
    let refused = || {
        let kind = restore(&path("backup"), &path("restored"), options())
            .unwrap_err()
            .kind();
        assert!(!path("restored").exists());
        kind
    };

    fs::write(path("backup/stray"), b"").unwrap();
    assert_eq!(refused(), FaultKind::StoreDamaged);
    fs::remove_file(path("backup/stray")).unwrap();
    let table = file_ending(&path("backup"), ".sst");
    flip_byte(&table, 50);
    assert_eq!(refused(), FaultKind::StoreDamaged);
    fs::remove_file(&table).unwrap();
    assert_eq!(refused(), FaultKind::StoreDamaged);
    fs::write(path("backup/backup.json"), b"{").unwrap();
    assert_eq!(refused(), FaultKind::StoreDamaged);

    let kind = restore(&path("backup"), &path("store"), options())
        .unwrap_err()
        .kind();
    assert_eq!(kind, FaultKind::Usage, "a directory in use is left alone");
}

#[test]
fn a_backup_shares_nothing_with_the_store() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let store = Store::open(&path("store"), options()).unwrap();
    commit_up_to(&store, 5);
    let backup = store.back_up(&path("backup")).unwrap();
    drop(store);

    // In place, as a bad sector does it: a file of two names would be spoilt under both.
    let files = fs::read_dir(path("store")).unwrap();
    for file in files.map(|entry| entry.unwrap().path()) {
        let bytes = fs::read(&file).unwrap().len();
        let mut open = fs::OpenOptions::new().write(true).open(&file).unwrap();
        open.write_all(&vec![0xff; bytes]).unwrap();
    }

    let (restored, _) = restore(&path("backup"), &path("restored"), options()).unwrap();
    assert_eq!(restored, backup);
    let store = Store::open(&path("restored"), options()).unwrap();
    assert_eq!(contents(&store), contents_at(5));
}

/// A bad sector in the largest file, which is the one that `fill` made, is found by whoever copies the store.
#[track_caller]
fn check_damage(what: &str, fill: impl FnOnce(&Store)) {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let store = Store::open(&path("store"), options()).unwrap();
    commit_up_to(&store, 5);
    fill(&store);
    store.compact().unwrap();
    drop(store);
    flip_byte(&file_ending(&path("store"), ".sst"), 40);
    let store = Store::open(&path("store"), options()).unwrap();
    let fault = store.back_up(&path("backup")).unwrap_err();
    assert_eq!(fault.kind(), FaultKind::StoreDamaged, "{what}");
    let damaged = format!("the store {} is not", path("store").display());
    assert!(fault.words().contains(&damaged), "{what}: {fault}");
    assert!(!path("backup").exists(), "{what}");
}

#[test]
fn a_store_that_is_damaged_in_whatever_table_is_not_backed_up() {
    let block: Vec<u8> = (0..10_000).flat_map(|number| hash(&[number])).collect();
    check_damage("the ledger's", |_| {});
    check_damage("the engine's", |store| {
        let row = EngineRow {
            key: b"B".to_vec(),
            value: Some(block.clone().into()),
        };
        store.write(vec![row]).unwrap();
    });
    check_damage("ended chains'", |store| {
        store
            .put_archive(&[(b"B1".to_vec(), block.clone())])
            .unwrap();
    });
}
