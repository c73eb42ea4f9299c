//! How fast the store takes commits, and how much memory it wants.
//!
//! Usage: `cargo run --release -p polity-node --example store_speed [DIRECTORY]`
//! (default: a directory of its own under the system's temporary one, which it removes at the end).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use polity_node::store::{Commit, LeafChange, Recorded, Store, StoreOptions};

const SMALL_COMMITS: u64 = 500;
const LARGE_COMMITS: u64 = 100;
const CHANGES_PER_LARGE_COMMIT: u64 = 10_000;
const ACCOUNTS: u64 = 1_000_000;
const READS: u64 = 100_000;

fn main() {
    let given = std::env::args_os().nth(1).map(PathBuf::from);
    let directory = given.clone().unwrap_or_else(own_directory);
    run(&directory);
    if given.is_none() {
        let _ = std::fs::remove_dir_all(directory);
    }
}

fn run(directory: &Path) {
    let begun = Instant::now();
    let store = Store::open(directory, StoreOptions::default()).expect("the store opens");
    println!(
        "open: {:.0} ms, resident {} MiB",
        begun.elapsed().as_secs_f64() * 1e3,
        resident_mib()
    );

    let (first, begun) = (store.height() + 1, Instant::now());
    for height in first..first + SMALL_COMMITS {
        store.commit(commit(height, 1)).expect("a small commit");
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "commits of 1 change and 1 transaction: {:.0}/s, resident {} MiB",
        SMALL_COMMITS as f64 / seconds,
        resident_mib()
    );

    // Made before the clock runs: hashing is not the store's work.
    let (first, mut seconds) = (store.height() + 1, 0.0);
    for height in first..first + LARGE_COMMITS {
        let commit = commit(height, CHANGES_PER_LARGE_COMMIT);
        let begun = Instant::now();
        store.commit(commit).expect("a large commit");
        seconds += begun.elapsed().as_secs_f64();
    }
    let changes = LARGE_COMMITS * CHANGES_PER_LARGE_COMMIT;
    println!(
        "changes in commits of {CHANGES_PER_LARGE_COMMIT}: {:.0}/s (each a value and a leaf), resident {} MiB",
        changes as f64 / seconds,
        resident_mib()
    );

    measure_reads(&store, "reads of any account");
    let begun = Instant::now();
    let leaves: usize = (0..=255)
        .map(|byte| store.snapshot().leaf_hashes(byte).expect("leaves").len())
        .sum();
    println!(
        "leaves for the tree: {leaves} in {:.0} ms",
        begun.elapsed().as_secs_f64() * 1e3
    );

    let begun = Instant::now();
    store.compact().expect("compaction");
    let bytes = store.file_bytes().expect("sizes");
    println!(
        "compacted in {:.1} s: {bytes} bytes, {:.0} a change, resident {} MiB",
        begun.elapsed().as_secs_f64(),
        bytes as f64 / changes as f64,
        resident_mib()
    );
    measure_reads(&store, "reads of any account, compacted");

    let height = store.height();
    drop(store);
    let begun = Instant::now();
    let store = Store::open(directory, StoreOptions::default()).expect("the store opens again");
    assert_eq!(store.height(), height);
    println!(
        "opened again in {:.0} ms; counters {:?}",
        begun.elapsed().as_secs_f64() * 1e3,
        store.counters()
    );
}

fn measure_reads(store: &Store, what: &str) {
    let snapshot = store.snapshot();
    let begun = Instant::now();
    let found = (0..READS).filter(|number| {
        snapshot
            .get(&account_key(scattered(*number) % ACCOUNTS))
            .is_some()
    });
    let found = found.count();
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{what}: {:.1} us each, {found} of {READS} found",
        seconds / READS as f64 * 1e6
    );

    let begun = Instant::now();
    let found = (0..READS)
        .filter(|number| snapshot.get(&account_key(number % 100)).is_some())
        .count();
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{what}, warm: {:.2} us each, {found} of {READS} found",
        seconds / READS as f64 * 1e6
    );
}

fn commit(height: u64, count: u64) -> Commit {
    let mut changes = BTreeMap::new();
    for number in 0..count {
        let account = scattered(height << 20 | number) % ACCOUNTS;
        changes.insert(account_key(account), Some(account_value(account, height)));
    }
    let leaves = changes
        .iter()
        .map(|(key, value)| LeafChange::of(key, value.as_deref()))
        .collect();
    let transaction = Recorded {
        transaction: vec![7; 250].into(),
        receipt: vec![8; 120].into(),
        consumed_id: None,
    };
    Commit {
        height,
        app_hash: [0; 32],
        block: vec![9; 100],
        changes,
        leaves,
        transactions: vec![transaction],
        indexes: BTreeMap::new(),
        engine: Vec::new(),
    }
}

fn account_key(account: u64) -> Vec<u8> {
    [&[0x05], account.to_be_bytes().as_slice()].concat()
}

/// Like an account with its history: some numbers that change little, and a hash.
fn account_value(account: u64, height: u64) -> Vec<u8> {
    let mut value = vec![0x0a; 40];
    value.extend_from_slice(&account.to_be_bytes());
    value.extend_from_slice(&height.to_be_bytes());
    for part in 0..4 {
        value.extend_from_slice(&scattered(account ^ height << 30 ^ part << 60).to_be_bytes());
    }
    value
}

/// A number that looks random (the finalizer of SplitMix64).
fn scattered(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn own_directory() -> PathBuf {
    std::env::temp_dir().join(format!("polity-store-speed-{}", std::process::id()))
}

fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok())
        .unwrap_or(0)
        / 1024
}
