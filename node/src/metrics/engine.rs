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
        let mut status = blocks.ask(Ask::Status).await.unwrap_or_default();
        let consensus = status["consensus_info"].take();
        let round = consensus["round"].as_i64().unwrap_or(0);
        metrics.round.set(round);
        metrics
            .missed_rounds
            .set(count(&consensus, "missed_rounds"));
        let signed = &consensus["signed"];
        metrics.signed_blocks.set(count(signed, "blocks"));
        metrics.signable_blocks.set(count(signed, "of"));
        let guard = &consensus["guard"];
        metrics
            .guard_signs
            .set(guard["signs"].as_bool().unwrap_or(false).into());
        metrics.guard_refusals.set(count(guard, "refusals"));

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

/// CometBFT writes numbers as texts.
fn count(answer: &Value, name: &str) -> i64 {
    answer[name]
        .as_str()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_read_as_cometbft_writes_them() {
        assert_eq!(count(&json!({ "n_peers": "3" }), "n_peers"), 3);
        assert_eq!(count(&Value::Null, "n_peers"), 0);
    }
}
