//! Row 2: transactions a second under CometBFT, four nodes, against CometBFT with an application that does nothing.
//!
//! The same generator offers the same transactions at the same rate to CometBFT's own RPC on both sides, more than
//! either can take; a side's rate is the number of transactions over the time until the last one is in a block.
//! Both networks live all the time, one of them idle.

use super::Row;
use super::comet_network::{App, CometNetwork};
use super::figure::{Figure, Goal};
use super::generator::Offer;
use super::network::{self, Network, Ours};
use crate::engine::Engine;

pub(super) const ROW: Row = Row {
    number: 2,
    title: "transactions a second under CometBFT ÷ CometBFT with an application that does nothing, four nodes each",
    measure,
};

/// Nodes of a network.
pub(super) const NODES: usize = 4;
/// Rates that both sides can take, to compare latencies at.
const LADDER: [u64; 3] = [250, 500, 1_000];
const LADDER_SECONDS: u64 = 5;
/// More than CometBFT alone takes on a machine of two cores.
pub(super) const OFFERED_PER_SECOND: u64 = 12_000;
pub(super) const TRANSACTIONS: u64 = 16_000;

/// Starts four nodes under CometBFT whose members may send as much as they like.
pub(super) fn ours() -> Ours {
    network::ours(Engine::Cometbft, NODES, 1)
}

fn measure() -> Vec<Figure> {
    let ours = ours();
    let null = CometNetwork::start(NODES, App::Null);
    let (own, other) = (ours.network(), null.network());

    let first = climb(&ours, &own, &other);
    let ratios = network::compare(
        &ours.payments,
        first,
        TRANSACTIONS,
        OFFERED_PER_SECOND,
        ("polity", &own),
        ("null", &other),
    );
    let goal = Goal::at_least(0.70).with_stretch(0.80);
    vec![Figure::new("2", goal, ratios)]
}

/// Shows latencies at rates that both sides can take; answers the number of the next payment.
fn climb(ours: &Ours, own: &Network, other: &Network) -> u64 {
    let mut next = 0;
    for rate in LADDER {
        let count = rate * LADDER_SECONDS;
        let signed = ours.payments.sign(next..next + count);
        next += count;
        for (name, network) in [("polity", own), ("null", other)] {
            println!("  {rate}/s: {name}");
            network.drive(Offer::new(&network.targets, &signed, rate));
        }
    }
    next
}
