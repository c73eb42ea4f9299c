//! The embedded engine: BFT consensus inside this process.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use polity_engine::embedded::guard::GuardError;
use polity_engine::embedded::{self, Ended, NodeId, PeerAddress, Peers, Settings, StartError};
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinHandle;

use super::{Startup, attendance, engine};
use crate::app::App;
use crate::config::Config;
use crate::fault::Fault;
use crate::gateway::{self, About};
use crate::keys::NodeKeys;
use crate::logs;

/// A running embedded engine.
pub(super) struct Embedded {
    blocks: Arc<dyn gateway::Blocks>,
    engine: embedded::Embedded,
    meeting: JoinHandle<()>,
    attendance: JoinHandle<()>,
}

impl Embedded {
    pub(super) async fn start(startup: Startup<'_>) -> Result<Self, Fault> {
        let (config, keys) = (startup.config, startup.keys);
        let document = startup
            .genesis
            .to_json()
            .map_err(|error| engine(format!("genesis: {error}")))?;
        let document =
            serde_json::from_str(&document).map_err(|error| engine(format!("genesis: {error}")))?;
        let moniker = keys.node_id()[..8].to_owned();
        let about = About {
            moniker: moniker.clone(),
            listen: config.p2p.listen.to_string(),
            gateway: config.gateway.listen.to_string(),
        };
        let settings = Settings {
            moniker,
            genesis: startup.genesis,
            consensus_key: keys.consensus.clone(),
            node_key: keys.node.clone(),
            guard_file: NodeKeys::guard_file(&config.keys_directory()),
            log_file: config.embedded_home().join("wal"),
            listen: config.p2p.listen,
            peers: peers(config, keys, &startup.app),
            clock: embedded::machine_clock,
        };
        logs::speaks_as(keys.consensus_address());
        let app = Arc::clone(&startup.app);
        let engine = embedded::Embedded::start(settings, startup.app, startup.store)
            .await
            .map_err(start_fault)?;
        let meeting = tokio::spawn(meet(
            Arc::clone(&app),
            engine.peers().clone(),
            config.clone(),
            keys.clone(),
        ));
        let gossip = engine.chain().gossip().clone();
        let own = NodeId::of(keys.node.verifying_key().as_bytes());
        let attendance = tokio::spawn(attendance::watch(app, gossip, own));
        let blocks = gateway::Embedded::new(engine.chain().clone(), document, about);
        Ok(Self {
            blocks: Arc::new(blocks),
            engine,
            meeting,
            attendance,
        })
    }

    pub(super) fn blocks(&self) -> Arc<dyn gateway::Blocks> {
        Arc::clone(&self.blocks)
    }

    pub(super) async fn ended(&mut self) -> Fault {
        match self.engine.ended().await {
            Ended::Disk(file, error) => disk_fault(&file, &error),
            Ended::Fault(fault) => engine(fault.to_string()),
        }
    }

    pub(super) async fn stop(self) {
        self.meeting.abort();
        self.attendance.abort();
        self.engine.stop().await;
    }
}

/// Keeps the engine's peers those of the ledger, block by block.
async fn meet(app: Arc<App>, peers: Peers, config: Config, keys: NodeKeys) {
    let mut committed = app.watch();
    loop {
        peers.replace(&self::peers(&config, &keys, &app)).await;
        match committed.recv().await {
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}

/// The registered nodes, and those of the configuration, whose addresses come first: an operator may know a nearer way.
fn peers(config: &Config, keys: &NodeKeys, app: &App) -> Vec<PeerAddress> {
    let mut peers = BTreeMap::new();
    for node in app.registered_nodes() {
        if let Ok(public_key) = <[u8; 32]>::try_from(node.key) {
            let address = (!node.address.is_empty()).then_some(node.address);
            peers.insert(public_key, address);
        }
    }
    for peer in config.p2p.peers() {
        if let Some(public_key) = peer.public_key {
            peers.insert(public_key, Some(format!("{}:{}", peer.host, peer.port)));
        }
    }
    peers.remove(keys.node.verifying_key().as_bytes());
    peers
        .into_iter()
        .map(|(public_key, address)| PeerAddress {
            public_key,
            address,
        })
        .collect()
}

fn start_fault(error: StartError) -> Fault {
    match error {
        StartError::Listen(address, error) => Fault::from_listening(address, &error),
        StartError::Disk(file, error) | StartError::Guard(GuardError::Io(file, error)) => {
            disk_fault(&file, &error)
        }
        StartError::Guard(_) | StartError::Fault(_) | StartError::Other(_) => {
            engine(error.to_string())
        }
    }
}

fn disk_fault(file: &Path, error: &io::Error) -> Fault {
    Fault::from_io(&format!("the engine's file {}", file.display()), error)
}
