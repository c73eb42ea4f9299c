//! Seeds run as whole networks: whatever is sent, whoever dies, however nodes are configured, all of them agree and the
//! invariants hold.

use std::collections::BTreeSet;
use std::sync::Mutex;

use polity_ledger::{Rejection, actions};
use polity_node::query;
use polity_tests::deep;
use polity_tests::simulator::{Failure, Tally, Trouble, simulate, usurp};

/// Seeds in every run, and in a deep one.
const SEEDS: (u64, u64) = (20, 200);
/// Blocks of a seed.
const BLOCKS: (u64, u64) = (100, 300);
/// From so many blocks on, everything must have happened.
const COMPLETE: u64 = 2_000;

#[test]
fn nodes_agree_and_invariants_hold_whatever_is_sent_whoever_dies_and_however_they_are_configured() {
    let seeds = deep::seeds(SEEDS.0, SEEDS.1);
    let blocks = deep::number("POLITY_BLOCKS", BLOCKS.0, BLOCKS.1);
    let expected = (seeds.end() - seeds.start() + 1) * blocks;

    let tally = run(simulate, seeds.collect(), blocks);

    assert_eq!(tally.blocks, expected);
    if tally.blocks >= COMPLETE {
        assert_eq!(missing(&tally), Vec::<String>::new());
    }
}

#[test]
fn those_who_say_nothing_keep_what_is_theirs_whatever_the_others_sign() {
    let seeds = deep::seeds(SEEDS.0, SEEDS.1);
    let blocks = deep::number("POLITY_BLOCKS", BLOCKS.0, BLOCKS.1);

    let expected = (seeds.end() - seeds.start() + 1) * blocks;

    let tally = run(usurp, seeds.collect(), blocks);

    assert_eq!(tally.blocks, expected);
    if tally.blocks >= COMPLETE {
        // The insider pays out what the limit of a month lets pass, and it is the limit that stops them.
        let limit = Rejection::LimitPerPeriod.code();
        assert!(tally.rejections.contains_key(&limit));
    }
}

/// One seed: so many blocks.
type Run = fn(u64, u64) -> Result<Tally, Failure>;

/// Runs seeds on all cores; fails with what any of them found.
fn run(one: Run, seeds: Vec<u64>, blocks: u64) -> Tally {
    let queue = Mutex::new(seeds.into_iter());
    let seen = Mutex::new((Tally::default(), Vec::new()));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some(seed) = next(&queue) {
                    let outcome = one(seed, blocks);
                    // Told at once, where somebody watches: a long run need not end first.
                    match &outcome {
                        Ok(tally) => println!("seed {seed}: {}", report(tally)),
                        Err(failure) => println!("{}", told(failure, blocks)),
                    }
                    let mut seen = seen.lock().expect("no thread panics");
                    match outcome {
                        Ok(tally) => seen.0.add(tally),
                        Err(failure) => seen.1.push(failure),
                    }
                }
            });
        }
    });
    let (tally, failures) = seen.into_inner().expect("no thread panics");
    println!("{}", report(&tally));
    let told: Vec<String> = failures
        .iter()
        .map(|failure| told(failure, blocks))
        .collect();
    assert!(failures.is_empty(), "{}", told.join("\n"));
    tally
}

fn next(queue: &Mutex<impl Iterator<Item = u64>>) -> Option<u64> {
    queue.lock().expect("no thread panics").next()
}

/// What was found, and the one command that finds it again.
fn told(failure: &Failure, blocks: u64) -> String {
    let Failure {
        seed,
        height,
        words,
    } = failure;
    format!(
        "seed {seed}, height {height}: {words}\n  again: POLITY_SEEDS={seed} POLITY_BLOCKS={blocks} \
         cargo test --release -p polity-tests --test simulator"
    )
}

/// What never happened, though it should have: each action accepted and refused, each trouble met, each path answered.
fn missing(tally: &Tally) -> Vec<String> {
    let mut missing = Vec::new();
    for (tag, name, _) in actions::ALL {
        if !tally.accepted.contains_key(tag) {
            missing.push(format!("{name} was never accepted"));
        }
        if !tally.refused.contains_key(tag) {
            missing.push(format!("{name} was never refused"));
        }
    }
    for trouble in Trouble::ALL {
        if !tally.troubles.contains_key(&trouble.name()) {
            missing.push(format!("no node went through {}", trouble.name()));
        }
    }
    for path in query::paths() {
        if !tally.answered.contains_key(path) {
            missing.push(format!("{path} was never answered"));
        }
    }
    if tally.forgotten == 0 {
        missing.push("nobody was asked about what it had forgotten".into());
    }
    missing
}

fn report(tally: &Tally) -> String {
    let accepted: u64 = tally.accepted.values().sum();
    let rejections: BTreeSet<u32> = tally.rejections.keys().copied().collect();
    format!(
        "{} blocks, {} transactions, {} timers, {accepted} actions accepted, {} rejections by {} names, \
         {} troubles, {} replays, {} answers",
        tally.blocks,
        tally.transactions,
        tally.timers,
        tally.rejections.values().sum::<u64>(),
        rejections.len(),
        tally.troubles.values().sum::<u64>(),
        tally.replays,
        tally.answered.values().sum::<u64>(),
    )
}
