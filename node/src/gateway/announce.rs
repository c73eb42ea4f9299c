//! Turns committed blocks into CometBFT's events, once for all subscribers.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;

use super::backend::{Ask, CommittedBlock};
use super::means::Gateway;
use super::rpc::{Id, RpcError, json as json_text};
use super::shapes;
use super::subscription::Topic;

/// How often the engine is asked for a block that the node has committed already, and the pause between.
const BLOCK_ATTEMPTS: u32 = 5;
const BLOCK_PAUSE: Duration = Duration::from_millis(100);

/// What subscribers hear of.
pub(super) enum News {
    /// A block was committed.
    Block(Announcement),
    /// Blocks passed that nobody can tell of any more.
    Gap,
}

/// A committed block with its events, written when the first subscriber wants them.
pub(super) struct Announcement {
    block: Arc<CommittedBlock>,
    /// The engine's block; absent when nobody wanted it, or when the engine did not give it.
    whole: Option<Whole>,
    transactions: Vec<OnceLock<EventText>>,
}

struct Whole {
    block: EventText,
    header: EventText,
}

/// The parts of an event that are the same for all subscribers, as JSON.
struct EventText {
    data: String,
    events: String,
}

/// Announces every commit until the node stops sending them.
pub(super) async fn announce(gateway: Gateway) {
    let mut commits = gateway.commits();
    loop {
        let news = match commits.recv().await {
            Ok(block) => News::Block(Announcement::new(&gateway, block).await),
            Err(RecvError::Lagged(missed)) => {
                tracing::warn!(missed, "commits came faster than they could be announced");
                News::Gap
            }
            Err(RecvError::Closed) => return,
        };
        // Nobody listening is no failure.
        let _ = gateway.news().send(Arc::new(news));
    }
}

impl Announcement {
    async fn new(gateway: &Gateway, block: Arc<CommittedBlock>) -> Announcement {
        let whole = if gateway.census().anyone_wants_blocks() {
            Whole::fetch(gateway, &block).await
        } else {
            None
        };
        let transactions = block.transactions.iter().map(|_| OnceLock::new()).collect();
        Announcement {
            block,
            whole,
            transactions,
        }
    }

    /// The messages for one subscription, or why it ends.
    pub(super) fn messages(
        &self,
        id: &Id,
        query: &str,
        topic: &Topic,
    ) -> Result<Vec<String>, RpcError> {
        match topic {
            Topic::NewBlock => self
                .whole()
                .map(|whole| vec![whole.block.message(id, query)]),
            Topic::NewBlockHeader => self
                .whole()
                .map(|whole| vec![whole.header.message(id, query)]),
            Topic::Tx { hash } => Ok(self.transaction_messages(id, query, hash.as_ref())),
        }
    }

    fn whole(&self) -> Result<&Whole, RpcError> {
        self.whole
            .as_ref()
            .ok_or_else(|| canceled(&format!("block {} could not be read", self.block.height)))
    }

    fn transaction_messages(&self, id: &Id, query: &str, hash: Option<&[u8; 32]>) -> Vec<String> {
        self.block
            .transactions
            .iter()
            .zip(&self.transactions)
            .enumerate()
            .filter(|(_, (transaction, _))| hash.is_none_or(|hash| *hash == transaction.hash))
            .map(|(index, (_, text))| {
                text.get_or_init(|| EventText::transaction(&self.block, index))
                    .message(id, query)
            })
            .collect()
    }
}

/// The error that ends a subscription, in CometBFT's words.
pub(super) fn canceled(reason: &str) -> RpcError {
    RpcError::server(&format!("subscription was canceled (reason: {reason})"))
}

impl Whole {
    /// The engine stores a block before the application executes it, so it is there; a second attempt bridges an
    /// engine that is busy.
    async fn fetch(gateway: &Gateway, block: &CommittedBlock) -> Option<Whole> {
        let height = i64::try_from(block.height).ok();
        for attempt in 0..BLOCK_ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(BLOCK_PAUSE).await;
            }
            match gateway.value(Ask::Block(height)).await {
                Ok(answer) => return Some(Whole::new(answer, block)),
                Err(error) => {
                    tracing::debug!(height, error = %error.data, "engine did not give the block")
                }
            }
        }
        tracing::warn!(
            height,
            "a block could not be announced: the engine did not give it"
        );
        None
    }

    fn new(mut answer: Value, block: &CommittedBlock) -> Whole {
        let whole = answer["block"].take();
        let header = json!({"header": whole["header"].clone()});
        let value = json!({
            "block": whole,
            "block_id": answer["block_id"].take(),
            "result_finalize_block": shapes::finalized(block),
        });
        Whole {
            block: EventText::new("NewBlock", &value, json!({"tm.event": ["NewBlock"]})),
            header: EventText::new(
                "NewBlockHeader",
                &header,
                json!({"tm.event": ["NewBlockHeader"]}),
            ),
        }
    }
}

impl EventText {
    fn new(name: &str, value: &Value, events: Value) -> EventText {
        let data = json!({"type": format!("tendermint/event/{name}"), "value": value});
        EventText {
            data: data.to_string(),
            events: events.to_string(),
        }
    }

    fn transaction(block: &CommittedBlock, index: usize) -> EventText {
        let hash = block
            .transactions
            .get(index)
            .map_or_else(String::new, |tx| shapes::hash_text(&tx.hash));
        let events =
            json!({"tm.event": ["Tx"], "tx.hash": [hash], "tx.height": [block.height.to_string()]});
        EventText::new("Tx", &shapes::transaction_event(block, index), events)
    }

    /// The event as the answer to the subscription's own id.
    fn message(&self, id: &Id, query: &str) -> String {
        let (id, query) = (json_text(id), Value::from(query).to_string());
        let (data, events) = (&self.data, &self.events);
        format!(
            r#"{{"jsonrpc":"2.0","id":{id},"result":{{"query":{query},"data":{data},"events":{events}}}}}"#
        )
    }
}
