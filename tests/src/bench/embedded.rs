//! Row 13: four nodes with the embedded engine and the whole application, against four CometBFT nodes with the
//! application that does nothing and that CometBFT has inside.

use super::Row;
use super::comet_network::{App, CometNetwork};
use super::cometbft::{NODES, OFFERED_PER_SECOND, TRANSACTIONS};
use super::figure::{Figure, Goal};
use super::network;
use crate::engine::Engine;

pub(super) const ROW: Row = Row {
    number: 13,
    title: "transactions a second on the embedded engine ÷ CometBFT with its built-in application that does nothing, four nodes each",
    measure,
};

fn measure() -> Vec<Figure> {
    let ours = network::ours(Engine::Embedded, NODES, 1);
    let null = CometNetwork::start(NODES, App::BuiltIn);
    let ratios = network::compare(
        &ours.payments,
        0,
        TRANSACTIONS,
        OFFERED_PER_SECOND,
        ("polity", &ours.network()),
        ("noop", &null.network()),
    );
    let goal = Goal::at_least(1.5).with_stretch(2.0);
    vec![Figure::new("13", goal, ratios)]
}
