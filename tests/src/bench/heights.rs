//! Row 20: what a long chain costs a node that a short one does not: its slowest commits, its start, its memory.
//!
//! One node makes twenty thousand small blocks, or a million in the deep form; another makes a thousand. Then both go
//! on in turn, so that what disturbs the disk disturbs both. Memory is that of the first alone, early and late, with
//! bounds so small that what may fill is full early: what grows then, grows with the chain.

use std::time::{Duration, Instant};

use polity_node::store::StoreOptions;

use super::Row;
use super::comparison::PAIRS;
use super::figure::{Figure, Goal};
use super::idle::mebibytes;
use super::solo::{Organisation, Solo, VALID_SECONDS, store_options};
use super::workload::Payments;
use crate::deep;

pub(super) const ROW: Row = Row {
    number: 20,
    title: "a chain of 20,000 blocks, or a million ÷ one of 1,000: slowest commits (a), start (b), memory since 6,000 (c)",
    measure,
};

/// Heights that are made and looked at together.
const STRETCH: u64 = 1_000;
const LONG: u64 = 20;
const LONG_DEEP: u64 = 1_000;
/// Stretches after which what may fill is full.
const FILLED: usize = 6;
/// Stretches whose greatest memory counts, early and late: what was written lately is held until it becomes a file.
const LOOKS: usize = 4;
/// Bytes of files held in memory while memory is looked at; a node's own bound takes twenty thousand heights to fill.
const BLOCK_CACHE_BYTES: usize = 1 << 20;
const TRANSACTIONS: u64 = 10;

/// A node, and what it is looked at for.
struct Chain<'p> {
    solo: Solo,
    payments: &'p Payments,
}

fn measure() -> Vec<Figure> {
    let organisation = Organisation::new();
    let payments = organisation.payments(1);
    let found = |options| Chain {
        solo: Solo::found(&organisation, options),
        payments: &payments,
    };
    let mut long = found(StoreOptions {
        block_cache_bytes: BLOCK_CACHE_BYTES,
        ..store_options()
    });
    let stretches = deep::number("POLITY_BENCH_STRETCHES", LONG, LONG_DEEP);
    let memory: Vec<f64> = (0..stretches)
        .map(|_| {
            long.go_on();
            mebibytes(std::process::id())
        })
        .collect();
    let greatest = |looks: &[f64]| looks.iter().copied().fold(0.0, f64::max);
    let early = greatest(&memory[FILLED - LOOKS..FILLED]);
    let late = greatest(&memory[memory.len() - LOOKS..]);
    println!("  {early:.1} MiB at first, {late:.1} MiB at last");
    (long.solo, _) = long.solo.restart(store_options());

    let mut short = found(store_options());
    short.go_on();
    let (mut commits, mut starts) = (Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        let (commit, start);
        (long, commit, start) = long.look();
        let (of_short, start_of_short);
        (short, of_short, start_of_short) = short.look();
        commits.push(commit / of_short);
        starts.push(start / start_of_short);
    }
    let figure = |name, target, ratios| Figure::new(name, Goal::at_most(target), ratios);
    vec![
        figure("20a", 1.2, commits),
        figure("20b", 1.3, starts),
        figure("20c", 1.1, vec![late / early]),
    ]
}

impl Chain<'_> {
    /// Makes the blocks of a stretch; answers how long each took to be executed and committed, the shortest first.
    fn go_on(&mut self) -> Vec<Duration> {
        let (height, time) = self.solo.newest();
        let first = height * TRANSACTIONS;
        let payments = Payments {
            valid_until: time + VALID_SECONDS,
            ..self.payments.clone()
        };
        let signed = payments.sign(first..first + STRETCH * TRANSACTIONS);
        let blocks = signed.chunks(TRANSACTIONS as usize);
        let mut times: Vec<Duration> = blocks
            .map(|block| {
                let started = Instant::now();
                self.solo.commit(block);
                started.elapsed()
            })
            .collect();
        times.sort_unstable();
        times
    }

    /// Seconds within which ninety-nine of a hundred blocks were committed, and those of a start after a clean stop.
    fn look(mut self) -> (Self, f64, f64) {
        let times = self.go_on();
        let commit = times[times.len() * 99 / 100].as_secs_f64();
        let (solo, start) = self.solo.restart(store_options());
        let start = start.as_secs_f64();
        let (height, _) = solo.newest();
        println!(
            "  height {height}: 99 of 100 commits within {:.1} ms, started in {:.0} ms",
            commit * 1e3,
            start * 1e3
        );
        (Self { solo, ..self }, commit, start)
    }
}
