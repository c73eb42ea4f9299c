//! Malachite, configured and started.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ed25519_dalek::SigningKey;
use malachitebft_app_channel::app::config::{
    ConsensusConfig, DiscoveryConfig, NodeConfig, P2pConfig, ProtocolNames, ValuePayload,
    ValueSyncConfig,
};
use malachitebft_app_channel::app::engine::network::NetworkIdentity;
use malachitebft_app_channel::app::net::{Multiaddr, PeerId};
use malachitebft_app_channel::app::types::Keypair;
use malachitebft_app_channel::{
    Channels, ConsensusContext, EngineBuilder, EngineHandle, NetworkContext, RequestContext,
    SyncContext,
};

use super::ahead::Ahead;
use super::codec::Protobuf;
use super::context::EmbeddedContext;
use super::driver::BLOCKS_BYTES_MAX;
use super::log;
use super::parts::HEIGHTS_AHEAD_MAX;
use super::signing::{Examiner, Keeper};
use super::trouble::Trouble;
use super::voters::Voters;
use crate::embedded::canonical::Address;
use crate::embedded::guard::Guard;
use crate::embedded::peers::PeerAddress;
use crate::embedded::start::StartError;

/// Connections from one address: several departments may live on one machine, and no address takes all the places that
/// Malachite has, which are 200.
const CONNECTIONS_PER_IP_MAX: usize = 128;
/// Messages of one height above the one at work that wait, all of them validators', and of each no more than it has to say.
const WAITING_PER_HEIGHT_MAX: usize = 8_192;
/// Blocks asked for at once while catching up, and such questions on their way. Malachite asks for as many heights ahead as
/// both give together, and keeps what it is answered unseen until a height's turn comes: a peer may lie that it is far
/// ahead, and give one large answer for each.
pub(super) const SYNC_BATCH: usize = 20;
const SYNC_PARALLEL: usize = 4;
/// Questions for blocks that are read at once, for whoever is behind. They stand in one line with the words of consensus:
/// of many, read from a slow disk, the last would keep the next vote waiting for seconds.
const SYNC_ANSWERS: usize = 1;
/// How often others are told where this node stands. Whoever is behind asks for blocks no further than it was told.
const STATUS_INTERVAL: Duration = Duration::from_secs(1);
/// Time for an answer of blocks, and how often a node that lacks some asks again.
const SYNC_TIMEOUT: Duration = Duration::from_secs(5);
/// Messages on a topic are pieces of blocks at most.
const MESSAGE_BYTES_MAX: &str = "1 MiB";
/// Bytes of an answer beside those of its blocks: what decided each of a batch, with a signature of every validator.
const DECISIONS_BYTES_MAX: u64 = 1 << 20;

/// What consensus is started with.
pub(in crate::embedded) struct Setup<'a> {
    pub(in crate::embedded) moniker: String,
    pub(in crate::embedded) chain_id: Arc<str>,
    pub(in crate::embedded) address: Address,
    pub(in crate::embedded) key: SigningKey,
    pub(in crate::embedded) guard: Arc<Guard>,
    pub(in crate::embedded) node_key: &'a SigningKey,
    pub(in crate::embedded) listen: SocketAddr,
    pub(in crate::embedded) peers: &'a [PeerAddress],
    pub(in crate::embedded) block_bytes_max: u64,
    pub(in crate::embedded) log: PathBuf,
    pub(in crate::embedded) has_block: log::HasBlock,
    pub(in crate::embedded) trouble: Trouble,
    pub(in crate::embedded) ahead: Ahead,
    pub(in crate::embedded) voters: Voters,
}

/// Starts Malachite. It asks its first question once it listens.
pub(in crate::embedded) async fn start(
    setup: Setup<'_>,
) -> Result<(Channels<EmbeddedContext>, EngineHandle), StartError> {
    let config = Config::new(&setup).map_err(StartError::Other)?;
    // It wipes the bytes that it is given.
    let keypair = Keypair::ed25519_from_bytes(&mut setup.node_key.to_bytes())
        .map_err(|error| StartError::Other(error.to_string()))?;
    let identity = NetworkIdentity::new(setup.moniker, keypair, Some(setup.address.to_string()));
    let chain_id = Arc::clone(&setup.chain_id);
    let keeper = Keeper {
        key: setup.key,
        chain_id: setup.chain_id,
        guard: setup.guard,
        trouble: setup.trouble.clone(),
    };
    // A full node may be voted in at any height, so every node has its signer.
    let consensus = ConsensusContext::new_validator(
        setup.address,
        Box::new(Examiner { chain_id }),
        Box::new(keeper),
    );
    let wire = Protobuf {
        ahead: Some(setup.ahead),
        voters: Some(setup.voters),
    };
    let log = log::start(setup.log, setup.address, setup.has_block, setup.trouble).await?;
    EngineBuilder::new(EmbeddedContext, config)
        .with_custom_wal(log)
        .with_default_network(NetworkContext::new(identity, wire))
        .with_default_sync(SyncContext::new(Protobuf::default()))
        .with_default_consensus(consensus)
        .with_default_request(RequestContext::new(16))
        .build()
        .await
        .map_err(|error| StartError::Other(format!("{error:#}")))
}

/// The address under which Malachite knows a peer: it speaks with nobody else there. A peer without an address is
/// known by its key alone, and must come by itself; so is one whose address says nothing, because whoever registers a
/// node must not keep others from starting.
pub(in crate::embedded) fn multiaddr(peer: &PeerAddress) -> Result<Multiaddr, String> {
    let id = peer_id(&peer.public_key)?;
    if let Some(address) = &peer.address {
        match dialled(address, &id) {
            Some(known) => return Ok(known),
            None => {
                tracing::warn!(address, peer = %id, "a peer's address is not host:port: it must come by itself")
            }
        }
    }
    format!("/p2p/{id}")
        .parse()
        .map_err(|error| format!("peer {id}: {error}"))
}

fn dialled(address: &str, id: &PeerId) -> Option<Multiaddr> {
    let (host, port) = address.rsplit_once(':')?;
    let port: u16 = port.parse().ok()?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let kind = match host.parse() {
        Ok(IpAddr::V4(_)) => "ip4",
        Ok(IpAddr::V6(_)) => "ip6",
        Err(_) if is_name(host) => "dns",
        Err(_) => return None,
    };
    format!("/{kind}/{host}/tcp/{port}/p2p/{id}").parse().ok()
}

/// A name of a host has nothing that would read as another part of the address.
fn is_name(host: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    !host.is_empty() && host.bytes().all(allowed)
}

/// libp2p's name of a node: its public key as protobuf, in an identity multihash.
fn peer_id(public_key: &[u8; 32]) -> Result<PeerId, String> {
    const ED25519_PREFIX: [u8; 6] = [0x00, 0x24, 0x08, 0x01, 0x12, 0x20];
    PeerId::from_bytes(&[&ED25519_PREFIX[..], public_key].concat())
        .map_err(|error| error.to_string())
}

/// The public key in libp2p's name of a node, as bytes.
pub(in crate::embedded) fn public_key(peer_id: &[u8]) -> Option<[u8; 32]> {
    peer_id.get(6..)?.try_into().ok()
}

struct Config {
    moniker: String,
    consensus: ConsensusConfig,
    sync: ValueSyncConfig,
}

impl Config {
    fn new(setup: &Setup<'_>) -> Result<Self, String> {
        let version = if setup.listen.is_ipv6() { "ip6" } else { "ip4" };
        let listen_addr = format!(
            "/{version}/{}/tcp/{}",
            setup.listen.ip(),
            setup.listen.port()
        );
        let name = |protocol: &str| format!("/polity/{}/{protocol}/1", setup.chain_id);
        let answer_bytes_max = answer_bytes_max(setup.block_bytes_max).to_string();
        let p2p = P2pConfig {
            listen_addr: listen_addr.parse().map_err(|error| format!("{error}"))?,
            persistent_peers: setup
                .peers
                .iter()
                .map(multiaddr)
                .collect::<Result<_, _>>()?,
            persistent_peers_only: true,
            discovery: DiscoveryConfig {
                enabled: false,
                max_connections_per_ip: CONNECTIONS_PER_IP_MAX,
                ip_throttle_duration: Duration::ZERO,
                ..DiscoveryConfig::default()
            },
            pubsub_max_size: MESSAGE_BYTES_MAX.parse()?,
            rpc_max_size: answer_bytes_max.parse()?,
            // Nodes of another chain do not understand each other.
            protocol_names: ProtocolNames {
                consensus: name("consensus"),
                discovery_kad: name("discovery/kad"),
                discovery_regres: name("discovery/reqres"),
                sync: name("sync"),
                validator_proof: name("validator-proof"),
            },
            ..P2pConfig::default()
        };
        Ok(Self {
            moniker: setup.moniker.clone(),
            consensus: ConsensusConfig {
                p2p,
                // With proposals alone, every block would count as valid unseen.
                value_payload: ValuePayload::ProposalAndParts,
                queue_capacity: HEIGHTS_AHEAD_MAX as usize,
                queue_per_height_capacity: WAITING_PER_HEIGHT_MAX,
                ..ConsensusConfig::default()
            },
            sync: ValueSyncConfig {
                status_update_interval: STATUS_INTERVAL,
                request_timeout: SYNC_TIMEOUT,
                max_response_size: answer_bytes_max.parse()?,
                batch_size: SYNC_BATCH,
                parallel_requests: SYNC_PARALLEL,
                max_concurrent_inbound_requests: SYNC_ANSWERS,
                ..ValueSyncConfig::default()
            },
        })
    }
}

/// Bytes of the largest answer that holds blocks. Whoever asks makes room for as many as are announced.
fn answer_bytes_max(block_bytes_max: u64) -> u64 {
    block_bytes_max.max(BLOCKS_BYTES_MAX as u64) + DECISIONS_BYTES_MAX
}

impl NodeConfig for Config {
    fn moniker(&self) -> &str {
        &self.moniker
    }

    fn consensus(&self) -> &ConsensusConfig {
        &self.consensus
    }

    fn consensus_mut(&mut self) -> &mut ConsensusConfig {
        &mut self.consensus
    }

    fn value_sync(&self) -> &ValueSyncConfig {
        &self.sync
    }

    fn value_sync_mut(&mut self) -> &mut ValueSyncConfig {
        &mut self.sync
    }
}

/// The directory of a file is made where it is missing.
pub(in crate::embedded) fn make_directory(file: &Path) -> std::io::Result<()> {
    match file.parent() {
        Some(directory) => std::fs::create_dir_all(directory),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use malachitebft_app_channel::app::types::codec::HasEncodedLen as _;
    use malachitebft_app_channel::app::types::core::{
        CommitCertificate, CommitSignature, ExtendedCommitCertificate, Round, VoteExtensions,
    };
    use malachitebft_app_channel::app::types::sync::{RawDecidedValue, Response};
    use malachitebft_sync::ValueResponse;

    use super::*;
    use crate::embedded::canonical::{BlockId, Signature};
    use crate::embedded::consensus::context::Height;
    use crate::embedded::consensus::messages::SIGNATURES_MAX;

    #[test]
    fn an_answer_has_room_for_what_decided_its_blocks_and_little_more() {
        let one = CommitCertificate::<EmbeddedContext> {
            height: Height(u64::MAX),
            round: Round::new(i32::MAX as u32),
            value_id: BlockId::default(),
            commit_signatures: (0..SIGNATURES_MAX)
                .map(|_| CommitSignature::new(Address([1; 20]), Signature([1; 64])))
                .collect(),
        };
        let extensions = VoteExtensions::default();
        let one =
            ExtendedCommitCertificate::from_commit_certificate_and_extensions(one, extensions);
        let decided = vec![RawDecidedValue::new(Bytes::new(), one); SYNC_BATCH];
        let answer = ValueResponse::new(Height(u64::MAX), decided);
        let decisions = Protobuf::default().encoded_len(&Response::ValueResponse(answer));
        assert!(decisions.unwrap() as u64 <= DECISIONS_BYTES_MAX);

        assert_eq!(answer_bytes_max(4 << 20), 5 << 20);
        assert_eq!(answer_bytes_max(100 << 20), 101 << 20);
    }

    #[test]
    fn a_liar_who_says_that_it_is_far_ahead_fills_no_more_than_half_a_gigabyte() {
        // The last question begins at the end of what is asked for ahead.
        let heights = SYNC_BATCH * SYNC_PARALLEL + SYNC_BATCH - 1;
        assert!(heights as u64 * answer_bytes_max(4 << 20) <= 512 << 20);
    }

    #[test]
    fn a_peer_whose_address_says_nothing_is_known_by_its_key() {
        let known = |address: &str| {
            let peer = PeerAddress {
                public_key: [7; 32],
                address: Some(address.to_owned()),
            };
            multiaddr(&peer)
                .expect("whatever is registered")
                .to_string()
        };
        let id = peer_id(&[7; 32]).expect("a key has a name");
        for (address, expected) in [
            ("10.0.0.2:26656", "/ip4/10.0.0.2/tcp/26656"),
            ("[2001:db8::1]:26656", "/ip6/2001:db8::1/tcp/26656"),
            (
                "node.acme.example:26656",
                "/dns/node.acme.example/tcp/26656",
            ),
            ("127.0.0.1:99999", ""),
            ("127.0.0.1:1/../x", ""),
            ("a/tcp/1/p2p/b:1", ""),
            ("foo", ""),
            (":1", ""),
            ("", ""),
        ] {
            assert_eq!(known(address), format!("{expected}/p2p/{id}"), "{address}");
        }
    }
}
