//! Row 23: what is left of good work while somebody hands in transactions with bad signatures.
//!
//! One validator on the embedded engine takes a thousand good transactions a second. From another address come as many
//! that look like them and are signed wrongly, then five and twenty times as many: each has to be parsed and verified to
//! know it, until the address has used up what the gateway lets it do.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use tokio::net::TcpSocket;

use super::Row;
use super::doors::Way;
use super::figure::{Figure, Goal};
use super::generator::Offer;
use super::network::{self, Ours};
use crate::engine::Engine;

pub(super) const ROW: Row = Row {
    number: 23,
    title: "good transactions a second beside 1, 5 and 20 times as many with bad signatures ÷ alone",
    measure,
};

const GOOD_PER_SECOND: u64 = 1_000;
const SECONDS: u64 = 5;
const ROUNDS: u64 = 3;
/// What the gateway lets one address do: twice the good load.
const CALLS_PER_SECOND: u32 = 2_000;
/// Bad ones for each good one, and what must be left of the good rate.
const LOADS: [(&str, u64, f64); 3] = [("23a", 1, 0.8), ("23b", 5, 0.6), ("23c", 20, 0.4)];
/// Another address of this machine than the good ones come from.
const STRANGER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
/// Connections over which the bad ones come.
const CONNECTIONS: usize = 4;
/// An answer is read in one piece, or what is left of it together with the next.
const ANSWER_BYTES_MAX: usize = 64 << 10;
/// From the end of a signature: the first byte of its second half, so that only its verification can tell.
const SPOILED_FROM_END: usize = 32;

fn measure() -> Vec<Figure> {
    let ours = network::ours_limited(Engine::Embedded, 1, 1, CALLS_PER_SECOND);
    let mut number = 0;
    let mut ratios = LOADS.map(|_| Vec::new());
    for round in 0..=ROUNDS {
        let alone = good_rate(&ours, &mut number, 0);
        for ((name, times, _), ratios) in LOADS.into_iter().zip(&mut ratios) {
            let beside = good_rate(&ours, &mut number, times);
            println!("  {name}, round {round}: {beside:.0}/s beside junk, {alone:.0}/s alone");
            // The first round warms up.
            if round > 0 {
                ratios.push(beside / alone);
            }
        }
    }
    let figure = |((name, _, target), ratios)| Figure::new(name, Goal::at_least(target), ratios);
    LOADS.into_iter().zip(ratios).map(figure).collect()
}

/// Good transactions a second until the last of them is in a block, beside so many bad ones for each.
fn good_rate(ours: &Ours, number: &mut u64, times: u64) -> f64 {
    let mut sign = |count: u64| {
        let first = *number;
        *number += count;
        ours.payments.sign(first..*number)
    };
    let count = GOOD_PER_SECOND * SECONDS;
    let good = sign(count);
    let bad = sign(times * count).into_iter().map(spoiled);
    let junk = Junk::new(
        ours.cluster.nodes[0].gateway(),
        bad,
        times * GOOD_PER_SECOND,
    );
    let network = ours.network();
    let offer = Offer::new(&network.targets, &good, GOOD_PER_SECOND);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for connection in 0..CONNECTIONS {
            let (junk, is_over) = (&junk, &is_over);
            scope.spawn(move || junk.send(connection, is_over));
        }
        let (_, sample) = network.drive(offer);
        is_over.store(true, Ordering::Relaxed);
        sample.per_second()
    })
}

fn spoiled(transaction: Bytes) -> String {
    let mut bytes = transaction.to_vec();
    let at = bytes.len() - SPOILED_FROM_END;
    bytes[at] ^= 1;
    STANDARD.encode(bytes)
}

/// Requests with bad transactions, ready to be sent.
struct Junk {
    door: SocketAddr,
    requests: Vec<Vec<u8>>,
    interval: Duration,
}

impl Junk {
    fn new(door: SocketAddr, bad: impl Iterator<Item = String>, per_second: u64) -> Junk {
        let way = Way::Gateway;
        let bad: Vec<String> = bad.collect();
        let requests = bad.chunks(way.request_size());
        Junk {
            door,
            requests: requests.map(|part| way.request(door, part)).collect(),
            interval: Duration::from_secs(way.request_size() as u64) / per_second.max(1) as u32,
        }
    }

    /// Sends this connection's share, each request at its time, whatever the node answers; where it hangs up, over
    /// another connection.
    fn send(&self, connection: usize, is_over: &AtomicBool) {
        let started = Instant::now();
        let mut stream = connect(self.door).expect("the node listens");
        let mut answer = vec![0; ANSWER_BYTES_MAX];
        let own = self.requests.iter().enumerate().skip(connection);
        for (number, request) in own.step_by(CONNECTIONS) {
            let due = started + self.interval * number as u32;
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if is_over.load(Ordering::Relaxed) {
                return;
            }
            let sent = stream.write_all(request);
            let answered = sent.and_then(|()| stream.read(&mut answer));
            if !answered.is_ok_and(|bytes| bytes > 0) {
                stream = connect(self.door).expect("the node listens");
            }
        }
    }
}

/// A connection from the stranger's address.
fn connect(door: SocketAddr) -> std::io::Result<TcpStream> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    let stream = runtime.block_on(async {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(STRANGER, 0))?;
        socket.connect(door).await?.into_std()
    })?;
    stream.set_nonblocking(false)?;
    Ok(stream)
}
