//! CometBFT behind the gateway: questions are passed to its RPC on loopback, and its answers passed back.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Response};
use serde_json::{Map, Value, json};

use super::backend::{Answering, Ask, Blocks, Depth, Submission, Submitted, Trouble};

/// What CometBFT answers for a transaction that its pool knows.
const ALREADY_KNOWN: &str = "tx already exists in cache";
/// Bytes of a batch beside its transactions: the words around each.
const CALL_OVERHEAD_BYTES: usize = 128;

/// Bounds of the conversation with CometBFT. Its own configuration must allow what these do:
/// `rpc.max_body_bytes` at least `batch_bytes`, and `rpc.max_request_batch_size` 0 or at least
/// `calls_per_batch`, as the configuration that we write for it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CometLimits {
    /// Time to open a connection.
    pub connect_time: Duration,
    /// Time for one question or one batch.
    pub call_time: Duration,
    /// Bytes of an answer.
    pub answer_bytes_max: usize,
    /// Transactions that go in one batch.
    pub calls_per_batch: usize,
    /// Bytes of one batch.
    pub batch_bytes: usize,
}

impl Default for CometLimits {
    fn default() -> Self {
        CometLimits {
            connect_time: Duration::from_secs(1),
            call_time: Duration::from_secs(10),
            answer_bytes_max: 128 << 20,
            calls_per_batch: 500,
            batch_bytes: 1_000_000,
        }
    }
}

/// A running CometBFT.
pub struct Comet {
    client: Client,
    url: String,
    limits: CometLimits,
}

impl Comet {
    /// Speaks to the RPC at `address`, for instance `127.0.0.1:26657`. Nothing is sent yet.
    pub fn new(address: &str, limits: CometLimits) -> Result<Comet, Trouble> {
        // The client is compiled with TLS for others' sake and wants a provider, though loopback uses none. An error
        // says that there is one already.
        let _ = rustls::crypto::ring::default_provider().install_default();

        let client = Client::builder()
            .no_proxy()
            .tcp_nodelay(true)
            .connect_timeout(limits.connect_time)
            .timeout(limits.call_time)
            .build()
            .map_err(|error| Trouble::NotReached(error.to_string()))?;
        Ok(Comet {
            client,
            url: format!("http://{address}/"),
            limits,
        })
    }

    async fn call(&self, method: &str, params: Value) -> Result<Value, Trouble> {
        let request = json!({"jsonrpc": "2.0", "id": 0, "method": method, "params": params});
        outcome(self.post(request.to_string()).await?)
    }

    /// One batch: as many answers as transactions, or what went wrong with all of them.
    async fn submit_batch(
        &self,
        method: &str,
        transactions: &[Bytes],
    ) -> Result<Vec<Value>, Trouble> {
        let calls: Vec<Value> = transactions
            .iter()
            .enumerate()
            .map(|(id, bytes)| {
                json!({"jsonrpc": "2.0", "id": id, "method": method, "params": {"tx": STANDARD.encode(bytes)}})
            })
            .collect();

        match self.post(Value::from(calls).to_string()).await? {
            Value::Array(answers) if answers.len() == transactions.len() => Ok(answers),
            // A batch of one is answered without brackets; so is a batch that is refused as a whole.
            answer @ Value::Object(_) if transactions.len() == 1 => Ok(vec![answer]),
            answer @ Value::Object(_) => Err(outcome(answer).err().unwrap_or_else(too_few)),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => Err(too_few()),
        }
    }

    async fn post(&self, body: String) -> Result<Value, Trouble> {
        let request = self
            .client
            .post(&self.url)
            .header(CONTENT_TYPE, "application/json")
            .body(body);
        let response = request.send().await.map_err(transport)?;
        let bytes = self.receive(response).await?;
        serde_json::from_slice(&bytes).map_err(|error| Trouble::Garbled(error.to_string()))
    }

    async fn receive(&self, mut response: Response) -> Result<Vec<u8>, Trouble> {
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(transport)? {
            if bytes.len() + chunk.len() > self.limits.answer_bytes_max {
                return Err(Trouble::Garbled(format!(
                    "larger than {} bytes",
                    self.limits.answer_bytes_max
                )));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    /// How many of these transactions go into the next batch: at least one.
    fn batch_length(&self, transactions: &[Bytes]) -> usize {
        let mut bytes = 0;
        let fitting = transactions
            .iter()
            .take(self.limits.calls_per_batch)
            .take_while(|transaction| {
                bytes += transaction.len().div_ceil(3) * 4 + CALL_OVERHEAD_BYTES;
                bytes <= self.limits.batch_bytes
            })
            .count();
        fitting.max(1).min(transactions.len())
    }
}

impl Blocks for Comet {
    fn engine(&self) -> &'static str {
        "cometbft"
    }

    fn checks_in_batches(&self) -> bool {
        false
    }

    fn ask(&self, ask: Ask) -> Answering<'_, Result<Value, Trouble>> {
        Box::pin(async move {
            let (method, params) = question(ask);
            self.call(method, params).await
        })
    }

    /// Batches go one after the other: transactions enter the pool in the order in which they were given.
    fn submit(&self, transactions: Vec<Bytes>, depth: Depth) -> Answering<'_, Vec<Submission>> {
        Box::pin(async move {
            let method = match depth {
                Depth::HandedOver => "broadcast_tx_async",
                Depth::Checked => "broadcast_tx_sync",
            };
            let mut submissions = Vec::with_capacity(transactions.len());
            let mut rest = transactions.as_slice();
            while !rest.is_empty() {
                let (batch, later) = rest.split_at(self.batch_length(rest));
                match self.submit_batch(method, batch).await {
                    Ok(answers) => submissions.extend(answers.into_iter().map(submission)),
                    Err(trouble) => submissions
                        .extend(batch.iter().map(|_| Submission::NotTaken(trouble.clone()))),
                }
                rest = later;
            }
            submissions
        })
    }
}

/// The question in CometBFT's words.
fn question(ask: Ask) -> (&'static str, Value) {
    match ask {
        Ask::Health => ("health", json!({})),
        Ask::Status => ("status", json!({})),
        Ask::NetInfo => ("net_info", json!({})),
        Ask::Genesis => ("genesis", json!({})),
        Ask::GenesisChunked(chunk) => ("genesis_chunked", numbers(&[("chunk", chunk)])),
        Ask::Block(height) => ("block", numbers(&[("height", height)])),
        Ask::BlockByHash(hash) => ("block_by_hash", json!({"hash": STANDARD.encode(hash)})),
        Ask::Header(height) => ("header", numbers(&[("height", height)])),
        Ask::HeaderByHash(hash) => ("header_by_hash", json!({"hash": hex::encode_upper(hash)})),
        Ask::Blockchain {
            min_height,
            max_height,
        } => (
            "blockchain",
            numbers(&[
                ("minHeight", Some(min_height)),
                ("maxHeight", Some(max_height)),
            ]),
        ),
        Ask::Commit(height) => ("commit", numbers(&[("height", height)])),
        Ask::Validators {
            height,
            page,
            per_page,
        } => (
            "validators",
            numbers(&[("height", height), ("page", page), ("per_page", per_page)]),
        ),
        Ask::ConsensusParams(height) => ("consensus_params", numbers(&[("height", height)])),
        Ask::UnconfirmedTxs(limit) => ("unconfirmed_txs", numbers(&[("limit", limit)])),
        Ask::NumUnconfirmedTxs => ("num_unconfirmed_txs", json!({})),
    }
}

/// CometBFT wants 64-bit numbers as strings.
fn numbers(numbers: &[(&str, Option<i64>)]) -> Value {
    let given = numbers
        .iter()
        .filter_map(|(name, number)| Some(((*name).to_owned(), (*number)?.to_string().into())));
    given.collect::<Map<_, _>>().into()
}

/// The result within an answer, or the error within it.
fn outcome(mut answer: Value) -> Result<Value, Trouble> {
    if let Some(error) = answer.get("error") {
        let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
        let (message, data) = (text("message"), text("data"));
        let detail = if data.is_empty() {
            message.clone()
        } else {
            data
        };
        return Err(Trouble::Refused {
            code: error["code"].as_i64().unwrap_or(-32603),
            message,
            detail,
        });
    }
    match answer.get_mut("result") {
        Some(result) => Ok(result.take()),
        None => Err(Trouble::Garbled("neither result nor error".to_owned())),
    }
}

fn submission(answer: Value) -> Submission {
    match outcome(answer) {
        Ok(result) => Submission::Answered(submitted(&result)),
        Err(Trouble::Refused { detail, .. }) if detail == ALREADY_KNOWN => Submission::AlreadyKnown,
        Err(trouble) => Submission::NotTaken(trouble),
    }
}

fn submitted(result: &Value) -> Submitted {
    let text = |name: &str| result[name].as_str().unwrap_or_default();
    Submitted {
        // A code that is no code must not look like acceptance.
        code: result["code"]
            .as_u64()
            .and_then(|code| u32::try_from(code).ok())
            .unwrap_or(u32::MAX),
        data: hex::decode(text("data")).unwrap_or_default().into(),
        log: text("log").to_owned(),
        codespace: text("codespace").to_owned(),
    }
}

fn too_few() -> Trouble {
    Trouble::Garbled("another number of answers than transactions".to_owned())
}

fn transport(error: reqwest::Error) -> Trouble {
    if error.is_timeout() && !error.is_connect() {
        return Trouble::TooSlow;
    }
    let cause =
        std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
    Trouble::NotReached(cause)
}
