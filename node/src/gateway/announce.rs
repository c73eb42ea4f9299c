//! Turns committed blocks into CometBFT's events, once for all subscribers.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;
use tokio::task::{JoinError, spawn_blocking};

use super::backend::{Ask, CommittedBlock};
use super::means::Gateway;
use super::outbox::Text;
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

/// A committed block with its events.
pub(super) struct Announcement {
    block: Arc<CommittedBlock>,
    whole: Whole,
    /// Whether somebody wanted to hear of every transaction when it was announced.
    tells_all: bool,
    /// Written at once if somebody wants all of them, otherwise each when somebody waits for it.
    transactions: Vec<OnceLock<EventText>>,
}

/// The engine's block.
enum Whole {
    /// Nobody wanted it when it was announced.
    Unwanted,
    /// The engine did not give it.
    Missing,
    Written {
        block: EventText,
        header: EventText,
    },
}

/// Of an event, as JSON, what is the same for all subscribers: everything behind the query.
struct EventText(Arc<str>);

/// Announces every commit until the node stops sending them.
pub(super) async fn announce(gateway: Gateway) {
    let mut commits = gateway.commits();
    let mut next = None;
    loop {
        let news = match commits.recv().await {
            Ok(block) => {
                // Whoever passes commits on may have fallen behind too.
                if next.is_some_and(|next| next != block.height) {
                    let _ = gateway.news().send(Arc::new(News::Gap));
                }
                next = Some(block.height + 1);
                match Announcement::new(&gateway, block).await {
                    Ok(announcement) => News::Block(announcement),
                    // Only where the node ends.
                    Err(_) => News::Gap,
                }
            }
            Err(RecvError::Lagged(missed)) => {
                tracing::warn!(missed, "commits came faster than they could be announced");
                next = None;
                News::Gap
            }
            Err(RecvError::Closed) => return,
        };
        // Nobody listening is no failure.
        let _ = gateway.news().send(Arc::new(news));
    }
}

impl Announcement {
    async fn new(gateway: &Gateway, block: Arc<CommittedBlock>) -> Result<Announcement, JoinError> {
        let answer = if gateway.census().anyone_wants_blocks() {
            Some(fetch(gateway, &block).await)
        } else {
            None
        };
        let wants_all = gateway.census().anyone_wants_all_transactions();
        // A block has many MiB of JSON.
        spawn_blocking(move || Announcement::write(block, answer, wants_all)).await
    }

    fn write(
        block: Arc<CommittedBlock>,
        answer: Option<Option<Value>>,
        tells_all: bool,
    ) -> Announcement {
        let announcement = Announcement {
            whole: match answer {
                None => Whole::Unwanted,
                Some(None) => Whole::Missing,
                Some(Some(answer)) => Whole::write(answer, &block),
            },
            tells_all,
            transactions: block.transactions.iter().map(|_| OnceLock::new()).collect(),
            block,
        };
        if tells_all {
            for index in 0..announcement.transactions.len() {
                announcement.transaction(index);
            }
        }
        announcement
    }

    /// The messages for one subscription, or why it ends.
    pub(super) fn messages(
        &self,
        id: &Id,
        query: &str,
        topic: &Topic,
    ) -> Result<Vec<Text>, RpcError> {
        match (topic, &self.whole) {
            (Topic::NewBlock, Whole::Written { block, .. }) => Ok(vec![block.message(id, query)]),
            (Topic::NewBlockHeader, Whole::Written { header, .. }) => {
                Ok(vec![header.message(id, query)])
            }
            // Who wants it has come since then, and hears of the next one.
            (Topic::NewBlock | Topic::NewBlockHeader, Whole::Unwanted) => Ok(Vec::new()),
            (Topic::NewBlock | Topic::NewBlockHeader, Whole::Missing) => {
                let reason = format!("block {} could not be read", self.block.height);
                Err(canceled(&reason))
            }
            (Topic::Tx { hash }, Whole::Unwanted | Whole::Missing | Whole::Written { .. }) => {
                Ok(self.transaction_messages(id, query, hash.as_ref()))
            }
        }
    }

    fn transaction_messages(&self, id: &Id, query: &str, hash: Option<&[u8; 32]>) -> Vec<Text> {
        // Who wants all has come since then, and hears of the next block: so many are not written on the event loop.
        if hash.is_none() && !self.tells_all {
            return Vec::new();
        }
        let transactions = self.block.transactions.iter().enumerate();
        transactions
            .filter(|(_, transaction)| hash.is_none_or(|hash| *hash == transaction.hash))
            .filter_map(|(index, _)| Some(self.transaction(index)?.message(id, query)))
            .collect()
    }

    fn transaction(&self, index: usize) -> Option<&EventText> {
        let text = self.transactions.get(index)?;
        Some(text.get_or_init(|| EventText::transaction(&self.block, index)))
    }
}

/// The error that ends a subscription, in CometBFT's words.
pub(super) fn canceled(reason: &str) -> RpcError {
    RpcError::server(&format!("subscription was canceled (reason: {reason})"))
}

/// The engine's answer about the block. It stores a block before the application executes it, so it is there; a second
/// attempt bridges an engine that is busy.
async fn fetch(gateway: &Gateway, block: &CommittedBlock) -> Option<Value> {
    let height = i64::try_from(block.height).ok();
    for attempt in 0..BLOCK_ATTEMPTS {
        if attempt > 0 {
            tokio::time::sleep(BLOCK_PAUSE).await;
        }
        match gateway.own_value(Ask::Block(height)).await {
            Ok(answer) => return Some(answer),
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

impl Whole {
    fn write(mut answer: Value, block: &CommittedBlock) -> Whole {
        let whole = answer["block"].take();
        let header = json!({"header": whole["header"].clone()});
        let value = json!({
            "block": whole,
            "block_id": answer["block_id"].take(),
            "result_finalize_block": shapes::finalized(block),
        });
        Whole::Written {
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
        EventText(format!(r#"{data},"events":{events}}}}}"#).into())
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
    fn message(&self, id: &Id, query: &str) -> Text {
        let (id, query) = (json_text(id), Value::from(query).to_string());
        let own = format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"query":{query},"data":"#);
        Text::new(own, Arc::clone(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::backend::CommittedTransaction;

    #[test]
    fn an_event_that_waits_for_many_subscribers_is_in_memory_once() {
        let block = CommittedBlock {
            transactions: vec![CommittedTransaction::default()],
            ..CommittedBlock::default()
        };
        let engine = Some(Some(json!({})));
        let announcement = Announcement::write(Arc::new(block), engine, true);
        assert!(
            announcement.transactions[0].get().is_some(),
            "somebody wants all"
        );
        let topics = [
            Topic::NewBlock,
            Topic::NewBlockHeader,
            Topic::Tx { hash: None },
            Topic::Tx {
                hash: Some([0; 32]),
            },
        ];
        let waiting: Vec<Text> = topics
            .iter()
            .flat_map(|topic| [(1, topic), (2, topic), (3, topic)])
            .flat_map(|(id, topic)| announcement.messages(&Id::Number(id), "", topic).unwrap())
            .collect();
        let Whole::Written { block, header } = &announcement.whole else {
            panic!("the engine gave it");
        };
        let transaction = announcement.transaction(0).unwrap();
        let holders = [block, header, transaction].map(|text| Arc::strong_count(&text.0));
        assert_eq!((waiting.len(), holders), (12, [4, 4, 7]));
    }

    #[test]
    fn whoever_subscribes_while_a_block_is_announced_that_nobody_wanted_hears_of_the_next_one() {
        let told = |engine| {
            let announcement = Announcement::write(Arc::default(), engine, false);
            let told = announcement.messages(&Id::Number(1), "", &Topic::NewBlock);
            told.map(|messages| messages.len())
                .map_err(|error| error.data)
        };
        assert_eq!(told(None), Ok(0));
        assert_eq!(told(Some(Some(json!({})))), Ok(1));
        let reason = "subscription was canceled (reason: block 0 could not be read)";
        assert_eq!(told(Some(None)), Err(reason.to_owned()));
    }

    #[test]
    fn of_transactions_that_nobody_wanted_all_of_only_the_one_is_told_that_is_asked_for() {
        let block = CommittedBlock {
            transactions: vec![CommittedTransaction::default(); 3],
            ..CommittedBlock::default()
        };
        let block = Arc::new(block);
        let told = |tells_all, hash| {
            let announcement = Announcement::write(Arc::clone(&block), None, tells_all);
            let topic = Topic::Tx { hash };
            announcement
                .messages(&Id::Number(1), "", &topic)
                .unwrap()
                .len()
        };
        assert_eq!((told(true, None), told(false, None)), (3, 0));
        assert_eq!(told(false, Some([0; 32])), 3);
    }
}
