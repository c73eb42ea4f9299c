//! The blocks of ended chains, as their engine showed them: CometBFT's JSON, which both engines speak.
//!
//! | first byte | then | holds |
//! |---|---|---|
//! | `B` | height | the block without its transactions, which the ledger keeps itself, and the commit |
//! | `H` | hash of a header | its height |
//! | `V` | hash | a set of validators, whole |

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use crate::app::BlockRecord;
use crate::fault::{Fault, FaultKind};
use crate::gateway::{Answering, Ask, Blocks, Depth, Submission, Trouble, headers, page};
use crate::store::{ArchiveEntry, Store};

/// The archive of a store, from the first height to the last one of the newest ended chain.
#[derive(Clone)]
pub struct Archive {
    store: Arc<Store>,
    last: u64,
}

/// A block of an ended chain.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ArchivedBlock {
    /// The answer of `block`, with no transactions in it.
    pub(crate) block: Value,
    /// The signatures that decided it.
    pub(crate) commit: Value,
}

impl ArchivedBlock {
    /// The rows of a block.
    pub(super) fn entries(&self, height: u64) -> Result<Vec<ArchiveEntry>, Fault> {
        let bytes = serde_json::to_vec(self).map_err(|error| damaged(height, &error))?;
        let hash = self.block["block_id"]["hash"].as_str().unwrap_or_default();
        let hash = hex::decode(hash).map_err(|error| damaged(height, &error))?;
        Ok(vec![
            (block_key(height), bytes),
            (hash_key(&hash), height.to_be_bytes().to_vec()),
        ])
    }
}

/// The row of a set of validators: those of the answers of `validators`.
pub(super) fn validators_entry(hash: &[u8], validators: &[Value]) -> ArchiveEntry {
    (
        validators_key(hash),
        json!(validators).to_string().into_bytes(),
    )
}

/// Whether a set of validators is in the archive.
pub(super) fn has_validators(store: &Store, hash: &[u8]) -> Result<bool, Fault> {
    Ok(store.archived(&validators_key(hash))?.is_some())
}

pub(super) fn block_at(store: &Store, height: u64) -> Result<Option<ArchivedBlock>, Fault> {
    let row = store.archived(&block_key(height))?;
    row.map(|row| serde_json::from_slice(&row).map_err(|error| damaged(height, &error)))
        .transpose()
}

impl Archive {
    /// The archive of a store whose newest chain begins after `last`.
    pub fn new(store: Arc<Store>, last: u64) -> Archive {
        Archive { store, last }
    }

    /// A height of an ended chain.
    fn height(&self, asked: Option<i64>) -> Option<u64> {
        let height = u64::try_from(asked?).ok()?;
        (1..=self.last).contains(&height).then_some(height)
    }

    /// Whether a question may be about an ended chain. Most are not, and need not wait for the store.
    fn may_answer(&self, ask: &Ask) -> bool {
        match ask {
            Ask::Block(height)
            | Ask::Header(height)
            | Ask::Commit(height)
            | Ask::Validators { height, .. } => self.height(*height).is_some(),
            Ask::Blockchain { max_height, .. } => self.height(Some(*max_height)).is_some(),
            // Only the store knows of which chain a hash is.
            Ask::BlockByHash(_) | Ask::HeaderByHash(_) => true,
            Ask::Health
            | Ask::Status
            | Ask::NetInfo
            | Ask::Genesis
            | Ask::GenesisChunked(_)
            | Ask::ConsensusParams(_)
            | Ask::UnconfirmedTxs(_)
            | Ask::NumUnconfirmedTxs => false,
        }
    }

    /// The answer to a question about a height of an ended chain; none where the question is not about one.
    fn answer(&self, ask: &Ask) -> Option<Result<Value, Trouble>> {
        let asked = |height: Option<i64>| self.height(height);
        match ask {
            Ask::Block(height) => asked(*height).map(|height| self.block(height)),
            Ask::Header(height) => asked(*height).map(|height| self.header(height)),
            Ask::Commit(height) => asked(*height).map(|height| self.commit(height)),
            Ask::BlockByHash(hash) => self.by_hash(hash, |height| self.block(height)),
            Ask::HeaderByHash(hash) => self.by_hash(hash, |height| self.header(height)),
            Ask::Validators {
                height,
                page,
                per_page,
            } => asked(*height).map(|height| self.validators(height, *page, *per_page)),
            Ask::Blockchain {
                min_height,
                max_height,
            } => asked(Some(*max_height)).map(|_| self.headers(*min_height, *max_height)),
            Ask::Health
            | Ask::Status
            | Ask::NetInfo
            | Ask::Genesis
            | Ask::GenesisChunked(_)
            | Ask::ConsensusParams(_)
            | Ask::UnconfirmedTxs(_)
            | Ask::NumUnconfirmedTxs => None,
        }
    }

    fn block(&self, height: u64) -> Result<Value, Trouble> {
        let mut block = self.at(height)?.block;
        let transactions = self.store.snapshot().transactions(height);
        let transactions = transactions.map_err(unreadable)?;
        let encoded = transactions.iter().map(|bytes| STANDARD.encode(bytes));
        block["block"]["data"]["txs"] = encoded.collect();
        Ok(block)
    }

    fn header(&self, height: u64) -> Result<Value, Trouble> {
        Ok(json!({ "header": self.at(height)?.block["block"]["header"] }))
    }

    /// Headers, newest first. How large a block was is not kept.
    fn headers(&self, min: i64, max: i64) -> Result<Value, Trouble> {
        let snapshot = self.store.snapshot();
        let meta = |height| {
            let block = self.at(height)?.block;
            let record = snapshot.block(height);
            let record =
                record.and_then(|record| record.as_deref().map(BlockRecord::read).transpose());
            let record = record.map_err(unreadable)?;
            let transactions = record.map_or(0, |record| record.transactions);
            Ok(json!({
                "block_id": block["block_id"],
                "block_size": "0",
                "header": block["block"]["header"],
                "num_txs": transactions.to_string(),
            }))
        };
        let metas = headers(min, max, self.last)?.rev().map(meta);
        Ok(json!({
            "last_height": self.last.to_string(),
            "block_metas": metas.collect::<Result<Vec<Value>, Trouble>>()?,
        }))
    }

    fn commit(&self, height: u64) -> Result<Value, Trouble> {
        let archived = self.at(height)?;
        Ok(json!({
            "signed_header": {
                "header": archived.block["block"]["header"],
                "commit": archived.commit,
            },
            "canonical": true,
        }))
    }

    fn validators(
        &self,
        height: u64,
        asked: Option<i64>,
        per_page: Option<i64>,
    ) -> Result<Value, Trouble> {
        let block = self.at(height)?.block;
        let hash = block["block"]["header"]["validators_hash"].as_str();
        let hash = hash.and_then(|hash| hex::decode(hash).ok());
        let key = validators_key(&hash.unwrap_or_default());
        let row = self.store.archived(&key).map_err(unreadable)?;
        let row = row.ok_or_else(|| Trouble::internal("the validators are not available"))?;
        let all: Vec<Value> =
            serde_json::from_slice(&row).map_err(|error| unreadable(damaged(height, &error)))?;
        let shown = page(all.len(), asked, per_page)?;
        let count = shown.len();
        Ok(json!({
            "block_height": height.to_string(),
            "count": count.to_string(),
            "total": all.len().to_string(),
            "validators": all[shown],
        }))
    }

    /// What is asked about the block whose header has this hash; none where no chain that ended has it.
    fn by_hash(
        &self,
        hash: &[u8],
        answer: impl FnOnce(u64) -> Result<Value, Trouble>,
    ) -> Option<Result<Value, Trouble>> {
        let row = match self.store.archived(&hash_key(hash)) {
            Ok(row) => row?,
            Err(fault) => return Some(Err(unreadable(fault))),
        };
        Some(match <[u8; 8]>::try_from(row) {
            Ok(height) => answer(u64::from_be_bytes(height)),
            Err(_) => Err(Trouble::internal(
                "a height in the archive is not as it was written",
            )),
        })
    }

    fn at(&self, height: u64) -> Result<ArchivedBlock, Trouble> {
        let block = block_at(&self.store, height).map_err(unreadable)?;
        block.ok_or_else(|| Trouble::internal(&format!("block {height} is not available")))
    }
}

/// An engine whose chain goes on from others: what is asked of heights before its first is answered from the archive.
pub struct Continued {
    /// The engine that runs.
    pub engine: Arc<dyn Blocks>,
    /// The chains before.
    pub archive: Archive,
}

impl Blocks for Continued {
    fn engine(&self) -> &'static str {
        self.engine.engine()
    }

    fn checks_in_batches(&self) -> bool {
        self.engine.checks_in_batches()
    }

    fn ask(&self, ask: Ask) -> Answering<'_, Result<Value, Trouble>> {
        if !self.archive.may_answer(&ask) {
            return self.engine.ask(ask);
        }
        Box::pin(async move {
            let (archive, asked) = (self.archive.clone(), ask.clone());
            let answered = spawn_blocking(move || archive.answer(&asked)).await;
            match answered {
                Ok(Some(answer)) => answer,
                Ok(None) => self.engine.ask(ask).await,
                Err(_) => Err(Trouble::internal("the archive could not be read")),
            }
        })
    }

    fn submit(&self, transactions: Vec<Bytes>, depth: Depth) -> Answering<'_, Vec<Submission>> {
        self.engine.submit(transactions, depth)
    }
}

/// The key of a block.
pub(crate) fn block_key(height: u64) -> Vec<u8> {
    [&b"B"[..], &height.to_be_bytes()].concat()
}

/// The key under which the height of a header is found by its hash.
pub(crate) fn hash_key(hash: &[u8]) -> Vec<u8> {
    [b"H", hash].concat()
}

/// The key of a set of validators.
pub(crate) fn validators_key(hash: &[u8]) -> Vec<u8> {
    [b"V", hash].concat()
}

fn unreadable(fault: Fault) -> Trouble {
    Trouble::internal(fault.words())
}

fn damaged(height: u64, error: &dyn std::fmt::Display) -> Fault {
    let words = format!("the archived block of height {height}: {error}");
    Fault::new(FaultKind::StoreDamaged, words)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;
    use crate::store::StoreOptions;

    fn store(directory: &std::path::Path) -> Arc<Store> {
        let options = StoreOptions {
            free_bytes_min: 0,
            ..StoreOptions::default()
        };
        Arc::new(Store::open(directory, options).unwrap())
    }

    /// An engine that answers at once.
    struct Running;

    impl Blocks for Running {
        fn engine(&self) -> &'static str {
            "running"
        }

        fn checks_in_batches(&self) -> bool {
            false
        }

        fn ask(&self, _ask: Ask) -> Answering<'_, Result<Value, Trouble>> {
            Box::pin(async { Ok(json!("at once")) })
        }

        fn submit(&self, _: Vec<Bytes>, _: Depth) -> Answering<'_, Vec<Submission>> {
            Box::pin(async { Vec::new() })
        }
    }

    #[test]
    fn what_is_not_about_an_ended_chain_waits_for_no_reading() {
        let directory = tempfile::tempdir().unwrap();
        let continued = Continued {
            engine: Arc::new(Running),
            archive: Archive::new(store(directory.path()), 30),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .max_blocking_threads(1)
            .enable_time()
            .build()
            .unwrap();
        let (end, reading) = mpsc::channel::<()>();
        runtime.spawn_blocking(move || reading.recv());

        let asks = [
            Ask::Health,
            Ask::Status,
            Ask::Block(None),
            Ask::Block(Some(31)),
        ];
        for ask in asks {
            let answer = async {
                tokio::time::timeout(Duration::from_secs(5), continued.ask(ask.clone())).await
            };
            let answer = runtime.block_on(answer);
            assert_eq!(answer, Ok(Ok(json!("at once"))), "{ask:?}");
        }
        drop(end);
    }

    #[test]
    fn headers_of_an_ended_chain_are_told_newest_first_and_those_of_the_running_one_are_not() {
        let directory = tempfile::tempdir().unwrap();
        let store = store(directory.path());
        for height in 1..=30_u8 {
            let archived = ArchivedBlock {
                block: json!({
                    "block_id": {"hash": hex::encode_upper([height; 32])},
                    "block": {"header": {"height": height.to_string()}, "data": {"txs": []}},
                }),
                commit: Value::Null,
            };
            let entries = archived.entries(u64::from(height)).unwrap();
            store.put_archive(&entries).unwrap();
        }
        let archive = Archive::new(store, 30);
        let told = |min_height, max_height| {
            let ask = Ask::Blockchain {
                min_height,
                max_height,
            };
            let answer = archive.answer(&ask)?;
            Some(answer.map(|answer| {
                let metas = answer["block_metas"].as_array().unwrap().clone();
                let heights = metas.iter().map(|meta| {
                    let height = meta["header"]["height"].as_str().unwrap();
                    height.parse::<u64>().unwrap()
                });
                heights.collect::<Vec<_>>()
            }))
        };

        assert_eq!(told(3, 5), Some(Ok(vec![5, 4, 3])));
        assert_eq!(told(0, 2), Some(Ok(vec![2, 1])));
        assert_eq!(told(1, 30), Some(Ok((11..=30).rev().collect())));
        assert!(matches!(told(9, 8), Some(Err(_))));
        // The newest are the running chain's.
        for (min, max) in [(1, 31), (31, 40), (1, 0), (1, -1)] {
            assert_eq!(told(min, max), None, "{min} {max}");
        }
    }
}
