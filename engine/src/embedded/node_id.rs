//! The name of a node in its organisation.

use std::fmt;
use std::str::FromStr;

use crate::cometbft;

/// The first 20 bytes of the SHA-256 of a node's public key: what the ledger registers, the same under every engine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub [u8; 20]);

/// Not 40 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a node id has 40 hexadecimal digits")]
pub struct NodeIdError;

impl NodeId {
    /// The id of the node that owns a key.
    #[must_use]
    pub fn of(public_key: &[u8; 32]) -> Self {
        Self(cometbft::address(public_key))
    }
}

impl FromStr for NodeId {
    type Err = NodeIdError;

    fn from_str(text: &str) -> Result<Self, NodeIdError> {
        let mut id = [0; 20];
        hex::decode_to_slice(text, &mut id).map_err(|_| NodeIdError)?;
        Ok(Self(id))
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_shown() {
        let key = cometbft::Key::from_seed(&[1; 32]).public_key();
        let id = NodeId::of(&key);

        assert_eq!(id.to_string(), cometbft::node_id(&key));
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("15fa1c0d".parse::<NodeId>(), Err(NodeIdError));
    }
}
