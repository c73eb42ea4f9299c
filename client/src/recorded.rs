//! For tests: a chain that a real CometBFT made, and a node that answers from it as it is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use polity_proto::v1::Receipt;
use serde_json::{Value, json};
use tendermint::validator::Info;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::rpc::{Client, ClientOptions};
use crate::session::{Founding, Session};
use crate::trust::{Genesis, LightBlock, LightClient, TrustOptions, TrustRoot};

pub(crate) const NEWEST: u64 = 15;

/// The recorded answers; see `fixtures/README.md`.
pub(crate) fn chain() -> Value {
    serde_json::from_str(include_str!("../fixtures/cometbft-chain.json")).expect("the fixture")
}

pub(crate) fn genesis() -> Genesis {
    Genesis::parse(chain()["genesis"].to_string().as_bytes()).expect("the fixture's genesis")
}

pub(crate) fn genesis_root() -> TrustRoot {
    TrustRoot::Genesis(genesis())
}

/// Judged two minutes after the recording.
pub(crate) fn options() -> TrustOptions {
    TrustOptions {
        at: Some(moment(Duration::from_secs(120))),
        ..TrustOptions::default()
    }
}

/// A moment counted from the genesis.
pub(crate) fn moment(after: Duration) -> SystemTime {
    let text = chain()["genesis"]["genesis_time"].clone();
    let text = text.as_str().expect("a time").to_owned();
    humantime::parse_rfc3339(&text).expect("a time") + after
}

/// A session with these nodes that trusts the recorded genesis, and does not wait long.
pub(crate) fn session_at<const N: usize>(nodes: [String; N]) -> Session {
    let rpc = client(nodes);
    let light = LightClient::new(rpc.clone(), genesis_root(), options(), None).expect("opens");
    let founding = Founding {
        chain_id: "polity-fixture".into(),
        time: 0,
        organisation: [1; 32],
        founded: [1; 32],
        receipt: Receipt::default(),
        trust: genesis(),
    };
    let mut session = Session::new(rpc, light, founding);
    session.wait = Duration::from_millis(300);
    session
}

pub(crate) fn light_block(chain: &Value, height: u64) -> LightBlock {
    try_light_block(chain, height).expect("a recorded block")
}

/// A block put together from recorded answers that a test may have changed.
pub(crate) fn try_light_block(chain: &Value, height: u64) -> Result<LightBlock, String> {
    let signed = chain["commits"][height.to_string()]["signed_header"].clone();
    let signed = serde_json::from_value(signed).map_err(|error| error.to_string())?;
    let validators = validators(chain, height)?;
    let next = self::validators(chain, height + 1)?;
    LightBlock::new(signed, validators, next).map_err(|error| error.to_string())
}

fn validators(chain: &Value, height: u64) -> Result<Vec<Info>, String> {
    let listed = &chain["validators"][height.to_string()]["validators"];
    let listed = listed.as_array().ok_or("no validators")?;
    listed
        .iter()
        .map(|listed| {
            let key = serde_json::from_value(listed["pub_key"].clone());
            let power = listed["voting_power"].as_str().unwrap_or_default();
            let power: u64 = power.parse().map_err(|_| "power")?;
            Ok(Info::new(
                key.map_err(|error| error.to_string())?,
                power.try_into().map_err(|_| "power")?,
            ))
        })
        .collect()
}

/// What a node that is honest about the recorded chain answers.
pub(crate) fn honest(chain: &Value, method: &str, params: &Value) -> Value {
    let height = params["height"].as_str().unwrap_or("15").to_owned();
    let result = match method {
        "status" => json!({
            "node_info": {"id": "00".repeat(20), "network": "polity-fixture"},
            "sync_info": {"latest_block_height": NEWEST.to_string(), "catching_up": false},
        }),
        "genesis" => json!({"genesis": chain["genesis"]}),
        "commit" => chain["commits"][&height].clone(),
        "validators" => chain["validators"][&height].clone(),
        "blockchain" => {
            let bound = |name: &str| params[name].as_str().and_then(|text| text.parse().ok());
            let heights = bound("minHeight").unwrap_or(1_u64)..=bound("maxHeight").unwrap_or(0);
            let header =
                |height: u64| &chain["commits"][height.to_string()]["signed_header"]["header"];
            let metas: Vec<Value> = heights
                .rev()
                .map(|height| json!({"header": header(height)}))
                .collect();
            json!({"block_metas": metas})
        }
        "block" => chain["blocks"][&height].clone(),
        _ => Value::Null,
    };
    match result {
        Value::Null => json!({"error": {"code": -32603, "message": "no such thing"}}),
        result => json!({"jsonrpc": "2.0", "id": 1, "result": result}),
    }
}

/// A node on this machine, with the number of calls that it got.
pub(crate) struct Node {
    pub(crate) url: String,
    calls: Arc<AtomicUsize>,
}

impl Node {
    /// Answers every call with the bytes that `answer` gives for method and parameters.
    pub(crate) async fn start<F>(answer: F) -> Self
    where
        F: Fn(&str, &Value) -> Vec<u8> + Send + Sync + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let calls = Arc::new(AtomicUsize::new(0));
        let counter = calls.clone();
        let answer = Arc::new(answer);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, counter) = (answer.clone(), counter.clone());
                tokio::spawn(async move {
                    counter.fetch_add(1, Ordering::SeqCst);
                    answer_one(stream, &*answer).await;
                });
            }
        });
        Self { url, calls }
    }

    /// A node that is honest about the recorded chain, but for what `change` does to it.
    pub(crate) async fn of_chain(change: impl FnOnce(&mut Value)) -> Self {
        let mut chain = chain();
        change(&mut chain);
        Self::start(move |method, params| honest(&chain, method, params).to_string().into()).await
    }

    pub(crate) fn client(&self) -> Client {
        client([self.url.clone()])
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

pub(crate) fn client<const N: usize>(nodes: [String; N]) -> Client {
    let options = ClientOptions {
        answer_bytes_max: 1024 * 1024,
        request_limit: Duration::from_secs(5),
        ..ClientOptions::for_nodes(nodes)
    };
    Client::new(options).expect("a client")
}

/// Answers the one request that comes over a connection.
pub(crate) async fn answer_one<S, F>(mut stream: S, answer: &F) -> Option<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
    F: Fn(&str, &Value) -> Vec<u8>,
{
    let mut request = Vec::new();
    let body = loop {
        if let Some(body) = body_of(&request) {
            break body;
        }
        if stream.read_buf(&mut request).await.ok()? == 0 {
            return None;
        }
    };
    let body = answer(body["method"].as_str()?, &body["params"]);
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.ok()?;
    stream.write_all(&body).await.ok()?;
    stream.shutdown().await.ok()
}

/// The JSON of a request that has arrived whole.
fn body_of(request: &[u8]) -> Option<Value> {
    let head_end = request.windows(4).position(|w| w == b"\r\n\r\n")? + 4;
    serde_json::from_slice(&request[head_end..]).ok()
}

/// Each way to change one leaf of a JSON value a little, or to leave one member out: the place
/// that is changed and the whole value after it.
pub(crate) fn alterations(original: &Value) -> Vec<(String, Value)> {
    let mut places = Vec::new();
    collect_places(original, String::new(), &mut places);

    let mut altered = Vec::new();
    for place in places {
        let mut changed = original.clone();
        if let Some(leaf) = changed.pointer_mut(&place) {
            *leaf = changed_leaf(leaf);
            altered.push((place.clone(), changed));
        }

        let mut without = original.clone();
        let (parent, name) = place.rsplit_once('/').unwrap_or(("", ""));
        if let Some(Value::Object(object)) = without.pointer_mut(parent) {
            object.remove(name);
            altered.push((format!("{place} left out"), without));
        }
    }
    altered
}

fn collect_places(value: &Value, place: String, places: &mut Vec<String>) {
    match value {
        Value::Object(members) => members
            .iter()
            .for_each(|(name, member)| collect_places(member, format!("{place}/{name}"), places)),
        Value::Array(items) => items.iter().enumerate().for_each(|(index, item)| {
            collect_places(item, format!("{place}/{index}"), places);
        }),
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => places.push(place),
    }
}

fn changed_leaf(leaf: &Value) -> Value {
    match leaf {
        Value::Number(number) => json!(number.as_u64().unwrap_or(0) + 1),
        Value::String(text) => match text.strip_suffix('Z') {
            Some(time) if time.contains('T') => json!(format!("{}Z", other_end(time))),
            _ => match text.parse::<u64>() {
                Ok(number) => json!((number + 1).to_string()),
                Err(_) => json!(other_start(text)),
            },
        },
        Value::Bool(flag) => json!(!flag),
        other => other.clone(),
    }
}

fn other_start(text: &str) -> String {
    let first = text.chars().next().unwrap_or('0');
    let other = if first == 'A' { 'B' } else { 'A' };
    std::iter::once(other).chain(text.chars().skip(1)).collect()
}

fn other_end(text: &str) -> String {
    let mut text = text.to_owned();
    let other = if text.ends_with('1') { '2' } else { '1' };
    text.pop();
    text.push(other);
    text
}
