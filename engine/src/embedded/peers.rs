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

    /// Speaks with these and nobody else from now on. A peer that is no longer among them is cut off. What Malachite has
    /// no time for is asked of it again the next time.
    pub async fn replace(&self, peers: &[PeerAddress]) {
        let mut known = self.known.lock().await;
        let wanted: BTreeMap<[u8; 32], PeerAddress> = peers
            .iter()
            .map(|peer| (peer.public_key, peer.clone()))
            .collect();
        for (key, peer) in known.clone() {
            if wanted.get(&key) != Some(&peer) && self.change(&peer, false).await {
                known.remove(&key);
            }
        }
        for (key, peer) in &wanted {
            if !known.contains_key(key) && self.change(peer, true).await {
                known.insert(*key, peer.clone());
            }
        }
        self.gossip.send_if_modified(|peers| {
            let new = gossip_peers(wanted.values());
            let is_changed = *peers != new;
            *peers = new;
            is_changed
        });
    }

    /// Asks Malachite for a change; answers whether it was heard.
    async fn change(&self, peer: &PeerAddress, is_wanted: bool) -> bool {
        let address = match network::multiaddr(peer) {
            Ok(address) => address,
            Err(error) => {
                tracing::warn!(%error, "a peer cannot be reached");
                return true;
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
            Ok(Err(ref error)) => tracing::warn!(peer = shown, %error, "peers did not change"),
            Err(ref error) => tracing::warn!(peer = shown, %error, "peers did not change yet"),
        }
        done.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(seed: u8) -> PeerAddress {
        PeerAddress {
            public_key: [seed; 32],
            address: Some(format!("10.0.0.{seed}:26656")),
        }
    }

    /// What Malachite was asked for since the last look; it agrees to everything.
    fn asked(requests: &mut mpsc::Receiver<NetworkRequest>) -> usize {
        let mut asked = 0;
        while let Ok(request) = requests.try_recv() {
            if let NetworkRequest::UpdatePersistentPeers(_, reply) = request {
                let _ = reply.send(Ok(()));
                asked += 1;
            }
        }
        asked
    }

    #[tokio::test]
    async fn a_peer_for_which_there_was_no_time_is_asked_for_again() {
        let (network, mut requests) = mpsc::channel(1);
        let (gossip, mut told) = watch::channel(Vec::new());
        let peers = Peers::new(network.clone(), gossip, &[]);
        let (reply, _answer) = tokio::sync::oneshot::channel();
        network
            .try_send(NetworkRequest::DumpState(reply))
            .expect("it has one place, which is taken now");

        peers.replace(&[peer(1)]).await;
        assert_eq!(told.borrow_and_update().len(), 1, "gossip heard of it");
        assert_eq!(asked(&mut requests), 0);
        let wanted = [peer(1)];
        let again = peers.replace(&wanted);
        tokio::pin!(again);
        let mut times = 0;
        while times == 0 {
            tokio::select! {
                biased;
                () = &mut again => panic!("it was not asked for"),
                () = tokio::task::yield_now() => times = asked(&mut requests),
            }
        }
        again.await;

        peers.replace(&wanted).await;
        assert_eq!(asked(&mut requests), 0, "it is known");
    }
}
