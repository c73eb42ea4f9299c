//! The ledger behind the trait that every engine drives.

mod block_record;
mod door;
mod executed;
mod execution;
mod founding;
mod lanes;
mod pace;
mod proposals;
mod quota;
mod state_tree;
mod verification;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use bytes::Bytes;
use polity_engine::application::{
    Application, BlockResult, Check, CheckResult, Committed, EngineRow, Fault as EngineFault,
    FinalizeBlock, Info, InitChain, InitChainResult, PrepareProposal, ProcessProposal,
    ProposalVerdict, Query, QueryResult, TxResult,
};
use polity_ledger::block;
use polity_ledger::check::CheckedTransaction;
use polity_ledger::genesis::organisation_digest;
use polity_ledger::state::Read;
use tokio::sync::broadcast;

pub use block_record::{BlockRecord, EvidenceRecord};
pub(crate) use door::is_of_the_bytes;
pub(crate) use executed::result_of;
pub use executed::{Executed, Replay};
pub use founding::{ChainRecord, GenesisRecord, beginning};
pub use quota::Quota;
pub use state_tree::ProofError;
#[cfg(test)]
pub(crate) use state_tree::existence as shown_existence;
pub(crate) use state_tree::ics23_proof;
pub(crate) use verification::Checked;

use crate::cores::Beside;
use crate::fault::{Fault, FaultKind, or_stop};
use crate::metrics::Metrics;
use crate::query::peers::KnownNodes;
use crate::query::receipt::ReceiptTrees;
use crate::store::{AsOf, Durability, Snapshot, Store};
use execution::Pending;
use state_tree::SharedTree;
use verification::Verifier;

impl Read for Snapshot {
    fn get(&self, key: &[u8]) -> Option<Bytes> {
        Snapshot::get(self, key).map(Bytes::from)
    }

    fn read_ahead(&self, key: &[u8]) -> Option<Bytes> {
        Snapshot::read_ahead(self, key).map(Bytes::from)
    }

    fn remember(&self, key: &[u8], row: &[u8]) {
        Snapshot::remember(self, key, row);
    }
}

impl Read for AsOf {
    fn get(&self, key: &[u8]) -> Option<Bytes> {
        AsOf::get(self, key).map(Bytes::from)
    }
}

/// What a committed height did, for those who watch.
#[derive(Debug)]
pub struct CommittedBlock {
    /// Height.
    pub height: u64,
    /// What the node recorded of the block.
    pub record: BlockRecord,
    /// The transactions, in order.
    pub transactions: Vec<Bytes>,
    /// Their results, in order.
    pub results: Vec<TxResult>,
    /// What changed among the validators.
    pub validator_updates: Vec<polity_engine::application::ValidatorUpdate>,
}

/// Settings that change how fast a node answers, never what.
#[derive(Clone, Debug)]
pub struct AppOptions {
    /// Fair share of members at the door.
    pub quota: Quota,
    /// Actions, proposed ones included, beyond which this node puts nothing more into a block that it proposes.
    pub block_actions_max: usize,
    /// Peers that are accepted beside the registered nodes: node ids, 40 lower-case hex.
    pub bootstrap_peers: Vec<String>,
    /// Name of the engine in use, for status.
    pub engine: String,
}

impl Default for AppOptions {
    fn default() -> AppOptions {
        AppOptions {
            quota: Quota::default(),
            block_actions_max: 2_500,
            bootstrap_peers: Vec::new(),
            engine: String::new(),
        }
    }
}

/// A department's ledger: its store, its tree, and the block in hand.
pub struct App {
    pub(crate) store: Arc<Store>,
    pub(crate) tree: SharedTree,
    pub(crate) options: AppOptions,
    verifier: Arc<Verifier>,
    beside: Beside,
    quotas: quota::Quotas,
    pub(crate) receipt_trees: ReceiptTrees,
    pub(crate) nodes: Mutex<KnownNodes>,
    pending: Mutex<Option<Pending>>,
    organisation: RwLock<[u8; 32]>,
    // Of the chain that goes on now.
    first_height: u64,
    metrics: Arc<Metrics>,
    committed: broadcast::Sender<Arc<CommittedBlock>>,
}

impl App {
    /// Opens the ledger over a store: the tree is rebuilt from its leaves and must have the root that was committed.
    ///
    /// # Errors
    /// `StoreDamaged` where the leaves do not give that root; whatever the store brings.
    pub fn open(
        store: Arc<Store>,
        options: AppOptions,
        metrics: Arc<Metrics>,
    ) -> Result<App, Fault> {
        App::open_while_wanted(store, options, metrics, &AtomicBool::new(false))
    }

    /// The same, which ends early, by an internal fault, where it is `unwanted`.
    pub(crate) fn open_while_wanted(
        store: Arc<Store>,
        options: AppOptions,
        metrics: Arc<Metrics>,
        unwanted: &AtomicBool,
    ) -> Result<App, Fault> {
        let snapshot = store.snapshot();
        let tree = SharedTree::rebuild(&snapshot, unwanted)?;
        let record = GenesisRecord::read(&snapshot)?;
        let chain = record.as_ref().map(GenesisRecord::newest);
        let (committed, _) = broadcast::channel(256);
        Ok(App {
            quotas: quota::Quotas::new(options.quota),
            receipt_trees: ReceiptTrees::default(),
            nodes: Mutex::default(),
            store,
            tree,
            options,
            verifier: Arc::new(Verifier::new(Arc::clone(&metrics))),
            beside: Beside::default(),
            pending: Mutex::new(None),
            organisation: RwLock::new(chain.as_ref().map_or([0; 32], organisation_digest)),
            first_height: chain.map_or(1, |chain| chain.initial_height.max(1)),
            metrics,
            committed,
        })
    }

    /// The newest committed state.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.store.snapshot()
    }

    /// Digest of the chain that goes on now, which transactions bind; zero before the genesis.
    pub fn organisation(&self) -> [u8; 32] {
        *self
            .organisation
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Committed blocks from now on. A reader that lags is told how many it missed.
    pub fn watch(&self) -> broadcast::Receiver<Arc<CommittedBlock>> {
        self.committed.subscribe()
    }

    /// The metrics of this node.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }
}

impl Application for App {
    fn info(&self) -> Result<Info, EngineFault> {
        let snapshot = self.snapshot();
        // An engine asks about its own chain, of which there may be no block yet.
        let has_block = snapshot.height() >= self.first_height;
        Ok(Info {
            name: "polity".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            app_version: 1,
            last_block_height: if has_block { snapshot.height() } else { 0 },
            last_block_app_hash: if has_block {
                Bytes::copy_from_slice(&snapshot.app_hash())
            } else {
                Bytes::new()
            },
        })
    }

    fn init_chain(&self, request: InitChain) -> Result<InitChainResult, EngineFault> {
        or_stop(self.found(&request))
    }

    fn check(&self, request: Check) -> Result<CheckResult, EngineFault> {
        let mut results = self.check_batch(vec![request])?;
        or_stop(
            results
                .pop()
                .ok_or_else(|| internal("a check without an answer")),
        )
    }

    fn check_batch(&self, requests: Vec<Check>) -> Result<Vec<CheckResult>, EngineFault> {
        or_stop(self.check_at_door(requests))
    }

    fn prepare_proposal(&self, request: PrepareProposal) -> Result<Vec<Bytes>, EngineFault> {
        Ok(self.prepare(request))
    }

    fn process_proposal(&self, request: ProcessProposal) -> Result<ProposalVerdict, EngineFault> {
        Ok(self.process(&request))
    }

    fn foresee(&self, transactions: &[Bytes]) {
        let store = Arc::clone(&self.store);
        let prepare = move |one: &CheckedTransaction| block::read_ahead(&*store.snapshot(), one);
        self.verifier
            .begin_early(&self.beside, self.organisation(), transactions, prepare);
    }

    fn finalize_block(&self, request: FinalizeBlock) -> Result<BlockResult, EngineFault> {
        or_stop(self.finalize(request))
    }

    fn commit(&self, engine_rows: Vec<EngineRow>) -> Result<Committed, EngineFault> {
        or_stop(self.commit_pending(engine_rows, Durability::Now))
    }

    fn commit_later(&self, engine_rows: Vec<EngineRow>) -> Result<Committed, EngineFault> {
        or_stop(self.commit_pending(engine_rows, Durability::Later))
    }

    fn query(&self, request: Query) -> Result<QueryResult, EngineFault> {
        // The engine waits.
        Ok(self.answer(&request, &|| true))
    }
}

/// An error of ours that must not become a verdict.
pub(crate) fn internal(words: impl Into<String>) -> Fault {
    Fault::new(FaultKind::Internal, words)
}
