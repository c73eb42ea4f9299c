//! The embedded engine behind the gateway: questions are answered from its chain, in CometBFT's words.

mod json;

use std::ops::Range;

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

/// Headers in one answer of `blockchain`.
const HEADERS_MAX: u64 = 20;
/// Validators on a page where nothing is said, and at most.
const PAGE_DEFAULT: usize = 30;
const PAGE_MAX: usize = 100;
/// Bytes of one chunk of the genesis document.
const CHUNK_BYTES: usize = 16 << 20;
/// Transactions that wait, in one answer.
const UNCONFIRMED_MAX: usize = 100;

/// A running embedded engine.
pub struct Embedded {
    chain: Chain,
    /// The genesis document, as CometBFT would show it.
    genesis: Value,
    about: About,
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
            genesis,
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
            .unwrap_or_else(|_| Err(refused("the question could not be read")))
    }

    async fn answer(&self, ask: Ask) -> Result<Value, Trouble> {
        match ask {
            Ask::Health => Ok(json!({})),
            Ask::Status => {
                let about = self.about.clone();
                self.read(move |chain| status(chain, &about)).await
            }
            Ask::NetInfo => Ok(json::net_info(
                &self.chain.peers().await,
                self.chain.chain_id(),
                &self.about.listen,
            )),
            Ask::Genesis => Ok(json!({"genesis": self.genesis})),
            Ask::GenesisChunked(chunk) => self.genesis_chunk(chunk.unwrap_or(0)),
            Ask::Block(height) => {
                self.read(move |chain| Ok(json::block(&block_at(chain, height)?)))
                    .await
            }
            Ask::BlockByHash(hash) => {
                self.read(move |chain| {
                    Ok(block_by_hash(chain, &hash)?
                        .map_or_else(json::no_block, |block| json::block(&block)))
                })
                .await
            }
            Ask::Header(height) => {
                self.read(move |chain| {
                    let block = block_at(chain, height)?;
                    Ok(json!({"header": json::header(block.header())}))
                })
                .await
            }
            Ask::HeaderByHash(hash) => {
                self.read(move |chain| {
                    let block = block_by_hash(chain, &hash)?;
                    Ok(json!({"header": block.map(|block| json::header(block.header()))}))
                })
                .await
            }
            Ask::Blockchain {
                min_height,
                max_height,
            } => {
                self.read(move |chain| blockchain(chain, min_height, max_height))
                    .await
            }
            Ask::Commit(height) => self.read(move |chain| commit(chain, height)).await,
            Ask::Validators {
                height,
                page,
                per_page,
            } => {
                self.read(move |chain| validators(chain, height, page, per_page))
                    .await
            }
            Ask::ConsensusParams(height) => {
                self.read(move |chain| consensus_params(chain, height))
                    .await
            }
            Ask::UnconfirmedTxs(limit) => Ok(self.unconfirmed(Some(limit))),
            Ask::NumUnconfirmedTxs => Ok(self.unconfirmed(None)),
        }
    }

    fn genesis_chunk(&self, chunk: i64) -> Result<Value, Trouble> {
        let document = self.genesis.to_string();
        let chunks: Vec<&[u8]> = document.as_bytes().chunks(CHUNK_BYTES).collect();
        let found = usize::try_from(chunk)
            .ok()
            .and_then(|chunk| chunks.get(chunk));
        match found {
            Some(bytes) => Ok(json!({
                "chunk": chunk.to_string(),
                "total": chunks.len().to_string(),
                "data": STANDARD.encode(bytes),
            })),
            None => Err(refused(&format!(
                "there are {} chunks, {chunk} is invalid",
                chunks.len()
            ))),
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
        Err(trouble) => Submission::NotTaken(refused(&trouble.to_string())),
    }
}

fn status(chain: &Chain, about: &About) -> Result<Value, Trouble> {
    let progress = chain.progress();
    let own = chain.own();
    let first = chain.block(chain.first_height()).map_err(fault)?;
    let newest = chain.block(progress.height).map_err(fault)?;
    let power = chain
        .validators(progress.height + 1)
        .map_err(fault)?
        .and_then(|validators| {
            validators
                .find(&own.address)
                .map(|validator| validator.power)
        })
        .unwrap_or(0);
    let mut status = json::status(chain, about, first.as_ref(), newest.as_ref(), power);
    let guard = chain.guard();
    let peers = chain.gossip().peers();
    let peers = peers
        .iter()
        .filter(|(_, is_connected)| *is_connected)
        .count();
    status["consensus_info"] = json!({
        "height": progress.working_height.to_string(),
        "round": progress.round,
        "proposer": progress.proposer.map(|address| address.to_string()),
        "missed_rounds": progress.missed_rounds.to_string(),
        "is_validator": progress.is_validator,
        "peers": peers.to_string(),
        "waiting": chain.pool().status().transactions.to_string(),
        "guard": {
            "signs": guard.is_trusted,
            "height": guard.height.to_string(),
            "floor": guard.floor.to_string(),
            "refusals": guard.refusals.to_string(),
        },
    });
    Ok(status)
}

fn commit(chain: &Chain, height: Option<i64>) -> Result<Value, Trouble> {
    let block = block_at(chain, height)?;
    let (commit, canonical) = chain
        .commit(block.header().height)
        .map_err(fault)?
        .ok_or_else(|| refused("the commit is not available"))?;
    Ok(json!({
        "signed_header": {
            "header": json::header(block.header()),
            "commit": json::commit(&commit),
        },
        "canonical": canonical,
    }))
}

fn validators(
    chain: &Chain,
    height: Option<i64>,
    page: Option<i64>,
    per_page: Option<i64>,
) -> Result<Value, Trouble> {
    let newest = chain.progress().height;
    // The next height's validators are known; where nothing is said, they are meant.
    let height = known(height, newest + 1)?;
    let set = chain
        .validators(height)
        .map_err(fault)?
        .ok_or_else(|| refused("the validators are not available"))?;
    let range = self::page(set.len(), page, per_page)?;
    let shown = set.iter().skip(range.start).take(range.len());
    let shown: Vec<Value> = shown.map(json::validator).collect();
    Ok(json!({
        "block_height": height.to_string(),
        "count": shown.len().to_string(),
        "total": set.len().to_string(),
        "validators": shown,
    }))
}

/// Which of so many things are on a page.
pub(crate) fn page(
    total: usize,
    page: Option<i64>,
    per_page: Option<i64>,
) -> Result<Range<usize>, Trouble> {
    let per_page = match per_page.and_then(|count| usize::try_from(count).ok()) {
        None | Some(0) => PAGE_DEFAULT,
        Some(count) => count.min(PAGE_MAX),
    };
    let pages = total.div_ceil(per_page) as i64;
    let page = page.unwrap_or(1);
    if !(1..=pages).contains(&page) {
        return Err(refused(&format!(
            "page should be within [1, {pages}] range, given {page}"
        )));
    }
    let start = (page - 1) as usize * per_page;
    Ok(start..total.min(start + per_page))
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

fn consensus_params(chain: &Chain, height: Option<i64>) -> Result<Value, Trouble> {
    let height = known(height, chain.progress().height + 1)?;
    let params = chain
        .params(height)
        .map_err(fault)?
        .ok_or_else(|| refused("the parameters are not available"))?;
    Ok(json!({
        "block_height": height.to_string(),
        "consensus_params": json::params(&params),
    }))
}

fn blockchain(chain: &Chain, min: i64, max: i64) -> Result<Value, Trouble> {
    let newest = chain.progress().height;
    let (Ok(min), Ok(max)) = (u64::try_from(min), u64::try_from(max)) else {
        return Err(refused("heights must be non-negative"));
    };
    let max = if max == 0 { newest } else { max.min(newest) };
    let min = min.max(1).max((max + 1).saturating_sub(HEADERS_MAX));
    if min > max {
        return Err(refused(&format!(
            "min height {min} can't be greater than max height {max}"
        )));
    }
    let mut metas = Vec::new();
    for height in (min..=max).rev() {
        let block = chain.block(height).map_err(fault)?;
        metas.extend(block.as_ref().map(json::meta));
    }
    Ok(json!({"last_height": newest.to_string(), "block_metas": metas}))
}

fn block_at(chain: &Chain, height: Option<i64>) -> Result<SealedBlock, Trouble> {
    let height = known(height, chain.progress().height)?;
    chain
        .block(height)
        .map_err(fault)?
        .ok_or_else(|| refused(&format!("block {height} is not available")))
}

fn block_by_hash(chain: &Chain, hash: &[u8]) -> Result<Option<SealedBlock>, Trouble> {
    match chain.height_of(hash).map_err(fault)? {
        Some(height) => chain.block(height).map_err(fault),
        None => Ok(None),
    }
}

/// CometBFT's rules and words for a height that is asked for.
fn known(height: Option<i64>, newest: u64) -> Result<u64, Trouble> {
    let Some(asked) = height else {
        return Ok(newest);
    };
    match u64::try_from(asked) {
        Err(_) | Ok(0) => Err(refused(&format!(
            "height must be greater than 0, but got {asked}"
        ))),
        Ok(height) if height > newest => Err(refused(&format!(
            "height {height} must be less than or equal to the current blockchain height {newest}"
        ))),
        Ok(height) => Ok(height),
    }
}

fn fault(fault: Fault) -> Trouble {
    refused(&fault.to_string())
}

fn refused(detail: &str) -> Trouble {
    Trouble::Refused {
        code: -32603,
        message: "Internal error".to_owned(),
        detail: detail.to_owned(),
    }
}
