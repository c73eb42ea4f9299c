//! The form of a genesis file. It is read as strictly as nodes read it: what they refuse is no root of trust here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use polity_ledger::genesis::{self, ListedValidator};
use polity_ledger::state::Read;
use polity_proto::v1::FoundingSignature;
use serde::Deserialize;

use crate::{Error, Result};

/// The only sort of key that signs blocks.
const KEY_SORT: &str = "tendermint/PubKeyEd25519";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) chain_id: String,
    genesis_time: String,
    initial_height: String,
    validators: Vec<Validator>,
    app_state: String,
    #[serde(default)]
    signatures: Vec<Signature>,
    pub(super) continues: Option<Box<File>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Validator {
    pub_key: ConsensusKey,
    power: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConsensusKey {
    #[serde(rename = "type")]
    sort: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Signature {
    department: String,
    member: u64,
    key: String,
    signature: String,
}

impl File {
    /// Genesis time in Unix seconds; one time is written in one way.
    pub(super) fn time(&self) -> Result<u64> {
        humantime::parse_rfc3339(&self.genesis_time)
            .ok()
            .filter(|time| {
                humantime::format_rfc3339_seconds(*time).to_string() == self.genesis_time
            })
            .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok())
            .map(|since| since.as_secs())
            .ok_or_else(|| Error::usage("genesis_time is no time in whole seconds of UTC"))
    }

    /// Height of the first block.
    pub(super) fn initial_height(&self) -> Result<u64> {
        number(&self.initial_height).ok_or_else(|| Error::usage("initial_height is not a number"))
    }

    /// The founding actions' bytes.
    pub(super) fn app_state(&self) -> Result<Vec<u8>> {
        let bytes = STANDARD.decode(&self.app_state);
        bytes.map_err(|_| Error::usage("app_state is not base64"))
    }

    /// The validators that it lists for light clients.
    pub(super) fn validators(&self) -> Result<Vec<ListedValidator>> {
        let listed = self.validators.iter().map(|one| {
            Some(ListedValidator {
                key: STANDARD
                    .decode(&one.pub_key.value)
                    .ok()
                    .filter(|_| one.pub_key.sort == KEY_SORT)?,
                power: number(&one.power)?,
                name: one.name.clone(),
            })
        });
        let listed: Option<Vec<_>> = listed.collect();
        listed.ok_or_else(|| Error::usage("a validator has no key or no power"))
    }

    /// The signatures beside it. What is no hexadecimal is no signature: it is found not to verify.
    pub(super) fn signatures(&self) -> Vec<FoundingSignature> {
        let decoded = self.signatures.iter().map(|one| FoundingSignature {
            member: one.member,
            key: hex::decode(&one.key).unwrap_or_default(),
            signature: hex::decode(&one.signature).unwrap_or_default(),
        });
        decoded.collect()
    }

    /// Checks the labels beside the signatures, which are shown to people: each says what its signature counts for.
    pub(super) fn check_departments(&self, state: &dyn Read, time: u64) -> Result<()> {
        for signature in &self.signatures {
            let units = genesis::operated_units(state, signature.member, time);
            if signature.department != genesis::handles_of(state, &units) {
                return Err(Error::usage(format!(
                    "the signature of member {} is for another department than it says",
                    signature.member
                )));
            }
        }
        Ok(())
    }
}

/// A number that is written in the one way.
fn number(text: &str) -> Option<u64> {
    text.parse()
        .ok()
        .filter(|number: &u64| number.to_string() == text)
}
