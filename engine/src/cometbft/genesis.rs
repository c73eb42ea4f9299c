//! The genesis file: what all nodes must have in common before the first block.

use std::collections::BTreeSet;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};

use super::{app_state, key};
use crate::application::{BlockParams, EvidenceParams, Timestamp};

/// CometBFT's own bound.
const CHAIN_ID_BYTES_MAX: usize = 50;
/// CometBFT's own bound of a block.
const BLOCK_BYTES_MAX: i64 = 100 * 1024 * 1024;
/// CometBFT's own bound of all power, with room for its arithmetic.
const TOTAL_POWER_MAX: u64 = i64::MAX as u64 / 8;

/// The content of a genesis file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Genesis {
    /// Names the chain: 1 to 50 bytes.
    pub chain_id: String,
    /// Time of the founding, from 1970 on; the first block carries it.
    pub genesis_time: Timestamp,
    /// Height of the first block, at least 1.
    pub initial_height: u64,
    /// Limits of a block.
    pub block: BlockParams,
    /// Limits of evidence.
    pub evidence: EvidenceParams,
    /// Version of the rules.
    pub app_version: u64,
    /// The founding validators, at least one.
    pub validators: Vec<GenesisValidator>,
    /// The application's founding bytes.
    pub app_state: Vec<u8>,
}

/// A founding validator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenesisValidator {
    /// Its ed25519 public key.
    pub public_key: [u8; 32],
    /// Its voting power, at least 1.
    pub power: u64,
    /// A name for people.
    pub name: String,
}

/// Why a genesis file was not written: CometBFT would refuse it at every start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GenesisError {
    /// Empty or too long.
    #[error("the chain id must have 1 to {CHAIN_ID_BYTES_MAX} bytes")]
    ChainId,
    /// Before 1970, or out of the calendar.
    #[error("the genesis time is out of range")]
    Time,
    /// The first height.
    #[error("the initial height must be at least 1")]
    InitialHeight,
    /// A limit of blocks or evidence.
    #[error("a limit of blocks or evidence is out of range")]
    Limits,
    /// No validator, one without power, one twice, or too much power.
    #[error(
        "validators must be at least one, each once, each with power, in sum at most {TOTAL_POWER_MAX}"
    )]
    Validators,
}

impl Genesis {
    /// Blocks of 4 MiB, no gas, evidence of the last two days.
    #[must_use]
    pub fn new(
        chain_id: &str,
        genesis_time: Timestamp,
        validators: Vec<GenesisValidator>,
        app_state: Vec<u8>,
    ) -> Self {
        Self {
            chain_id: chain_id.to_owned(),
            genesis_time,
            initial_height: 1,
            block: BlockParams {
                max_bytes: 4 * 1024 * 1024,
                max_gas: -1,
            },
            evidence: EvidenceParams {
                max_age_blocks: 100_000,
                max_age_nanos: 48 * 3600 * 1_000_000_000,
                max_bytes: 1024 * 1024,
            },
            app_version: 1,
            validators,
            app_state,
        }
    }

    /// The text of `genesis.json`, the same bytes for the same content.
    pub fn to_json(&self) -> Result<String, GenesisError> {
        self.check()?;
        let document = json!({
            "genesis_time": self.time_text()?,
            "chain_id": self.chain_id,
            "initial_height": self.initial_height.to_string(),
            "consensus_params": {
                "block": {
                    "max_bytes": self.block.max_bytes.to_string(),
                    "max_gas": self.block.max_gas.to_string(),
                },
                "evidence": {
                    "max_age_num_blocks": self.evidence.max_age_blocks.to_string(),
                    "max_age_duration": self.evidence.max_age_nanos.to_string(),
                    "max_bytes": self.evidence.max_bytes.to_string(),
                },
                "validator": { "pub_key_types": ["ed25519"] },
                "version": { "app": self.app_version.to_string() },
                "abci": { "vote_extensions_enable_height": "0" },
            },
            "validators": self.validators.iter().map(GenesisValidator::json).collect::<Vec<_>>(),
            "app_hash": "",
            "app_state": app_state::encode(&self.app_state),
        });
        Ok(format!("{document:#}\n"))
    }

    fn check(&self) -> Result<(), GenesisError> {
        if !(1..=CHAIN_ID_BYTES_MAX).contains(&self.chain_id.len()) {
            return Err(GenesisError::ChainId);
        }
        if self.initial_height == 0 || i64::try_from(self.initial_height).is_err() {
            return Err(GenesisError::InitialHeight);
        }
        let block_bytes = if self.block.max_bytes == -1 {
            BLOCK_BYTES_MAX
        } else {
            self.block.max_bytes
        };
        if !(1..=BLOCK_BYTES_MAX).contains(&block_bytes)
            || self.block.max_gas < -1
            || self.evidence.max_age_blocks < 1
            || self.evidence.max_age_nanos < 1
            || !(0..=block_bytes).contains(&self.evidence.max_bytes)
        {
            return Err(GenesisError::Limits);
        }

        let keys: BTreeSet<_> = self
            .validators
            .iter()
            .map(|validator| validator.public_key)
            .collect();
        let total = self
            .validators
            .iter()
            .try_fold(0u64, |sum, validator| sum.checked_add(validator.power));
        let powerless = self.validators.iter().any(|validator| validator.power == 0);
        if keys.is_empty()
            || keys.len() != self.validators.len()
            || powerless
            || total.is_none_or(|total| total > TOTAL_POWER_MAX)
        {
            return Err(GenesisError::Validators);
        }
        Ok(())
    }

    fn time_text(&self) -> Result<String, GenesisError> {
        /// The last second of the year 9999, after which the text has no form.
        const SECONDS_MAX: u64 = 253_402_300_799;
        match u64::try_from(self.genesis_time.seconds) {
            Ok(seconds) if seconds <= SECONDS_MAX && self.genesis_time.nanos < 1_000_000_000 => {
                let time = UNIX_EPOCH + Duration::new(seconds, self.genesis_time.nanos);
                Ok(humantime::format_rfc3339_nanos(time).to_string())
            }
            Ok(_) | Err(_) => Err(GenesisError::Time),
        }
    }
}

impl GenesisValidator {
    fn json(&self) -> Value {
        json!({
            "address": hex::encode_upper(key::address(&self.public_key)),
            "pub_key": key::public_key_json(&self.public_key),
            "power": self.power.to_string(),
            "name": self.name,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn genesis() -> Genesis {
        let validator = GenesisValidator {
            public_key: [1; 32],
            power: 10,
            name: "health".to_owned(),
        };
        let time = Timestamp {
            seconds: 1_700_000_000,
            nanos: 5,
        };
        Genesis::new("departments-1", time, vec![validator], b"founded".to_vec())
    }

    #[test]
    fn the_file_has_the_form_that_cometbft_reads() {
        let document: Value = serde_json::from_str(&genesis().to_json().unwrap()).unwrap();
        assert_eq!(document["genesis_time"], "2023-11-14T22:13:20.000000005Z");
        assert_eq!(document["chain_id"], "departments-1");
        assert_eq!(document["initial_height"], "1");
        assert_eq!(
            document["consensus_params"]["block"],
            json!({ "max_bytes": "4194304", "max_gas": "-1" })
        );
        assert_eq!(
            document["consensus_params"]["evidence"]["max_age_duration"],
            "172800000000000"
        );
        assert_eq!(document["validators"][0]["power"], "10");
        assert_eq!(
            document["validators"][0]["address"],
            "72CD6E8422C407FB6D098690F1130B7DED7EC2F7"
        );
        assert_eq!(document["app_state"], "Zm91bmRlZA==");
    }

    #[test]
    fn what_cometbft_would_refuse_is_not_written() {
        type Change = fn(&mut Genesis);
        let cases: [(Change, GenesisError); 16] = [
            (|genesis| genesis.chain_id.clear(), GenesisError::ChainId),
            (
                |genesis| genesis.chain_id = "x".repeat(51),
                GenesisError::ChainId,
            ),
            (
                |genesis| genesis.genesis_time.seconds = -1,
                GenesisError::Time,
            ),
            (
                |genesis| genesis.genesis_time.seconds = i64::MAX,
                GenesisError::Time,
            ),
            (
                |genesis| genesis.genesis_time.nanos = 1_000_000_000,
                GenesisError::Time,
            ),
            (
                |genesis| genesis.initial_height = 0,
                GenesisError::InitialHeight,
            ),
            (
                |genesis| genesis.initial_height = u64::MAX,
                GenesisError::InitialHeight,
            ),
            (|genesis| genesis.block.max_bytes = 0, GenesisError::Limits),
            (
                |genesis| genesis.block.max_bytes = BLOCK_BYTES_MAX + 1,
                GenesisError::Limits,
            ),
            (
                |genesis| genesis.evidence.max_bytes = 5 * 1024 * 1024,
                GenesisError::Limits,
            ),
            (
                |genesis| genesis.evidence.max_age_nanos = 0,
                GenesisError::Limits,
            ),
            (
                |genesis| genesis.validators.clear(),
                GenesisError::Validators,
            ),
            (
                |genesis| genesis.validators[0].power = 0,
                GenesisError::Validators,
            ),
            (
                |genesis| genesis.validators[0].power = TOTAL_POWER_MAX + 1,
                GenesisError::Validators,
            ),
            (
                |genesis| genesis.validators.push(genesis.validators[0].clone()),
                GenesisError::Validators,
            ),
            (|genesis| genesis.block.max_gas = -2, GenesisError::Limits),
        ];
        for (index, (change, expected)) in cases.into_iter().enumerate() {
            let mut changed = genesis();
            change(&mut changed);
            assert_eq!(changed.to_json(), Err(expected), "case {index}");
        }
    }
}
