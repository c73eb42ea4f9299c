//! Row 11: from submitting a payment to its proven receipt, on an idle network of four embedded nodes.
//!
//! The members' own client does it: it hands the payment in, asks for the receipt, waits for the header that proves
//! it, and verifies both. Between two payments the network comes to rest.

use std::time::{Duration, Instant};

use bytes::Bytes;
use polity_client::session::{Draft, HomeConfig, Session};
use tokio::runtime::Runtime;

use super::Row;
use super::cometbft::NODES;
use super::comparison::PAIRS;
use super::figure::{Figure, Goal};
use super::network;
use crate::engine::Engine;
use crate::terminal::Terminal;
use crate::wait;

pub(super) const ROW: Row = Row {
    number: 11,
    title: "milliseconds from submitting a payment to its proven receipt, median, four idle embedded nodes",
    measure,
};

/// Payments of one median.
const PAYMENTS: usize = 21;
/// The block that proves a payment is followed by none; in this time everybody has it.
const REST: Duration = Duration::from_millis(300);

fn measure() -> Vec<Figure> {
    let ours = network::ours(Engine::Embedded, NODES, 1);
    let home = Terminal::new();
    home.connect(&ours.cluster);
    let session =
        Session::open(&home.path(""), HomeConfig::default(), None).expect("the home is complete");
    let runtime = Runtime::new().expect("a runtime can be made");

    let payments = ours.payments.sign(0..((PAIRS + 1) * PAYMENTS) as u64);
    let medians = payments.chunks(PAYMENTS).map(|payments| {
        let mut times: Vec<Duration> = payments
            .iter()
            .map(|payment| runtime.block_on(time_to_proof(&session, payment)))
            .collect();
        times.sort_unstable();
        let millis = |place: usize| times[place].as_secs_f64() * 1e3;
        let (median, most) = (millis(PAYMENTS / 2), millis(PAYMENTS - 1));
        println!(
            "  proven after {:.0} ms at least, {median:.0} ms (median), {most:.0} ms at most",
            millis(0)
        );
        median
    });
    // The first ones verify the way from the genesis on.
    let medians = medians.skip(1).collect();
    let goal = Goal::at_most(90.0).with_stretch(75.0);
    vec![Figure::new("11", goal, medians)]
}

async fn time_to_proof(session: &Session, payment: &Bytes) -> Duration {
    wait::pass(REST);
    let draft = Draft::from_envelope(payment).expect("a payment is an envelope");
    let started = Instant::now();
    let outcome = session.submit(&draft).await.expect("the payment is proven");
    let took = started.elapsed();
    assert_eq!(outcome.code, 0, "the payment is refused");
    took
}
