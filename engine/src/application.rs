//! What an engine asks of the program that it drives, in types of our own.
//!
//! The life cycle is that of ABCI 2.0: after `info` (and, on a new chain, `init_chain`) a height is proposed
//! (`prepare_proposal`, `process_proposal`), decided (`finalize_block`) and made durable (`commit`), while
//! transactions are checked and questions answered beside it. Vote extensions and snapshots are deliberately absent:
//! the engines answer that there are none.

mod block;
mod chain;
mod query;
mod rows;

use bytes::Bytes;

pub use block::{
    BlockResult, Check, CheckKind, CheckResult, Committed, FinalizeBlock, Misbehavior,
    MisbehaviorKind, PrepareProposal, ProcessProposal, ProposalVerdict, Recheck, TxResult,
};
pub use chain::{
    BlockParams, ConsensusParams, EvidenceParams, Info, InitChain, InitChainResult, PaceParams,
    Timestamp, ValidatorUpdate,
};
pub use query::{ProofOp, Query, QueryResult};
pub use rows::{EngineRow, EngineStore};

/// The node itself cannot go on: a disk that fails, a state that contradicts itself. An engine that receives one
/// answers nothing more and stops, because a verdict invented here would fork the chain.
///
/// Refusing a transaction is not a fault: that is a [`TxResult`] with a code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Fault(pub String);

/// The program that an engine drives.
///
/// Methods take `&self`, because an engine calls `check` and `query` while a block is being executed. The calls that
/// make blocks (`init_chain`, `prepare_proposal`, `process_proposal`, `finalize_block`, `commit`) come one after
/// another. All calls may block: an engine makes them away from its event loop.
pub trait Application: Send + Sync + 'static {
    /// Where the application stands: the height and app hash of its last commit. Asked at each start; the engine
    /// then replays what the application lacks.
    fn info(&self) -> Result<Info, Fault>;

    /// Starts a new chain. Can be repeated, with the same content, until the first commit.
    fn init_chain(&self, request: InitChain) -> Result<InitChainResult, Fault>;

    /// Says whether a transaction may enter the pool. A courtesy: only `finalize_block` decides.
    fn check(&self, request: Check) -> Result<CheckResult, Fault>;

    /// Checks transactions that arrived together, so that an application can verify their signatures as one batch.
    /// Answers one result for each request, in order.
    fn check_batch(&self, requests: Vec<Check>) -> Result<Vec<CheckResult>, Fault> {
        requests
            .into_iter()
            .map(|request| self.check(request))
            .collect()
    }

    /// Chooses and orders the transactions of a block. The answer's size, counted as protobuf counts it, must not
    /// exceed `request.max_transaction_bytes`.
    fn prepare_proposal(&self, request: PrepareProposal) -> Result<Vec<Bytes>, Fault>;

    /// Judges a block that another node proposed. Must accept whatever a correct node prepares.
    fn process_proposal(&self, request: ProcessProposal) -> Result<ProposalVerdict, Fault>;

    /// Hears of the transactions of a block that is decided, before the one below it is executed: their signatures can be
    /// verified meanwhile. Answers at once; nothing depends on it. By default nothing is done.
    fn foresee(&self, _transactions: &[Bytes]) {}

    /// Executes a decided block and answers one result per transaction. Nothing is persisted yet.
    fn finalize_block(&self, request: FinalizeBlock) -> Result<BlockResult, Fault>;

    /// Makes the block of the last `finalize_block` durable, at once and in one piece, together with rows of the
    /// engine's own. An engine that keeps its blocks elsewhere brings none; an application without an
    /// [`EngineStore`] is never given any.
    fn commit(&self, engine_rows: Vec<EngineRow>) -> Result<Committed, Fault>;

    /// The same for a block that others decided without this node, and gave: the disk may get it with the next one that must
    /// be there at once. A power cut then takes back the newest heights, whole, and the others give them again.
    fn commit_later(&self, engine_rows: Vec<EngineRow>) -> Result<Committed, Fault> {
        self.commit(engine_rows)
    }

    /// Answers a question from the committed state. An answer that does not exist is a code, not a fault.
    fn query(&self, request: Query) -> Result<QueryResult, Fault>;
}
