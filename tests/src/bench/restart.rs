//! Row 12: the start of a node with ten million accounts, against reading once what it has to read.
//!
//! A node that was killed has the files of one that was dropped: its store moves nothing to files when it is closed. The
//! start opens them, takes in the log, and builds the state tree from all leaves; the other side opens nothing and reads
//! each leaf once, in order.

use std::time::Instant;

use super::Row;
use super::comparison::PAIRS;
use super::crowd::Crowd;
use super::figure::{Figure, Goal};
use super::solo::{Solo, store_options};

pub(super) const ROW: Row = Row {
    number: 12,
    title: "start at ten million accounts ÷ reading their leaves once",
    measure,
};

const ACCOUNTS: u64 = 10_000_000;

fn measure() -> Vec<Figure> {
    let crowd = Crowd::new();
    let mut solo = Solo::found(&crowd.organisation, store_options());
    crowd.open(&mut solo, ACCOUNTS);
    let mut ratios = Vec::new();
    // The first pair is not counted.
    for pair in 0..=PAIRS {
        let start;
        (solo, start) = solo.restart(store_options());
        let started = Instant::now();
        let mut leaves = 0u64;
        let snapshot = solo.store().snapshot();
        let read = snapshot.for_each_leaf(|leaf| {
            std::hint::black_box(leaf);
            leaves += 1;
        });
        read.expect("the leaves can be read");
        let reading = started.elapsed();
        println!("  started in {start:.2?}; {leaves} leaves read in {reading:.2?}");
        if pair > 0 {
            ratios.push(start.as_secs_f64() / reading.as_secs_f64());
        }
    }
    let goal = Goal::at_most(2.0).with_stretch(1.0);
    vec![Figure::new("12", goal, ratios)]
}
