//! Gossip: transactions travel from the node where they were signed to every other.
//!
//! Each pair of nodes keeps one connection, secured under the nodes' keys, apart from that of the
//! consensus, so that a flood of transactions never delays a vote. A node sends what came through its own
//! gateway to all peers at once, in batches; what it heard from others it offers by id after a second. A network of
//! departments is a full mesh of at most a few dozen, so a transaction takes one step to everybody.
//!
//! Nodes also tell each other how far they are, see [`Heights`].
//!
//! A peer is one of the [`Peer`]s that the node is told of, now and whenever they change; all others are refused
//! after the handshake. What peers send passes the same door as what members send. Whoever sends what no correct node
//! sends is charged, cut off, and refused for a minute.

mod connection;
mod dialer;
mod frame;
mod handshakes;
mod heights;
mod links;
mod outbox;
mod secure;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;

use super::NodeId;
use super::pool::Pool;
use crate::cometbft::Key;
pub use heights::Heights;
pub use links::Contact;

use connection::Ended;
use handshakes::Handshakes;
use links::Links;
use secure::{Identity, Secured};

/// A handshake that takes longer is given up.
const HANDSHAKE_TIME: Duration = Duration::from_secs(5);
/// A pause where the system has no more descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A node that may be spoken with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Peer {
    /// Its id.
    pub id: NodeId,
    /// `host:port` of its gossip; without one, it must come by itself.
    pub address: Option<String>,
}

/// What happened since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Transactions sent, each counted for each peer.
    pub sent: u64,
    /// Transactions received, copies included.
    pub received: u64,
    /// Connections that were refused: unknown nodes, and those that are banned.
    pub refused: u64,
    /// Connections that ended for bad behaviour.
    pub misbehaved: u64,
}

/// Gossip that listens, and does nothing until it [runs](Gossip::run).
pub struct Gossip {
    shared: Arc<Shared>,
    listener: TcpListener,
    peers: watch::Receiver<Vec<Peer>>,
}

/// A look at running gossip, for status and metrics.
#[derive(Clone)]
pub struct GossipView(Arc<Shared>);

/// What all connections share.
struct Shared {
    identity: Identity,
    pool: Pool,
    heights: Heights,
    links: Arc<Links>,
    counters: Counters,
}

#[derive(Default)]
struct Counters {
    sent: AtomicU64,
    received: AtomicU64,
    refused: AtomicU64,
    misbehaved: AtomicU64,
}

impl Gossip {
    /// Listens. `network` names the chain: nodes of another one are never spoken with.
    ///
    /// # Errors
    /// An address that cannot be listened on.
    pub async fn bind(
        listen: SocketAddr,
        key: &Key,
        network: &str,
        pool: Pool,
        heights: Heights,
        peers: watch::Receiver<Vec<Peer>>,
    ) -> io::Result<Self> {
        let identity = Identity::new(key, network)?;
        let links = Arc::new(Links::new(identity.id));
        Ok(Self {
            listener: TcpListener::bind(listen).await?,
            shared: Arc::new(Shared {
                identity,
                pool,
                heights,
                links,
                counters: Counters::default(),
            }),
            peers,
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// What the system says.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// A look at it while it runs.
    #[must_use]
    pub fn view(&self) -> GossipView {
        GossipView(Arc::clone(&self.shared))
    }

    /// Speaks with the peers until `shutdown` is ready; then all connections end.
    pub async fn run(mut self, shutdown: impl Future<Output = ()>) {
        let handshakes = Handshakes::default();
        // Dropping the set ends whatever it runs.
        let mut tasks = JoinSet::new();
        let mut dialers: HashMap<Peer, AbortHandle> = HashMap::new();
        self.peers.mark_changed();
        tokio::pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => return,
                Ok(()) = self.peers.changed() => {
                    let peers = self.peers.borrow_and_update().clone();
                    self.shared.links.allow(&peers);
                    redial(&self.shared, &peers, &mut dialers, &mut tasks);
                }
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, address)) => match handshakes.begin(address.ip()) {
                        Some(handshake) => {
                            let shared = Arc::clone(&self.shared);
                            tasks.spawn(async move {
                                let secured = respond(&shared, stream, address).await;
                                drop(handshake);
                                if let Some(secured) = secured {
                                    let dialer = secured.peer;
                                    shared.converse(secured, dialer).await;
                                }
                            });
                        }
                        None => tracing::debug!(%address, "too many handshakes at once"),
                    },
                    Err(error) => {
                        tracing::warn!(%error, "gossip cannot accept");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
                Some(_) = tasks.join_next() => {}
            }
        }
    }
}

/// Dials the peers that are new or have moved, and no longer those that are gone.
fn redial(
    shared: &Arc<Shared>,
    peers: &[Peer],
    dialers: &mut HashMap<Peer, AbortHandle>,
    tasks: &mut JoinSet<()>,
) {
    dialers.retain(|peer, dialer| {
        let stays = peers.contains(peer);
        if !stays {
            dialer.abort();
        }
        stays
    });
    for peer in peers.iter().filter(|peer| peer.id != shared.identity.id) {
        if let Some(address) = &peer.address
            && !dialers.contains_key(peer)
        {
            let dialing = dialer::keep_connected(Arc::clone(shared), peer.id, address.clone());
            dialers.insert(peer.clone(), tasks.spawn(dialing));
        }
    }
}

async fn respond(shared: &Shared, stream: TcpStream, address: SocketAddr) -> Option<Secured> {
    match timeout(HANDSHAKE_TIME, shared.identity.respond(stream)).await {
        Ok(Ok(secured)) => Some(secured),
        Ok(Err(error)) => {
            tracing::debug!(%address, %error, "handshake failed");
            None
        }
        Err(_) => {
            tracing::debug!(%address, "handshake took too long");
            None
        }
    }
}

impl Shared {
    /// Speaks with a peer, if it may, until the connection ends.
    async fn converse(&self, secured: Secured, dialer: NodeId) {
        let peer = secured.peer;
        let ticket = match self.links.enter(peer, dialer, Instant::now()) {
            Ok(ticket) => ticket,
            Err(refusal) => {
                tracing::debug!(%peer, %refusal, "connection refused");
                if refusal != links::Refusal::Connected {
                    self.counters.refused.fetch_add(1, Ordering::Relaxed);
                }
                return;
            }
        };
        // Which department comes and goes is told elsewhere; a node that the others do not know tries again and again.
        tracing::debug!(%peer, "gossip with peer");
        match connection::run(self, secured, ticket).await {
            Ended::Misbehaved(reason) => {
                self.counters.misbehaved.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(%peer, reason, "peer cut off");
            }
            reason @ (Ended::Io(_) | Ended::Silent | Ended::Closed) => {
                tracing::debug!(%peer, %reason, "gossip ended");
            }
        }
    }
}

impl GossipView {
    /// Every peer that may be spoken with, in the order of ids.
    #[must_use]
    pub fn peers(&self) -> Vec<(NodeId, Contact)> {
        self.0.links.peers()
    }

    /// How many peers are connected.
    #[must_use]
    pub fn connected(&self) -> usize {
        let peers = self.peers().into_iter();
        peers
            .filter(|(_, contact)| *contact == Contact::Connected)
            .count()
    }

    /// Whether a peer told of a height that this node lacks, or none has told anything yet.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.0.heights.is_behind()
    }

    /// Changes whenever a peer comes or goes.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.0.links.watch()
    }

    /// What happened since the start.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        let counters = &self.0.counters;
        Traffic {
            sent: counters.sent.load(Ordering::Relaxed),
            received: counters.received.load(Ordering::Relaxed),
            refused: counters.refused.load(Ordering::Relaxed),
            misbehaved: counters.misbehaved.load(Ordering::Relaxed),
        }
    }
}

impl Counters {
    fn sent(&self, transactions: usize) {
        self.sent.fetch_add(transactions as u64, Ordering::Relaxed);
    }

    fn received(&self, transactions: usize) {
        self.received
            .fetch_add(transactions as u64, Ordering::Relaxed);
    }
}
