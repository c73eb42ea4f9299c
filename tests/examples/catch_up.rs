//! How many heights a second a department's node takes in that lost its data, in a network of four on the embedded
//! engine: the others stand still meanwhile, as at night.
//!
//! ```text
//! cargo build --release --workspace --bins
//! cargo run --release -p polity-tests --example catch_up -- 2000
//! ```

use std::time::{Duration, Instant};

use polity_tests::cluster::Cluster;
use polity_tests::engine::Engine;
use polity_tests::traffic::Traffic;
use polity_tests::wait;

const HEIGHTS: u64 = 2_000;
/// The node that loses everything but its keys and its guard.
const WIPED: usize = 3;
const PATIENCE: Duration = Duration::from_secs(900);

fn main() {
    let heights = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(HEIGHTS);
    let mut cluster = Cluster::start_on(Engine::Embedded, 4);
    let begun = Instant::now();
    let traffic = Traffic::start(&cluster, 4);
    cluster.nodes[0].wait_for_height(heights, PATIENCE);
    let payments = traffic.stop().len();
    let (target, _) = cluster.wait_for_agreement(heights, PATIENCE);
    println!(
        "{target} heights with {payments} payments, made in {:.1?}",
        begun.elapsed()
    );

    assert!(cluster.nodes[WIPED].stop().success());
    cluster.nodes[WIPED].lose_data();
    cluster.nodes[WIPED].start();
    let node = &cluster.nodes[WIPED];
    let first = wait::until("the first height comes", PATIENCE, || {
        node.height().filter(|height| *height > 0)
    });
    let begun = Instant::now();
    node.wait_for_height(target, PATIENCE);
    let took = begun.elapsed();
    println!(
        "caught up: {:.0} heights/s ({} heights in {took:.1?})",
        (target - first) as f64 / took.as_secs_f64(),
        target - first,
    );
}
