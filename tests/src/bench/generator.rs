//! Open-loop load: transactions are offered to CometBFT at fixed times, whether or not it keeps up.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;

use crate::http;

/// Transactions in one request.
const REQUEST: usize = 50;
/// Between two looks at the chain.
const PAUSE: Duration = Duration::from_millis(20);
/// A node that does not take a request in this time is in trouble.
const PATIENCE: Duration = Duration::from_secs(30);

/// Requests that are ready to be sent, each to its node at its time.
pub(super) struct Offer {
    targets: Vec<SocketAddr>,
    requests: Vec<Vec<u8>>,
    interval: Duration,
    transactions: Vec<String>,
}

/// What came of an offer.
pub(super) struct Outcome {
    /// From the first intended time until the last transaction was seen in a block.
    pub(super) took: Duration,
    /// For each transaction, from its intended time until it was seen in a block, ascending.
    pub(super) latencies: Vec<Duration>,
    /// Blocks that hold transactions of the offer.
    pub(super) blocks: usize,
}

/// A block as it was first seen.
struct Seen {
    height: u64,
    at: Instant,
    transactions: usize,
}

impl Offer {
    /// Offers the transactions to the targets in turn, so many each second over all.
    pub(super) fn new(targets: &[SocketAddr], transactions: &[Bytes], per_second: u64) -> Offer {
        let transactions: Vec<String> = transactions
            .iter()
            .map(|bytes| STANDARD.encode(bytes))
            .collect();
        let requests = transactions.chunks(REQUEST).zip(targets.iter().cycle());
        Offer {
            targets: targets.to_vec(),
            requests: requests
                .map(|(part, target)| request(*target, part))
                .collect(),
            interval: Duration::from_secs(REQUEST as u64)
                / u32::try_from(per_second).expect("a rate of this world"),
            transactions,
        }
    }

    fn send(&self, target: usize, started: Instant) {
        let connection = TcpStream::connect(self.targets[target]).expect("the node listens");
        connection
            .set_nodelay(true)
            .expect("a connection has options");
        connection
            .set_read_timeout(Some(PATIENCE))
            .expect("a connection has options");
        let mut answers = BufReader::new(
            connection
                .try_clone()
                .expect("a connection can be read and written"),
        );
        let mut connection = connection;
        for (number, request) in self
            .requests
            .iter()
            .enumerate()
            .skip(target)
            .step_by(self.targets.len())
        {
            let due = started + self.interval * u32::try_from(number).expect("few requests");
            thread::sleep(due.saturating_duration_since(Instant::now()));
            connection
                .write_all(request)
                .expect("the node takes a request");
            read_answer(&mut answers);
        }
    }
}

impl Outcome {
    /// The latency that this share of the transactions did not exceed.
    pub(super) fn latency(&self, share: f64) -> Duration {
        let place = (self.latencies.len() as f64 * share) as usize;
        self.latencies[place.min(self.latencies.len() - 1)]
    }
}

/// Sends an offer and waits until the first target has everything in blocks.
pub(super) fn drive(offer: Offer, patience: Duration) -> Outcome {
    let watched = offer.targets[0];
    let before = height(watched).expect("the node answers");
    let started = Instant::now();
    let seen = thread::scope(|scope| {
        for target in 0..offer.targets.len() {
            let offer = &offer;
            scope.spawn(move || offer.send(target, started));
        }
        watch(
            watched,
            before,
            offer.transactions.len(),
            started + patience,
        )
    });
    let took = seen.last().map_or(Duration::ZERO, |last| last.at - started);
    Outcome {
        took,
        latencies: latencies(&offer, watched, started, &seen),
        blocks: seen.len(),
    }
}

/// Blocks above a height, until they hold so many transactions.
fn watch(node: SocketAddr, above: u64, transactions: usize, deadline: Instant) -> Vec<Seen> {
    let mut seen: Vec<Seen> = Vec::new();
    let mut missing = transactions;
    let mut newest = above;
    while missing > 0 {
        assert!(
            Instant::now() < deadline,
            "{missing} of {transactions} transactions are in no block"
        );
        thread::sleep(PAUSE);
        let Ok(answer) = http::ask(
            node,
            &format!(
                "blockchain?minHeight={}&maxHeight={}",
                newest + 1,
                newest + 20
            ),
        ) else {
            continue;
        };
        let at = Instant::now();
        // Newest first.
        for block in answer["block_metas"].as_array().into_iter().flatten().rev() {
            let transactions = number(&block["num_txs"]) as usize;
            newest = number(&block["header"]["height"]);
            missing = missing.saturating_sub(transactions);
            if transactions > 0 {
                seen.push(Seen {
                    height: newest,
                    at,
                    transactions,
                });
            }
        }
    }
    seen
}

fn latencies(offer: &Offer, node: SocketAddr, started: Instant, seen: &[Seen]) -> Vec<Duration> {
    let numbers: HashMap<&str, usize> = offer
        .transactions
        .iter()
        .enumerate()
        .map(|(number, text)| (text.as_str(), number))
        .collect();
    let mut latencies = Vec::with_capacity(numbers.len());
    for block in seen {
        let found = http::ask(node, &format!("block?height={}", block.height))
            .expect("the node has its blocks");
        let found = found["block"]["data"]["txs"]
            .as_array()
            .expect("a block lists transactions");
        assert_eq!(found.len(), block.transactions);
        for text in found.iter().filter_map(Value::as_str) {
            if let Some(number) = numbers.get(text) {
                let due = started + offer.interval * (number / REQUEST) as u32;
                latencies.push(block.at.saturating_duration_since(due));
            }
        }
    }
    assert_eq!(
        latencies.len(),
        offer.transactions.len(),
        "every transaction is in a block once"
    );
    latencies.sort_unstable();
    latencies
}

fn height(node: SocketAddr) -> Result<u64, String> {
    let status = http::ask(node, "status")?;
    Ok(number(&status["sync_info"]["latest_block_height"]))
}

fn number(value: &Value) -> u64 {
    let number = value.as_str().and_then(|text| text.parse().ok());
    number.unwrap_or_default()
}

/// Many calls in one request of HTTP. The node answers before it has checked them.
fn request(target: SocketAddr, transactions: &[String]) -> Vec<u8> {
    let mut calls = String::from("[");
    for (id, transaction) in transactions.iter().enumerate() {
        let comma = if id == 0 { "" } else { "," };
        // Writing into a text cannot fail.
        let _ = write!(
            calls,
            "{comma}{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"broadcast_tx_async\",\"params\":{{\"tx\":\"{transaction}\"}}}}"
        );
    }
    calls.push(']');
    let length = calls.len();
    format!("POST / HTTP/1.1\r\nhost: {target}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{calls}")
        .into_bytes()
}

/// Reads an answer to its end; a call that was refused ends the run.
fn read_answer(answers: &mut BufReader<TcpStream>) {
    let mut length = None;
    let mut chunked = false;
    loop {
        let mut line = String::new();
        answers.read_line(&mut line).expect("the node answers");
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse::<usize>().ok();
        }
        chunked |= line == "transfer-encoding: chunked";
    }
    let body = if chunked {
        read_chunks(answers)
    } else {
        let mut body = vec![0; length.unwrap_or_default()];
        answers
            .read_exact(&mut body)
            .expect("the node answers to the end");
        body
    };
    let body = String::from_utf8_lossy(&body);
    assert!(
        !body.contains("\"error\""),
        "the node refuses the load: {body}"
    );
}

fn read_chunks(answers: &mut BufReader<TcpStream>) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        answers
            .read_line(&mut line)
            .expect("the node answers to the end");
        let length = usize::from_str_radix(line.trim(), 16).expect("a chunk tells its length");
        let end = body.len();
        body.resize(end + length + 2, 0);
        answers
            .read_exact(&mut body[end..])
            .expect("the node answers to the end");
        body.truncate(end + length);
        if length == 0 {
            return body;
        }
    }
}
