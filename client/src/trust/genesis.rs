//! The genesis file, as far as trust is rooted in it: who signs first, and of which chain.

use polity_proto::v1::Continuation;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tendermint::validator::{Info, Set};
use tendermint::{PublicKey, Time, chain};

use super::block::validator_set;
use crate::{Error, Result};

/// The largest genesis file that is read, in bytes.
pub const GENESIS_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A genesis in CometBFT's form, which both engines use.
#[derive(Clone, Debug)]
pub struct Genesis {
    pub(super) chain_id: chain::Id,
    pub(super) time: Time,
    pub(super) initial_height: u64,
    pub(super) validators: Set,
    pub(super) digest: [u8; 32],
    /// Root of the state that it founds; none where nobody ran its founding actions.
    pub(super) app_hash: Option<[u8; 32]>,
    pub(super) link: Option<Box<Link>>,
}

/// What a chain says of the one that it goes on from.
#[derive(Clone, Debug)]
pub(super) struct Link {
    /// Where trust in the ended chain begins.
    pub(super) ended: Genesis,
    /// Its last height.
    pub(super) height: u64,
    /// Hash of its last header.
    pub(super) header_hash: Vec<u8>,
    /// The state that was taken over, which that header names.
    pub(super) app_hash: Vec<u8>,
}

impl Genesis {
    /// Reads the bytes of a genesis file. It must name the first validators, because they are the
    /// root of all trust.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        if bytes.len() > GENESIS_BYTES_MAX {
            return Err(Error::usage("the genesis file is too large"));
        }

        let form: GenesisForm = serde_json::from_slice(bytes)
            .map_err(|error| Error::usage("not a genesis file").with_source(error))?;
        let validators = form.validators.unwrap_or_default().into_iter();
        let validators = validators
            .map(|validator| {
                let power = validator.power.try_into().map_err(|_| {
                    Error::usage("the genesis file gives a validator a power out of range")
                })?;
                Ok(Info::new(validator.pub_key, power))
            })
            .collect::<Result<Vec<_>>>()?;
        let validators = validator_set(validators).map_err(|error| {
            Error::usage("the genesis file names no usable validators").with_source(error)
        })?;
        Ok(Self {
            chain_id: form.chain_id,
            time: form.genesis_time,
            initial_height: form.initial_height.max(1),
            validators,
            digest: Sha256::digest(bytes).into(),
            app_hash: None,
            link: None,
        })
    }

    /// A root of trust from an organisation's founding: its chain, its time, its first validators
    /// (key and power). `bytes` are those of the file, for the digest.
    pub fn of_founding<'v>(
        chain_id: &str,
        time: u64,
        validators: impl Iterator<Item = (&'v [u8], u64)>,
        bytes: &[u8],
    ) -> Result<Self> {
        let unusable = |words: &str| Error::usage(format!("the genesis file: {words}"));
        let validators = validators
            .map(|(key, power)| {
                let key = PublicKey::from_raw_ed25519(key)
                    .ok_or_else(|| unusable("a validator's key is not one"))?;
                let power = power
                    .try_into()
                    .map_err(|_| unusable("a power is out of range"))?;
                Ok(Info::new(key, power))
            })
            .collect::<Result<Vec<_>>>()?;
        let seconds = i64::try_from(time).map_err(|_| unusable("its time is out of range"))?;
        Ok(Self {
            chain_id: chain_id
                .parse()
                .map_err(|_| unusable("its chain id is not one"))?,
            time: Time::from_unix_timestamp(seconds, 0)
                .map_err(|_| unusable("its time is out of range"))?,
            initial_height: 1,
            validators: validator_set(validators)
                .map_err(|error| unusable("no usable validators").with_source(error))?,
            digest: Sha256::digest(bytes).into(),
            app_hash: None,
            link: None,
        })
    }

    /// The same root of a chain whose first header names this state.
    #[must_use]
    pub fn that_founds(self, app_hash: [u8; 32]) -> Self {
        Self {
            app_hash: Some(app_hash),
            ..self
        }
    }

    /// The same root of a chain that goes on from another one.
    #[must_use]
    pub fn going_on_from(self, ended: Genesis, continuation: &Continuation) -> Self {
        Self {
            initial_height: continuation.height.saturating_add(1),
            link: Some(Box::new(Link {
                ended,
                height: continuation.height,
                header_hash: continuation.header_hash.clone(),
                app_hash: continuation.app_hash.clone(),
            })),
            ..self
        }
    }

    /// The chain's name.
    #[must_use]
    pub fn chain_id(&self) -> &str {
        self.chain_id.as_str()
    }

    /// The height of the first block.
    #[must_use]
    pub fn initial_height(&self) -> u64 {
        self.initial_height
    }

    /// The SHA-256 of the file's bytes.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }
}

#[derive(Deserialize)]
struct GenesisForm {
    chain_id: chain::Id,
    genesis_time: Time,
    #[serde(default, deserialize_with = "crate::rpc::number")]
    initial_height: u64,
    validators: Option<Vec<ValidatorForm>>,
}

#[derive(Deserialize)]
struct ValidatorForm {
    pub_key: PublicKey,
    #[serde(deserialize_with = "crate::rpc::number")]
    power: u64,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(validators: &str) -> String {
        format!(
            r#"{{"genesis_time":"2026-01-01T00:00:00Z","chain_id":"acme",
                "initial_height":"1","validators":{validators},"app_hash":""}}"#
        )
    }

    #[test]
    fn a_genesis_names_its_chain_and_its_first_validators() {
        let key = r#"{"type":"tendermint/PubKeyEd25519","value":"FAsQ55zOFVVh5RtkZoveM2tGGfJFxZ++xk5Je1ghtZY="}"#;
        let validators = format!(r#"[{{"pub_key":{key},"power":"10","name":""}}]"#);

        let genesis = Genesis::parse(text(&validators).as_bytes()).expect("a genesis");

        assert_eq!(genesis.chain_id(), "acme");
        assert_eq!(genesis.initial_height(), 1);
        assert_eq!(genesis.validators.validators().len(), 1);
    }

    #[test]
    fn a_genesis_without_validators_is_no_root() {
        for validators in ["null", "[]", r#"[{"pub_key":null,"power":"1"}]"#] {
            let parsed = Genesis::parse(text(validators).as_bytes());
            assert!(parsed.is_err(), "{validators}");
        }
    }

    proptest! {
        #[test]
        fn garbage_is_an_error_and_never_a_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..200)
        ) {
            prop_assert!(Genesis::parse(&bytes).is_err());
        }
    }
}
