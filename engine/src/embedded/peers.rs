//! The nodes that this one speaks with.

use std::collections::BTreeMap;
use std::sync::Arc;

use malachitebft_app_channel::NetworkRequest;
use tokio::sync::{Mutex, mpsc};

use super::consensus::network;

/// Where a peer is reached, and the key by which it proves that it is the one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerAddress {
    /// The public key of the node, Ed25519.
    pub public_key: [u8; 32],
    /// `host:port`; without one, the peer must come by itself.
    pub address: Option<String>,
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

/// Whom consensus speaks with, to be changed while it runs.
#[derive(Clone)]
pub struct Peers {
    network: mpsc::Sender<NetworkRequest>,
    // By key: the address under which Malachite knows the peer.
    known: Arc<Mutex<BTreeMap<[u8; 32], PeerAddress>>>,
}

impl Peers {
    pub(super) fn new(network: mpsc::Sender<NetworkRequest>, known: &[PeerAddress]) -> Self {
        let known = known.iter().map(|peer| (peer.public_key, peer.clone()));
        Self {
            network,
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
