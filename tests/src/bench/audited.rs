//! Rows 3, 4 and 5: transfers a second that are signed, durable and acknowledged, against PostgreSQL with an audit
//! trigger, and against TigerBeetle.
//!
//! Ours is one validator on the embedded engine; this process hands the signed transactions in through the gateway's
//! method for many. A transfer counts when the gateway shows it in a block, which is after the block's synced write.
//! PostgreSQL is driven by `pgbench` over as many connections, each transaction committed with its log synced;
//! TigerBeetle by its own `tigerbeetle benchmark`, which has a transfer answered after it is in the synced log.

use std::cell::Cell;

use super::Row;
use super::comparison::{PAIRS, Side, alternate};
use super::figure::{Figure, Goal};
use super::generator::Offer;
use super::network;
use super::postgres::{CONNECTIONS, Postgres};
use super::tigerbeetle::{self, TigerBeetle};
use super::workload::MEMBERS;
use crate::engine::Engine;

pub(super) const SINGLE: Row = Row {
    number: 3,
    title: "single transfers, durable and acknowledged, one embedded validator ÷ PostgreSQL with an audit trigger",
    measure: || {
        let goal = goal(2.0, 4.0);
        vec![Figure::new("3", goal, against_postgres(1, 30_000))]
    },
};

pub(super) const BATCHED: Row = Row {
    number: 4,
    title: "a hundred transfers a transaction, durable and acknowledged, one embedded validator ÷ PostgreSQL with an audit trigger",
    measure: || {
        let goal = goal(6.0, 12.0);
        vec![Figure::new("4", goal, against_postgres(100, 80_000))]
    },
};

pub(super) const UNSIGNED: Row = Row {
    number: 5,
    title: "a hundred transfers a transaction, durable and acknowledged, one embedded validator ÷ TigerBeetle in its best batches",
    measure: || {
        if !tigerbeetle::is_installed() {
            println!("  tigerbeetle is not in PATH; its makers offer it at tigerbeetle.com");
            return Vec::new();
        }
        let goal = goal(0.6, 1.2);
        vec![Figure::new("5", goal, against_tigerbeetle(100, 1_000_000))]
    },
};

/// More transfers a second than either side takes.
const OFFERED_PER_SECOND: u64 = 500_000;

fn goal(target: f64, stretch: f64) -> Goal {
    Goal::at_least(target).with_stretch(stretch)
}

fn against_postgres(per_transaction: u64, transfers: u64) -> Vec<f64> {
    let postgres = Postgres::start(MEMBERS);
    let other = Side {
        name: "PostgreSQL",
        run: Box::new(|| postgres.transfer(transfers, per_transaction)),
    };
    ratios(per_transaction, transfers, other)
}

fn against_tigerbeetle(per_transaction: u64, transfers: u64) -> Vec<f64> {
    let tigerbeetle = TigerBeetle::start(MEMBERS);
    let other = Side {
        name: "TigerBeetle",
        run: Box::new(|| tigerbeetle.transfer(transfers)),
    };
    ratios(per_transaction, transfers, other)
}

/// Ours in turn with another side that makes as many transfers.
fn ratios(per_transaction: u64, transfers: u64, other: Side<'_>) -> Vec<f64> {
    let ours = network::ours(Engine::Embedded, 1, per_transaction as usize);
    let mut network = ours.network();
    network.targets.addresses = vec![ours.cluster.nodes[0].gateway(); CONNECTIONS as usize];

    let transactions = transfers / per_transaction;
    let next = Cell::new(0);
    let polity = Side {
        name: "polity",
        run: Box::new(|| {
            let first = next.replace(next.get() + transactions);
            let signed = ours.payments.sign(first..first + transactions);
            let rate = OFFERED_PER_SECOND / per_transaction;
            let offer = Offer::new(&network.targets, &signed, rate);
            network.drive(offer).1.times(per_transaction)
        }),
    };
    alternate(PAIRS, polity, other)
}
