//! What can be chosen about CometBFT, and the configuration file that follows from it.

use std::net::SocketAddr;
use std::time::Duration;

use crate::abci::Endpoint;

const TEMPLATE: &str = include_str!("config.toml.template");

/// What a department chooses. All else is the same for all of them and stands, with its reasons, in the template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where the application listens.
    pub proxy_app: Endpoint,
    /// How this node calls itself towards its peers.
    pub moniker: String,
    /// Where CometBFT's own RPC listens; a loopback address.
    pub rpc_listen: SocketAddr,
    /// Where peers connect.
    pub p2p_listen: SocketAddr,
    /// `host:port` by which peers reach this node, when it differs from `p2p_listen`.
    pub external_address: Option<String>,
    /// The other nodes.
    pub persistent_peers: Vec<Peer>,
    /// Whether the application is asked about every peer (the query paths `/p2p/filter/id/ID` and
    /// `/p2p/filter/addr/ADDRESS`).
    pub filter_peers: bool,
    /// The pause after each block.
    pub timeout_commit: Duration,
    /// How long a proposer is waited for.
    pub timeout_propose: Duration,
    /// How often an idle network makes a block.
    pub idle_interval: Duration,
    /// Transactions in the pool.
    pub mempool_size: u32,
    /// Bytes in the pool.
    pub mempool_bytes_max: u64,
    /// Bytes of one transaction.
    pub transaction_bytes_max: u64,
    /// Whether the pool is checked again after each block.
    pub mempool_recheck: bool,
    /// CometBFT's log level: `error`, `info`, `debug`, or one for each module.
    pub log_level: String,
    /// Where CometBFT shows its own metrics; nowhere by default.
    pub prometheus_listen: Option<SocketAddr>,
}

/// Another node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its node id: 40 lower-case hexadecimal digits.
    pub node_id: String,
    /// Its `host:port`.
    pub address: String,
}

impl Settings {
    /// The settings of a department's node that was measured to be fast.
    #[must_use]
    pub fn new(
        proxy_app: Endpoint,
        moniker: &str,
        rpc_listen: SocketAddr,
        p2p_listen: SocketAddr,
    ) -> Self {
        Self {
            proxy_app,
            moniker: moniker.to_owned(),
            rpc_listen,
            p2p_listen,
            external_address: None,
            persistent_peers: Vec::new(),
            filter_peers: true,
            timeout_commit: Duration::from_millis(200),
            timeout_propose: Duration::from_secs(3),
            idle_interval: Duration::from_secs(60),
            mempool_size: 100_000,
            mempool_bytes_max: 64 * 1024 * 1024,
            transaction_bytes_max: 1024 * 1024,
            mempool_recheck: false,
            log_level: "error".to_owned(),
            prometheus_listen: None,
        }
    }

    /// The text of `config.toml`.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let peers: Vec<_> = self
            .persistent_peers
            .iter()
            .map(|peer| format!("{}@{}", peer.node_id, peer.address))
            .collect();
        let prometheus_listen = self.prometheus_listen.map(|address| address.to_string());
        // Base64 takes four bytes for three, and the request around it a few more.
        let rpc_body_bytes = self.transaction_bytes_max / 3 * 4 + 64 * 1024;
        let values = [
            ("proxy_app", quoted(&self.proxy_app.to_string())),
            ("moniker", quoted(&self.moniker)),
            ("log_level", quoted(&self.log_level)),
            ("filter_peers", self.filter_peers.to_string()),
            ("rpc_laddr", quoted(&format!("tcp://{}", self.rpc_listen))),
            ("rpc_body_bytes", rpc_body_bytes.to_string()),
            ("p2p_laddr", quoted(&format!("tcp://{}", self.p2p_listen))),
            (
                "external_address",
                quoted(self.external_address.as_deref().unwrap_or_default()),
            ),
            ("persistent_peers", quoted(&peers.join(","))),
            ("mempool_recheck", self.mempool_recheck.to_string()),
            ("mempool_size", self.mempool_size.to_string()),
            ("mempool_bytes", self.mempool_bytes_max.to_string()),
            ("transaction_bytes", self.transaction_bytes_max.to_string()),
            ("timeout_propose", duration(self.timeout_propose)),
            ("timeout_commit", duration(self.timeout_commit)),
            ("idle_interval", duration(self.idle_interval)),
            ("prometheus", self.prometheus_listen.is_some().to_string()),
            (
                "prometheus_laddr",
                quoted(prometheus_listen.as_deref().unwrap_or_default()),
            ),
        ];
        values
            .iter()
            .fold(TEMPLATE.to_owned(), |text, (name, value)| {
                text.replace(&format!("{{{{{name}}}}}"), value)
            })
    }
}

/// A string of TOML. Its escapes are those of JSON, and the few characters that JSON leaves bare and TOML forbids
/// have no place in a name; braces neither, because a value must not read as a placeholder.
fn quoted(text: &str) -> String {
    let plain: String = text
        .chars()
        .filter(|c| !c.is_control() && !matches!(c, '{' | '}'))
        .collect();
    serde_json::Value::String(plain).to_string()
}

fn duration(duration: Duration) -> String {
    format!("\"{}ms\"", duration.as_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        let endpoint = Endpoint::Unix("/run/polity/abci.sock".into());
        Settings::new(
            endpoint,
            "health",
            "127.0.0.1:26657".parse().unwrap(),
            "10.0.0.1:26656".parse().unwrap(),
        )
    }

    #[test]
    fn every_choice_reaches_the_file() {
        let mut settings = settings();
        let peer = |digit: &str, address: &str| Peer {
            node_id: digit.repeat(40),
            address: address.to_owned(),
        };
        settings.persistent_peers = vec![peer("a", "10.0.0.2:26656"), peer("b", "[::1]:26656")];
        settings.prometheus_listen = Some("127.0.0.1:26660".parse().unwrap());
        settings.external_address = Some("node.example.org:26656".to_owned());
        let text = settings.to_toml();
        let peers = format!(
            "persistent_peers = \"{}@10.0.0.2:26656,{}@[::1]:26656\"",
            "a".repeat(40),
            "b".repeat(40)
        );
        for line in [
            "proxy_app = \"unix:///run/polity/abci.sock\"",
            "moniker = \"health\"",
            "laddr = \"tcp://127.0.0.1:26657\"",
            "laddr = \"tcp://10.0.0.1:26656\"",
            "external_address = \"node.example.org:26656\"",
            &peers,
            "filter_peers = true",
            "recheck = false",
            "size = 100000",
            "max_txs_bytes = 67108864",
            "max_tx_bytes = 1048576",
            "timeout_commit = \"200ms\"",
            "timeout_propose = \"3000ms\"",
            "create_empty_blocks_interval = \"60000ms\"",
            "prometheus = true",
            "prometheus_listen_addr = \"127.0.0.1:26660\"",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
        assert!(!text.contains("{{"), "{text}");
    }

    #[test]
    fn a_name_cannot_add_a_setting() {
        let mut settings = settings();
        settings.moniker = "a\"\nfilter_peers = false {{log_level}}\\".to_owned();
        assert!(
            settings
                .to_toml()
                .contains("moniker = \"a\\\"filter_peers = false log_level\\\\\"\n")
        );
    }
}
