//! CometBFT nodes with an application that is not ours: keys, settings and sockets as `polityd` makes them.

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
/// Built from `tests/rivals/cosmos`; the name of its chain, too.
pub(super) const COSMOS_BANK: &str = "cosmos-bank";
const PATIENCE: Duration = Duration::from_secs(60);

/// The application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum App {
    /// One that does nothing, behind our own socket server, as `polityd` is.
    Null,
    /// One that does nothing and that CometBFT has inside.
    BuiltIn,
    /// A chain of the Cosmos SDK, which has CometBFT inside, with so many accounts.
    CosmosBank { accounts: u64 },
}

/// The network. Dropping it ends every process and removes its files.
pub(super) struct CometNetwork {
    nodes: usize,
    // CometBFT before its applications, so that it does not complain of their end.
    engines: Vec<Process>,
    applications: Vec<Process>,
    addresses: Addresses,
    _directory: TempDir,
}

impl CometNetwork {
    /// Starts the network and waits for its first block.
    pub(super) fn start(nodes: usize, app: App) -> CometNetwork {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let addresses = Addresses::reserve();
        let keys: Vec<[Key; 2]> = (0..nodes).map(keys_of).collect();
        let genesis = genesis(&keys, app);
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
                &format!("node-{node}"),
                addresses.socket(node, RPC),
                addresses.socket(node, PEERS),
            );
            let others = peers.iter().enumerate().filter(|(other, _)| *other != node);
            settings.persistent_peers = others.map(|(_, peer)| peer.clone()).collect();
            home.write_settings(&settings)
                .expect("the settings can be written");
        }
        let applications = homes.iter().filter_map(|home| match app {
            App::Null => Some(null_app(home)),
            App::BuiltIn => None,
            App::CosmosBank { .. } => Some(cosmos_bank(home)),
        });
        let applications = applications.collect();
        let engines = homes.iter().filter_map(|home| match app {
            App::Null => Some(cometbft(home, &[])),
            App::BuiltIn => Some(cometbft(home, &["--proxy_app", "noop"])),
            App::CosmosBank { .. } => None,
        });
        let engines = engines.collect();
        let network = CometNetwork {
            nodes,
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
        Network {
            nodes: self.nodes,
            targets: Doors {
                way: Way::Rpc,
                addresses: (0..self.nodes)
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

fn genesis(keys: &[[Key; 2]], app: App) -> Genesis {
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
    let (chain_id, app_state) = match app {
        App::Null | App::BuiltIn => ("null", String::new()),
        App::CosmosBank { accounts } => (COSMOS_BANK, accounts.to_string()),
    };
    Genesis::new(chain_id, time, validators.collect(), app_state.into())
}

fn socket(home: &Path) -> PathBuf {
    home.join("abci.sock")
}

fn null_app(home: &Path) -> Process {
    let mut command = Command::new(binaries::path("examples/null_app"));
    command.arg(format!("unix://{}", socket(home).display()));
    let process = Process::start("null_app", &mut command, &home.join("null_app.log"));
    wait::until("the application listens", PATIENCE, || {
        socket(home).exists().then_some(())
    });
    process
}

fn cometbft(home: &Path, more: &[&str]) -> Process {
    start("cometbft", home, more)
}

fn cosmos_bank(home: &Path) -> Process {
    // Nobody pays for gas here, and nobody asks by gRPC, whose port all nodes would share.
    let more = ["--minimum-gas-prices", "0cent", "--grpc.enable=false"];
    start(COSMOS_BANK, home, &more)
}

fn start(program: &str, home: &Path, more: &[&str]) -> Process {
    let mut command = Command::new(program);
    command
        .arg("start")
        .arg("--home")
        .arg(home.join("cometbft"))
        .args(more);
    Process::start(program, &mut command, &home.join(format!("{program}.log")))
}
