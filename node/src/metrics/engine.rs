//! What the engine knows of the network, asked for now and then.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::Metrics;
use crate::gateway::{Ask, Blocks};

/// Between two questions.
const PAUSE: Duration = Duration::from_secs(10);
/// The same while the node is not ready, because somebody waits for that.
const PAUSE_UNTIL_READY: Duration = Duration::from_secs(1);

/// Keeps the number of peers and of waiting transactions, and whether the node catches up, up to date,
/// until it is dropped. While the engine does not answer, it has no peers and is not there yet.
pub async fn watch(blocks: Arc<dyn Blocks>, metrics: Arc<Metrics>) {
    loop {
        let peers = blocks.ask(Ask::NetInfo).await.unwrap_or_default();
        let peers = count(&peers, "n_peers");
        metrics.peers.set(peers);
        let pool = blocks.ask(Ask::NumUnconfirmedTxs).await.unwrap_or_default();
        metrics.pool_transactions.set(count(&pool, "n_txs"));
        let status = blocks.ask(Ask::Status).await.unwrap_or_default();
        show(&status["consensus_info"], &metrics);
        let is_there = status["sync_info"]["catching_up"] == Value::Bool(false);
        metrics.catching_up.set(i64::from(!is_there));

        let pause = if is_there && peers > 0 {
            PAUSE
        } else {
            PAUSE_UNTIL_READY
        };
        tokio::time::sleep(pause).await;
    }
}

/// What the embedded engine tells of itself; zero where another one says nothing of it.
fn show(consensus: &Value, metrics: &Metrics) {
    metrics.round.set(consensus["round"].as_i64().unwrap_or(0));
    metrics.missed_rounds.set(count(consensus, "missed_rounds"));
    let signed = &consensus["signed"];
    metrics.signed_blocks.set(count(signed, "blocks"));
    metrics.signable_blocks.set(count(signed, "of"));
    let dropped = &consensus["dropped"];
    metrics.pool_dropped_full.set(count(dropped, "full"));
    metrics.pool_dropped_expired.set(count(dropped, "expired"));
    metrics.pool_dropped_refused.set(count(dropped, "refused"));
    let guard = &consensus["guard"];
    metrics
        .guard_signs
        .set(guard["signs"].as_bool().unwrap_or(false).into());
    metrics.guard_refusals.set(count(guard, "refusals"));
}

/// CometBFT writes numbers as texts.
fn count(answer: &Value, name: &str) -> i64 {
    answer[name]
        .as_str()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use prometheus_client::registry::Registry;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_pool_dropped_is_shown_by_why() {
        let metrics = Metrics::register(&mut Registry::default(), "embedded");
        let dropped = json!({ "full": "1", "expired": "2", "refused": "3" });
        show(&json!({ "dropped": dropped }), &metrics);
        let shown = [
            &metrics.pool_dropped_full,
            &metrics.pool_dropped_expired,
            &metrics.pool_dropped_refused,
        ];
        assert_eq!(shown.map(|gauge| gauge.get()), [1, 2, 3]);
    }

    #[test]
    fn numbers_are_read_as_cometbft_writes_them() {
        assert_eq!(count(&json!({ "n_peers": "3" }), "n_peers"), 3);
        assert_eq!(count(&Value::Null, "n_peers"), 0);
    }
}
