//! Four CometBFT nodes with an application that does nothing: keys, settings and sockets as `polityd` makes them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use polity_engine::abci::Endpoint;
use polity_engine::application::Timestamp;
use polity_engine::cometbft::{Genesis, GenesisValidator, Home, Key, Peer, Settings};
use tempfile::TempDir;

use super::doors::{Doors, Way};
use super::network::Network;
use crate::addresses::Addresses;
use crate::process::Process;
use crate::{binaries, http, wait};

/// CometBFT's ports at the address of its node.
const PEERS: u16 = 26_656;
const RPC: u16 = 26_659;
const POWER: u64 = 10;
const PATIENCE: Duration = Duration::from_secs(60);

/// What does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nothing {
    /// An application behind our own socket server, as `polityd` is.
    BehindASocket,
    /// The one that CometBFT has inside.
    BuiltIn,
}

/// The network. Dropping it ends every process and removes its files.
pub(super) struct NullNetwork {
    // CometBFT before its applications, so that it does not complain of their end.
    engines: Vec<Process>,
    applications: Vec<Process>,
    addresses: Addresses,
    _directory: TempDir,
}

impl NullNetwork {
    /// Starts the network and waits for its first block.
    pub(super) fn start(nodes: usize, nothing: Nothing) -> NullNetwork {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let addresses = Addresses::reserve();
        let keys: Vec<[Key; 2]> = (0..nodes).map(keys_of).collect();
        let genesis = genesis(&keys);
        let homes: Vec<PathBuf> = (0..nodes)
            .map(|node| directory.path().join(format!("node-{node}")))
            .collect();
        let peers: Vec<Peer> = (0..nodes)
            .map(|node| Peer {
                node_id: polity_engine::cometbft::node_id(&keys[node][0].public_key()),
                address: addresses.socket(node, PEERS).to_string(),
            })
            .collect();

        for (node, path) in homes.iter().enumerate() {
            let home = Home::new(path.join("cometbft"));
            let [node_key, validator_key] = &keys[node];
            home.create(node_key, validator_key, &genesis, &path.join("mark"))
                .expect("the home can be written");
            let mut settings = Settings::new(
                Endpoint::Unix(socket(path)),
                &format!("null-{node}"),
                addresses.socket(node, RPC),
                addresses.socket(node, PEERS),
            );
            let others = peers.iter().enumerate().filter(|(other, _)| *other != node);
            settings.persistent_peers = others.map(|(_, peer)| peer.clone()).collect();
            home.write_settings(&settings)
                .expect("the settings can be written");
        }
        let (applications, more): (_, &[&str]) = match nothing {
            Nothing::BehindASocket => (homes.iter().map(|home| application(home)).collect(), &[]),
            Nothing::BuiltIn => (Vec::new(), &["--proxy_app", "noop"]),
        };
        let engines = homes.iter().map(|home| engine(home, more)).collect();
        let network = NullNetwork {
            engines,
            applications,
            addresses,
            _directory: directory,
        };
        for address in network.network().targets.addresses {
            wait::until("CometBFT makes its first block", PATIENCE, || {
                let status = http::ask(address, "status").ok()?;
                (status["sync_info"]["latest_block_height"] != "0").then_some(())
            });
        }
        network
    }

    pub(super) fn network(&self) -> Network {
        let nodes = self.engines.len();
        Network {
            nodes,
            targets: Doors {
                way: Way::Rpc,
                addresses: (0..nodes)
                    .map(|node| self.addresses.socket(node, RPC))
                    .collect(),
            },
            applications: self.applications.iter().map(Process::id).collect(),
            engines: self.engines.iter().map(Process::id).collect(),
        }
    }
}

/// The key of the node, and that of its vote.
fn keys_of(node: usize) -> [Key; 2] {
    let number = u8::try_from(node).expect("few nodes");
    [
        Key::from_seed(&[2 * number + 1; 32]),
        Key::from_seed(&[2 * number + 2; 32]),
    ]
}

fn genesis(keys: &[[Key; 2]]) -> Genesis {
    let validators = keys.iter().map(|[_, validator_key]| GenesisValidator {
        public_key: validator_key.public_key(),
        power: POWER,
        name: String::new(),
    });
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let time = Timestamp {
        seconds: now.map_or(0, |now| now.as_secs() as i64),
        nanos: 0,
    };
    Genesis::new("null", time, validators.collect(), Vec::new())
}

fn socket(home: &Path) -> PathBuf {
    home.join("abci.sock")
}

fn application(home: &Path) -> Process {
    let mut command = Command::new(binaries::path("examples/null_app"));
    command.arg(format!("unix://{}", socket(home).display()));
    let process = Process::start("null_app", &mut command, &home.join("null_app.log"));
    wait::until("the application listens", PATIENCE, || {
        socket(home).exists().then_some(())
    });
    process
}

fn engine(home: &Path, more: &[&str]) -> Process {
    let mut command = Command::new("cometbft");
    command
        .arg("start")
        .arg("--home")
        .arg(home.join("cometbft"))
        .args(more);
    Process::start("cometbft", &mut command, &home.join("cometbft.log"))
}
