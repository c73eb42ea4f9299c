//! Row 19: what a transaction costs each validator where seven decide together, against one that decides alone.
//!
//! Both networks run on the embedded engine and get the same transactions, offered faster than they take them. The one
//! that is alone hears no proposal, sends no piece of a block and counts its own vote; each of the seven does all of it.

use super::Row;
use super::cometbft::OFFERED_PER_SECOND;
use super::comparison::PAIRS;
use super::figure::{Figure, Goal};
use super::generator::Offer;
use super::network::{self, Ours};
use crate::engine::Engine;

pub(super) const ROW: Row = Row {
    number: 19,
    title: "CPU of a transaction and validator, seven validators ÷ one",
    measure,
};

const MANY: usize = 7;
const TRANSACTIONS: u64 = 10_000;

fn measure() -> Vec<Figure> {
    let [many, one] = [MANY, 1].map(|nodes| network::ours(Engine::Embedded, nodes, 1));
    let ratios = (0..=PAIRS as u64).map(|pair| {
        let [many, one] = [&many, &one].map(|network| cpu_of_each(network, pair));
        println!("  pair {pair}: {many:.1} ÷ {one:.1} µs of CPU");
        many / one
    });
    let goal = Goal::at_most(1.3);
    // The first pair warms up.
    vec![Figure::new("19", goal, ratios.skip(1).collect())]
}

/// Microseconds of CPU for each transaction, divided by the validators.
fn cpu_of_each(ours: &Ours, turn: u64) -> f64 {
    let network = ours.network();
    let first = turn * TRANSACTIONS;
    let signed = ours.payments.sign(first..first + TRANSACTIONS);
    let offer = Offer::new(&network.targets, &signed, OFFERED_PER_SECOND);
    let (_, sample) = network.drive(offer);
    sample.cpu_micros() / network.nodes as f64
}
