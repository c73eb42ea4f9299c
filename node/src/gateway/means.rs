//! What the gateway answers with: the node, the engine, and the bounds of each.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use polity_engine::application::Query;
use prometheus_client::registry::Registry;
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};
use tokio::time::Instant;

use super::announce::News;
use super::backend::{Ask, Blocks, CommittedBlock, Depth, Queries, Submission};
use super::body::BodyBudget;
use super::budget::AnswerBudget;
use super::cors::Origins;
use super::limits::{LimitError, Limits};
use super::metrics::{GatewayMetrics, TurnedAway};
use super::rpc::{Json, RpcError};
use super::subscription::Census;
use super::throttle::Throttle;

/// News that may wait for a session that is busy; sessions are quick, so this is slack and no policy.
const NEWS_QUEUE: usize = 256;

/// Whole blocks, and what is as long, that are made ready at a time: each takes the time of a core, and many times its bytes
/// of memory.
const LONG_AT_ONCE: usize = 3;
/// Of these, the engine's: one that hangs leaves a turn to what the node answers by itself.
const LONG_OF_ENGINE: usize = 2;

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
    answers: AnswerBudget,
    outboxes: Arc<Semaphore>,
    reading: Arc<Semaphore>,
    judging: Arc<Semaphore>,
    asking: Arc<Semaphore>,
    long: Arc<Semaphore>,
    long_of_engine: Arc<Semaphore>,
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
            answers: AnswerBudget::new(limits.answers_bytes_max),
            outboxes: Arc::new(Semaphore::new(limits.websocket_queues_bytes_max)),
            reading: Arc::new(Semaphore::new(limits.queries_at_once)),
            judging: Arc::new(Semaphore::new(limits.judged_at_once)),
            asking: Arc::new(Semaphore::new(limits.engine_calls_at_once)),
            long: Arc::new(Semaphore::new(LONG_AT_ONCE)),
            long_of_engine: Arc::new(Semaphore::new(LONG_OF_ENGINE)),
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

    pub(super) fn answers(&self) -> &AnswerBudget {
        &self.0.answers
    }

    /// Memory for what slow websocket clients let wait, in bytes.
    pub(super) fn outboxes(&self) -> Arc<Semaphore> {
        Arc::clone(&self.0.outboxes)
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

    /// Whether the sender's address pays for a refusal.
    pub(super) fn costs_sender(&self, code: u32) -> bool {
        self.0.queries.costs_sender(code)
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

    /// The name of the engine in use.
    pub(super) fn engine(&self) -> &'static str {
        self.0.blocks.engine()
    }

    /// Actions that answering a question means to judge; 0 for all that only read.
    pub(super) fn judged_actions(&self, query: &Query) -> usize {
        self.0.queries.judged_actions(query)
    }

    /// Judging takes the time of a core and no disk, so a few at once are as fast as many; the others wait here, where
    /// they are in nobody's way.
    pub(super) async fn turn_to_judge(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0.judging).acquire_owned().await.ok()
    }

    /// A turn to make a long answer ready. What the address pays is known when that is done, so whoever asks for many at a
    /// time is told here that it has had enough.
    pub(super) async fn turn_for_long(
        &self,
        peer: IpAddr,
    ) -> Result<OwnedSemaphorePermit, RpcError> {
        let turn = next_turn(&self.0.long).await?;
        if !self.may_call(peer, 0) {
            self.turned_away(peer, TurnedAway::TooManyCalls);
            return Err(RpcError::server("too many calls from this address"));
        }
        Ok(turn)
    }

    /// The same to have the engine make it.
    pub(super) async fn turn_for_long_of_engine(
        &self,
        peer: IpAddr,
    ) -> Result<[OwnedSemaphorePermit; 2], RpcError> {
        let turn = next_turn(&self.0.long_of_engine).await?;
        Ok([turn, self.turn_for_long(peer).await?])
    }

    /// Asks the engine. The question holds its turn until it is answered, also when its caller has gone: so slow ones
    /// cannot pile up.
    async fn in_turn<T: Send + 'static>(
        &self,
        question: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, RpcError> {
        let turn = next_turn(&self.0.asking).await?;
        let answer = tokio::spawn(async move {
            let answer = question.await;
            drop(turn);
            answer
        });
        answer
            .await
            .map_err(|_| RpcError::internal("the engine could not be asked"))
    }

    /// Offers transactions to the engine's pool.
    pub(super) async fn hand_over(
        &self,
        transactions: Vec<Bytes>,
        depth: Depth,
    ) -> Result<Vec<Submission>, RpcError> {
        let blocks = Arc::clone(&self.0.blocks);
        self.in_turn(async move { blocks.submit(transactions, depth).await })
            .await
    }

    /// The engine's answer to a question.
    pub(super) async fn value(&self, ask: Ask) -> Result<Value, RpcError> {
        let blocks = Arc::clone(&self.0.blocks);
        let answer = self.in_turn(async move { blocks.ask(ask).await }).await?;
        Ok(answer?)
    }

    /// The same as JSON. `settle` is told how long it is, also where its caller has gone.
    pub(super) async fn text(
        &self,
        ask: Ask,
        settle: impl FnOnce(usize) + Send + 'static,
    ) -> Result<Json, RpcError> {
        let blocks = Arc::clone(&self.0.blocks);
        let answer = self.in_turn(async move {
            let value = blocks.ask(ask).await?;
            // A block, or the genesis, has many MiB.
            let text = tokio::task::spawn_blocking(move || value.to_string())
                .await
                .map_err(|_| RpcError::internal("the answer could not be written"))?;
            settle(text.len());
            Ok::<Json, RpcError>(text)
        });
        answer.await?
    }

    /// The engine's answer to a question of the gateway's own, of which there is one at a time: it waits for nobody's turn.
    pub(super) async fn own_value(&self, ask: Ask) -> Result<Value, RpcError> {
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

async fn next_turn(turns: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, RpcError> {
    let turn = Arc::clone(turns).acquire_owned().await;
    turn.map_err(|_| RpcError::internal("the node is stopping"))
}
