//! The sections of the configuration, and what holds where nobody says anything.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Deserializer, Serialize};

use super::Peer;
use crate::gateway::Limits;

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
    /// Address and port at which this node listens to those of other departments.
    pub listen: SocketAddr,
    /// Where they dial it, `HOST:PORT`: what is printed for them to register. Where it is not set, as it listens.
    pub address: Option<String>,
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
            address: None,
            persistent_peers: Vec::new(),
            bootstrap_peers: Vec::new(),
        }
    }
}

impl Default for Store {
    fn default() -> Self {
        Store {
            history_heights: 0,
            hot_bytes_max: 256 << 20,
            block_cache_bytes: 64 << 20,
            write_buffer_bytes: 64 << 20,
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

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
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
