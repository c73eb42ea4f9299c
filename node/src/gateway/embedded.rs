//! The embedded engine behind the gateway: questions are answered from its chain, in CometBFT's words.

mod json;
mod questions;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use polity_engine::Fault;
use polity_engine::application::TxResult;
use polity_engine::embedded::Chain;
use polity_engine::embedded::canonical::{Commit, SealedBlock, ValidatorSet};
use polity_engine::embedded::pool::NotTaken;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use super::backend::{Answering, Ask, Blocks, Depth, Submission, Submitted, Trouble};
use questions::PAGE_DEFAULT;

pub(crate) use questions::{headers, page};

/// Bytes of one chunk of the genesis document.
const CHUNK_BYTES: usize = 16 << 20;
/// Transactions that wait, in one answer.
const UNCONFIRMED_MAX: usize = 100;

/// A running embedded engine.
pub struct Embedded {
    chain: Chain,
    genesis: Arc<GenesisDocument>,
    about: About,
}

/// The genesis document as CometBFT would show it: whole, and in JSON for whoever asks for it in chunks. It never
/// changes, and may have many MiB.
struct GenesisDocument {
    whole: Value,
    text: String,
}

/// What the node says of itself, beside the chain.
#[derive(Clone, Debug)]
pub struct About {
    /// What it calls itself.
    pub moniker: String,
    /// Where its peers reach it.
    pub listen: String,
    /// Where its gateway listens.
    pub gateway: String,
}

impl Embedded {
    /// Answers from this chain.
    pub fn new(chain: Chain, genesis: Value, about: About) -> Self {
        Self {
            chain,
            genesis: Arc::new(GenesisDocument {
                text: genesis.to_string(),
                whole: genesis,
            }),
            about,
        }
    }

    /// Reads the chain away from the event loop.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Chain) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, Trouble> {
        let chain = self.chain.clone();
        spawn_blocking(move || work(&chain))
            .await
            .unwrap_or_else(|_| Err(Trouble::internal("the question could not be read")))
    }

    async fn answer(&self, ask: Ask) -> Result<Value, Trouble> {
        match ask {
            Ask::Health => Ok(json!({})),
            Ask::Status => {
                let about = self.about.clone();
                self.read(move |chain| questions::status(chain, &about))
                    .await
            }
            Ask::NetInfo => Ok(json::net_info(
                &self.chain.peers().await,
                self.chain.chain_id(),
                &self.about.listen,
            )),
            Ask::Genesis => {
                let genesis = Arc::clone(&self.genesis);
                self.read(move |_| Ok(json!({"genesis": genesis.whole})))
                    .await
            }
            Ask::GenesisChunked(chunk) => {
                let genesis = Arc::clone(&self.genesis);
                self.read(move |_| genesis.chunk(chunk.unwrap_or(0))).await
            }
            Ask::Block(height) => {
                self.read(move |chain| Ok(json::block(&questions::block_at(chain, height)?)))
                    .await
            }
            Ask::BlockByHash(hash) => {
                self.read(move |chain| {
                    Ok(questions::block_by_hash(chain, &hash)?
                        .map_or_else(json::no_block, |block| json::block(&block)))
                })
                .await
            }
            Ask::Header(height) => {
                self.read(move |chain| {
                    let block = questions::outline_at(chain, height)?;
                    Ok(json!({"header": json::header(&block.header)}))
                })
                .await
            }
            Ask::HeaderByHash(hash) => {
                self.read(move |chain| {
                    let block = questions::outline_by_hash(chain, &hash)?;
                    Ok(json!({"header": block.map(|block| json::header(&block.header))}))
                })
                .await
            }
            Ask::Blockchain {
                min_height,
                max_height,
            } => {
                self.read(move |chain| questions::blockchain(chain, min_height, max_height))
                    .await
            }
            Ask::Commit(height) => {
                self.read(move |chain| questions::commit(chain, height))
                    .await
            }
            Ask::Validators {
                height,
                page,
                per_page,
            } => {
                self.read(move |chain| questions::validators(chain, height, page, per_page))
                    .await
            }
            Ask::ConsensusParams(height) => {
                self.read(move |chain| questions::consensus_params(chain, height))
                    .await
            }
            Ask::UnconfirmedTxs(limit) => Ok(self.unconfirmed(Some(limit))),
            Ask::NumUnconfirmedTxs => Ok(self.unconfirmed(None)),
        }
    }

    /// Transactions that wait: as many as `limit` says, or their number alone.
    fn unconfirmed(&self, limit: Option<Option<i64>>) -> Value {
        let status = self.chain.pool().status();
        let shown: Option<Vec<String>> = limit.map(|limit| {
            let asked = limit.and_then(|limit| usize::try_from(limit).ok());
            let limit = asked
                .filter(|limit| *limit > 0)
                .unwrap_or(PAGE_DEFAULT)
                .min(UNCONFIRMED_MAX);
            let first = self.chain.pool().first(limit);
            first
                .iter()
                .map(|transaction| STANDARD.encode(transaction))
                .collect()
        });
        json!({
            "n_txs": shown.as_ref().map_or(status.transactions, Vec::len).to_string(),
            "total": status.transactions.to_string(),
            "total_bytes": status.bytes.to_string(),
            "txs": shown,
        })
    }
}

impl GenesisDocument {
    fn chunk(&self, chunk: i64) -> Result<Value, Trouble> {
        let chunks: Vec<&[u8]> = self.text.as_bytes().chunks(CHUNK_BYTES).collect();
        let found = usize::try_from(chunk)
            .ok()
            .and_then(|chunk| chunks.get(chunk));
        match found {
            Some(bytes) => Ok(json!({
                "chunk": chunk.to_string(),
                "total": chunks.len().to_string(),
                "data": STANDARD.encode(bytes),
            })),
            None => Err(Trouble::internal(&format!(
                "there are {} chunks, {chunk} is invalid",
                chunks.len()
            ))),
        }
    }
}

impl Blocks for Embedded {
    fn engine(&self) -> &'static str {
        "embedded"
    }

    fn checks_in_batches(&self) -> bool {
        true
    }

    fn ask(&self, ask: Ask) -> Answering<'_, Result<Value, Trouble>> {
        Box::pin(self.answer(ask))
    }

    fn submit(&self, transactions: Vec<Bytes>, _depth: Depth) -> Answering<'_, Vec<Submission>> {
        Box::pin(async move {
            let answers = self.chain.pool().submit(transactions).await;
            answers.into_iter().map(submission).collect()
        })
    }
}

fn submission(answer: Result<TxResult, NotTaken>) -> Submission {
    match answer {
        Ok(result) => Submission::Answered(Submitted {
            code: result.code,
            data: result.data,
            log: result.log,
            codespace: String::new(),
        }),
        Err(NotTaken::AlreadyKnown) => Submission::AlreadyKnown,
        Err(trouble) => Submission::NotTaken(Trouble::internal(&trouble.to_string())),
    }
}

/// A block as the answer of `block` shows it.
pub fn block_json(block: &SealedBlock) -> Value {
    json::block(block)
}

/// The signatures that decided a block, as the answer of `commit` shows them.
pub fn commit_json(commit: &Commit) -> Value {
    json::commit(commit)
}

/// Validators as the answer of `validators` shows them: all of a set.
pub fn validators_json(set: &ValidatorSet) -> Vec<Value> {
    set.iter().map(json::validator).collect()
}

fn fault(fault: Fault) -> Trouble {
    Trouble::internal(&fault.to_string())
}
