//! Configuration: how this node runs, never what it answers.
//!
//! Values come from defaults, then `config.toml` in the home directory, then the environment
//! (`POLITY_GATEWAY_LISTEN` for `gateway.listen`), then flags; the later wins. See [`sources`].

mod peer;
pub mod sources;
pub mod template;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use polity_ledger::check::ACTIONS_MAX;
use serde::{Deserialize, Deserializer, Serialize};

pub use peer::Peer;
pub use sources::{Flags, Loaded, Origin, Setting, load};

use crate::fault::{Fault, FaultKind};
use crate::gateway::{Limits, Origins};

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

/// The door for members, terminals and explorers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gateway {
    /// Address and port of the JSON-RPC server.
    pub listen: SocketAddr,
    /// Certificate chain (PEM). With it and the key, the gateway speaks TLS only.
    pub tls_certificate: Option<PathBuf>,
    /// Private key of the certificate (PEM).
    pub tls_key: Option<PathBuf>,
    /// Origins of web pages that may read answers in a browser: `https://HOST[:PORT]`, or `*`.
    #[serde(deserialize_with = "list")]
    pub cors_allowed_origins: Vec<String>,
    /// Bounds of what comes from outside.
    pub limits: Limits,
}

/// The door for the operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    /// Address and port of `/metrics`, `/health` and `/ready`; on loopback.
    pub listen: SocketAddr,
}

/// The door for an engine that runs as a process of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Abci {
    /// The unix socket on which the engine's process finds the application.
    pub socket: PathBuf,
    /// The largest message that is read, in bytes.
    pub frame_bytes_max: usize,
}

/// CometBFT, where it is the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cometbft {
    /// The program: a path, or a name that is looked up in `PATH`.
    pub binary: PathBuf,
    /// CometBFT's own RPC, behind the gateway; on loopback.
    pub rpc_listen: SocketAddr,
}

/// This node among its peers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct P2p {
    /// Where other departments' nodes reach this one.
    pub listen: SocketAddr,
    /// Nodes to stay connected with: `KEY@host:port`, with the public key of the node. CometBFT is content with the
    /// node's id instead, which is the beginning of the key's hash.
    #[serde(deserialize_with = "list")]
    pub persistent_peers: Vec<String>,
    /// Nodes to speak with although the ledger does not know them yet, when this node joins.
    #[serde(deserialize_with = "list")]
    pub bootstrap_peers: Vec<String>,
}

impl P2p {
    /// All peers of the configuration.
    pub fn peers(&self) -> impl Iterator<Item = Peer> + '_ {
        self.persistent_peers
            .iter()
            .chain(&self.bootstrap_peers)
            .filter_map(|text| text.parse().ok())
    }
}

/// The node's own data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Store {
    /// How many of the newest heights can be asked about; 0 means all since the first.
    pub history_heights: u64,
    /// Memory for the newest values, in bytes.
    pub hot_bytes_max: usize,
    /// Memory for blocks of files that were read, in bytes.
    pub block_cache_bytes: usize,
    /// Memory for writes until they become files, in bytes.
    pub write_buffer_bytes: usize,
    /// Where a commit would leave less space than this on the disk, in bytes, the node stops before it.
    pub free_bytes_min: u64,
}

/// Each member's fair share of everybody's time: a bucket of actions that fills with time. What a transaction
/// proposes counts like what it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// Actions that a member may send in a second, on average; 0 means without limit.
    pub actions_per_second: u32,
    /// Actions that a member may send at once after a rest.
    pub actions_burst: u32,
    /// How many times its cost a transaction is charged that was refused in a block.
    pub refused_cost: u32,
    /// Actions beyond which this node puts nothing more into a block that it proposes.
    pub block_actions_max: usize,
}

/// What the node says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// Text for people, JSON for machines.
    pub format: LogFormat,
    /// `error`, `warn`, `info`, `debug` or `trace`, also by module: `info,polity_node::gateway=debug`.
    pub level: String,
}

/// The form of log lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One readable line an event.
    #[default]
    Text,
    /// One JSON object an event.
    Json,
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

    /// Refuses values that contradict each other or would open what must stay closed.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let gateway = &self.gateway;
        if gateway.tls_certificate.is_some() != gateway.tls_key.is_some() {
            return refuse("gateway: tls_certificate and tls_key need each other");
        }
        if let Err(error) = Origins::parse(&gateway.cors_allowed_origins) {
            return refuse(&error.to_string());
        }
        if let Err(error) = gateway.limits.validate() {
            return refuse(&error.to_string());
        }
        if !self.operator.listen.ip().is_loopback() {
            return refuse("operator.listen: metrics and health are served on loopback only");
        }
        if !self.cometbft.rpc_listen.ip().is_loopback() {
            return refuse(
                "cometbft.rpc_listen: CometBFT's own RPC stays on loopback, behind the gateway",
            );
        }
        if !(1 << 20..=1 << 30).contains(&self.abci.frame_bytes_max) {
            return refuse("abci.frame_bytes_max: must be between 1 MiB and 1 GiB");
        }
        // A socket's name is bounded by the kernel, which would only tell it as an invalid argument.
        let socket = self.abci_socket();
        if socket.as_os_str().len() > 107 {
            return refuse(&format!(
                "abci.socket: {} is longer than 107 bytes",
                socket.display()
            ));
        }
        for (name, bytes) in [
            ("hot_bytes_max", self.store.hot_bytes_max),
            ("block_cache_bytes", self.store.block_cache_bytes),
            ("write_buffer_bytes", self.store.write_buffer_bytes),
        ] {
            if bytes < 1 << 20 {
                return refuse(&format!("store.{name}: must be at least 1 MiB"));
            }
        }
        if self.share.actions_per_second > 0 && self.share.actions_burst == 0 {
            return refuse("share.actions_burst: with 0 nobody could send anything");
        }
        if self.share.block_actions_max < ACTIONS_MAX {
            return refuse(&format!(
                "share.block_actions_max: a transaction may have {ACTIONS_MAX} actions"
            ));
        }
        for text in self
            .p2p
            .persistent_peers
            .iter()
            .chain(&self.p2p.bootstrap_peers)
        {
            let peer: Peer = text.parse()?;
            if self.engine == Engine::Embedded && peer.public_key.is_none() {
                return refuse(&format!(
                    "p2p: peer {text:?} has an id, but the embedded engine needs the node's public key"
                ));
            }
        }
        Ok(())
    }
}

impl Default for Gateway {
    fn default() -> Self {
        // The port where clients of CometBFT look first.
        Gateway {
            listen: loopback(26657),
            tls_certificate: None,
            tls_key: None,
            cors_allowed_origins: Vec::new(),
            limits: Limits::default(),
        }
    }
}

impl Default for Operator {
    fn default() -> Self {
        Operator {
            listen: loopback(26660),
        }
    }
}

impl Default for Abci {
    fn default() -> Self {
        Abci {
            socket: "abci.sock".into(),
            frame_bytes_max: 64 << 20,
        }
    }
}

impl Default for Cometbft {
    fn default() -> Self {
        Cometbft {
            binary: "cometbft".into(),
            rpc_listen: loopback(26659),
        }
    }
}

impl Default for P2p {
    fn default() -> Self {
        P2p {
            listen: SocketAddr::from(([0, 0, 0, 0], 26656)),
            persistent_peers: Vec::new(),
            bootstrap_peers: Vec::new(),
        }
    }
}

impl Default for Store {
    fn default() -> Self {
        Store {
            history_heights: 0,
            hot_bytes_max: 64 << 20,
            block_cache_bytes: 16 << 20,
            write_buffer_bytes: 32 << 20,
            free_bytes_min: 256 << 20,
        }
    }
}

impl Default for Share {
    fn default() -> Self {
        Share {
            actions_per_second: 50,
            actions_burst: 2_000,
            refused_cost: 10,
            block_actions_max: 2_500,
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Log {
            format: LogFormat::Text,
            level: "info".into(),
        }
    }
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

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

fn refuse(words: &str) -> Result<(), ConfigError> {
    Err(ConfigError(words.to_owned()))
}

/// A list, or one text with commas: environment and flags have no lists.
fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a list of texts, or one text with commas")]
    enum Listed {
        List(Vec<String>),
        Text(String),
    }

    Ok(match Listed::deserialize(deserializer)? {
        Listed::List(items) => items,
        Listed::Text(text) => text
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .map(String::from)
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(change: impl Fn(&mut Config)) -> String {
        let mut config = Config {
            home: "/home/polity".into(),
            ..Config::default()
        };
        change(&mut config);
        config.validate().unwrap_err().to_string()
    }

    #[test]
    fn the_defaults_hold_together() {
        assert_eq!(Config::default().validate(), Ok(()));
    }

    #[test]
    fn what_must_stay_closed_cannot_be_opened() {
        let everywhere = SocketAddr::from(([0, 0, 0, 0], 1));
        assert!(refusal(|config| config.operator.listen = everywhere).contains("loopback"));
        assert!(refusal(|config| config.cometbft.rpc_listen = everywhere).contains("loopback"));
        assert!(refusal(|config| config.gateway.tls_key = Some("key.pem".into())).contains("tls"));
    }

    #[test]
    fn values_that_nobody_could_run_with_are_refused_by_name() {
        assert!(
            refusal(|config| config.abci.frame_bytes_max = 10).starts_with("abci.frame_bytes_max")
        );
        assert!(
            refusal(|config| config.abci.socket = "s".repeat(120).into())
                .starts_with("abci.socket")
        );
        assert!(
            refusal(|config| config.store.hot_bytes_max = 0).starts_with("store.hot_bytes_max")
        );
        assert!(
            refusal(|config| config.gateway.limits.connections_max = 0)
                .starts_with("gateway.limits.connections_max")
        );
        assert!(refusal(|config| config.share.actions_burst = 0).starts_with("share."));
        let room = refusal(|config| config.share.block_actions_max = 99);
        assert!(room.starts_with("share.block_actions_max"));
        let page = "explorer.example".to_owned();
        assert!(
            refusal(|config| config.gateway.cors_allowed_origins = vec![page.clone()])
                .starts_with("gateway.cors_allowed_origins")
        );
        let peer = "127.0.0.1:26656".to_owned();
        assert!(
            refusal(|config| config.p2p.persistent_peers = vec![peer.clone()]).contains("peer")
        );
        let peer = format!("{}@health.example:26656", "ab".repeat(20));
        let refused = refusal(|config| {
            config.engine = Engine::Embedded;
            config.p2p.persistent_peers = vec![peer.clone()];
        });
        assert!(refused.contains("public key"));
    }
}
