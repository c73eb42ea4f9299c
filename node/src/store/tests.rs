//! The store's promises, one by one.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use super::sample::{
    Changes, commit_at, commit_of, commit_up_to, contents, contents_at, file_beginning,
    file_ending, flip_byte, hash, options,
};
use super::{
    AsOfError, Commit, Durability, Genesis, HistoryKept, IndexRange, LeafChange, Position, Store,
    StoreOptions,
};
use crate::fault::FaultKind;

/// A store of which the library counts what it does.
fn counting(directory: &Path) -> Store {
    let options = StoreOptions {
        statistics: true,
        ..options()
    };
    Store::open(directory, options).unwrap()
}

#[test]
fn a_commit_costs_one_fsync() {
    let directory = tempfile::tempdir().unwrap();
    let store = counting(directory.path());
    let before = store.counters();
    for height in 1..=25 {
        store.commit(commit_at(height)).unwrap();
        let now = store.counters();
        assert_eq!(now.commits - before.commits, height);
        assert_eq!(now.synced_writes - before.synced_writes, height);
        assert_eq!(now.log_syncs - before.log_syncs, height);
    }
}

#[test]
fn only_the_next_height_can_be_committed() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), options()).unwrap();
    commit_up_to(&store, 3);
    for height in [0, 2, 3, 5, u64::MAX] {
        assert_eq!(
            store.commit(commit_at(height)).unwrap_err().kind(),
            FaultKind::Internal
        );
    }
    assert_eq!(contents(&store), contents_at(3));
}

#[test]
fn a_commit_that_contradicts_itself_is_refused() {
    let refuse = |spoil: fn(&mut Commit)| {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), options()).unwrap();
        let mut commit = commit_at(1);
        spoil(&mut commit);
        assert_eq!(
            store.commit(commit).unwrap_err().kind(),
            FaultKind::Internal
        );
        assert_eq!(store.height(), 0);
    };
    refuse(|commit| drop(commit.leaves.pop()));
    refuse(|commit| commit.leaves[0].key = b"\x01 another".to_vec());
    refuse(|commit| commit.leaves[0].hash = commit.leaves[0].hash.xor(Some([0; 32])));
    refuse(|commit| drop(commit.changes.insert(vec![0x80; 256], None)));
    refuse(|commit| drop(commit.changes.insert(vec![], None)));
}

#[test]
fn what_was_committed_is_read_by_height_index_and_id() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), options()).unwrap();
    commit_up_to(&store, 3);
    let snapshot = store.snapshot();
    assert_eq!(snapshot.app_hash(), hash(&[3]));
    assert_eq!(snapshot.block(2).unwrap(), Some(b"block 2".to_vec()));
    assert_eq!(
        snapshot.transactions(2).unwrap(),
        [b"transaction 2 0".to_vec(), b"transaction 2 1".to_vec()]
    );
    assert_eq!(
        snapshot.receipts(3).unwrap(),
        [b"receipt 3 0".to_vec(), b"receipt 3 1".to_vec()]
    );
    assert_eq!(snapshot.receipts(4).unwrap(), Vec::<Vec<u8>>::new());
    let position = Position {
        height: 2,
        index: 0,
    };
    assert_eq!(
        snapshot.position_of(&hash(&[2, 0, 1])).unwrap(),
        Some(position)
    );
    assert_eq!(snapshot.position_of(&hash(&[9])).unwrap(), None);
    assert_eq!(
        snapshot.transaction(position).unwrap(),
        Some(b"transaction 2 0".to_vec())
    );
    assert_eq!(
        snapshot
            .receipt(Position {
                height: 2,
                index: 2
            })
            .unwrap(),
        None
    );
}

#[test]
fn a_snapshot_stands_still_while_commits_go_on() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), options()).unwrap();
    // Each height writes its number under all of these: whoever sees two different ones saw a torn height.
    let keys: Vec<Vec<u8>> = (0..30)
        .map(|number| vec![if number % 2 == 0 { 0x01 } else { 0x80 }, number])
        .collect();
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !is_done.load(Ordering::Relaxed) {
                    let snapshot = store.snapshot();
                    let expected = Some(snapshot.height().to_be_bytes().to_vec())
                        .filter(|_| snapshot.height() > 0);
                    for key in &keys {
                        assert_eq!(snapshot.get(key), expected);
                    }
                    assert_eq!(
                        snapshot.transactions(snapshot.height() + 1).unwrap().len(),
                        0
                    );
                }
            });
        }
        for height in 1..=200u64 {
            let changes = keys
                .iter()
                .map(|key| (key.clone(), Some(height.to_be_bytes().to_vec())));
            store.commit(commit_of(height, changes.collect())).unwrap();
        }
        is_done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_snapshot_of_a_height_that_was_taken_back_never_sees_its_successor() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), options()).unwrap();
    let of = |text: &str| Changes::from([(b"\x01key".to_vec(), Some(text.as_bytes().to_vec()))]);
    store.commit(commit_of(1, of("first"))).unwrap();
    let taken_back = store.snapshot();
    store.roll_back().unwrap();
    store.commit(commit_of(1, of("second"))).unwrap();
    assert_eq!(store.snapshot().get(b"\x01key"), Some(b"second".to_vec()));
    assert_eq!(taken_back.get(b"\x01key"), Some(b"first".to_vec()));
    assert_eq!(store.snapshot().get(b"\x01key"), Some(b"second".to_vec()));
}

#[test]
fn a_warm_read_does_not_touch_the_files() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), options()).unwrap();
    store
        .commit(commit_of(1, [(b"\x01key".to_vec(), Some(vec![1]))].into()))
        .unwrap();
    let before = store.counters();
    assert_eq!(store.snapshot().get(b"\x01key"), Some(vec![1]));
    assert_eq!(store.snapshot().get(b"\x01absent"), None);
    assert_eq!(store.snapshot().get(b"\x01absent"), None);
    let after = store.counters();
    assert_eq!(
        (
            after.hot_hits - before.hot_hits,
            after.hot_misses - before.hot_misses
        ),
        (2, 1)
    );
}

#[test]
fn rolling_back_restores_exactly_what_was_and_stops_where_undo_ends() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), options()).unwrap();
    commit_up_to(&store, 30);
    assert_eq!(store.heights_to_roll_back().unwrap(), 16);
    for height in (14..30).rev() {
        assert_eq!(store.roll_back().unwrap(), height);
        assert_eq!(contents(&store), contents_at(height), "height {height}");
    }
    let fault = store.roll_back().unwrap_err();
    assert_eq!((fault.kind(), store.height()), (FaultKind::Internal, 14));
    commit_up_to(&store, 30);
    assert_eq!(contents(&store), contents_at(30));
}

#[test]
fn what_a_height_lets_go_stays_until_the_disk_has_the_height() {
    let directory = tempfile::tempdir().unwrap();
    let short = StoreOptions {
        history_kept: HistoryKept::NewestHeights(4),
        undo_heights: 2,
        ..options()
    };
    let store = Store::open(directory.path(), short).unwrap();
    commit_up_to(&store, 10);
    for height in 11..20 {
        let commit = commit_at(height);
        store.commit_with(commit, Durability::Later).unwrap();
    }
    // The power could take the store back to height 10, from where somebody asks about height 6.
    assert_eq!(store.snapshot().history_base_height(), 15);
    assert_eq!(store.rocks.retention().horizon(), 6);
    commit_up_to(&store, 20);
    assert_eq!(store.rocks.retention().horizon(), 16);

    // However long a node catches up, what is older goes by and by.
    for height in 21..300 {
        let commit = commit_at(height);
        store.commit_with(commit, Durability::Later).unwrap();
    }
    assert_eq!(store.rocks.retention().horizon(), 252);
}

#[test]
fn older_heights_than_the_history_kept_fail_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let kept = HistoryKept::NewestHeights(4);
    let short = StoreOptions {
        history_kept: kept,
        undo_heights: 2,
        ..options()
    };
    let store = Store::open(directory.path(), short).unwrap();
    commit_up_to(&store, 6);
    let held = store.snapshot();
    let held_state: Vec<_> = sample_keys()
        .iter()
        .map(|key| held.at(2).unwrap().get(key))
        .collect();
    let versions = store.check().unwrap().versions;

    commit_up_to(&store, 20);
    store.compact().unwrap();
    // The held snapshot still asks from height 2 on, so nothing that it can reach is dropped.
    let again: Vec<_> = sample_keys()
        .iter()
        .map(|key| held.at(2).unwrap().get(key))
        .collect();
    assert_eq!(again, held_state);
    assert!(store.check().unwrap().versions > versions);
    let before = store.check().unwrap();
    drop(held);
    store.compact().unwrap();
    let after = store.check().unwrap();
    assert!(after.versions < before.versions, "{after:?} {before:?}");
    assert_eq!(after.leaves, before.leaves);

    let snapshot = store.snapshot();
    assert_eq!(snapshot.history_base_height(), 16);
    let refused = snapshot.at(15).err();
    assert_eq!(
        refused,
        Some(AsOfError::BelowHistoryBase {
            asked: 15,
            history_base_height: 16
        })
    );
    assert_eq!(
        snapshot.at(21).err(),
        Some(AsOfError::NotYet {
            asked: 21,
            newest: 20
        })
    );
    let whole_directory = tempfile::tempdir().unwrap();
    let whole = Store::open(whole_directory.path(), options()).unwrap();
    commit_up_to(&whole, 20);
    for height in 16..=20 {
        let (then, expected) = (
            snapshot.at(height).unwrap(),
            whole.snapshot().at(height).unwrap(),
        );
        for key in sample_keys() {
            assert_eq!(then.get(&key), expected.get(&key), "{key:?} at {height}");
        }
    }
    store.roll_back().unwrap();
    store.roll_back().unwrap();
    store.check().unwrap();
}

#[test]
fn a_nearly_full_disk_stops_a_commit_before_it_begins() {
    let directory = tempfile::tempdir().unwrap();
    let full = StoreOptions {
        free_bytes_min: u64::MAX / 2,
        ..options()
    };
    let store = Store::open(directory.path(), full).unwrap();
    assert_eq!(
        store.commit(commit_at(1)).unwrap_err().kind(),
        FaultKind::DiskFull
    );
    drop(store);

    let store = Store::open(directory.path(), options()).unwrap();
    assert_eq!(store.height(), 0);
    commit_up_to(&store, 1);
    assert_eq!(contents(&store), contents_at(1));
}

#[test]
fn a_store_belongs_to_one_organisation() {
    let directory = tempfile::tempdir().unwrap();
    let genesis = Genesis {
        organisation: hash(&[1]),
        bytes: b"genesis".to_vec(),
        app_hash: hash(&[0]),
        changes: [(b"\x01a".to_vec(), Some(b"founder".to_vec()))].into(),
        leaves: vec![LeafChange::of(b"\x01a", Some(b"founder"))],
    };
    let store = Store::open(directory.path(), options()).unwrap();
    store.begin(genesis.clone()).unwrap();
    store.begin(genesis.clone()).unwrap();
    assert_eq!(
        (store.height(), store.snapshot().app_hash()),
        (0, hash(&[0]))
    );
    assert_eq!(store.snapshot().get(b"\x01a"), Some(b"founder".to_vec()));

    let other = Genesis {
        organisation: hash(&[2]),
        ..genesis.clone()
    };
    assert_eq!(
        store.begin(other).unwrap_err().kind(),
        FaultKind::GenesisMismatch
    );
    let other = Genesis {
        bytes: b"another".to_vec(),
        ..genesis.clone()
    };
    assert_eq!(
        store.begin(other).unwrap_err().kind(),
        FaultKind::GenesisMismatch
    );
    let other = Genesis {
        app_hash: hash(&[9]),
        ..genesis.clone()
    };
    assert_eq!(
        store.begin(other).unwrap_err().kind(),
        FaultKind::Divergence
    );

    commit_up_to(&store, 2);
    store.begin(genesis).unwrap();
    assert_eq!(store.snapshot().organisation().unwrap(), Some(hash(&[1])));
    assert_eq!(
        store.snapshot().genesis().unwrap(),
        Some(b"genesis".to_vec())
    );
    assert_eq!(
        store.snapshot().at(0).unwrap().get(b"\x01a"),
        Some(b"founder".to_vec())
    );
}

#[test]
fn a_range_of_an_index_is_read_from_either_end() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), options()).unwrap();
    commit_up_to(&store, 9);
    let heights = |range: IndexRange| -> Vec<u8> {
        store
            .snapshot()
            .index_range(&range)
            .unwrap()
            .into_iter()
            .map(|(key, _)| key[7])
            .collect()
    };
    let number = |height: u64| height.to_be_bytes().to_vec();
    let range = IndexRange {
        from: number(3),
        to: Some(number(8)),
        limit: 3,
        is_backward: false,
    };
    assert_eq!(heights(range.clone()), [3, 4, 5]);
    assert_eq!(
        heights(IndexRange {
            is_backward: true,
            ..range.clone()
        }),
        [7, 6, 5]
    );
    assert_eq!(
        heights(IndexRange {
            limit: 9,
            is_backward: true,
            ..range.clone()
        }),
        [7, 6, 5, 4, 3]
    );
    assert!(heights(IndexRange { limit: 0, ..range }).is_empty());
}

#[test]
fn a_write_that_failed_is_shown_to_nobody() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), options()).unwrap();
    let of = |text: &str| Changes::from([(b"\x01key".to_vec(), Some(text.as_bytes().to_vec()))]);
    store.commit(commit_of(1, of("first"))).unwrap();
    let key = b"\x01key";
    assert_eq!(store.snapshot().get(key), Some(b"first".to_vec()));

    // The library can make no further file, and takes nothing more from then on.
    for number in 0..200 {
        let _ = fs::create_dir(directory.path().join(format!("{number:06}.sst")));
    }
    store.compact().unwrap();
    store.commit(commit_of(2, of("second"))).unwrap_err();

    assert_eq!(store.height(), 1);
    assert_eq!(store.snapshot().get(key), Some(b"first".to_vec()));
    // Nor to those who come later, when something else was written.
    store.show(store.epoch.load(Ordering::Relaxed)).unwrap();
    assert_eq!(store.snapshot().get(key), Some(b"first".to_vec()));
}

#[test]
fn a_torn_tail_of_the_log_is_a_height_that_never_was() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), options()).unwrap();
    commit_up_to(&store, 5);
    drop(store);
    let log = file_ending(directory.path(), ".log");
    let bytes = fs::read(&log).unwrap();
    fs::write(&log, &bytes[..bytes.len() - 7]).unwrap();

    let store = Store::open(directory.path(), options()).unwrap();
    assert_eq!(store.height(), 4);
    assert_eq!(contents(&store), contents_at(4));
    commit_up_to(&store, 5);
    assert_eq!(contents(&store), contents_at(5));
}

#[test]
fn damaged_files_are_told_as_such() {
    let check = |damage: fn(&Path)| {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), options()).unwrap();
        commit_up_to(&store, 5);
        store.compact().unwrap();
        commit_up_to(&store, 9);
        drop(store);
        damage(directory.path());
        let opened = Store::open(directory.path(), options());
        let fault = opened.and_then(|store| store.check()).unwrap_err();
        assert_eq!(fault.kind(), FaultKind::StoreDamaged, "{fault}");
    };
    check(|directory| fs::remove_file(directory.join("CURRENT")).unwrap());
    check(|directory| fs::write(directory.join("CURRENT"), b"nonsense").unwrap());
    check(|directory| fs::remove_file(file_beginning(directory, "MANIFEST")).unwrap());
    check(|directory| flip_byte(&file_beginning(directory, "MANIFEST"), 20));
    check(|directory| fs::remove_file(file_ending(directory, ".sst")).unwrap());
    check(|directory| fs::write(file_ending(directory, ".sst"), b"").unwrap());
    check(|directory| flip_byte(&file_ending(directory, ".sst"), 40));
    // In the middle, before commits that were acknowledged: not a torn tail.
    check(|directory| flip_byte(&file_ending(directory, ".log"), 60));
}

#[test]
fn a_store_whose_making_was_broken_off_is_made_at_the_next_start() {
    let directory = tempfile::tempdir().unwrap();
    let manifest = directory.path().join("MANIFEST-000001");
    fs::write(&manifest, b"half of it").unwrap();
    let store = Store::open(directory.path(), options()).unwrap();
    commit_up_to(&store, 3);
    drop(store);
    assert!(!manifest.exists(), "a later start has another one");
    let store = Store::open(directory.path(), options()).unwrap();
    assert_eq!(contents(&store), contents_at(3));
}

#[test]
fn a_store_of_another_form_is_not_opened_and_not_called_damaged() {
    let directory = tempfile::tempdir().unwrap();
    drop(Store::open(directory.path(), options()).unwrap());
    fs::write(directory.path().join("FORMAT"), "1\npolityd 0.0.9\n").unwrap();
    let fault = Store::open(directory.path(), options()).err().unwrap();
    assert_eq!(fault.kind(), FaultKind::Usage);
    assert!(fault.words().contains("polityd 0.0.9 wrote it"), "{fault}");
}

#[test]
fn leaves_come_in_parts_for_several_threads() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), options()).unwrap();
    commit_up_to(&store, 20);
    let snapshot = store.snapshot();
    let mut whole = Vec::new();
    snapshot
        .for_each_leaf(|leaf| whole.push((leaf.key_hash, leaf.hash)))
        .unwrap();
    let parts: Vec<_> = (0..=255)
        .flat_map(|byte| snapshot.leaf_hashes(byte).unwrap())
        .collect();
    assert_eq!(parts, whole);
    let leaf = snapshot.leaf(&whole[0].0).unwrap().unwrap();
    assert_eq!(leaf.hash, whole[0].1);
    assert_eq!(LeafChange::of(&leaf.key, None).key_hash, whole[0].0);
}

/// The authenticated keys that the samples use.
fn sample_keys() -> Vec<Vec<u8>> {
    let numbers = (1..=3).flat_map(|prefix| (0..16u64).map(move |number| (prefix, number)));
    numbers
        .map(|(prefix, number)| [&[prefix], number.to_be_bytes().as_slice()].concat())
        .collect()
}

#[test]
fn what_may_come_later_costs_no_fsync_and_is_seen_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let store = counting(directory.path());
    let before = store.counters();
    for height in 1..=5 {
        store
            .commit_with(commit_at(height), Durability::Later)
            .unwrap();
        assert_eq!(contents(&store), contents_at(height));
    }
    let now = store.counters();
    assert_eq!(now.commits - before.commits, 5);
    assert_eq!(now.synced_writes, before.synced_writes);
    assert_eq!(now.log_syncs, before.log_syncs);

    store.commit(commit_at(6)).unwrap();
    assert_eq!(store.counters().synced_writes, before.synced_writes + 1);
}
