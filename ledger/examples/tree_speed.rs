//! How fast the state tree is, and how large: builds it from sorted leaves, then applies batches
//! of random updates on one thread.
//!
//! usage: cargo run --release -p polity-ledger --example tree_speed [keys] [batch]
#![allow(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a measurement needs a clock and prints; the rules of the crate are not run here"
)]

use std::time::Instant;

use polity_ledger::merkle::Hash;
use polity_ledger::merkle::jellyfish::{content_hash, inner_hash};
use polity_ledger::merkle::subtree::Update;
use polity_ledger::merkle::tree::StateTree;

const BATCHES: usize = 60;
const BATCHES_LEFT_OUT: usize = 5;

fn main() {
    let mut numbers = std::env::args()
        .skip(1)
        .map(|number| number.parse().expect("a number"));
    let keys: usize = numbers.next().unwrap_or(1_000_000);
    let batch: usize = numbers.next().unwrap_or(10_000);

    let mut leaves: Vec<(Hash, Hash)> = (0..keys as u64).map(|n| (name(n), name(!n))).collect();
    leaves.sort_unstable();

    let begun = Instant::now();
    let mut tree = StateTree::build(&leaves);
    let built = begun.elapsed();
    let bytes_built = tree.memory_bytes() / keys.max(1);
    drop(leaves);
    println!("one inner hash     {} ns", nanoseconds_of_a_hash());
    println!("keys               {keys}");
    println!("build              {:.2} s", built.as_secs_f64());
    println!("memory             {bytes_built} bytes a key");

    let updates = rate(&mut tree, batch, |round, n| {
        (round * batch as u64 + n).wrapping_mul(0x9e37_79b9_7f4a_7c15) % keys as u64
    });
    println!("updates            {updates} a second");
    let inserts = rate(&mut tree, batch, |round, n| {
        keys as u64 + round * batch as u64 + n
    });
    println!("inserts            {inserts} a second");
    let bytes_grown = tree.memory_bytes() / tree.len();
    println!("memory after them  {bytes_grown} bytes a key");
}

/// Changes a second over batches, the first ones left out; each key is named by its number.
fn rate(tree: &mut StateTree, batch: usize, number: impl Fn(u64, u64) -> u64) -> u64 {
    let mut spent = 0;
    for round in 0..BATCHES as u64 {
        let value = name(u64::MAX / 2 + round);
        let keys = (0..batch as u64).map(|n| name(number(round, n)));
        let mut updates: Vec<Update> = keys.map(|key| (key, Some(value))).collect();
        updates.sort_unstable();
        updates.dedup();
        let begun = Instant::now();
        tree.apply(&updates);
        if round >= BATCHES_LEFT_OUT as u64 {
            spent += begun.elapsed().as_nanos();
        }
    }
    let changes = ((BATCHES - BATCHES_LEFT_OUT) * batch) as u128;
    (changes * 1_000_000_000 / spent.max(1)) as u64
}

/// The price of hashing in this minute on this machine, to judge the rates by.
fn nanoseconds_of_a_hash() -> u128 {
    const HASHES: u32 = 2_000_000;
    let begun = Instant::now();
    let mut hash = name(0);
    for _ in 0..HASHES {
        hash = inner_hash(&hash, &hash);
    }
    std::hint::black_box(hash);
    begun.elapsed().as_nanos() / u128::from(HASHES)
}

fn name(number: u64) -> Hash {
    content_hash(&number.to_be_bytes())
}
