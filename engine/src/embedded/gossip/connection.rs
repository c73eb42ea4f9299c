//! One connection: what is heard, and what is said.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use libp2p::futures::AsyncWriteExt;
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval, sleep_until, timeout};

use super::Shared;
use super::frame::{self, Frame, ReadError};
use super::links::Ticket;
use super::outbox::{OFFER_AGE, Outbox};
use super::secure::{Reader, Secured, Writer};
use crate::application::CheckResult;
use crate::embedded::NodeId;
use crate::embedded::pool::NotTaken;

/// Between two flushes, so that under load transactions travel in batches. A lone one goes at once.
const PACE: Duration = Duration::from_millis(5);
/// A node that has nothing to say says so.
const ALIVE_EVERY: Duration = Duration::from_secs(10);
/// How often a peer is told of a new height at most, and what is offered is looked at.
const TELL_EVERY: Duration = OFFER_AGE;
/// A peer that is silent, or takes nothing, for so long is gone.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// Charged for a transaction that no correct node passes on.
const FORGED: f64 = 10.0;
/// Charged for a transaction that the same peer sent before, without being asked.
const REPEATED: f64 = 1.0;

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ended {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("silent for too long")]
    Silent,
    #[error("replaced, or no longer allowed")]
    Closed,
    #[error("bad behaviour: {0}")]
    Misbehaved(String),
}

/// Speaks with a peer until the connection ends. A peer that misbehaved has lost its right by then.
pub(super) async fn run(shared: &Shared, secured: Secured, mut ticket: Ticket) -> Ended {
    let Secured {
        peer,
        reader,
        writer,
    } = secured;
    let outbox = shared
        .pool
        .read(|waiting| Outbox::new(peer, waiting, Instant::now()));
    let desk = Desk {
        outbox: Mutex::new(outbox),
        news: Notify::new(),
    };
    let ended = tokio::select! {
        ended = hear(shared, peer, &desk, reader) => ended,
        ended = speak(shared, &desk, writer) => ended,
        () = ticket.lost() => Ended::Closed,
    };
    if let Ended::Misbehaved(_) = ended {
        shared.links.ban(peer, Instant::now());
    }
    ended
}

/// Where what was heard meets what is to be said.
struct Desk {
    outbox: Mutex<Outbox>,
    news: Notify,
}

impl Desk {
    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn hear(shared: &Shared, peer: NodeId, desk: &Desk, mut reader: Reader) -> Ended {
    let mut heard: Option<Instant> = None;
    let mut is_met = false;
    loop {
        let frame = match timeout(SILENCE_MAX, frame::read(&mut reader)).await {
            Ok(Ok(frame)) => frame,
            Ok(Err(ReadError::Ended(error))) => return Ended::Io(error),
            Ok(Err(ReadError::Junk(junk))) => return Ended::Misbehaved(junk.to_string()),
            Err(_) => return Ended::Silent,
        };
        if !is_met {
            shared.links.meet(peer);
            is_met = true;
        }
        match frame {
            Frame::Alive(height) => {
                // A node tells at most once in a tick; a peer that tells more often wakes nobody more often.
                if heard.is_none_or(|heard| heard.elapsed() >= TELL_EVERY / 2) {
                    heard = Some(Instant::now());
                    shared.heights.hear(height);
                }
            }
            Frame::Transactions(transactions) => {
                shared.counters.received(transactions.len());
                let received = shared.pool.receive(peer, transactions).await;
                let repeated = match received.repeated {
                    0 => 0,
                    repeated => desk.outbox().unasked(repeated),
                };
                let forged = received
                    .answers
                    .iter()
                    .filter(|answer| is_forged(answer))
                    .count();
                let points = forged as f64 * FORGED + repeated as f64 * REPEATED;
                if points > 0.0 && shared.links.blame(peer, points, Instant::now()) {
                    return Ended::Misbehaved(format!("{forged} forged, {repeated} repeated"));
                }
            }
            Frame::Have(ids) => {
                let lacking = shared.pool.unknown(&ids);
                desk.outbox().lack(lacking);
                desk.news.notify_one();
            }
            Frame::Want(ids) => {
                desk.outbox().request(ids);
                desk.news.notify_one();
            }
        }
    }
}

/// Whether a correct node would not have passed it on. What is refused for the state's or the quota's sake may have
/// passed the sender's own door.
fn is_forged(answer: &Result<CheckResult, NotTaken>) -> bool {
    match answer {
        Ok(checked) => checked.blames_sender,
        Err(NotTaken::TooLarge { .. }) => true,
        Err(
            NotTaken::AlreadyKnown
            | NotTaken::PoolFull { .. }
            | NotTaken::LaneFull { .. }
            | NotTaken::Busy
            | NotTaken::Stopping,
        ) => false,
    }
}

async fn speak(shared: &Shared, desk: &Desk, mut writer: Writer) -> Ended {
    let mut changes = shared.pool.watch();
    let mut tick = interval(TELL_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut spoke = Instant::now();
    let mut told = None;
    let mut is_time = true;
    loop {
        let mut said = false;
        while let Some(frame) = next(shared, desk) {
            if let Frame::Transactions(transactions) = &frame {
                shared.counters.sent(transactions.len());
            }
            if let Err(ended) = in_time(writer.write_all(&frame.encode())).await {
                return ended;
            }
            said = true;
        }
        let own = shared.heights.own();
        if (is_time && told != Some(own)) || (!said && spoke.elapsed() >= ALIVE_EVERY) {
            if let Err(ended) = in_time(writer.write_all(&Frame::Alive(own).encode())).await {
                return ended;
            }
            told = Some(own);
            said = true;
        }
        if said {
            if let Err(ended) = in_time(writer.flush()).await {
                return ended;
            }
            spoke = Instant::now();
        }

        is_time = false;
        tokio::select! {
            // Where the pool is gone, the node stops, and with it this connection.
            changed = changes.changed() => if changed.is_err() { return Ended::Closed },
            () = desk.news.notified() => {}
            _ = tick.tick() => is_time = true,
        }
        sleep_until((spoke + PACE).into()).await;
    }
}

fn next(shared: &Shared, desk: &Desk) -> Option<Frame> {
    let mut outbox = desk.outbox();
    shared
        .pool
        .read(|waiting| outbox.next(waiting, Instant::now()))
}

async fn in_time(write: impl Future<Output = io::Result<()>>) -> Result<(), Ended> {
    match timeout(SILENCE_MAX, write).await {
        Ok(written) => Ok(written?),
        Err(_) => Err(Ended::Silent),
    }
}
