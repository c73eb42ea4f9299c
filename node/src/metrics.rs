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

/// Makes [`Metrics`] of one row for each: its type, and its help in Prometheus form. What is measured is told in seconds, by a
/// label.
macro_rules! metrics {
    (
        counted { $($visible:vis $count:ident: $kind:ty = $help:literal;)+ }
        measured { $($time:ident: $label:ty = $time_help:literal;)+ }
    ) => {
        /// Everything that the node counts and measures. Cheap to share, safe from every thread.
        #[derive(Debug)]
        pub struct Metrics {
            $(#[doc = $help] $visible $count: $kind,)+
            $($time: Family<$label, Histogram, fn() -> Histogram>,)+
        }

        impl Metrics {
            fn zero() -> Metrics {
                Metrics {
                    $($count: <$kind>::default(),)+
                    $($time: Family::new_with_constructor(histogram as fn() -> Histogram),)+
                }
            }

            fn enter(&self, registry: &mut Registry) {
                $(registry.register(stringify!($count), $help, self.$count.clone());)+
                $(registry.register_with_unit(
                    stringify!($time),
                    $time_help,
                    Unit::Seconds,
                    self.$time.clone(),
                );)+
            }
        }
    };
}

metrics! {
    counted {
        pub height: Gauge = "The newest committed height";
        pub peers: Gauge = "Nodes that this one is connected with";
        pub pool_transactions: Gauge = "Transactions that wait for a block";
        // From here to the guard's: under the embedded engine.
        pub round: Gauge = "The round that consensus works in";
        pub missed_rounds: Gauge = "Rounds without a decision since the start";
        pub signed_blocks: Gauge = "Blocks among the newest that this validator signed";
        pub signable_blocks: Gauge = "The newest blocks that it could sign: a hundred at most, and none from before the start";
        pub pool_dropped_full: Gauge = "Transactions that left the full pool for others since the start";
        pub pool_dropped_expired: Gauge = "Transactions that expired in the pool since the start";
        pub pool_dropped_refused: Gauge = "Transactions in the pool that a block made refusable since the start";
        pub guard_signs: Gauge = "1 while the guard lets this validator sign";
        pub guard_refusals: Gauge = "Signatures that the guard refused since the start";
        // It is 1 also while the engine does not answer.
        pub catching_up: Gauge = "1 until the engine has all blocks that the others have";
        pub transactions_accepted: Counter = "Transactions in committed blocks that took effect";
        transactions_refused: Family<CodeLabel, Counter> = "Transactions in committed blocks that were refused, by code";
        door_results: Family<CodeLabel, Counter> = "Transactions at the door, by code; 0 was let in";
        // By the validator's address, as `polityd status` shows it: one for each that ever proposed.
        proposed_blocks: Family<ProposerLabel, Counter> = "Blocks that were committed, by their proposer";
        pub envelopes: Counter = "Envelopes whose signatures were needed";
        // Compared with the envelopes' signatures it tells whether a signature is verified once.
        pub signature_verifications: Counter = "Signatures that were verified";
        pub commits: Counter = "Heights that were committed";
    }
    measured {
        block_phase: PhaseLabel = "Time of a block's work, by phase";
        engine_call: MethodLabel = "Time of a call of the engine, by method";
    }
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
struct ProposerLabel {
    proposer: String,
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
        let metrics = Metrics::zero();
        metrics.catching_up.set(1);
        let build = vec![("version", env!("CARGO_PKG_VERSION")), ("engine", engine)];
        registry.register("build", "The program", Info::new(build));
        metrics.enter(registry);
        metrics
    }

    /// Counts a refused transaction of a committed block by its rejection's number.
    pub fn count_refused(&self, code: u32) {
        self.transactions_refused
            .get_or_create(&CodeLabel { code })
            .inc();
    }

    /// Counts a committed block by its proposer's address.
    pub fn count_proposed(&self, proposer: &str) {
        let proposer = proposer.to_owned();
        self.proposed_blocks
            .get_or_create(&ProposerLabel { proposer })
            .inc();
    }

    /// Counts an answer at the door: 0 for a transaction that was let in, else the rejection's number.
    pub fn count_door(&self, code: u32) {
        self.door_results.get_or_create(&CodeLabel { code }).inc();
    }

    /// Measures a phase of a block's work.
    pub fn observe_phase(&self, phase: Phase, took: Duration) {
        self.block_phase
            .get_or_create(&PhaseLabel { phase })
            .observe(took.as_secs_f64());
    }

    /// Measures a call of the engine, by the method's name.
    pub fn observe_engine_call(&self, method: &'static str, took: Duration) {
        self.engine_call
            .get_or_create(&MethodLabel { method })
            .observe(took.as_secs_f64());
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
        metrics.count_proposed("c0ffee");
        metrics.observe_phase(Phase::Commit, Duration::from_millis(3));
        metrics.observe_engine_call("finalize_block", Duration::from_millis(5));

        let mut text = String::new();
        encode(&mut text, &registry).unwrap();

        for line in [
            "polity_build_info{version=\"0.1.0\",engine=\"cometbft\"} 1",
            "polity_height 12",
            "polity_transactions_refused_total{code=\"641\"} 1",
            "polity_proposed_blocks_total{proposer=\"c0ffee\"} 1",
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
