//! The nodes that this one speaks with.

use std::collections::BTreeMap;
use std::sync::Arc;

use malachitebft_app_channel::NetworkRequest;
use tokio::sync::{Mutex, mpsc, watch};

use super::consensus::network;
use super::{NodeId, gossip};

/// Gossip listens so many ports above consensus.
pub(super) const GOSSIP_PORT_OFFSET: u16 = 2;

/// Where a peer is reached, and the key by which it proves that it is the one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerAddress {
    /// The public key of the node, Ed25519.
    pub public_key: [u8; 32],
    /// `host:port` of its consensus; without one, the peer must come by itself.
    pub address: Option<String>,
}

impl PeerAddress {
    /// The same node for gossip.
    fn gossip(&self) -> gossip::Peer {
        let address = self.address.as_ref().and_then(|address| {
            let (host, port) = address.rsplit_once(':')?;
            let port = port.parse::<u16>().ok()?.checked_add(GOSSIP_PORT_OFFSET)?;
            Some(format!("{host}:{port}"))
        });
        gossip::Peer {
            id: NodeId::of(&self.public_key),
            address,
        }
    }
}

/// A peer that this node is connected with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectedPeer {
    /// The public key of the node.
    pub public_key: [u8; 32],
    /// What it calls itself.
    pub moniker: String,
    /// Its address, as this node sees it.
    pub address: String,
    /// Whether this node dialled it.
    pub is_outbound: bool,
}

/// Whom consensus and gossip speak with, to be changed while they run.
#[derive(Clone)]
pub struct Peers {
    network: mpsc::Sender<NetworkRequest>,
    gossip: watch::Sender<Vec<gossip::Peer>>,
    // By key: the address under which Malachite knows the peer.
    known: Arc<Mutex<BTreeMap<[u8; 32], PeerAddress>>>,
}

pub(super) fn gossip_peers<'a>(
    peers: impl IntoIterator<Item = &'a PeerAddress>,
) -> Vec<gossip::Peer> {
    peers.into_iter().map(PeerAddress::gossip).collect()
}

impl Peers {
    pub(super) fn new(
        network: mpsc::Sender<NetworkRequest>,
        gossip: watch::Sender<Vec<gossip::Peer>>,
        known: &[PeerAddress],
    ) -> Self {
        let known = known.iter().map(|peer| (peer.public_key, peer.clone()));
        Self {
            network,
            gossip,
            known: Arc::new(Mutex::new(known.collect())),
        }
    }

    /// Speaks with these and nobody else from now on. A peer that is no longer among them is cut off.
    pub async fn replace(&self, peers: &[PeerAddress]) {
        let mut known = self.known.lock().await;
        let wanted: BTreeMap<[u8; 32], PeerAddress> = peers
            .iter()
            .map(|peer| (peer.public_key, peer.clone()))
            .collect();
        for (key, peer) in known.iter() {
            if wanted.get(key) != Some(peer) {
                self.change(peer, false).await;
            }
        }
        for (key, peer) in &wanted {
            if known.get(key) != Some(peer) {
                self.change(peer, true).await;
            }
        }
        *known = wanted;
        self.gossip.send_if_modified(|peers| {
            let new = gossip_peers(known.values());
            let is_changed = *peers != new;
            *peers = new;
            is_changed
        });
    }

    async fn change(&self, peer: &PeerAddress, is_wanted: bool) {
        let address = match network::multiaddr(peer) {
            Ok(address) => address,
            Err(error) => {
                tracing::warn!(%error, "a peer cannot be reached");
                return;
            }
        };
        let shown = address.to_string();
        let done = if is_wanted {
            NetworkRequest::add_persistent_peer(&self.network, address).await
        } else {
            NetworkRequest::remove_persistent_peer(&self.network, address).await
        };
        match done {
            Ok(Ok(())) => tracing::info!(peer = shown, is_wanted, "peers changed"),
            Ok(Err(error)) => tracing::warn!(peer = shown, %error, "peers did not change"),
            Err(error) => tracing::warn!(peer = shown, %error, "peers did not change"),
        }
    }
}
