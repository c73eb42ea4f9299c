//! What the node counts and measures, in Prometheus form.
//!
//! One value of [`Metrics`] lives as long as the process; whoever does the work counts it there. The
//! gateway counts its own calls, in the same registry.

mod engine;
mod store;

use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

pub use engine::watch;
pub use store::StoreMetrics;

/// Everything that the node counts and measures. Cheap to share, safe from every thread.
#[derive(Debug)]
pub struct Metrics {
    /// The newest committed height.
    pub height: Gauge,
    /// Nodes that this one is connected with.
    pub peers: Gauge,
    /// Transactions that wait for a block.
    pub pool_transactions: Gauge,
    /// The round that consensus works in; under the embedded engine.
    pub round: Gauge,
    /// Rounds without a decision since the start; under the embedded engine.
    pub missed_rounds: Gauge,
    /// Of the newest hundred blocks, those that this validator signed; under the embedded engine.
    pub signed_blocks: Gauge,
    /// How many blocks that count looked at: fewer than a hundred soon after the start.
    pub signable_blocks: Gauge,
    /// 1 while the guard against signing twice lets this validator sign; under the embedded engine.
    pub guard_signs: Gauge,
    /// Signatures that the guard refused since the start; under the embedded engine.
    pub guard_refusals: Gauge,
    /// 1 until the engine has all blocks that the others have; 1 also while it does not answer.
    pub catching_up: Gauge,
    /// Transactions in committed blocks that took effect.
    pub transactions_accepted: Counter,
    transactions_refused: Family<CodeLabel, Counter>,
    door_results: Family<CodeLabel, Counter>,
    /// Envelopes whose signatures were needed; with `signature_verifications` it tells whether a
    /// signature is verified once.
    pub envelopes: Counter,
    /// Signatures that were verified. A signature is verified once per node.
    pub signature_verifications: Counter,
    /// Heights that were committed.
    pub commits: Counter,
    phases: Family<PhaseLabel, Histogram, fn() -> Histogram>,
    engine_calls: Family<MethodLabel, Histogram, fn() -> Histogram>,
}

/// The phases of a block's work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
pub enum Phase {
    /// Choosing and ordering transactions for a proposal.
    Prepare,
    /// Judging another node's proposal.
    Process,
    /// Executing a decided block.
    Execute,
    /// Computing the root of the state.
    Tree,
    /// Making the block durable.
    Commit,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CodeLabel {
    code: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PhaseLabel {
    phase: Phase,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MethodLabel {
    method: &'static str,
}

impl Metrics {
    /// Registers everything, at zero. `engine` is the name of the engine that makes blocks.
    pub fn register(registry: &mut Registry, engine: &'static str) -> Metrics {
        let metrics = Metrics {
            height: Gauge::default(),
            peers: Gauge::default(),
            pool_transactions: Gauge::default(),
            round: Gauge::default(),
            missed_rounds: Gauge::default(),
            signed_blocks: Gauge::default(),
            signable_blocks: Gauge::default(),
            guard_signs: Gauge::default(),
            guard_refusals: Gauge::default(),
            catching_up: Gauge::default(),
            transactions_accepted: Counter::default(),
            transactions_refused: Family::default(),
            door_results: Family::default(),
            envelopes: Counter::default(),
            signature_verifications: Counter::default(),
            commits: Counter::default(),
            phases: Family::new_with_constructor(histogram as fn() -> Histogram),
            engine_calls: Family::new_with_constructor(histogram as fn() -> Histogram),
        };
        metrics.catching_up.set(1);
        metrics.enter(registry, engine);
        metrics
    }

    /// Counts a refused transaction of a committed block by its rejection's number.
    pub fn count_refused(&self, code: u32) {
        self.transactions_refused
            .get_or_create(&CodeLabel { code })
            .inc();
    }

    /// Counts an answer at the door: 0 for a transaction that was let in, else the rejection's number.
    pub fn count_door(&self, code: u32) {
        self.door_results.get_or_create(&CodeLabel { code }).inc();
    }

    /// Measures a phase of a block's work.
    pub fn observe_phase(&self, phase: Phase, took: Duration) {
        self.phases
            .get_or_create(&PhaseLabel { phase })
            .observe(took.as_secs_f64());
    }

    /// Measures a call of the engine, by the method's name.
    pub fn observe_engine_call(&self, method: &'static str, took: Duration) {
        self.engine_calls
            .get_or_create(&MethodLabel { method })
            .observe(took.as_secs_f64());
    }

    fn enter(&self, registry: &mut Registry, engine: &'static str) {
        let build = vec![("version", env!("CARGO_PKG_VERSION")), ("engine", engine)];
        registry.register("build", "The program", Info::new(build));
        registry.register("height", "The newest committed height", self.height.clone());
        registry.register(
            "peers",
            "Nodes that this one is connected with",
            self.peers.clone(),
        );
        registry.register(
            "pool_transactions",
            "Transactions that wait for a block",
            self.pool_transactions.clone(),
        );
        for (name, help, gauge) in [
            ("round", "The round that consensus works in", &self.round),
            (
                "missed_rounds",
                "Rounds without a decision since the start",
                &self.missed_rounds,
            ),
            (
                "signed_blocks",
                "Blocks among the newest that this validator signed",
                &self.signed_blocks,
            ),
            (
                "signable_blocks",
                "The newest blocks that it could sign: a hundred at most, and none from before the start",
                &self.signable_blocks,
            ),
            (
                "guard_signs",
                "1 while the guard lets this validator sign",
                &self.guard_signs,
            ),
            (
                "guard_refusals",
                "Signatures that the guard refused since the start",
                &self.guard_refusals,
            ),
        ] {
            registry.register(name, help, gauge.clone());
        }
        registry.register(
            "catching_up",
            "1 until the engine has all blocks that the others have",
            self.catching_up.clone(),
        );
        registry.register(
            "transactions_accepted",
            "Transactions in committed blocks that took effect",
            self.transactions_accepted.clone(),
        );
        registry.register(
            "transactions_refused",
            "Transactions in committed blocks that were refused, by code",
            self.transactions_refused.clone(),
        );
        registry.register(
            "door_results",
            "Transactions at the door, by code; 0 was let in",
            self.door_results.clone(),
        );
        registry.register(
            "envelopes",
            "Envelopes whose signatures were needed",
            self.envelopes.clone(),
        );
        registry.register(
            "signature_verifications",
            "Signatures that were verified",
            self.signature_verifications.clone(),
        );
        registry.register(
            "commits",
            "Heights that were committed",
            self.commits.clone(),
        );
        registry.register_with_unit(
            "block_phase",
            "Time of a block's work, by phase",
            Unit::Seconds,
            self.phases.clone(),
        );
        registry.register_with_unit(
            "engine_call",
            "Time of a call of the engine, by method",
            Unit::Seconds,
            self.engine_calls.clone(),
        );
    }
}

/// From a tenth of a millisecond to 13 seconds.
fn histogram() -> Histogram {
    Histogram::new(exponential_buckets(0.0001, 2.0, 18))
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode;

    use super::*;

    #[test]
    fn everything_counted_appears_in_prometheus_form() {
        let mut registry = Registry::with_prefix("polity");
        let metrics = Metrics::register(&mut registry, "cometbft");
        metrics.height.set(12);
        metrics.count_refused(641);
        metrics.count_door(0);
        metrics.observe_phase(Phase::Commit, Duration::from_millis(3));
        metrics.observe_engine_call("finalize_block", Duration::from_millis(5));

        let mut text = String::new();
        encode(&mut text, &registry).unwrap();

        for line in [
            "polity_build_info{version=\"0.1.0\",engine=\"cometbft\"} 1",
            "polity_height 12",
            "polity_transactions_refused_total{code=\"641\"} 1",
            "polity_door_results_total{code=\"0\"} 1",
            "polity_block_phase_seconds_count{phase=\"Commit\"} 1",
            "polity_engine_call_seconds_count{method=\"finalize_block\"} 1",
        ] {
            assert!(
                text.lines().any(|found| found == line),
                "{line} is missing in\n{text}"
            );
        }
        assert!(text.ends_with("# EOF\n"));
    }
}
