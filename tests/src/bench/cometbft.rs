//! Row 2: transactions a second under CometBFT, four nodes, against CometBFT with an application that does nothing.
//!
//! The same generator offers the same transactions at the same rate to CometBFT's own RPC on both sides, more than
//! either can take; a side's rate is the number of transactions over the time until the last one is in a block.
//! Both networks live all the time, one of them idle.

use std::cell::Cell;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::Row;
use super::comparison::{PAIRS, Sample, Side, alternate};
use super::cpu;
use super::figure::{Bound, Figure, Goal};
use super::generator::{self, Offer, Outcome};
use super::null_network::NullNetwork;
use super::workload::{MEMBERS, Payments};
use crate::charter;
use crate::cluster::{Cluster, Founding};
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
const OFFERED_PER_SECOND: u64 = 12_000;
const TRANSACTIONS: u64 = 16_000;
const VALID_SECONDS: u64 = 3 * 3_600;
const PATIENCE: Duration = Duration::from_secs(120);

/// A network of ours whose members pay each other.
pub(super) struct Ours {
    pub(super) cluster: Cluster,
    pub(super) payments: Payments,
}

/// Starts four nodes whose members may send as much as they like.
pub(super) fn ours() -> Ours {
    let mut cluster = Cluster::found(&Founding {
        engine: Engine::Cometbft,
        founders: NODES,
        guests: 0,
        settings: &["share.transactions_per_second=0"],
        charter: &charter::members(MEMBERS),
    });
    cluster.start_founders();
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |now| now.as_secs());
    let payments = Payments {
        organisation: *cluster.leads().organisation(),
        departments: NODES,
        valid_until: now + VALID_SECONDS,
        transfers: 1,
    };
    Ours { cluster, payments }
}

impl Ours {
    /// CometBFT's own RPC of each node.
    pub(super) fn targets(&self) -> Vec<SocketAddr> {
        self.cluster
            .nodes
            .iter()
            .map(|node| node.engine_rpc())
            .collect()
    }

    fn applications(&self) -> Vec<u32> {
        self.cluster
            .nodes
            .iter()
            .filter_map(|node| node.process_id())
            .collect()
    }

    fn engines(&self) -> Vec<u32> {
        self.cluster
            .nodes
            .iter()
            .filter_map(|node| node.engine_process_id())
            .collect()
    }
}

/// A side of the comparison: where it is offered to, and who works.
struct Network {
    targets: Vec<SocketAddr>,
    applications: Vec<u32>,
    engines: Vec<u32>,
}

fn measure() -> Vec<Figure> {
    let ours = ours();
    let null = NullNetwork::start(NODES);
    let payments = &ours.payments;
    let ours = Network {
        targets: ours.targets(),
        applications: ours.applications(),
        engines: ours.engines(),
    };
    let null = Network {
        targets: null.targets(),
        applications: null.applications(),
        engines: null.engines(),
    };

    let mut numbers = 0;
    for rate in LADDER {
        let count = rate * LADDER_SECONDS;
        let signed = payments.sign(numbers..numbers + count);
        numbers += count;
        for (name, network) in [("polity", &ours), ("null", &null)] {
            let (outcome, _) = network.drive(Offer::new(&network.targets, &signed, rate));
            println!("  {rate}/s: {name} {}", latency_words(&outcome));
        }
    }

    // Both sides of a pair get the same transactions.
    let turn = Cell::new(0);
    let offered = |network: &Network| {
        let first = numbers + turn.get() / 2 * TRANSACTIONS;
        turn.set(turn.get() + 1);
        let signed = payments.sign(first..first + TRANSACTIONS);
        Offer::new(&network.targets, &signed, OFFERED_PER_SECOND)
    };
    let side = |network: &Network| {
        let (outcome, sample) = network.drive(offered(network));
        println!("    {} blocks, {}", outcome.blocks, latency_words(&outcome));
        sample
    };
    let ratios = alternate(
        PAIRS,
        Side {
            name: "polity",
            run: Box::new(|| side(&ours)),
        },
        Side {
            name: "null",
            run: Box::new(|| side(&null)),
        },
    );
    let goal = Goal {
        bound: Bound::AtLeast,
        target: 0.70,
        stretch: Some(0.80),
    };
    vec![Figure::new("2", goal, ratios)]
}

impl Network {
    fn drive(&self, offer: Offer) -> (Outcome, Sample) {
        let used = || (cpu::of_all(&self.applications), cpu::of_all(&self.engines));
        let before = used();
        let outcome = generator::drive(offer, PATIENCE);
        let after = used();
        let (applications, engines) = (after.0 - before.0, after.1 - before.1);
        let count = outcome.latencies.len() as u64;
        let each = |cpu: Duration| cpu.as_secs_f64() * 1e6 / count as f64 / NODES as f64;
        println!(
            "    CPU of a transaction and node: application {:.1} µs, CometBFT {:.1} µs",
            each(applications),
            each(engines)
        );
        let sample = Sample {
            count,
            wall: outcome.took,
            cpu: applications + engines,
        };
        (outcome, sample)
    }
}

fn latency_words(outcome: &Outcome) -> String {
    let millis = |share| outcome.latency(share).as_secs_f64() * 1e3;
    format!(
        "in a block after {:.0} ms (median), {:.0} ms (99 %)",
        millis(0.5),
        millis(0.99)
    )
}
