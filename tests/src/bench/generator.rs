//! Open-loop load: transactions are offered at fixed times, whether or not the network keeps up.

use std::collections::HashMap;
use std::io::{BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;

use super::doors::{Doors, read_answer};
use crate::http;

/// Between two looks at the chain, and before something is handed in again.
const PAUSE: Duration = Duration::from_millis(20);
/// A node that does not take a request in this time is in trouble.
const PATIENCE: Duration = Duration::from_secs(30);

/// Requests that are ready to be sent, each to its node at its time.
pub(super) struct Offer {
    doors: Doors,
    requests: Vec<Vec<u8>>,
    interval: Duration,
    transactions: Vec<String>,
    until_executed: bool,
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
    /// Offers the transactions at the doors in turn, so many each second over all.
    pub(super) fn new(doors: &Doors, transactions: &[Bytes], per_second: u64) -> Offer {
        let transactions: Vec<String> = transactions
            .iter()
            .map(|bytes| STANDARD.encode(bytes))
            .collect();
        let size = doors.way.request_size();
        let requests = transactions
            .chunks(size)
            .zip(doors.addresses.iter().cycle());
        Offer {
            doors: doors.clone(),
            requests: requests
                .map(|(part, address)| doors.way.request(*address, part))
                .collect(),
            interval: Duration::from_secs(size as u64)
                / u32::try_from(per_second).expect("a rate of this world"),
            transactions,
            until_executed: false,
        }
    }

    /// CometBFT shows a block before the application has executed it: lets the clock run on until it has.
    pub(super) fn until_executed(self) -> Offer {
        Offer {
            until_executed: true,
            ..self
        }
    }

    fn send(&self, door: usize, started: Instant) {
        let connection = TcpStream::connect(self.doors.addresses[door]);
        let mut connection = connection.expect("the node listens");
        connection
            .set_nodelay(true)
            .and_then(|()| connection.set_read_timeout(Some(PATIENCE)))
            .expect("a connection has options");
        let answers = connection.try_clone();
        let mut answers = BufReader::new(answers.expect("a connection can be read and written"));
        let own = self.requests.iter().enumerate().skip(door);
        for (number, request) in own.step_by(self.doors.addresses.len()) {
            let due = started + self.interval * u32::try_from(number).expect("few requests");
            thread::sleep(due.saturating_duration_since(Instant::now()));
            loop {
                connection
                    .write_all(request)
                    .expect("the node takes a request");
                if self.doors.way.has_taken(&read_answer(&mut answers)) {
                    break;
                }
                thread::sleep(PAUSE);
            }
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

/// Sends an offer and waits until the first node has everything in blocks.
pub(super) fn drive(offer: Offer, patience: Duration) -> Outcome {
    let watched = offer.doors.addresses[0];
    let before = height(watched).expect("the node answers");
    let started = Instant::now();
    let seen = thread::scope(|scope| {
        for door in 0..offer.doors.addresses.len() {
            let offer = &offer;
            scope.spawn(move || offer.send(door, started));
        }
        watch(
            watched,
            before,
            offer.transactions.len(),
            started + patience,
        )
    });
    let last = seen.last().expect("a block holds something");
    let took = if offer.until_executed {
        executed(&offer.doors.addresses, last.height, started + patience) - started
    } else {
        last.at - started
    };
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

/// When the first node had executed a height. Waits for the others too, so that none works while another clock runs.
fn executed(nodes: &[SocketAddr], height: u64, deadline: Instant) -> Instant {
    let at = nodes.iter().map(|node| {
        loop {
            assert!(Instant::now() < deadline, "{node} stays below {height}");
            let answer = http::ask(*node, "abci_info").unwrap_or_default();
            if number(&answer["response"]["last_block_height"]) >= height {
                return Instant::now();
            }
            thread::sleep(PAUSE);
        }
    });
    let at: Vec<Instant> = at.collect();
    at[0]
}

fn latencies(offer: &Offer, node: SocketAddr, started: Instant, seen: &[Seen]) -> Vec<Duration> {
    let numbers: HashMap<&str, usize> = offer
        .transactions
        .iter()
        .enumerate()
        .map(|(number, text)| (text.as_str(), number))
        .collect();
    let size = offer.doors.way.request_size();
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
                let due = started + offer.interval * (number / size) as u32;
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
