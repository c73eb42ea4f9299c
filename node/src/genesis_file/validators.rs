//! The validators of a genesis file: what a light client's trust begins with.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use polity_ledger::genesis;
use polity_ledger::state::Read;
use serde::{Deserialize, Serialize};

use super::GenesisFileError;

/// A founding validator, in CometBFT's form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoundingValidator {
    /// Its consensus key.
    pub pub_key: ConsensusKey,
    /// Its voting power, a number as text.
    pub power: String,
    /// The department's handle, for readers.
    pub name: String,
}

impl FoundingValidator {
    /// Its consensus key.
    pub fn public_key(&self) -> Result<[u8; 32], GenesisFileError> {
        let key = STANDARD.decode(&self.pub_key.value).ok();
        key.and_then(|key| key.try_into().ok()).ok_or_else(|| {
            GenesisFileError::Form("a consensus key is not 32 bytes in base64".into())
        })
    }

    /// Its voting power.
    pub fn power(&self) -> Result<u64, GenesisFileError> {
        self.power
            .parse()
            .map_err(|_| GenesisFileError::Form("a voting power is not a number".into()))
    }
}

/// A consensus key, in CometBFT's form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsensusKey {
    /// Which sort of key: `tendermint/PubKeyEd25519`.
    #[serde(rename = "type")]
    pub sort: String,
    /// 32 bytes in base64.
    pub value: String,
}

/// The validators that the founding actions name.
pub(super) fn validators_of(state: &dyn Read) -> Vec<FoundingValidator> {
    genesis::listed_validators(state)
        .into_iter()
        .map(|listed| FoundingValidator {
            pub_key: ConsensusKey {
                sort: "tendermint/PubKeyEd25519".into(),
                value: STANDARD.encode(&listed.key),
            },
            power: listed.power.to_string(),
            name: listed.name,
        })
        .collect()
}
