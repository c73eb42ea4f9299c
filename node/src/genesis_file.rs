//! The genesis file: one organisation's beginning, signed by every founding department.
//!
//! It is a genesis in CometBFT's form with the signatures beside it, so every light client finds in
//! it the validators in which its trust begins. Where a chain goes on as another one, the file names what it goes on
//! from, contains the file of the ended chain, and is signed by every department that validates then.

mod continuation;
mod signatures;
mod validators;

use std::io::ErrorKind;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use polity_ledger::form;
use polity_ledger::genesis::{self, Founded, Founding};
use polity_proto::v1::Genesis;
use prost::Message;
use serde::{Deserialize, Serialize};

pub use signatures::Signature;
pub use validators::{ConsensusKey, FoundingValidator};

use crate::bounded_file;
use crate::fault::{Fault, FaultKind};
use validators::validators_of;

/// Largest genesis file that is read.
const BYTES_MAX: u64 = 64 << 20;

/// The file, as departments pass it around.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenesisFile {
    /// Names the chain: one line of 1 to 50 bytes.
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

/// Why a genesis file is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum GenesisFileError {
    /// There is none at this path.
    #[error("{0} is not there: put the genesis file there that every founding department signed")]
    Missing(String),
    /// The file cannot be read or is not of the form.
    #[error("{0}")]
    Form(String),
    /// A founding action is refused.
    #[error(transparent)]
    Founding(#[from] genesis::FoundingError),
    /// The validators beside the founding actions are others than those in them.
    #[error("the file names other validators than the founding actions")]
    OtherValidators,
    /// The founding departments' signatures do not hold.
    #[error(transparent)]
    Signatures(#[from] genesis::SignatureError),
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
        let kind = if matches!(error, GenesisFileError::Missing(_)) {
            FaultKind::Usage
        } else {
            FaultKind::GenesisMismatch
        };
        Fault::new(kind, format!("genesis: {error}"))
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
        file.validators = validators_of(&founded.state());
        Ok(file)
    }

    /// Reads a file.
    pub fn read(path: &Path) -> Result<GenesisFile, GenesisFileError> {
        let form = |words: String| GenesisFileError::Form(format!("{}: {words}", path.display()));
        let bytes = bounded_file::read(path, BYTES_MAX).map_err(|error| match error.kind() {
            ErrorKind::NotFound => GenesisFileError::Missing(path.display().to_string()),
            _ => form(error.to_string()),
        })?;
        let file: GenesisFile = serde_json::from_slice(&bytes)
            .map_err(|error| form(format!("is no genesis file: {error}")))?;
        file.check_words().map_err(|words| form(words.into()))?;
        Ok(file)
    }

    /// Departments read a file before they sign it, so each text in it shows what it says. The ledger's rules are those
    /// of the founding actions alone.
    fn check_words(&self) -> Result<(), &'static str> {
        let mut file = Some(self);
        while let Some(one) = file {
            if !is_chain_id(&one.chain_id) {
                return Err(CHAIN_ID_FORM);
            }
            let signed = one.signatures.iter().map(|signature| &signature.department);
            let mut departments = signed.chain(one.validators.iter().map(|one| &one.name));
            if !departments.all(|department| form::line(department, usize::MAX).is_ok()) {
                return Err("the name of a department is not one line of plain text");
            }
            file = one.continues.as_deref();
        }
        Ok(())
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

    /// Genesis time in Unix seconds. One time is written in one way: the engine is given the text, and the signatures
    /// bind the seconds.
    pub fn time(&self) -> Result<u64, GenesisFileError> {
        let form = |words: &str| GenesisFileError::Form(format!("genesis_time {words}"));
        let time =
            humantime::parse_rfc3339(&self.genesis_time).map_err(|_| form("is not RFC 3339"))?;
        let since = time
            .duration_since(std::time::UNIX_EPOCH)
            .map_err(|_| form("is before 1970"))?;
        if humantime::format_rfc3339_seconds(time).to_string() == self.genesis_time {
            Ok(since.as_secs())
        } else {
            Err(form("is not in whole seconds of UTC"))
        }
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
            .ok()
            .filter(|height: &u64| height.to_string() == self.initial_height)
            .ok_or_else(|| GenesisFileError::Form("initial_height is not a number".into()))
    }

    /// Runs the founding actions, of the first chain where this one goes on from others; tells also the digest under
    /// which the organisation was founded.
    pub fn found(&self) -> Result<(Founded, [u8; 32]), GenesisFileError> {
        if let Some(ended) = &self.continues {
            return ended.found();
        }
        let app_state = self.app_state()?;
        let founding = self.founding(&app_state)?;
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
        let app_state = self.app_state()?;
        let founding = self.founding(&app_state)?;
        let founded = genesis::found(&founding)?;
        let state = founded.state();
        if self.validators != validators_of(&state) {
            return Err(GenesisFileError::OtherValidators);
        }

        let signatures = self.signatures.iter().map(Signature::decode);
        let signatures = signatures.collect::<Result<Vec<_>, _>>()?;
        genesis::check_signatures(&founding, &founded, &signatures)?;
        for signature in &self.signatures {
            let units = genesis::operated_units(&state, signature.member, founding.time);
            signature.check_department(&state, &units)?;
        }
        Ok(founded)
    }

    /// What InitChain of a first chain is given.
    fn founding<'f>(&'f self, app_state: &'f [u8]) -> Result<Founding<'f>, GenesisFileError> {
        if self.initial_height != INITIAL_HEIGHT {
            return Err(GenesisFileError::Form("a chain begins at height 1".into()));
        }
        Ok(Founding {
            chain_id: &self.chain_id,
            time: self.time()?,
            initial_height: 1,
            app_state,
        })
    }
}

const INITIAL_HEIGHT: &str = "1";

/// CometBFT's own bound.
const CHAIN_ID_BYTES_MAX: usize = 50;
pub(crate) const CHAIN_ID_FORM: &str = "a chain id is one line of 1 to 50 bytes of plain text";

pub(crate) fn is_chain_id(text: &str) -> bool {
    form::filled_line(text, CHAIN_ID_BYTES_MAX).is_ok()
}
