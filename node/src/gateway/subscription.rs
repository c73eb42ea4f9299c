//! The queries of `subscribe` that the gateway understands, and their count.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes of a subscription's query, as with CometBFT.
const QUERY_BYTES_MAX: usize = 512;

/// What a subscriber wants to hear of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    /// `tm.event='NewBlock'`: every block, whole.
    NewBlock,
    /// `tm.event='NewBlockHeader'`: every header.
    NewBlockHeader,
    /// `tm.event='Tx'`, every transaction, or with `AND tx.hash='…'` the one.
    Tx { hash: Option<[u8; 32]> },
}

impl Topic {
    /// Reads a query. The rest of CometBFT's query language searches events, which the ledger does not emit.
    pub(super) fn parse(query: &str) -> Result<Topic, String> {
        if query.len() > QUERY_BYTES_MAX {
            return Err("maximum query length exceeded".to_owned());
        }

        let (mut event, mut hash) = (None, None);
        for condition in conditions(query) {
            let (name, value) = condition
                .ok_or("failed to parse query: expected name='value' [AND name='value']")?;
            match name {
                "tm.event" if event.is_none() => event = Some(value),
                "tx.hash" if hash.is_none() => hash = Some(hash_of(value)?),
                "tm.event" | "tx.hash" => {
                    return Err(format!("failed to parse query: {name} is given twice"));
                }
                _ => {
                    return Err(format!(
                        "unsupported query: {name} is neither tm.event nor tx.hash"
                    ));
                }
            }
        }

        match (event, hash) {
            (Some("NewBlock"), None) => Ok(Topic::NewBlock),
            (Some("NewBlockHeader"), None) => Ok(Topic::NewBlockHeader),
            (Some("Tx"), hash) => Ok(Topic::Tx { hash }),
            (Some("NewBlock" | "NewBlockHeader"), Some(_)) => {
                Err("unsupported query: tx.hash goes with tm.event='Tx' alone".to_owned())
            }
            (Some(event), _) => Err(format!(
                "unsupported query: event {event} is none of NewBlock, NewBlockHeader, Tx"
            )),
            (None, _) => Err("unsupported query: tm.event is missing".to_owned()),
        }
    }
}

/// Splits at `AND`; `None` where something is no condition.
fn conditions(query: &str) -> impl Iterator<Item = Option<(&str, &str)>> {
    query.split(" AND ").map(|condition| {
        let (name, value) = condition.split_once('=')?;
        let value = value.trim().strip_prefix('\'')?.strip_suffix('\'')?;
        (!value.contains('\'')).then_some((name.trim(), value))
    })
}

fn hash_of(text: &str) -> Result<[u8; 32], String> {
    let mut hash = [0; 32];
    hex::decode_to_slice(text, &mut hash)
        .map_err(|_| "unsupported query: tx.hash must be 64 hexadecimal digits")?;
    Ok(hash)
}

/// Counts all subscriptions, and those that need much of a block, which is fetched and written only if someone wants it.
#[derive(Clone, Default)]
pub(super) struct Census {
    all: Arc<AtomicUsize>,
    blocks: Arc<AtomicUsize>,
    transactions: Arc<AtomicUsize>,
}

/// One counted subscription; counted until it is dropped.
pub(super) struct Counted {
    census: Census,
    topic: Topic,
}

impl Census {
    /// Counts a subscription, unless there are `most` already.
    pub(super) fn enter(&self, topic: &Topic, most: usize) -> Option<Counted> {
        if self.all.fetch_add(1, Ordering::AcqRel) >= most {
            self.all.fetch_sub(1, Ordering::AcqRel);
            return None;
        }
        if let Some(alike) = self.of(topic) {
            alike.fetch_add(1, Ordering::AcqRel);
        }
        Some(Counted {
            census: self.clone(),
            topic: topic.clone(),
        })
    }

    /// Those who want as much of a block; `None` where that is one transaction.
    fn of(&self, topic: &Topic) -> Option<&AtomicUsize> {
        match topic {
            Topic::NewBlock | Topic::NewBlockHeader => Some(&self.blocks),
            Topic::Tx { hash: None } => Some(&self.transactions),
            Topic::Tx { hash: Some(_) } => None,
        }
    }

    pub(super) fn anyone_wants_blocks(&self) -> bool {
        self.blocks.load(Ordering::Acquire) > 0
    }

    pub(super) fn anyone_wants_all_transactions(&self) -> bool {
        self.transactions.load(Ordering::Acquire) > 0
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.census.all.fetch_sub(1, Ordering::AcqRel);
        if let Some(alike) = self.census.of(&self.topic) {
            alike.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(query: &str, expected: Option<Topic>) {
        assert_eq!(Topic::parse(query).ok(), expected, "{query}");
    }

    #[test]
    fn queries_of_known_clients_are_understood() {
        let hash = Some([0xab; 32]);
        check("tm.event='NewBlock'", Some(Topic::NewBlock));
        check("tm.event = 'NewBlockHeader'", Some(Topic::NewBlockHeader));
        check("tm.event='Tx'", Some(Topic::Tx { hash: None }));
        check(
            &format!("tm.event='Tx' AND tx.hash='{}'", "AB".repeat(32)),
            Some(Topic::Tx { hash }),
        );
        check(
            &format!("tx.hash = '{}' AND tm.event = 'Tx'", "ab".repeat(32)),
            Some(Topic::Tx { hash }),
        );
    }

    #[test]
    fn other_queries_are_refused() {
        for query in [
            "",
            "garbage",
            "tm.event=NewBlock",
            "tm.event='NewBlock",
            "tm.event='Vote'",
            "tm.event='Tx' AND tx.hash='AB'",
            "tm.event='Tx' AND tm.event='Tx'",
            "tm.event='Tx' AND tx.height=5",
            "tm.event='Tx' AND transfer.sender='x'",
            "tm.event='Tx' OR tm.event='NewBlock'",
            "tx.hash='ABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABAB'",
            "tm.event='NewBlock' AND tx.hash='ABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABAB'",
            &format!("tm.event='{}'", "x".repeat(600)),
        ] {
            check(query, None);
        }
    }

    #[test]
    fn the_census_forgets_who_left() {
        let census = Census::default();
        let block = census.enter(&Topic::NewBlock, 2);
        let tx = census.enter(&Topic::Tx { hash: None }, 2);
        assert!(block.is_some() && census.anyone_wants_blocks());
        assert!(tx.is_some() && census.anyone_wants_all_transactions());
        assert!(census.enter(&Topic::NewBlock, 2).is_none());
        drop((block, tx));
        assert!(!census.anyone_wants_blocks() && !census.anyone_wants_all_transactions());
        let one = Topic::Tx {
            hash: Some([0; 32]),
        };
        assert!(census.enter(&one, 2).is_some() && !census.anyone_wants_all_transactions());
    }
}
