//! Rows 3 and 4: transfers a second that are signed, durable and acknowledged, against PostgreSQL with an audit trigger.
//!
//! Ours is one validator on the embedded engine; this process hands the signed transactions in through the gateway's
//! method for many. A transfer counts when the gateway shows it in a block, which is after the block's synced write.
//! PostgreSQL is driven by `pgbench` over as many connections, each transaction committed with its log synced.

use std::cell::Cell;

use super::Row;
use super::comparison::{PAIRS, Side, alternate};
use super::figure::{Bound, Figure, Goal};
use super::generator::Offer;
use super::network;
use super::postgres::{CONNECTIONS, Postgres};
use super::workload::MEMBERS;
use crate::engine::Engine;

pub(super) const SINGLE: Row = Row {
    number: 3,
    title: "single transfers, durable and acknowledged, one embedded validator ÷ PostgreSQL with an audit trigger",
    measure: || {
        let goal = goal(2.0, 4.0);
        vec![Figure::new("3", goal, ratios(1, 30_000))]
    },
};

pub(super) const BATCHED: Row = Row {
    number: 4,
    title: "a hundred transfers a transaction, durable and acknowledged, one embedded validator ÷ PostgreSQL with an audit trigger",
    measure: || {
        let goal = goal(6.0, 12.0);
        vec![Figure::new("4", goal, ratios(100, 80_000))]
    },
};

/// More transfers a second than either side takes.
const OFFERED_PER_SECOND: u64 = 500_000;

fn goal(target: f64, stretch: f64) -> Goal {
    Goal {
        bound: Bound::AtLeast,
        target,
        stretch: Some(stretch),
    }
}

fn ratios(per_transaction: u64, transfers: u64) -> Vec<f64> {
    let ours = network::ours(Engine::Embedded, 1, per_transaction as usize);
    let mut network = ours.network();
    network.targets.addresses = vec![ours.cluster.nodes[0].gateway(); CONNECTIONS as usize];
    let postgres = Postgres::start(MEMBERS);

    let transactions = transfers / per_transaction;
    let next = Cell::new(0);
    alternate(
        PAIRS,
        Side {
            name: "polity",
            run: Box::new(|| {
                let first = next.replace(next.get() + transactions);
                let signed = ours.payments.sign(first..first + transactions);
                let rate = OFFERED_PER_SECOND / per_transaction;
                let offer = Offer::new(&network.targets, &signed, rate);
                network.drive(offer).1.times(per_transaction)
            }),
        },
        Side {
            name: "PostgreSQL",
            run: Box::new(|| postgres.transfer(transfers, per_transaction)),
        },
    )
}
