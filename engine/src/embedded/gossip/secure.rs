//! A connection that nobody can read, change or fake: Noise (XX) over TCP, as libp2p speaks it, under the nodes' own
//! keys. The network's name goes into the handshake, so nodes of two chains never get past it.

use std::io;

use libp2p::core::upgrade::{InboundConnectionUpgrade, OutboundConnectionUpgrade};
use libp2p::futures::AsyncReadExt;
use libp2p::futures::io::{ReadHalf, WriteHalf};
use libp2p::identity::{Keypair, PublicKey};
use libp2p::multihash::Multihash;
use libp2p::{PeerId, noise, tcp};
use tokio::net::TcpStream;

use crate::cometbft::Key;
use crate::embedded::NodeId;

/// The name of the protocol and its version; Noise hashes it first.
const PROTOCOL: &str = "polity/gossip/1/";
/// As the upgrade asks for it; nothing is negotiated.
const NOISE: &str = "/noise";

type Stream = noise::Output<tcp::tokio::TcpStream>;
/// The receiving half of a secured connection.
pub(super) type Reader = ReadHalf<Stream>;
/// The sending half of a secured connection.
pub(super) type Writer = WriteHalf<Stream>;

/// A secured connection and who is at its other end.
pub(super) struct Secured {
    pub(super) peer: NodeId,
    pub(super) reader: Reader,
    pub(super) writer: Writer,
}

/// This node's side of every handshake.
#[derive(Clone)]
pub(super) struct Identity {
    pub(super) id: NodeId,
    noise: noise::Config,
}

impl Identity {
    pub(super) fn new(key: &Key, network: &str) -> io::Result<Self> {
        // It wipes the bytes that it is given.
        let pair = Keypair::ed25519_from_bytes(&mut key.seed()).map_err(io::Error::other)?;
        let noise = noise::Config::new(&pair).map_err(io::Error::other)?;
        Ok(Self {
            id: NodeId::of(&key.public_key()),
            noise: noise.with_prologue(format!("{PROTOCOL}{network}").into_bytes()),
        })
    }

    /// Secures a connection that this node opened.
    pub(super) async fn initiate(&self, stream: TcpStream) -> io::Result<Secured> {
        stream.set_nodelay(true)?;
        let noise = self.noise.clone();
        let handshake = noise.upgrade_outbound(tcp::tokio::TcpStream(stream), NOISE);
        let (peer, stream) = handshake.await.map_err(io::Error::other)?;
        secured(&peer, stream)
    }

    /// Secures a connection that another node opened.
    pub(super) async fn respond(&self, stream: TcpStream) -> io::Result<Secured> {
        stream.set_nodelay(true)?;
        let noise = self.noise.clone();
        let handshake = noise.upgrade_inbound(tcp::tokio::TcpStream(stream), NOISE);
        let (peer, stream) = handshake.await.map_err(io::Error::other)?;
        secured(&peer, stream)
    }
}

fn secured(peer: &PeerId, stream: Stream) -> io::Result<Secured> {
    let (reader, writer) = stream.split();
    Ok(Secured {
        peer: node_id(peer)?,
        reader,
        writer,
    })
}

/// libp2p's name of a node holds its whole key, where that is an ed25519 key, as every node's is.
fn node_id(peer: &PeerId) -> io::Result<NodeId> {
    let multihash: &Multihash<64> = peer.as_ref();
    let key = PublicKey::try_decode_protobuf(multihash.digest()).map_err(io::Error::other)?;
    let key = key.try_into_ed25519().map_err(io::Error::other)?;
    Ok(NodeId::of(&key.to_bytes()))
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    async fn handshake(networks: [&str; 2]) -> (io::Result<Secured>, io::Result<Secured>) {
        let [ann, ben] = [1, 2].map(|seed| Key::from_seed(&[seed; 32]));
        let ann = Identity::new(&ann, networks[0]).unwrap();
        let ben = Identity::new(&ben, networks[1]).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();

        let dialing = async { ann.initiate(TcpStream::connect(address).await?).await };
        let accepting = async { ben.respond(listener.accept().await?.0).await };
        tokio::join!(dialing, accepting)
    }

    #[tokio::test]
    async fn both_ends_learn_who_the_other_is() {
        let (dialed, accepted) = handshake(["acme", "acme"]).await;

        let id = |seed| NodeId::of(&Key::from_seed(&[seed; 32]).public_key());
        assert_eq!(dialed.unwrap().peer, id(2));
        assert_eq!(accepted.unwrap().peer, id(1));
    }

    #[tokio::test]
    async fn nodes_of_two_networks_do_not_meet() {
        let (dialed, accepted) = handshake(["acme", "other"]).await;

        assert!(dialed.is_err());
        assert!(accepted.is_err());
    }
}
