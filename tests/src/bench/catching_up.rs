//! Row 17: a department's node that lost its data, in a network of four on the embedded engine: how fast it takes the
//! chain in while the others stand still, as at night. First a chain of small blocks, where what a height costs by
//! itself counts, then full ones, where what is in them does.

use std::time::{Duration, Instant};

use super::Row;
use super::cometbft::NODES;
use super::comparison::PAIRS;
use super::figure::{Figure, Goal};
use super::generator::{self, Offer};
use super::network::{self, Ours};
use crate::engine::Engine;
use crate::traffic::Traffic;
use crate::wait;

pub(super) const ROW: Row = Row {
    number: 17,
    title: "a wiped node of four that catches up: small blocks, heights a second (a); full blocks, transactions a second ÷ the four that made them (b)",
    measure,
};

/// Heights with a few payments each.
const HEIGHTS: u64 = 1_000;
/// Transactions in the full blocks above them.
const TRANSACTIONS: u64 = 20_000;
/// More than four nodes take in a second.
const OFFERED_PER_SECOND: u64 = 20_000;
/// The node that loses everything but its keys and its guard.
const WIPED: usize = 3;
const PATIENCE: Duration = Duration::from_secs(300);

fn measure() -> Vec<Figure> {
    let mut ours = network::ours(Engine::Embedded, NODES, 1);
    let traffic = Traffic::start(&ours.cluster, NODES);
    ours.cluster.nodes[0].wait_for_height(HEIGHTS, PATIENCE);
    let payments = traffic.stop().len();
    let (small, _) = ours.cluster.wait_for_agreement(HEIGHTS, PATIENCE);
    let verifying = verify(&mut ours);
    println!(
        "  {small} heights with {payments} payments; polityd verify: {:.0} heights/s",
        small as f64 / verifying.as_secs_f64()
    );

    let signed = ours.payments.sign(0..TRANSACTIONS);
    let offer = Offer::new(&ours.targets(), &signed, OFFERED_PER_SECOND);
    let made = generator::drive(offer, PATIENCE).took;
    let (full, _) = ours.cluster.wait_for_agreement(small + 1, PATIENCE);
    let both = verify(&mut ours);
    println!(
        "  {} heights with {TRANSACTIONS} transactions, {:.0}/s; polityd verify: {:.0} transactions/s",
        full - small,
        per_second(TRANSACTIONS, made),
        per_second(TRANSACTIONS, both.saturating_sub(verifying))
    );

    let (heights, ratios) = (0..PAIRS)
        .map(|_| {
            let taken = catch_up(&mut ours, small, full);
            let heights = per_second(small, taken.small);
            println!(
                "  caught up: {heights:.0} heights/s, then {:.0} transactions/s",
                per_second(TRANSACTIONS, taken.full)
            );
            (heights, made.as_secs_f64() / taken.full.as_secs_f64())
        })
        .unzip();
    let goal = |target, stretch| Goal::at_least(target).with_stretch(stretch);
    vec![
        Figure::new("17a", goal(151.0, 500.0), heights),
        Figure::new("17b", goal(2.0, 4.0), ratios),
    ]
}

/// How long a node took for each part of the chain.
struct Taken {
    small: Duration,
    full: Duration,
}

/// Takes everything but its keys from a node; from its first height on the clock runs.
fn catch_up(ours: &mut Ours, small: u64, full: u64) -> Taken {
    let node = &mut ours.cluster.nodes[WIPED];
    assert!(node.stop().success());
    node.lose_data();
    node.start();
    let node = &*node;
    let reach = |height| {
        node.wait_for_height(height, PATIENCE);
        Instant::now()
    };
    let (first, middle, last) = (reach(1), reach(small), reach(full));
    Taken {
        small: middle - first,
        full: last - middle,
    }
}

/// How long a stopped node takes to compute its whole chain again.
fn verify(ours: &mut Ours) -> Duration {
    let node = &mut ours.cluster.nodes[WIPED];
    assert!(node.stop().success());
    let started = Instant::now();
    node.polityd(&["verify"]);
    let took = started.elapsed();
    node.start();
    wait::until("the node is back", PATIENCE, || node.height());
    took
}

fn per_second(count: u64, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}
