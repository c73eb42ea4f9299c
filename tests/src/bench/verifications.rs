//! Row 8: how often each node of a network verifies a signature. Counted, not timed.

use std::time::Duration;

use super::Row;
use super::cometbft::{self, NODES};
use super::figure::{Figure, Goal};
use super::generator;
use crate::wait;

pub(super) const ROW: Row = Row {
    number: 8,
    title: "signature verifications of a transaction, each node of four",
    measure,
};

const TRANSACTIONS: u64 = 10_000;
const PER_SECOND: u64 = 1_000;
const VERIFIED: &str = "polity_signature_verifications_total";
/// A node's counter of transactions that were executed and not refused.
pub(super) const ACCEPTED: &str = "polity_transactions_accepted_total";
const PATIENCE: Duration = Duration::from_secs(120);

fn measure() -> Vec<Figure> {
    let verified = verifications_of_each_node(TRANSACTIONS, PER_SECOND);
    println!(
        "  {TRANSACTIONS} transactions of one signature each over {NODES} nodes: verified {verified:?}"
    );
    let goal = Goal::at_most(1.0);
    let each = verified
        .into_iter()
        .map(|count| count as f64 / TRANSACTIONS as f64);
    vec![Figure::new("8", goal, each.collect())]
}

/// Sends transactions of one signature each through the nodes of a network in turn; answers how many signatures each
/// node verified until all had them in a block.
fn verifications_of_each_node(transactions: u64, per_second: u64) -> Vec<u64> {
    let network = cometbft::ours();
    let counted = |name: &str| -> Vec<u64> {
        let nodes = network.cluster.nodes.iter();
        nodes.map(|node| node.metric(name)).collect()
    };
    let signed = network.payments.sign(0..transactions);
    let before = counted(VERIFIED);
    let offer = generator::Offer::new(&network.targets(), &signed, per_second);
    generator::drive(offer, PATIENCE);
    // The slowest may still execute what the first has in its blocks.
    wait::until("every node has executed everything", PATIENCE, || {
        let executed = counted(ACCEPTED)
            .into_iter()
            .all(|count| count == transactions);
        executed.then_some(())
    });
    let after = counted(VERIFIED);
    after
        .iter()
        .zip(before)
        .map(|(after, before)| after - before)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_node_verifies_a_signature_once() {
        assert_eq!(verifications_of_each_node(200, 200), [200; NODES]);
    }
}
