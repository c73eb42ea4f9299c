//! A gateway that listens on a free port, with a ledger and an engine in memory behind it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use polity_engine::application::{Info, ProofOp, Query, QueryResult, TxResult};
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::sync::{broadcast, watch};
use tokio_rustls::TlsAcceptor;

use crate::fault::Fault;
use crate::gateway::{
    Admission, Answering, Ask, Blocks, CommittedBlock, CommittedTransaction, Depth,
    FoundTransaction, Gateway, Limits, Origins, Queries, Submission, Submitted, Trouble, serve,
};

use super::golden::golden;

/// A running gateway. It stops when this is dropped.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    pub(super) ledger: Arc<Ledger>,
    pub(super) engine: Arc<Engine>,
    pub(super) registry: Arc<Registry>,
    stop: watch::Sender<bool>,
    running: tokio::task::JoinHandle<()>,
}

impl Server {
    pub(super) async fn start(limits: Limits) -> Server {
        let engine = Arc::new(Engine::default());
        let blocks: Arc<dyn Blocks> = engine.clone();
        Server::start_before(limits, engine, blocks, None).await
    }

    pub(super) async fn start_for_pages(limits: Limits, origins: Origins) -> Server {
        let engine = Arc::new(Engine::default());
        let blocks: Arc<dyn Blocks> = engine.clone();
        Server::start_with(limits, origins, engine, blocks, None).await
    }

    pub(super) async fn start_before(
        limits: Limits,
        engine: Arc<Engine>,
        blocks: Arc<dyn Blocks>,
        tls: Option<TlsAcceptor>,
    ) -> Server {
        Server::start_with(limits, Origins::default(), engine, blocks, tls).await
    }

    async fn start_with(
        limits: Limits,
        origins: Origins,
        engine: Arc<Engine>,
        blocks: Arc<dyn Blocks>,
        tls: Option<TlsAcceptor>,
    ) -> Server {
        let ledger = Arc::new(Ledger::new());
        let mut registry = Registry::with_prefix("polity");
        let gateway = Gateway::new(ledger.clone(), blocks, limits, origins, &mut registry).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = watch::channel(false);
        let running = tokio::spawn(serve(gateway, listener, tls, stopped));
        Server {
            address,
            ledger,
            engine,
            registry: Arc::new(registry),
            stop,
            running,
        }
    }

    /// Stops the server and waits for its end.
    pub(super) async fn stop(self) {
        self.stop.send(true).unwrap();
        self.running.await.unwrap();
    }
}

/// Blocks in memory. `/key` answers with its own question, `/history` as if it read many transactions, `/wait` when
/// [`Ledger::release`] is called, `/judge` when nobody waits for it any more.
pub(super) struct Ledger {
    chain: Mutex<Vec<Arc<CommittedBlock>>>,
    commits: broadcast::Sender<Arc<CommittedBlock>>,
    waiting: Mutex<Option<std::sync::mpsc::Sender<()>>>,
    judging: AtomicUsize,
}

impl Ledger {
    fn new() -> Ledger {
        Ledger {
            chain: Mutex::default(),
            commits: broadcast::channel(64).0,
            waiting: Mutex::default(),
            judging: AtomicUsize::new(0),
        }
    }

    /// Commits a block with these transactions, each accepted with this receipt.
    pub(super) fn commit(&self, transactions: &[&[u8]], receipt: &'static [u8]) {
        let transactions = transactions
            .iter()
            .map(|bytes| CommittedTransaction {
                hash: Sha256::digest(bytes).into(),
                bytes: Bytes::copy_from_slice(bytes),
                result: TxResult {
                    data: Bytes::from_static(receipt),
                    ..TxResult::default()
                },
            })
            .collect();
        self.commit_block(CommittedBlock {
            transactions,
            app_hash: Bytes::from_static(&[2, 0, 0, 0, 0, 0, 0, 0]),
            ..CommittedBlock::default()
        });
    }

    pub(super) fn commit_block(&self, mut block: CommittedBlock) {
        let mut chain = self.chain.lock().unwrap();
        block.height = chain.len() as u64 + 1;
        let block = Arc::new(block);
        chain.push(block.clone());
        // Without subscribers nobody needs to hear of it.
        let _ = self.commits.send(block);
    }

    /// Commits an empty block of which nobody hears.
    pub(super) fn commit_unheard(&self) {
        let mut chain = self.chain.lock().unwrap();
        let block = CommittedBlock {
            height: chain.len() as u64 + 1,
            ..CommittedBlock::default()
        };
        chain.push(Arc::new(block));
    }

    /// How many listen for commits, the gateway's own announcer among them.
    pub(super) fn listeners(&self) -> usize {
        self.commits.receiver_count()
    }

    /// How many `/judge` are at work.
    pub(super) fn judging(&self) -> usize {
        self.judging.load(Ordering::SeqCst)
    }

    /// Whether a `/wait` is running.
    pub(super) fn is_waited_for(&self) -> bool {
        self.waiting.lock().unwrap().is_some()
    }

    /// Lets a `/wait` end, if one is running.
    pub(super) fn release(&self) {
        self.waiting.lock().unwrap().take();
    }
}

impl Queries for Ledger {
    fn query(&self, query: Query, waits: &dyn Fn() -> bool) -> (QueryResult, usize) {
        if query.path == "/judge" {
            self.judging.fetch_add(1, Ordering::SeqCst);
            while waits() {
                std::thread::yield_now();
            }
            self.judging.fetch_sub(1, Ordering::SeqCst);
        }
        if query.path == "/wait" {
            let (sender, receiver) = std::sync::mpsc::channel::<()>();
            *self.waiting.lock().unwrap() = Some(sender);
            let _ = receiver.recv();
        }
        let transactions_read = match query.path.as_str() {
            "/history" => 1_000,
            _ => 0,
        };
        let result = QueryResult {
            key: query.data.clone(),
            value: Bytes::from_static(b"1"),
            log: "exists".to_owned(),
            height: if query.height == 0 { 32 } else { query.height },
            proof_ops: query
                .prove
                .then(|| ProofOp {
                    kind: "ics23:jmt".to_owned(),
                    key: query.data,
                    data: Bytes::from_static(b"proof"),
                })
                .into_iter()
                .collect(),
            ..QueryResult::default()
        };
        (result, transactions_read)
    }

    fn judged_actions(&self, query: &Query) -> usize {
        match query.path.as_str() {
            "/judge" => 10,
            _ => 0,
        }
    }

    fn info(&self) -> Info {
        let chain = self.chain.lock().unwrap();
        Info {
            name: "polity".to_owned(),
            version: "0.1.0".to_owned(),
            app_version: 1,
            last_block_height: chain.len() as u64,
            last_block_app_hash: chain
                .last()
                .map(|block| block.app_hash.clone())
                .unwrap_or_default(),
        }
    }

    fn status(&self) -> Value {
        json!({"organisation": "sample", "history_base_height": 1})
    }

    fn base_height(&self) -> u64 {
        1
    }

    fn block(&self, height: u64) -> Result<Option<CommittedBlock>, Fault> {
        let chain = self.chain.lock().unwrap();
        let block = chain.iter().find(|block| block.height == height);
        Ok(block.map(|block| block.as_ref().clone()))
    }

    fn transaction(&self, hash: [u8; 32]) -> Result<Option<FoundTransaction>, Fault> {
        let chain = self.chain.lock().unwrap();
        Ok(chain.iter().find_map(|block| {
            let index = block
                .transactions
                .iter()
                .position(|transaction| transaction.hash == hash)?;
            Some(FoundTransaction {
                height: block.height,
                index: index as u32,
                transaction: block.transactions[index].clone(),
            })
        }))
    }

    fn admit(&self, transactions: &[Bytes]) -> Vec<Admission> {
        let judge = |bytes: &Bytes| match bytes.as_ref() {
            b"bad signature" => Admission::Refuse {
                code: 204,
                log: "a signature does not verify".to_owned(),
            },
            b"expired" => Admission::Refuse {
                code: 110,
                log: "expired".to_owned(),
            },
            _ => Admission::Pass,
        };
        transactions.iter().map(judge).collect()
    }

    fn costs_sender(&self, code: u32) -> bool {
        code == 204
    }

    fn commits(&self) -> broadcast::Receiver<Arc<CommittedBlock>> {
        self.commits.subscribe()
    }
}

/// A pool in memory; its other answers are CometBFT's, recorded.
#[derive(Default)]
pub(super) struct Engine {
    pool: Mutex<Vec<Bytes>>,
    down: AtomicBool,
    /// Whether whoever asks for the genesis waits.
    holds: AtomicBool,
    held: AtomicUsize,
    /// Transactions that its blocks hold beside those that were recorded.
    more_in_block: AtomicUsize,
}

impl Engine {
    pub(super) fn pool(&self) -> Vec<Bytes> {
        self.pool.lock().unwrap().clone()
    }

    pub(super) fn go_down(&self) {
        self.down.store(true, Ordering::SeqCst);
    }

    /// Lets whoever asks for the genesis wait until [`Self::let_go`].
    pub(super) fn hold(&self) {
        self.holds.store(true, Ordering::SeqCst);
    }

    pub(super) fn let_go(&self) {
        self.holds.store(false, Ordering::SeqCst);
    }

    /// How many wait.
    pub(super) fn held(&self) -> usize {
        self.held.load(Ordering::SeqCst)
    }

    pub(super) fn fill_blocks(&self, transactions: usize) {
        self.more_in_block.store(transactions, Ordering::SeqCst);
    }

    fn refuse_while_down(&self) -> Result<(), Trouble> {
        if self.down.load(Ordering::SeqCst) {
            return Err(Trouble::NotReached("connection refused".to_owned()));
        }
        Ok(())
    }
}

impl Blocks for Engine {
    fn engine(&self) -> &'static str {
        "embedded"
    }

    fn checks_in_batches(&self) -> bool {
        false
    }

    fn ask(&self, ask: Ask) -> Answering<'_, Result<Value, Trouble>> {
        Box::pin(async move {
            self.refuse_while_down()?;
            if ask == Ask::Genesis {
                self.held.fetch_add(1, Ordering::SeqCst);
                while self.holds.load(Ordering::SeqCst) {
                    tokio::task::yield_now().await;
                }
                self.held.fetch_sub(1, Ordering::SeqCst);
            }
            let is_block = matches!(ask, Ask::Block(_));
            let mut answer = golden(match ask {
                Ask::Health => "health",
                Ask::Status => "status",
                Ask::NetInfo => "net_info",
                Ask::Genesis => "genesis",
                Ask::GenesisChunked(_) => "genesis_chunked",
                Ask::Block(_) => "block",
                Ask::BlockByHash(_) => "block_by_hash",
                Ask::Header(_) => "header",
                Ask::HeaderByHash(_) => "header_by_hash",
                Ask::Blockchain { .. } => "blockchain",
                Ask::Commit(_) => "commit",
                Ask::Validators { .. } => "validators",
                Ask::ConsensusParams(_) => "consensus_params",
                Ask::UnconfirmedTxs(_) => "unconfirmed_txs",
                Ask::NumUnconfirmedTxs => "num_unconfirmed_txs",
            });
            if is_block && let Value::Array(held) = &mut answer["block"]["data"]["txs"] {
                let more = self.more_in_block.load(Ordering::SeqCst);
                held.resize(held.len() + more, json!("x".repeat(300)));
            }
            Ok(answer)
        })
    }

    fn submit(&self, transactions: Vec<Bytes>, _: Depth) -> Answering<'_, Vec<Submission>> {
        Box::pin(async move {
            let mut pool = self.pool.lock().unwrap();
            let take = |bytes: Bytes| {
                if let Err(trouble) = self.refuse_while_down() {
                    return Submission::NotTaken(trouble);
                }
                if pool.contains(&bytes) {
                    return Submission::AlreadyKnown;
                }
                pool.push(bytes);
                Submission::Answered(Submitted::default())
            };
            transactions.into_iter().map(take).collect()
        })
    }
}
