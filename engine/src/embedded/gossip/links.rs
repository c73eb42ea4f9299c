//! With whom this node may speak, with whom it does, and who has lost that right for a while.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{oneshot, watch};

use super::Peer;
use crate::embedded::NodeId;

/// What a peer may have charged to it at once; a point is forgiven each second.
const BLAME_MAX: f64 = 100.0;
/// A peer that lost its right is refused for so long.
const BAN: Duration = Duration::from_secs(60);

/// Why a connection is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("not a node of this network")]
    Unknown,
    #[error("refused for a while after bad behaviour")]
    Banned,
    #[error("connected already")]
    Connected,
}

/// How a node that may be spoken with is known to this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Contact {
    /// It has not said a word yet. Whoever does not know this node ends each connection without one.
    Awaited,
    /// There is one.
    Connected,
    /// There was one, and it spoke.
    Lost,
}

/// All peers that are allowed, by their ids.
pub(super) struct Links {
    own: NodeId,
    records: Mutex<HashMap<NodeId, Record>>,
    /// Connections that were entered: each has a number of its own, so that a late ticket frees no other's place.
    entered: AtomicU64,
    changes: watch::Sender<u64>,
}

#[derive(Default)]
struct Record {
    link: Option<Link>,
    /// Whether it ever said a word.
    is_met: bool,
    blame: f64,
    blamed_at: Option<Instant>,
    banned_until: Option<Instant>,
}

struct Link {
    number: u64,
    /// Which end opened the connection.
    dialer: NodeId,
    /// Dropping it ends the connection.
    _close: oneshot::Sender<()>,
}

/// The right to one connection; dropping it frees the place.
pub(super) struct Ticket {
    links: Arc<Links>,
    peer: NodeId,
    number: u64,
    closed: oneshot::Receiver<()>,
}

impl Links {
    pub(super) fn new(own: NodeId) -> Self {
        Self {
            own,
            records: Mutex::default(),
            entered: AtomicU64::new(0),
            changes: watch::Sender::new(0),
        }
    }

    /// Replaces the peers that are allowed; connections with others end.
    pub(super) fn allow(&self, peers: &[Peer]) {
        self.change(|records| {
            records.retain(|id, _| peers.iter().any(|peer| peer.id == *id));
            for peer in peers.iter().filter(|peer| peer.id != self.own) {
                records.entry(peer.id).or_default();
            }
        });
    }

    /// Enters a connection. Each pair of nodes keeps one: the later of those that the same end opened, because the
    /// end that opens another has lost the first; and where both ends opened one, that of the smaller id, so that
    /// both choose the same.
    pub(super) fn enter(
        self: &Arc<Self>,
        peer: NodeId,
        dialer: NodeId,
        now: Instant,
    ) -> Result<Ticket, Refusal> {
        self.change(|records| {
            let record = records.get_mut(&peer).ok_or(Refusal::Unknown)?;
            if record.banned_until.is_some_and(|until| now < until) {
                return Err(Refusal::Banned);
            }
            if let Some(link) = &record.link
                && link.dialer != dialer
                && link.dialer < dialer
            {
                return Err(Refusal::Connected);
            }
            let number = self.entered.fetch_add(1, Ordering::Relaxed);
            let (close, closed) = oneshot::channel();
            record.link = Some(Link {
                number,
                dialer,
                _close: close,
            });
            Ok(Ticket {
                links: Arc::clone(self),
                peer,
                number,
                closed,
            })
        })
    }

    /// A peer has spoken.
    pub(super) fn meet(&self, peer: NodeId) {
        if let Some(record) = self.lock().get_mut(&peer) {
            record.is_met = true;
        }
    }

    /// Waits until a peer has no connection.
    pub(super) async fn free(&self, peer: NodeId) {
        let mut changes = self.changes.subscribe();
        // The sender lives as long as `self`.
        let _ = changes.wait_for(|_| !self.is_connected(peer)).await;
    }

    /// Charges a peer; `true` when it has lost its right to speak.
    pub(super) fn blame(&self, peer: NodeId, points: f64, now: Instant) -> bool {
        self.change(|records| {
            let Some(record) = records.get_mut(&peer) else {
                return true;
            };
            let forgiven = record.blamed_at.map_or(0.0, |at| (now - at).as_secs_f64());
            record.blame = (record.blame - forgiven).max(0.0) + points;
            record.blamed_at = Some(now);
            if record.blame < BLAME_MAX {
                return false;
            }
            record.banned_until = Some(now + BAN);
            record.blame = 0.0;
            true
        })
    }

    /// Takes a peer's right to speak at once.
    pub(super) fn ban(&self, peer: NodeId, now: Instant) {
        self.blame(peer, BLAME_MAX, now);
    }

    /// Every allowed peer.
    pub(super) fn peers(&self) -> Vec<(NodeId, Contact)> {
        let records = self.lock();
        let mut peers: Vec<(NodeId, Contact)> = records
            .iter()
            .map(|(id, record)| (*id, record.contact()))
            .collect();
        peers.sort_unstable();
        peers
    }

    pub(super) fn watch(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn is_connected(&self, peer: NodeId) -> bool {
        self.lock()
            .get(&peer)
            .is_some_and(|record| record.link.is_some())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<NodeId, Record>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut HashMap<NodeId, Record>) -> T) -> T {
        let outcome = change(&mut self.lock());
        self.changes.send_modify(|changes| *changes += 1);
        outcome
    }
}

impl Record {
    fn contact(&self) -> Contact {
        match self.link {
            Some(_) => Contact::Connected,
            None if self.is_met => Contact::Lost,
            None => Contact::Awaited,
        }
    }
}

impl Ticket {
    /// Ready when the connection lost its place to another, or the peer its right.
    pub(super) async fn lost(&mut self) {
        // Only the end of the sender is awaited.
        let _ = (&mut self.closed).await;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.links.change(|records| {
            if let Some(record) = records.get_mut(&self.peer)
                && record
                    .link
                    .as_ref()
                    .is_some_and(|link| link.number == self.number)
            {
                record.link = None;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: NodeId = NodeId([1; 20]);
    const BEN: NodeId = NodeId([2; 20]);
    const CAS: NodeId = NodeId([3; 20]);

    fn links(own: NodeId, peers: &[NodeId]) -> Arc<Links> {
        let links = Arc::new(Links::new(own));
        links.allow(&allowed(peers));
        links
    }

    fn allowed(peers: &[NodeId]) -> Vec<Peer> {
        let peer = |id: &NodeId| Peer {
            id: *id,
            address: None,
        };
        peers.iter().map(peer).collect()
    }

    #[tokio::test]
    async fn unknown_nodes_and_this_one_are_refused() {
        let links = links(ANN, &[ANN, BEN]);

        assert_eq!(
            links.enter(CAS, CAS, Instant::now()).err(),
            Some(Refusal::Unknown)
        );
        assert_eq!(
            links.enter(ANN, ANN, Instant::now()).err(),
            Some(Refusal::Unknown)
        );
        assert!(links.enter(BEN, BEN, Instant::now()).is_ok());
    }

    #[tokio::test]
    async fn when_both_ends_open_a_connection_both_keep_the_same() {
        for (own, peer) in [(ANN, BEN), (BEN, ANN)] {
            for dialers in [[ANN, BEN], [BEN, ANN]] {
                let links = links(own, &[peer]);

                let tickets = dialers.map(|dialer| links.enter(peer, dialer, Instant::now()));

                let kept = links.lock()[&peer].link.as_ref().map(|link| link.dialer);
                assert_eq!(kept, Some(ANN), "{own} met {peer}, {dialers:?}");
                drop(tickets);
                assert!(!links.is_connected(peer));
            }
        }
    }

    #[tokio::test]
    async fn a_later_connection_of_the_same_end_takes_the_place() {
        let links = links(ANN, &[BEN]);
        let mut first = links.enter(BEN, BEN, Instant::now()).ok().unwrap();

        let second = links.enter(BEN, BEN, Instant::now()).ok().unwrap();
        first.lost().await;
        drop(first);

        assert!(
            links.is_connected(BEN),
            "the first one's end freed the second one's place"
        );
        drop(second);
        links.free(BEN).await;
    }

    #[tokio::test]
    async fn a_peer_that_is_no_longer_allowed_is_cut_off() {
        let links = links(ANN, &[BEN, CAS]);
        let mut ticket = links.enter(BEN, BEN, Instant::now()).ok().unwrap();

        links.allow(&allowed(&[CAS]));

        ticket.lost().await;
        assert_eq!(links.peers(), [(CAS, Contact::Awaited)]);
    }

    #[tokio::test]
    async fn a_peer_that_spoke_once_is_lost_and_whoever_said_nothing_is_awaited() {
        let links = links(ANN, &[BEN]);
        assert_eq!(links.peers(), [(BEN, Contact::Awaited)]);
        let enter = || links.enter(BEN, ANN, Instant::now()).ok().unwrap();
        let ticket = enter();
        assert_eq!(links.peers(), [(BEN, Contact::Connected)]);
        drop(ticket);
        assert_eq!(links.peers(), [(BEN, Contact::Awaited)]);

        let ticket = enter();
        links.meet(BEN);
        drop(ticket);
        assert_eq!(links.peers(), [(BEN, Contact::Lost)]);
    }

    #[test]
    fn blame_is_forgiven_with_time_and_a_ban_ends() {
        let links = links(ANN, &[BEN]);
        let minute = Duration::from_secs(60);
        let mut now = Instant::now();
        for _ in 0..5 {
            assert!(!links.blame(BEN, 60.0, now));
            now += minute;
        }

        assert!(!links.blame(BEN, 60.0, now));
        assert!(links.blame(BEN, 60.0, now));
        assert_eq!(links.enter(BEN, BEN, now).err(), Some(Refusal::Banned));
        assert!(links.enter(BEN, BEN, now + BAN).is_ok());
    }
}
