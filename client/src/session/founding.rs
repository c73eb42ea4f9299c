//! The organisation's genesis file: who signs the first header, and which digest signatures bind. Where a chain went on
//! as another one, the file contains that of the ended chain.

use base64::Engine as _;
use polity_ledger::merkle::tree::StateTree;
use polity_ledger::{block, continuation, genesis};
use polity_proto::v1::{FoundingSignature, Receipt};
use serde::Deserialize;

use crate::trust::Genesis;
use crate::{Error, Result};

/// What a genesis file says, checked by running its founding actions and by the founders' signatures.
#[derive(Clone, Debug)]
pub struct Founding {
    /// The chain's name.
    pub chain_id: String,
    /// Time of the founding, Unix seconds.
    pub time: u64,
    /// SHA-256 over everything that the chain began with: what its transactions bind.
    pub organisation: [u8; 32],
    /// The same of the first chain. It is in the state for good, so proofs of possession and sealed ballots bind it.
    pub founded: [u8; 32],
    /// What the founding actions did: the receipt of height 0.
    pub receipt: Receipt,
    /// The first validators, as the root of trust.
    pub trust: Genesis,
}

#[derive(Deserialize)]
struct File {
    chain_id: String,
    genesis_time: String,
    app_state: String,
    #[serde(default, deserialize_with = "crate::rpc::number")]
    initial_height: u64,
    #[serde(default)]
    signatures: Vec<Signature>,
    continues: Option<Box<File>>,
}

#[derive(Deserialize)]
struct Signature {
    member: u64,
    key: String,
    signature: String,
}

impl Founding {
    /// Reads the bytes of a genesis file. Who reads it believes it, because it is where trust begins: so it is held to
    /// what every founding department signed, and later to the first header, which names the state that it founds.
    ///
    /// # Errors
    /// [`crate::ErrorKind::ProofFailed`] where a signature does not hold or is missing.
    pub fn parse(bytes: &[u8]) -> Result<Founding> {
        let wrong = |words: &str| Error::new(crate::ErrorKind::Usage, words.to_owned());
        let file: File = serde_json::from_slice(bytes)
            .map_err(|error| wrong("not a genesis file").with_source(error))?;
        Founding::of(&file, bytes)
    }

    fn of(file: &File, bytes: &[u8]) -> Result<Founding> {
        let wrong = |words: &str| Error::new(crate::ErrorKind::Usage, words.to_owned());
        let time = humantime::parse_rfc3339(&file.genesis_time)
            .ok()
            .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok())
            .ok_or_else(|| wrong("the genesis time is not a time"))?
            .as_secs();
        let app_state = base64::engine::general_purpose::STANDARD
            .decode(&file.app_state)
            .map_err(|_| wrong("the founding actions are not base64"))?;
        let founding = genesis::Founding {
            chain_id: &file.chain_id,
            time,
            initial_height: file.initial_height,
            app_state: &app_state,
        };
        if let Some(ended) = &file.continues {
            return Founding::of(ended, bytes)?.going_on(&founding, bytes);
        }
        let founding = genesis::Founding {
            initial_height: 1,
            ..founding
        };
        let founded = genesis::found(&founding)
            .map_err(|error| wrong("the founding actions found nothing").with_source(error))?;
        let signatures: Vec<FoundingSignature> =
            file.signatures.iter().map(Signature::decoded).collect();
        genesis::check_signatures(&founding, &founded, &signatures).map_err(|error| {
            Error::proof("the genesis file is not what the departments signed").with_source(error)
        })?;
        let validators = founded
            .validators
            .iter()
            .map(|one| (one.key.as_slice(), one.power));
        let app_hash = StateTree::new().apply(&block::tree_updates(&founded.changes));
        let trust =
            Genesis::of_founding(&file.chain_id, time, validators, bytes)?.that_founds(app_hash);
        let digest = genesis::organisation_digest(&founding);
        Ok(Founding {
            organisation: digest,
            founded: digest,
            chain_id: file.chain_id.clone(),
            time,
            receipt: founded.receipt,
            trust,
        })
    }

    /// The chain that goes on from this one. Its departments' signatures bind who they were at the end, which only the
    /// ended chain's last header tells: that header names this chain's validators, and is verified.
    fn going_on(self, chain: &genesis::Founding<'_>, bytes: &[u8]) -> Result<Founding> {
        let continuation = continuation::parse(chain, &self.organisation).map_err(|error| {
            Error::new(crate::ErrorKind::Usage, "the chain does not go on").with_source(error)
        })?;
        let named = continuation.validators.iter();
        let validators = named.map(|one| (one.key.as_slice(), one.power));
        let trust = Genesis::of_founding(chain.chain_id, chain.time, validators, bytes)?;
        Ok(Founding {
            trust: trust.going_on_from(self.trust, &continuation),
            organisation: genesis::organisation_digest(chain),
            chain_id: chain.chain_id.to_owned(),
            ..self
        })
    }
}

impl Signature {
    /// What is no hexadecimal is no signature: it is found not to verify.
    fn decoded(&self) -> FoundingSignature {
        FoundingSignature {
            member: self.member,
            key: hex::decode(&self.key).unwrap_or_default(),
            signature: hex::decode(&self.signature).unwrap_or_default(),
        }
    }
}
