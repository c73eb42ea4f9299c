//! A header that was verified. Owning one is the proof that it was.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tendermint::block::Header;
use tendermint::validator::Set;
use tendermint::{Hash, Time};

/// A header that follows from the root of trust. Made by this module alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedHeader {
    header: Header,
    validators: Vec<Validator>,
}

/// One validator of a height.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validator {
    /// The first 20 bytes of the SHA-256 of its key.
    pub address: [u8; 20],
    /// Its public key: 32 bytes for Ed25519.
    pub public_key: Vec<u8>,
    /// Its voting power.
    pub power: u64,
}

impl VerifiedHeader {
    /// Only for headers that were verified, with the validators that the header's hash names.
    pub(super) fn assume(header: Header, validators: &Set) -> Self {
        let validators = validators.validators().iter().map(|info| Validator {
            address: info.address.as_bytes().try_into().unwrap_or_default(),
            public_key: info.pub_key.to_bytes(),
            power: info.power(),
        });
        Self {
            validators: validators.collect(),
            header,
        }
    }

    /// For tests of proofs: the recorded first header with another height and other roots.
    #[cfg(test)]
    pub(crate) fn for_test(
        height: u64,
        app_hash: &[u8],
        data: [u8; 32],
        results: [u8; 32],
    ) -> Self {
        let block = crate::recorded::light_block(&crate::recorded::chain(), 1);
        let mut header = block.signed_header().header.clone();
        header.height = height.try_into().expect("a height");
        header.app_hash = app_hash.to_vec().try_into().expect("bytes");
        header.data_hash = Some(Hash::Sha256(data));
        header.last_results_hash = Some(Hash::Sha256(results));
        Self::assume(header, block.validators())
    }

    /// The chain's name.
    #[must_use]
    pub fn chain_id(&self) -> &str {
        self.header.chain_id.as_str()
    }

    /// The block's height.
    #[must_use]
    pub fn height(&self) -> u64 {
        self.header.height.value()
    }

    /// The block's time.
    #[must_use]
    pub fn time(&self) -> SystemTime {
        system_time(self.header.time)
    }

    /// The header's own hash: what a checkpoint names.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        sha256(self.header.hash()).unwrap_or_default()
    }

    /// The root of the state after the block *before* this one.
    #[must_use]
    pub fn app_hash(&self) -> &[u8] {
        self.header.app_hash.as_bytes()
    }

    /// Hash of the validators of the next height.
    pub(super) fn next_validators_hash(&self) -> Hash {
        self.header.next_validators_hash
    }

    /// The root over the results of the block *before* this one; none where the header has none.
    #[must_use]
    pub fn last_results_hash(&self) -> Option<[u8; 32]> {
        self.header.last_results_hash.and_then(sha256)
    }

    /// The root over this block's transactions; none where the header has none.
    #[must_use]
    pub fn data_hash(&self) -> Option<[u8; 32]> {
        self.header.data_hash.and_then(sha256)
    }

    /// The address of the validator who proposed the block.
    #[must_use]
    pub fn proposer_address(&self) -> [u8; 20] {
        let address = self.header.proposer_address.as_bytes();
        address.try_into().unwrap_or_default()
    }

    /// Who may sign at this height, by power and then by address.
    #[must_use]
    pub fn validators(&self) -> &[Validator] {
        &self.validators
    }
}

pub(super) fn sha256(hash: Hash) -> Option<[u8; 32]> {
    match hash {
        Hash::Sha256(bytes) => Some(bytes),
        Hash::None => None,
    }
}

/// The same moment. Years before 1970 do not occur in a chain; they read as the epoch.
pub(super) fn system_time(time: Time) -> SystemTime {
    let nanoseconds = u64::try_from(time.unix_timestamp_nanos().max(0)).unwrap_or(u64::MAX);
    UNIX_EPOCH + Duration::from_nanos(nanoseconds)
}
