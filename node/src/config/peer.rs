//! A peer as the configuration names it.

use std::str::FromStr;

use polity_engine::cometbft::node_id;

use super::ConfigError;

/// A node to speak with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// The node's id: 40 lower-case hexadecimal digits.
    pub node_id: String,
    /// The node's public key, where the configuration gives it.
    pub public_key: Option<[u8; 32]>,
    /// An IP address or a name.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl FromStr for Peer {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let wrong = || {
            ConfigError(format!(
                "p2p: peer {text:?} is not KEY@host:port with a public key of 64 hexadecimal digits"
            ))
        };
        let (name, address) = text.split_once('@').ok_or_else(wrong)?;
        let (host, port) = address.rsplit_once(':').ok_or_else(wrong)?;
        let port = port
            .parse()
            .ok()
            .filter(|port| *port > 0)
            .ok_or_else(wrong)?;
        if host.is_empty() {
            return Err(wrong());
        }

        let bytes = hex::decode(name).map_err(|_| wrong())?;
        let public_key = <[u8; 32]>::try_from(bytes.as_slice()).ok();
        let node_id = match public_key {
            Some(key) => node_id(&key),
            None if bytes.len() == 20 => name.to_ascii_lowercase(),
            None => return Err(wrong()),
        };
        Ok(Peer {
            node_id,
            public_key,
            host: host.to_owned(),
            port,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_named_by_its_key_or_by_the_id_that_follows_from_it() {
        let by_key: Peer = format!("{}@health.example:26656", "01".repeat(32))
            .parse()
            .unwrap();
        let by_id: Peer = format!("{}@health.example:26656", by_key.node_id)
            .parse()
            .unwrap();

        assert_eq!(by_key.public_key, Some([1; 32]));
        assert_eq!(by_id.public_key, None);
        assert_eq!((by_id.node_id, by_id.port), (by_key.node_id, 26656));
    }

    #[test]
    fn what_is_no_peer_is_refused() {
        let key = "ab".repeat(32);
        for text in [
            "",
            "@",
            "127.0.0.1:26656",
            &format!("{key}@host"),
            &format!("{key}@:1"),
            &format!("{key}@host:0"),
            &format!("{key}@host:65536"),
            &format!("{}@host:1", &key[2..]),
            &format!("{}@host:1", "xy".repeat(32)),
        ] {
            assert!(text.parse::<Peer>().is_err(), "{text:?}");
        }
    }
}
