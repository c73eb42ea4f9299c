//! The two things behind the gateway: the node that answers from its committed state, and the engine that makes blocks.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use polity_engine::application::{
    ConsensusParams, Info, Query, QueryResult, TxResult, ValidatorUpdate,
};
use serde_json::Value;
use tokio::sync::broadcast;

use crate::fault::Fault;

/// The node's side: everything that is read from its own committed snapshot and its own store.
///
/// Methods may block on the disk: the gateway calls them away from its event loop, at most
/// `queries_at_once` at a time. State that cannot be read stops the process; what else cannot be read is told to whoever
/// asked as what it is, a fault of this node, and never as something that is not there.
pub trait Queries: Send + Sync + 'static {
    /// Answers a question (`abci_query`) from the newest committed snapshot, or as of `query.height`; tells also how many
    /// transactions of blocks it read for that. One that takes long ends early where nobody `waits` any more.
    fn query(&self, query: Query, waits: &dyn Fn() -> bool) -> (QueryResult, usize);

    /// How many actions are judged for a question, or how many it is as dear as; 0 where it only reads.
    fn judged_actions(&self, query: &Query) -> usize;

    /// Who the application is and where it stands (`abci_info`).
    fn info(&self) -> Info;

    /// What the gateway adds to the engine's `status`, under the name `polity`: a JSON object with at least the
    /// organisation and `history_base_height`.
    fn status(&self) -> Value;

    /// The lowest height whose block this node still holds; 0 while it holds none.
    fn base_height(&self) -> u64;

    /// A committed block: its transactions with their receipts. `None` outside `base_height..=last_block_height`.
    fn block(&self, height: u64) -> Result<Option<CommittedBlock>, Fault>;

    /// A committed transaction by the SHA-256 of its bytes (CometBFT's hash) or by its transaction id.
    fn transaction(&self, hash: [u8; 32]) -> Result<Option<FoundTransaction>, Fault>;

    /// Looks at new transactions together, before an engine sees them that checks one by one, so that their signatures
    /// are verified as one batch. One answer for each, in order. A courtesy: the engine's own check follows.
    fn admit(&self, transactions: &[Bytes]) -> Vec<Admission>;

    /// Whether the sender's address pays for a refusal: a bad signature, or bytes that no honest client makes.
    fn costs_sender(&self, code: u32) -> bool;

    /// Every block from now on, in order, sent after its commit is durable.
    fn commits(&self) -> broadcast::Receiver<Arc<CommittedBlock>>;
}

/// The engine's side: headers, commits, validators and the pool.
pub trait Blocks: Send + Sync + 'static {
    /// The engine's name as configuration and status give it: `cometbft` or `embedded`.
    fn engine(&self) -> &'static str;

    /// Answers with the `result` of CometBFT v0.38's RPC method of the same name.
    fn ask(&self, ask: Ask) -> Answering<'_, Result<Value, Trouble>>;

    /// Whether the engine checks what is submitted together as one batch, so that nobody else need do so before.
    fn checks_in_batches(&self) -> bool;

    /// Offers transactions to the pool; one answer for each, in order.
    fn submit(&self, transactions: Vec<Bytes>, depth: Depth) -> Answering<'_, Vec<Submission>>;
}

/// A future that a backend's object can return.
pub type Answering<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A question that only the engine can answer. A height of `None` means the newest; heights are as the client sent
/// them, so the engine judges negative and future ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Whether the engine runs.
    Health,
    /// The node, its newest block, its validator key.
    Status,
    /// The peers.
    NetInfo,
    /// The genesis document in one piece.
    Genesis,
    /// One chunk of the genesis document, by its number from 0.
    GenesisChunked(Option<i64>),
    /// A block by height.
    Block(Option<i64>),
    /// A block by its header's hash.
    BlockByHash(Bytes),
    /// A header by height.
    Header(Option<i64>),
    /// A header by its hash.
    HeaderByHash(Bytes),
    /// Headers, newest first, at most 20; 0 leaves a side open.
    Blockchain {
        /// The lowest height.
        min_height: i64,
        /// The highest height.
        max_height: i64,
    },
    /// A header with the signatures that committed it.
    Commit(Option<i64>),
    /// A page of the validators of a height.
    Validators {
        /// The height.
        height: Option<i64>,
        /// The page, from 1.
        page: Option<i64>,
        /// Validators on a page, at most 100.
        per_page: Option<i64>,
    },
    /// The consensus parameters of a height.
    ConsensusParams(Option<i64>),
    /// Transactions that wait in the pool, at most so many.
    UnconfirmedTxs(Option<i64>),
    /// How many transactions wait in the pool.
    NumUnconfirmedTxs,
}

impl Ask {
    /// Whether whole blocks are read for the answer, or it is as long as they are.
    pub(crate) fn takes_long(&self) -> bool {
        match self {
            Ask::Genesis
            | Ask::GenesisChunked(_)
            | Ask::Block(_)
            | Ask::BlockByHash(_)
            | Ask::Blockchain { .. }
            | Ask::UnconfirmedTxs(_) => true,
            Ask::Health
            | Ask::Status
            | Ask::NetInfo
            | Ask::Header(_)
            | Ask::HeaderByHash(_)
            | Ask::Commit(_)
            | Ask::Validators { .. }
            | Ask::ConsensusParams(_)
            | Ask::NumUnconfirmedTxs => false,
        }
    }
}

/// How long a submission waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Until the transaction is handed over; the answer says nothing of its check.
    HandedOver,
    /// Until the pool's check answered.
    Checked,
}

/// What became of one submitted transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Submission {
    /// The engine took it and answered.
    Answered(Submitted),
    /// The pool knows it already; sending again did no harm.
    AlreadyKnown,
    /// The engine did not take it.
    NotTaken(Trouble),
}

/// The engine's answer to a transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Submitted {
    /// 0 when the pool accepted it, otherwise the number of the refusal.
    pub code: u32,
    /// The check's data.
    pub data: Bytes,
    /// A sentence for people.
    pub log: String,
    /// Names the list to which `code` belongs.
    pub codespace: String,
}

/// Why the engine gave no answer. It becomes a JSON-RPC error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The engine refused the question; the words are the engine's.
    #[error("{detail}")]
    Refused {
        /// JSON-RPC error code.
        code: i64,
        /// What kind of refusal, for instance `Internal error`.
        message: String,
        /// The reason in the engine's words.
        detail: String,
    },
    /// The engine cannot be reached.
    #[error("engine not reached: {0}")]
    NotReached(String),
    /// The engine took longer than it may.
    #[error("engine did not answer in time")]
    TooSlow,
    /// The engine answered something that is no answer.
    #[error("engine gave no usable answer: {0}")]
    Garbled(String),
}

impl Trouble {
    /// A question that this node cannot answer, and why.
    pub(crate) fn internal(detail: &str) -> Trouble {
        Trouble::Refused {
            code: -32603,
            message: "Internal error".to_owned(),
            detail: detail.to_owned(),
        }
    }
}

/// The node's view of a transaction before the engine sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Nothing speaks against handing it to the engine.
    Pass,
    /// The check would refuse it.
    Refuse {
        /// The number of the refusal, never 0.
        code: u32,
        /// A sentence for people.
        log: String,
    },
}

/// A block as the node keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommittedBlock {
    /// Its height.
    pub height: u64,
    /// Its transactions, in order.
    pub transactions: Vec<CommittedTransaction>,
    /// Validators whose power it changed.
    pub validator_updates: Vec<ValidatorUpdate>,
    /// Consensus parameters that it changed.
    pub consensus_param_updates: Option<ConsensusParams>,
    /// The app hash after it.
    pub app_hash: Bytes,
}

/// A transaction of a block, with what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommittedTransaction {
    /// SHA-256 of `bytes`.
    pub hash: [u8; 32],
    /// The transaction as it stands in the block.
    pub bytes: Bytes,
    /// Code, receipt and log.
    pub result: TxResult,
}

/// A transaction with its place in the chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundTransaction {
    /// Height of its block.
    pub height: u64,
    /// Its place in the block, from 0.
    pub index: u32,
    /// The transaction.
    pub transaction: CommittedTransaction,
}
