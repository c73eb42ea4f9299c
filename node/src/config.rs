//! Configuration: how this node runs, never what it answers.
//!
//! Values come from defaults, then `config.toml` in the home directory, then the environment
//! (`POLITY_GATEWAY_LISTEN` for `gateway.listen`), then flags; the later wins. See [`sources`].

mod address;
mod peer;
mod sections;
pub mod sources;
pub mod template;
mod validation;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use address::check_dialed;
pub use peer::Peer;
pub use sections::{Abci, Cometbft, Gateway, Log, LogFormat, Operator, P2p, Share, Store};
pub use sources::{Flags, Loaded, Origin, Setting, load};

use crate::fault::{Fault, FaultKind};

/// The name of the configuration file in the home directory.
pub const CONFIG_FILE: &str = "config.toml";

/// Everything that a department decides about its own node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The directory that holds the configuration, the keys and the data. Comes from a flag or from
    /// the environment, because the file lies in it.
    #[serde(skip)]
    pub home: PathBuf,
    /// Who makes blocks.
    pub engine: Engine,
    /// The door for members, terminals and explorers.
    pub gateway: Gateway,
    /// The door for the operator: metrics and health.
    pub operator: Operator,
    /// This node among its peers, whichever engine is in use.
    pub p2p: P2p,
    /// The door for an engine that runs as a process of its own.
    pub abci: Abci,
    /// CometBFT, where it is the engine.
    pub cometbft: Cometbft,
    /// The node's own data.
    pub store: Store,
    /// Each member's fair share of the door. Local: never a reason inside a block.
    pub share: Share,
    /// What the node says about itself.
    pub log: Log,
}

/// Who makes blocks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// BFT consensus inside `polityd`.
    #[default]
    Embedded,
    /// CometBFT, a process of its own beside `polityd`.
    Cometbft,
}

impl Engine {
    /// The engine's name in configuration, status and logs.
    pub fn name(self) -> &'static str {
        match self {
            Engine::Embedded => "embedded",
            Engine::Cometbft => "cometbft",
        }
    }
}

/// A configuration with which the node does not start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub(crate) String);

impl From<ConfigError> for Fault {
    fn from(error: ConfigError) -> Fault {
        Fault::new(FaultKind::Usage, error.to_string())
    }
}

impl Config {
    /// A path of the configuration; relative ones begin at the home directory.
    pub fn path(&self, path: &Path) -> PathBuf {
        self.home.join(path)
    }

    /// The unix socket between the engine's process and the application.
    pub fn abci_socket(&self) -> PathBuf {
        self.path(&self.abci.socket)
    }

    /// Where others dial this node.
    ///
    /// # Errors
    /// Where nobody said so, and this node listens at every address of its machine.
    pub fn dialed_address(&self) -> Result<String, ConfigError> {
        let address = match &self.p2p.address {
            Some(address) => address.clone(),
            None => self.p2p.listen.to_string(),
        };
        check_dialed(&address).map_err(|words| {
            ConfigError(format!(
                "{words}: set p2p.address, or name it by --set p2p.address=HOST:PORT"
            ))
        })?;
        Ok(address)
    }

    /// The directory of the node's keys.
    pub fn keys_directory(&self) -> PathBuf {
        self.path(Path::new("keys"))
    }

    /// The directory of the node's store.
    pub fn store_directory(&self) -> PathBuf {
        self.path(Path::new("data"))
    }

    /// The home directory of CometBFT.
    pub fn cometbft_home(&self) -> PathBuf {
        self.path(Path::new("cometbft"))
    }

    /// The CometBFT that is configured, where it is not looked up by its name.
    pub fn cometbft_binary(&self) -> Option<&Path> {
        let binary = self.cometbft.binary.as_path();
        (binary.components().count() > 1).then_some(binary)
    }

    /// The directory of the embedded engine: what it can lose without harm.
    pub fn embedded_home(&self) -> PathBuf {
        self.path(Path::new("consensus"))
    }

    /// The genesis that the founding departments signed.
    pub fn genesis_file(&self) -> PathBuf {
        self.path(Path::new("genesis.json"))
    }
}
