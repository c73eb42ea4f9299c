//! Values with which a node must not start.

use std::net::SocketAddr;

use polity_engine::embedded::gossip_address;
use polity_ledger::check::ACTIONS_MAX;

use super::{Config, ConfigError, Engine, Peer, check_dialed};
use crate::gateway::Origins;
use crate::logs;

impl Config {
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
        if self.engine == Engine::Embedded && gossip_address(self.p2p.listen).is_none() {
            return refuse("p2p.listen: transactions need a port two above this one");
        }
        self.check_listeners()?;
        if let Some(address) = &self.p2p.address
            && let Err(words) = check_dialed(address)
        {
            return refuse(&format!("p2p.address: {words}"));
        }
        logs::filter(&self.log.level)?;
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

impl Config {
    /// Two doors of the node at one address: at the start the second would seem to be taken by another process.
    fn check_listeners(&self) -> Result<(), ConfigError> {
        let beside = match self.engine {
            Engine::Embedded => gossip_address(self.p2p.listen)
                .map(|gossip| ("p2p.listen, two ports above it,", gossip)),
            Engine::Cometbft => Some(("cometbft.rpc_listen", self.cometbft.rpc_listen)),
        };
        let doors = [
            ("gateway.listen", self.gateway.listen),
            ("operator.listen", self.operator.listen),
            ("p2p.listen", self.p2p.listen),
        ];
        let doors: Vec<(&str, SocketAddr)> = doors.into_iter().chain(beside).collect();
        for (place, (name, address)) in doors.iter().enumerate() {
            let taken = doors[..place]
                .iter()
                .find(|(_, other)| meet(*other, *address));
            if let Some((other, _)) = taken {
                return refuse(&format!(
                    "{other}: {name} needs {address} too: give one of them another port"
                ));
            }
        }
        Ok(())
    }
}

/// Whether two listeners are in each other's way. Port 0 is whichever is free.
fn meet(one: SocketAddr, other: SocketAddr) -> bool {
    // A listener at every address of IPv6 may take IPv4 too; the other way round it does not.
    let [one, other] =
        [one, other].map(|door| SocketAddr::new(door.ip().to_canonical(), door.port()));
    let covers = |all: SocketAddr, one: SocketAddr| {
        all.ip().is_unspecified() && (all.is_ipv6() || one.is_ipv4())
    };
    let is_anywhere = covers(one, other) || covers(other, one);
    one.port() != 0 && one.port() == other.port() && (is_anywhere || one.ip() == other.ip())
}

fn refuse(words: &str) -> Result<(), ConfigError> {
    Err(ConfigError(words.to_owned()))
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
    fn two_doors_at_one_address_are_refused_by_their_names() {
        let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let words = refusal(|config| config.gateway.listen = at(26_660));
        assert!(
            words.starts_with("gateway.listen: operator.listen"),
            "{words}"
        );
        // The nodes' port is open at every address; transactions travel two ports above it.
        let words = refusal(|config| config.gateway.listen = at(26_656));
        assert!(words.starts_with("gateway.listen: p2p.listen"), "{words}");
        let words = refusal(|config| config.operator.listen = at(26_658));
        assert!(words.contains("two ports above"), "{words}");
        let words = refusal(|config| {
            config.engine = Engine::Cometbft;
            config.cometbft.rpc_listen = at(26_657);
        });
        assert!(words.contains("cometbft.rpc_listen"), "{words}");

        let mut config = Config::default();
        config.gateway.listen = at(0);
        config.operator.listen = at(0);
        config.cometbft.rpc_listen = at(26_657);
        assert_eq!(config.validate(), Ok(()), "which is not used");
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
        let address = refusal(|config| config.p2p.address = Some("0.0.0.0:26656".into()));
        assert!(address.starts_with("p2p.address"));
        let highest = SocketAddr::from(([127, 0, 0, 1], 65_534));
        assert!(refusal(|config| config.p2p.listen = highest).starts_with("p2p.listen"));
        assert!(refusal(|config| config.log.level = "loud".into()).starts_with("log.level"));
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
