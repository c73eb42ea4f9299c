//! The gateway itself: one arm for each method, each answered by the node or by the engine.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use polity_engine::application::Query;
use prometheus_client::registry::Registry;
use serde_json::Value;
use tokio::sync::{Semaphore, broadcast};
use tokio::time::{Instant, timeout_at};

use super::announce::News;
use super::backend::{Ask, Blocks, CommittedBlock, Depth, Queries, Submission};
use super::body::BodyBudget;
use super::cors::Origins;
use super::limits::{LimitError, Limits};
use super::methods::{Method, Signature};
use super::metrics::{GatewayMetrics, TurnedAway};
use super::params::Args;
use super::rpc::{Call, Json, Reply, RpcError};
use super::shapes;
use super::subscription::Census;
use super::throttle::Throttle;
use super::txproof::TxProof;

/// News that may wait for a session that is busy; sessions are quick, so this is slack and no policy.
const NEWS_QUEUE: usize = 256;

/// Answers calls. Cheap to clone.
#[derive(Clone)]
pub struct Gateway(Arc<Inner>);

struct Inner {
    queries: Arc<dyn Queries>,
    blocks: Arc<dyn Blocks>,
    limits: Limits,
    origins: Arc<Origins>,
    metrics: GatewayMetrics,
    throttle: Throttle,
    bodies: BodyBudget,
    reading: Arc<Semaphore>,
    judging: Arc<Semaphore>,
    asking: Semaphore,
    census: Census,
    news: broadcast::Sender<Arc<News>>,
}

impl Gateway {
    /// Puts a gateway before the node and the engine, and registers its metrics.
    pub fn new(
        queries: Arc<dyn Queries>,
        blocks: Arc<dyn Blocks>,
        limits: Limits,
        origins: Origins,
        registry: &mut Registry,
    ) -> Result<Gateway, LimitError> {
        limits.validate()?;
        Ok(Gateway(Arc::new(Inner {
            queries,
            blocks,
            metrics: GatewayMetrics::register(registry),
            throttle: Throttle::new(&limits),
            bodies: BodyBudget::new(
                limits.bodies_bytes_max,
                limits.body_bytes_max,
                limits.body_time(),
            ),
            reading: Arc::new(Semaphore::new(limits.queries_at_once)),
            judging: Arc::new(Semaphore::new(limits.judged_at_once)),
            asking: Semaphore::new(limits.engine_calls_at_once),
            census: Census::default(),
            news: broadcast::channel(NEWS_QUEUE).0,
            origins: Arc::new(origins),
            limits,
        })))
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub(super) fn origins(&self) -> Arc<Origins> {
        Arc::clone(&self.0.origins)
    }

    pub(super) fn metrics(&self) -> &GatewayMetrics {
        &self.0.metrics
    }

    /// Counts what a limit turned away, and tells who debugs why.
    pub(super) fn turned_away(&self, peer: IpAddr, why: TurnedAway) {
        tracing::debug!(%peer, ?why, "turned away");
        self.0.metrics.count_turned_away(why);
    }

    pub(super) fn bodies(&self) -> &BodyBudget {
        &self.0.bodies
    }

    pub(super) fn census(&self) -> &Census {
        &self.0.census
    }

    pub(super) fn news(&self) -> &broadcast::Sender<Arc<News>> {
        &self.0.news
    }

    pub(super) fn commits(&self) -> broadcast::Receiver<Arc<CommittedBlock>> {
        self.0.queries.commits()
    }

    /// Whether the engine checks together what is submitted together.
    pub(super) fn checks_in_batches(&self) -> bool {
        self.0.blocks.checks_in_batches()
    }

    /// Whether a refusal is the sender's fault.
    pub(super) fn blames_sender(&self, code: u32) -> bool {
        self.0.queries.blames_sender(code)
    }

    /// Whether the address may make this many calls now.
    pub(super) fn may_call(&self, peer: IpAddr, calls: usize) -> bool {
        self.0.throttle.take(peer, calls, std::time::Instant::now())
    }

    /// Makes the address pay for what it sent.
    pub(super) fn charge(&self, peer: IpAddr, calls: usize) {
        self.0
            .throttle
            .charge(peer, calls, std::time::Instant::now());
    }

    /// When a request that begins now must be answered, all its calls together.
    pub(super) fn deadline(&self) -> Instant {
        Instant::now() + self.0.limits.call_time()
    }

    /// Answers one JSON-RPC call.
    pub(super) async fn reply(&self, call: Call, peer: IpAddr, deadline: Instant) -> Reply {
        let outcome = match Signature::find(&call.method) {
            Some(signature) => match Args::from_json(signature.parameters, call.params) {
                Ok(args) => self.answer(signature, args, peer, deadline).await,
                Err(detail) => Err(RpcError::invalid_params(&params_detail(&detail))),
            },
            None => Err(RpcError::method_not_found()),
        };
        Reply::new(call.id, outcome)
    }

    /// Answers one call of an allowed method, in time.
    pub(super) async fn answer(
        &self,
        signature: &Signature,
        args: Args,
        peer: IpAddr,
        deadline: Instant,
    ) -> Result<Json, RpcError> {
        let waits = signature.method == Method::BroadcastTxCommit;
        let deadline = if waits {
            deadline + self.0.limits.commit_wait()
        } else {
            deadline
        };

        let begun = Instant::now();
        let outcome = timeout_at(deadline, self.dispatch(signature.method, args, peer))
            .await
            .unwrap_or_else(|_| Err(RpcError::server("the call took longer than it may")));
        self.0
            .metrics
            .count_call(signature.name, outcome.is_ok(), begun.elapsed());
        outcome
    }

    async fn dispatch(
        &self,
        method: Method,
        mut args: Args,
        peer: IpAddr,
    ) -> Result<Json, RpcError> {
        let height = args.integer("height");
        match method {
            Method::Health => self.ask(Ask::Health).await,
            Method::Status => self.status().await,
            Method::NetInfo => self.ask(Ask::NetInfo).await,
            Method::Genesis => self.ask(Ask::Genesis).await,
            Method::GenesisChunked => self.ask(Ask::GenesisChunked(args.integer("chunk"))).await,
            Method::Block => self.ask(Ask::Block(height)).await,
            Method::BlockByHash => self.ask(Ask::BlockByHash(args.bytes("hash"))).await,
            Method::BlockResults => self.block_results(height).await,
            Method::Blockchain => {
                let min_height = args.integer("minHeight").unwrap_or(0);
                let max_height = args.integer("maxHeight").unwrap_or(0);
                self.ask(Ask::Blockchain {
                    min_height,
                    max_height,
                })
                .await
            }
            Method::Header => self.ask(Ask::Header(height)).await,
            Method::HeaderByHash => self.ask(Ask::HeaderByHash(args.bytes("hash"))).await,
            Method::Commit => self.ask(Ask::Commit(height)).await,
            Method::Validators => {
                let (page, per_page) = (args.integer("page"), args.integer("per_page"));
                self.ask(Ask::Validators {
                    height,
                    page,
                    per_page,
                })
                .await
            }
            Method::ConsensusParams => self.ask(Ask::ConsensusParams(height)).await,
            Method::UnconfirmedTxs => self.ask(Ask::UnconfirmedTxs(args.integer("limit"))).await,
            Method::NumUnconfirmedTxs => self.ask(Ask::NumUnconfirmedTxs).await,
            Method::Tx => {
                self.transaction(args.bytes("hash"), args.flag("prove"))
                    .await
            }
            Method::AbciInfo => self.abci_info().await,
            Method::AbciQuery => self.abci_query(height, args, peer).await,
            Method::BroadcastTxSync => self.broadcast(args.bytes("tx"), Depth::Checked, peer).await,
            Method::BroadcastTxAsync => {
                self.broadcast(args.bytes("tx"), Depth::HandedOver, peer)
                    .await
            }
            Method::BroadcastTxCommit => self.broadcast_commit(args.bytes("tx"), peer).await,
            Method::BroadcastBatch => self.broadcast_batch(args.list("txs"), peer).await,
            // The websocket session answers them itself; elsewhere they do not exist.
            Method::Websocket(_) => Err(RpcError::method_not_found()),
        }
    }

    /// The engine's status, with what the node adds. The node keeps and answers transactions itself, so the index is
    /// on, whatever the engine says of its own.
    async fn status(&self) -> Result<Json, RpcError> {
        let mut status = self.value(Ask::Status).await?;
        let mut own = self.read(|queries| queries.status()).await?;

        if let Some(own) = own.as_object_mut() {
            own.insert("engine".to_owned(), self.0.blocks.engine().into());
        }
        if let Some(index) = status.pointer_mut("/node_info/other/tx_index") {
            *index = "on".into();
        }
        if let Some(status) = status.as_object_mut() {
            status.insert("polity".to_owned(), own);
        }
        Ok(status.to_string())
    }

    async fn abci_info(&self) -> Result<Json, RpcError> {
        self.read(|queries| shapes::info(&queries.info()).to_string())
            .await
    }

    async fn abci_query(
        &self,
        height: Option<i64>,
        mut args: Args,
        peer: IpAddr,
    ) -> Result<Json, RpcError> {
        let height = u64::try_from(height.unwrap_or(0))
            .map_err(|_| RpcError::invalid_params("height must not be negative"))?;
        let query = Query {
            path: args.text("path"),
            data: args.bytes("data"),
            height,
            prove: args.flag("prove"),
        };
        let answer = |queries: &dyn Queries, query, waits: &dyn Fn() -> bool| {
            shapes::query_result(&queries.query(query, waits)).to_string()
        };
        let judged = self.0.queries.judged_actions(&query);
        if judged == 0 {
            return self
                .read(move |queries| answer(queries, query, &|| true))
                .await;
        }

        // Judging takes the time of a core and no disk, so a few at once are as fast as many; the others wait here,
        // where they are in nobody's way.
        self.charge(peer, judged * self.0.limits.judged_action_cost as usize);
        let turn = Arc::clone(&self.0.judging).acquire_owned().await;
        let caller = Caller::default();
        let gone = caller.gone();
        self.read(move |queries| {
            let _turn = turn;
            answer(queries, query, &|| !gone.load(Ordering::Relaxed))
        })
        .await
    }

    async fn block_results(&self, height: Option<i64>) -> Result<Json, RpcError> {
        self.read(move |queries| {
            let last = queries.info().last_block_height;
            let height = known_height(height, queries.base_height(), last)?;
            let block = queries.block(height).ok_or_else(|| {
                RpcError::internal(&format!("results of height {height} are not available"))
            })?;
            Ok(shapes::block_results(&block).to_string())
        })
        .await?
    }

    async fn transaction(&self, hash: Bytes, prove: bool) -> Result<Json, RpcError> {
        let not_found = RpcError::internal(&format!("tx ({}) not found", shapes::hash_text(&hash)));
        let Ok(hash) = <[u8; 32]>::try_from(hash.as_ref()) else {
            return Err(not_found);
        };

        self.read(move |queries| {
            let found = queries.transaction(hash).ok_or(not_found)?;
            let proof = if prove {
                prove_transaction(queries, found.height, found.index)
            } else {
                None
            };
            Ok(shapes::transaction(&found, proof.as_ref()).to_string())
        })
        .await?
    }

    /// Offers transactions to the engine's pool.
    pub(super) async fn hand_over(
        &self,
        transactions: Vec<Bytes>,
        depth: Depth,
    ) -> Result<Vec<Submission>, RpcError> {
        let _turn = self
            .0
            .asking
            .acquire()
            .await
            .map_err(|_| RpcError::internal("the node is stopping"))?;
        Ok(self.0.blocks.submit(transactions, depth).await)
    }

    async fn ask(&self, ask: Ask) -> Result<Json, RpcError> {
        Ok(self.value(ask).await?.to_string())
    }

    /// The engine's answer to a question.
    pub(super) async fn value(&self, ask: Ask) -> Result<Value, RpcError> {
        let _turn = self
            .0
            .asking
            .acquire()
            .await
            .map_err(|_| RpcError::internal("the node is stopping"))?;
        Ok(self.0.blocks.ask(ask).await?)
    }

    /// Runs a read of the store away from the event loop. It holds its turn until it ends, also when its caller has
    /// gone: so slow reads cannot pile up.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Queries) -> T + Send + 'static,
    ) -> Result<T, RpcError> {
        let turn = Arc::clone(&self.0.reading).acquire_owned().await;
        let queries = Arc::clone(&self.0.queries);
        let done = tokio::task::spawn_blocking(move || {
            let answer = work(queries.as_ref());
            drop(turn);
            answer
        });
        done.await
            .map_err(|_| RpcError::internal("the question could not be read"))
    }
}

/// Who waits for an answer: gone when this is dropped, because the answer is there, the time is up, or the connection
/// has ended.
#[derive(Default)]
struct Caller(Arc<AtomicBool>);

impl Caller {
    fn gone(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What CometBFT says of the form of arguments.
pub(super) fn params_detail(detail: &str) -> String {
    format!("error converting json params to arguments: {detail}")
}

/// CometBFT's rules and words for a height that is asked for.
fn known_height(height: Option<i64>, base: u64, last: u64) -> Result<u64, RpcError> {
    let Some(asked) = height else {
        return Ok(last);
    };
    let height = u64::try_from(asked).unwrap_or(0);
    if height == 0 {
        return Err(RpcError::internal(&format!(
            "height must be greater than 0, but got {asked}"
        )));
    }
    if height > last {
        let detail = format!(
            "height {height} must be less than or equal to the current blockchain height {last}"
        );
        return Err(RpcError::internal(&detail));
    }
    if height < base {
        let detail = format!("height {height} is not available, lowest height is {base}");
        return Err(RpcError::internal(&detail));
    }
    Ok(height)
}

fn prove_transaction(queries: &dyn Queries, height: u64, index: u32) -> Option<TxProof> {
    let hashes: Vec<_> = queries
        .block(height)?
        .transactions
        .iter()
        .map(|transaction| transaction.hash)
        .collect();
    TxProof::new(&hashes, index as usize)
}
