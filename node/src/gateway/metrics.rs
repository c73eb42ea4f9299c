//! What the gateway counts.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// The gateway's metrics. Labels take values from our own lists only, so strangers cannot make new
/// series.
#[derive(Clone)]
pub(super) struct GatewayMetrics {
    calls: Family<CallLabels, Counter>,
    call_time: Family<MethodLabels, Histogram, fn() -> Histogram>,
    turned_away: Family<ReasonLabels, Counter>,
    pub(super) connections: Gauge,
}

/// Why something was turned away before it was a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TurnedAway {
    TooManyCalls,
    TooManyConnections,
    MadeRoom,
    TooLarge,
    TooSlow,
    Crowded,
    BrokeOff,
    Malformed,
    SlowConsumer,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct CallLabels {
    method: &'static str,
    result: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct MethodLabels {
    method: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ReasonLabels {
    reason: &'static str,
}

impl GatewayMetrics {
    /// Registers everything, at zero, under names that begin with `gateway_`.
    pub(super) fn register(registry: &mut Registry) -> GatewayMetrics {
        let metrics = GatewayMetrics {
            calls: Family::default(),
            call_time: Family::new_with_constructor(histogram as fn() -> Histogram),
            turned_away: Family::default(),
            connections: Gauge::default(),
        };
        let registry = registry.sub_registry_with_prefix("gateway");
        registry.register(
            "calls",
            "Calls at the gateway, by method and result",
            metrics.calls.clone(),
        );
        registry.register_with_unit(
            "call",
            "Time to answer a call, by method",
            Unit::Seconds,
            metrics.call_time.clone(),
        );
        registry.register(
            "turned_away",
            "Requests and clients that a limit turned away, by reason",
            metrics.turned_away.clone(),
        );
        registry.register(
            "connections",
            "Open connections of the gateway",
            metrics.connections.clone(),
        );
        metrics
    }

    pub(super) fn count_call(&self, method: &'static str, answered: bool, took: Duration) {
        let result = if answered { "answered" } else { "error" };
        self.calls
            .get_or_create(&CallLabels { method, result })
            .inc();
        self.call_time
            .get_or_create(&MethodLabels { method })
            .observe(took.as_secs_f64());
    }

    pub(super) fn count_turned_away(&self, why: TurnedAway) {
        let reason = match why {
            TurnedAway::TooManyCalls => "too_many_calls",
            TurnedAway::TooManyConnections => "too_many_connections",
            TurnedAway::MadeRoom => "made_room",
            TurnedAway::TooLarge => "too_large",
            TurnedAway::TooSlow => "too_slow",
            TurnedAway::Crowded => "crowded",
            TurnedAway::BrokeOff => "broke_off",
            TurnedAway::Malformed => "malformed",
            TurnedAway::SlowConsumer => "slow_consumer",
        };
        self.turned_away
            .get_or_create(&ReasonLabels { reason })
            .inc();
    }
}

fn histogram() -> Histogram {
    Histogram::new([
        0.000_1, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5, 10.0,
    ])
}
