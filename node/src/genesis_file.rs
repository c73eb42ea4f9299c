//! The genesis file: one organisation's beginning, signed by every founding department.
//!
//! It is a genesis in CometBFT's form with the signatures beside it, so every light client finds in
//! it the validators in which its trust begins. Where a chain goes on as another one, the file names what it goes on
//! from, contains the file of the ended chain, and is signed by every department that validates then.

mod continuation;

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use polity_ledger::check;
use polity_ledger::genesis::{self, Founded, Founding};
use polity_ledger::judge::{Now, policies};
use polity_ledger::state::{Read, keys, names, objects};
use polity_proto::v1::{Genesis, Member, MemberState, Unit};
use prost::Message;
use serde::{Deserialize, Serialize};

use crate::fault::{Fault, FaultKind};

/// Largest genesis file that is read.
const BYTES_MAX: u64 = 64 << 20;

/// The file, as departments pass it around.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenesisFile {
    /// Names the chain: 1 to 50 bytes.
    pub chain_id: String,
    /// RFC 3339, whole seconds, UTC.
    pub genesis_time: String,
    /// 1, or the height after the last one of the chain that it goes on from.
    pub initial_height: String,
    /// The validators that the founding actions name, for light clients.
    pub validators: Vec<FoundingValidator>,
    /// The founding actions: a `Genesis` message in base64; of a chain that goes on, a `Continuation` message.
    pub app_state: String,
    /// One signature of each founding department.
    #[serde(default)]
    pub signatures: Vec<Signature>,
    /// The file of the chain that this one goes on from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continues: Option<Box<GenesisFile>>,
}

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

/// A founding department's signature, by its operator's member key over the SHA-256 of the founding actions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// The department's handle, for readers.
    pub department: String,
    /// Member number of its operator.
    pub member: u64,
    /// Public key, lower-case hex.
    pub key: String,
    /// Ed25519 signature, lower-case hex.
    pub signature: String,
}

/// Why a genesis file is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum GenesisFileError {
    /// The file cannot be read or is not of the form.
    #[error("{0}")]
    Form(String),
    /// A founding action is refused.
    #[error(transparent)]
    Founding(#[from] genesis::FoundingError),
    /// The validators beside the founding actions are others than those in them.
    #[error("the file names other validators than the founding actions")]
    OtherValidators,
    /// A department did not sign.
    #[error("department {0} has not signed")]
    Unsigned(String),
    /// The key belongs to nobody whose signature counts.
    #[error("{0}")]
    NotAnOperator(String),
    /// The file does not go on from the one that it contains.
    #[error("the continuation: {0}")]
    Continuation(#[from] polity_ledger::continuation::ContinuationError),
    /// The file does not go on from where this node stands.
    #[error("{0}")]
    OtherStand(String),
    /// A signature does not hold.
    #[error("the signature of {0} does not hold: {1}")]
    BadSignature(String, &'static str),
}

impl From<GenesisFileError> for Fault {
    fn from(error: GenesisFileError) -> Fault {
        Fault::new(FaultKind::GenesisMismatch, format!("genesis: {error}"))
    }
}

impl GenesisFile {
    /// A file that nobody has signed yet.
    ///
    /// # Errors
    /// `Founding` where a founding action is refused.
    pub fn new(genesis: &Genesis, time: u64) -> Result<GenesisFile, GenesisFileError> {
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(time);
        let mut file = GenesisFile {
            chain_id: genesis.chain_id.clone(),
            genesis_time: humantime::format_rfc3339_seconds(time).to_string(),
            initial_height: INITIAL_HEIGHT.into(),
            validators: Vec::new(),
            app_state: STANDARD.encode(genesis.encode_to_vec()),
            signatures: Vec::new(),
            continues: None,
        };
        let (founded, _) = file.found()?;
        file.validators = validators_of(&state_of(&founded));
        Ok(file)
    }

    /// Reads a file.
    pub fn read(path: &Path) -> Result<GenesisFile, GenesisFileError> {
        let form = |words: String| GenesisFileError::Form(format!("{}: {words}", path.display()));
        let metadata = std::fs::metadata(path).map_err(|error| form(error.to_string()))?;
        if metadata.len() > BYTES_MAX {
            return Err(form("is larger than 64 MiB".into()));
        }
        let text = std::fs::read_to_string(path).map_err(|error| form(error.to_string()))?;
        serde_json::from_str(&text).map_err(|error| form(error.to_string()))
    }

    /// The text of the file, the same for the same content.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// The founding actions' bytes.
    pub fn app_state(&self) -> Result<Vec<u8>, GenesisFileError> {
        STANDARD
            .decode(&self.app_state)
            .map_err(|_| GenesisFileError::Form("app_state is not base64".into()))
    }

    /// Genesis time in Unix seconds.
    pub fn time(&self) -> Result<u64, GenesisFileError> {
        let time = humantime::parse_rfc3339(&self.genesis_time)
            .map_err(|_| GenesisFileError::Form("genesis_time is not RFC 3339".into()))?;
        time.duration_since(std::time::UNIX_EPOCH)
            .map(|since| since.as_secs())
            .map_err(|_| GenesisFileError::Form("genesis_time is before 1970".into()))
    }

    /// Digest of the chain: what its transactions bind.
    pub fn digest(&self) -> Result<[u8; 32], GenesisFileError> {
        let app_state = self.app_state()?;
        Ok(genesis::organisation_digest(&Founding {
            chain_id: &self.chain_id,
            time: self.time()?,
            initial_height: self.initial_height()?,
            app_state: &app_state,
        }))
    }

    /// Height of the first block.
    pub fn initial_height(&self) -> Result<u64, GenesisFileError> {
        self.initial_height
            .parse()
            .map_err(|_| GenesisFileError::Form("initial_height is not a number".into()))
    }

    /// Runs the founding actions, of the first chain where this one goes on from others; tells also the digest under
    /// which the organisation was founded.
    pub fn found(&self) -> Result<(Founded, [u8; 32]), GenesisFileError> {
        if let Some(ended) = &self.continues {
            return ended.found();
        }
        let app_state = self.app_state()?;
        if self.initial_height != INITIAL_HEIGHT {
            return Err(GenesisFileError::Form("a chain begins at height 1".into()));
        }
        let founding = Founding {
            chain_id: &self.chain_id,
            time: self.time()?,
            initial_height: 1,
            app_state: &app_state,
        };
        let founded = genesis::found(&founding)?;
        Ok((founded, genesis::organisation_digest(&founding)))
    }

    /// Checks everything: the founding actions, and a signature of each founding department. Of a chain that goes on,
    /// everything but the signatures: whose they must be stands in the state of a store, see `verify_continuation`.
    pub fn verify(&self) -> Result<Founded, GenesisFileError> {
        if let Some(ended) = &self.continues {
            self.continuation()?;
            return ended.verify();
        }
        let (founded, _) = self.found()?;
        let state = state_of(&founded);
        let preimage = check::founding_bytes(&self.app_state()?);
        if self.validators != validators_of(&state) {
            return Err(GenesisFileError::OtherValidators);
        }

        let mut signed = Vec::new();
        for signature in &self.signatures {
            let bad = |why| GenesisFileError::BadSignature(signature.department.clone(), why);
            let member: Member =
                objects::get(&state, signature.member).ok_or(bad("there is no such member"))?;
            let key = hex::decode(&signature.key).map_err(|_| bad("the key is not hex"))?;
            let is_theirs = member.state() == MemberState::Active
                && member.keys.iter().any(|known| known.public == key);
            if !is_theirs {
                return Err(bad("the key is not this member's"));
            }
            signature.check(&key, &preimage)?;
            let operated = policies::operated_by(&state, signature.member, self.beginning()?);
            signed.extend(operated.into_iter().map(|validator| validator.unit));
        }
        for validator in policies::validators(&state) {
            if !signed.contains(&validator.unit) {
                return Err(GenesisFileError::Unsigned(handle_of(
                    &state,
                    validator.unit,
                )));
            }
        }
        Ok(founded)
    }

    /// Signs for the departments whose validator the key's holder operates; an earlier signature of
    /// the same member is replaced. Answers their handles.
    ///
    /// # Errors
    /// `NotAnOperator` where the signature would count for no department.
    pub fn sign(&mut self, key: &SigningKey) -> Result<String, GenesisFileError> {
        let (founded, _) = self.found()?;
        let state = state_of(&founded);
        let public = key.verifying_key().to_bytes();
        let refuse = |words: String| Err(GenesisFileError::NotAnOperator(words));
        let holder = keys::key_with(keys::KEY, &[], &public);
        let Some(number) = names::find(&state, &holder) else {
            return refuse(format!(
                "the key {} belongs to no member of this genesis",
                hex::encode(public)
            ));
        };
        let departments: Vec<String> = policies::operated_by(&state, number, self.beginning()?)
            .into_iter()
            .map(|validator| handle_of(&state, validator.unit))
            .collect();
        if departments.is_empty() {
            let member: Option<Member> = objects::get(&state, number);
            let handle = member.unwrap_or_default().handle;
            return refuse(format!("{handle} operates no department's validator"));
        }

        let department = departments.join(", ");
        self.add_signature(
            &department,
            number,
            key,
            &check::founding_bytes(&self.app_state()?),
        );
        Ok(department)
    }

    fn add_signature(&mut self, department: &str, member: u64, key: &SigningKey, message: &[u8]) {
        self.signatures.retain(|other| other.member != member);
        self.signatures.push(Signature {
            department: department.to_owned(),
            member,
            key: hex::encode(key.verifying_key().to_bytes()),
            signature: hex::encode(key.sign(message).to_bytes()),
        });
        self.signatures.sort_by_key(|signature| signature.member);
    }

    fn beginning(&self) -> Result<Now, GenesisFileError> {
        Ok(Now {
            time: self.time()?,
            paused: 0,
        })
    }
}

const INITIAL_HEIGHT: &str = "1";

impl Signature {
    fn check(&self, key: &[u8], message: &[u8]) -> Result<(), GenesisFileError> {
        let bad = |why| GenesisFileError::BadSignature(self.department.clone(), why);
        let bytes = hex::decode(&self.signature)
            .ok()
            .and_then(|bytes| <[u8; 64]>::try_from(bytes).ok())
            .ok_or(bad("a signature is 64 bytes in hex"))?;
        match check::signature_is_valid(key, &bytes, message) {
            true => Ok(()),
            false => Err(bad("it does not verify")),
        }
    }
}

fn validators_of(state: &dyn Read) -> Vec<FoundingValidator> {
    policies::validators(state)
        .into_iter()
        .map(|validator| FoundingValidator {
            pub_key: ConsensusKey {
                sort: "tendermint/PubKeyEd25519".into(),
                value: STANDARD.encode(&validator.key),
            },
            power: validator.power.to_string(),
            name: handle_of(state, validator.unit),
        })
        .collect()
}

fn handle_of(state: &dyn Read, unit: u64) -> String {
    let unit: Option<Unit> = objects::get(state, unit);
    unit.map(|unit| unit.handle).unwrap_or_default()
}

/// The first state as a map.
pub fn state_of(founded: &Founded) -> std::collections::BTreeMap<Vec<u8>, Vec<u8>> {
    founded
        .changes
        .iter()
        .filter_map(|(key, value)| value.clone().map(|value| (key.clone(), value)))
        .collect()
}
