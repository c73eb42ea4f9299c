//! Where trust begins.

use std::fmt;

use sha2::{Digest, Sha256};

use super::Genesis;

/// What the caller believes without proof.
#[derive(Clone, Debug)]
pub enum TrustRoot {
    /// The genesis file: the validators that it names sign the first header.
    Genesis(Genesis),
    /// A header that somebody trustworthy named.
    Checkpoint(Checkpoint),
}

/// One header, named by somebody whom the caller trusts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The chain's name.
    pub chain_id: String,
    /// The header's height.
    pub height: u64,
    /// The header's hash.
    pub header_hash: [u8; 32],
}

impl TrustRoot {
    /// The chain's name.
    #[must_use]
    pub fn chain_id(&self) -> &str {
        match self {
            Self::Genesis(genesis) => genesis.chain_id(),
            Self::Checkpoint(checkpoint) => &checkpoint.chain_id,
        }
    }

    /// The height at which trust begins.
    #[must_use]
    pub fn height(&self) -> u64 {
        match self {
            Self::Genesis(genesis) => genesis.initial_height(),
            Self::Checkpoint(checkpoint) => checkpoint.height,
        }
    }

    /// Names the root: what was verified from one root says nothing about another.
    pub(super) fn fingerprint(&self) -> String {
        let mut hasher = Sha256::new();
        match self {
            Self::Genesis(genesis) => {
                hasher.update(genesis.digest());
                // One file is the root of every chain in it.
                hasher.update(genesis.chain_id());
            }
            Self::Checkpoint(checkpoint) => {
                hasher.update(checkpoint.height.to_be_bytes());
                hasher.update(checkpoint.header_hash);
                hasher.update(&checkpoint.chain_id);
            }
        }
        hex::encode(&hasher.finalize()[..16])
    }
}

/// How far trust reaches, in words for a reader of what was verified.
impl fmt::Display for TrustRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Genesis(genesis) => write!(
                f,
                "genesis of {} (SHA-256 {})",
                genesis.chain_id(),
                hex::encode(genesis.digest())
            ),
            Self::Checkpoint(checkpoint) => write!(
                f,
                "checkpoint of {} at height {} (header {})",
                checkpoint.chain_id,
                checkpoint.height,
                hex::encode(checkpoint.header_hash)
            ),
        }
    }
}
