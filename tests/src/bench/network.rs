//! A network under load: where it is offered to, and whose CPU its work takes.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::comparison::{PAIRS, Sample, Side, alternate};
use super::cpu;
use super::doors::{Doors, Way};
use super::generator::{self, Offer, Outcome};
use super::workload::{MEMBERS, Payments};
use crate::charter;
use crate::cluster::{Cluster, Founding};
use crate::engine::{self, Engine};

const VALID_SECONDS: u64 = 3 * 3_600;
const PATIENCE: Duration = Duration::from_secs(120);

/// A network of ours whose members pay each other.
pub(super) struct Ours {
    pub(super) cluster: Cluster,
    pub(super) payments: Payments,
}

/// Starts nodes whose members may send as much as they like, so many transfers in each transaction.
pub(super) fn ours(engine: Engine, nodes: usize, transfers: usize) -> Ours {
    ours_limited(engine, nodes, transfers, 0)
}

/// The same, where one address may call so often a second; 0 is without a limit.
pub(super) fn ours_limited(
    engine: Engine,
    nodes: usize,
    transfers: usize,
    calls_per_second: u32,
) -> Ours {
    let limit = format!("gateway.limits.calls_per_second={calls_per_second}");
    let mut cluster = Cluster::found(&Founding {
        engine,
        founders: nodes,
        guests: 0,
        settings: &[
            "share.actions_per_second=0",
            "share.block_actions_max=1000000",
            &limit,
        ],
        charter: &charter::members(MEMBERS),
    });
    cluster.start_founders();
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |now| now.as_secs());
    let payments = Payments {
        organisation: *cluster.leads().organisation(),
        departments: nodes,
        valid_until: now + VALID_SECONDS,
        transfers,
        hot_percent: 0,
    };
    Ours { cluster, payments }
}

impl Ours {
    /// Where transactions are handed in: at CometBFT's own RPC of each node, or at each gateway where there is none.
    pub(super) fn targets(&self) -> Doors {
        let nodes = self.cluster.nodes.iter();
        match self.cluster.nodes[0].engine() {
            Engine::Cometbft => Doors {
                way: Way::Rpc,
                addresses: nodes.map(|node| node.engine_rpc()).collect(),
            },
            Engine::Embedded => Doors {
                way: Way::Gateway,
                addresses: nodes.map(|node| node.gateway()).collect(),
            },
        }
    }

    pub(super) fn network(&self) -> Network {
        let nodes = || self.cluster.nodes.iter();
        let engines = nodes().filter_map(|node| node.engine_process_id());
        Network {
            nodes: self.cluster.nodes.len(),
            targets: self.targets(),
            applications: nodes().filter_map(|node| node.process_id()).collect(),
            engines: if engine::is_a_process(self.cluster.nodes[0].engine()) {
                engines.collect()
            } else {
                Vec::new()
            },
        }
    }
}

/// Where a network is offered to, and who works for it.
pub(super) struct Network {
    pub(super) nodes: usize,
    pub(super) targets: Doors,
    /// Processes of applications, the engine included where it is embedded.
    pub(super) applications: Vec<u32>,
    /// Processes of CometBFT.
    pub(super) engines: Vec<u32>,
}

impl Network {
    /// Offers transactions and waits until all are in blocks.
    pub(super) fn drive(&self, offer: Offer) -> (Outcome, Sample) {
        let used = || (cpu::of_all(&self.applications), cpu::of_all(&self.engines));
        let before = used();
        let outcome = generator::drive(offer, PATIENCE);
        let after = used();
        let (applications, engines) = (after.0 - before.0, after.1 - before.1);
        let count = outcome.latencies.len() as u64;
        let each = |cpu: Duration| cpu.as_secs_f64() * 1e6 / count as f64 / self.nodes as f64;
        println!(
            "    {} blocks, {}; CPU of a transaction and node: polityd or application {:.1} µs, CometBFT {:.1} µs",
            outcome.blocks,
            latency_words(&outcome),
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

/// Transactions a second of two networks in turn, offered faster than either takes them; both sides of a pair get the
/// same ones, numbered from `first`.
pub(super) fn compare<'n>(
    payments: &'n Payments,
    first: u64,
    transactions: u64,
    per_second: u64,
    ours: (&'n str, &'n Network),
    other: (&'n str, &'n Network),
) -> Vec<f64> {
    let side = |network| paying(network, payments, first, transactions, per_second);
    alternate(PAIRS, side(ours), side(other))
}

/// A network where members pay each other, numbered from `first` on, so many times in each run.
pub(super) fn paying<'n>(
    network: (&'n str, &'n Network),
    payments: &'n Payments,
    first: u64,
    transactions: u64,
    per_second: u64,
) -> Side<'n> {
    let targets = &network.1.targets;
    let mut next = first;
    side(network, move || {
        let numbers = next..next + transactions;
        next = numbers.end;
        Offer::new(targets, &payments.sign(numbers), per_second)
    })
}

/// A network that is offered something else in each run.
pub(super) fn side<'n>(
    (name, network): (&'n str, &'n Network),
    mut offer: impl FnMut() -> Offer + 'n,
) -> Side<'n> {
    Side {
        name,
        run: Box::new(move || network.drive(offer()).1),
    }
}

pub(super) fn latency_words(outcome: &Outcome) -> String {
    let millis = |share| outcome.latency(share).as_secs_f64() * 1e3;
    format!(
        "in a block after {:.0} ms (median), {:.0} ms (99 %)",
        millis(0.5),
        millis(0.99)
    )
}
