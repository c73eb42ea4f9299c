//! The organisation's genesis file: who signs the first header, and which digest signatures bind. Where a chain went on
//! as another one, the file contains that of the ended chain.

mod file;

use std::path::Path;

use polity_ledger::merkle::tree::StateTree;
use polity_ledger::{block, continuation, genesis};
use polity_proto::v1::Receipt;

use self::file::File;
use crate::trust::{GENESIS_BYTES_MAX, Genesis};
use crate::{Error, Result, files};

const OTHER_VALIDATORS: &str = "it lists other validators than the founding actions name";

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

impl Founding {
    /// Reads the genesis file of a home directory.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Usage`] where it does not serve: it is the file's fault, and no node was asked.
    pub fn in_home(home: &Path) -> Result<Founding> {
        let path = home.join("genesis.json");
        let bytes = files::read(&path, GENESIS_BYTES_MAX as u64).map_err(|error| {
            Error::usage(format!(
                "{} cannot be read: a home directory holds the organisation's genesis file",
                path.display()
            ))
            .with_source(error)
        })?;
        Founding::parse(&bytes).map_err(|error| {
            Error::usage(format!(
                "{} is no root of trust: get the organisation's genesis file anew, from somebody you trust",
                path.display()
            ))
            .with_source(error)
        })
    }

    /// Reads the bytes of a genesis file. Whoever reads it believes it, because it is where trust begins: so it is held
    /// to what every founding department signed, and later to the first header, which names the state that it founds.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Usage`] where a node would refuse it.
    pub fn parse(bytes: &[u8]) -> Result<Founding> {
        if bytes.len() > GENESIS_BYTES_MAX {
            return Err(Error::usage("the genesis file is too large"));
        }
        let file: File = serde_json::from_slice(bytes)
            .map_err(|error| Error::usage("not a genesis file").with_source(error))?;
        Founding::of(&file, bytes)
    }

    fn of(file: &File, bytes: &[u8]) -> Result<Founding> {
        let app_state = file.app_state()?;
        let founding = genesis::Founding {
            chain_id: &file.chain_id,
            time: file.time()?,
            initial_height: file.initial_height()?,
            app_state: &app_state,
        };
        if let Some(ended) = &file.continues {
            return Founding::of(ended, bytes)?.going_on(&founding, file, bytes);
        }
        if founding.initial_height != 1 {
            return Err(Error::usage("a chain begins at height 1"));
        }
        let founded = genesis::found(&founding).map_err(|error| {
            Error::usage("the founding actions found nothing").with_source(error)
        })?;
        let state = founded.state();
        if file.validators()? != genesis::listed_validators(&state) {
            return Err(Error::usage(OTHER_VALIDATORS));
        }
        genesis::check_signatures(&founding, &founded, &file.signatures()).map_err(|error| {
            Error::usage("it is not what the departments signed").with_source(error)
        })?;
        file.check_departments(&state, founding.time)?;

        let validators = founded
            .validators
            .iter()
            .map(|one| (one.key.as_slice(), one.power));
        let app_hash = StateTree::new().apply(&block::tree_updates(&founded.changes));
        let trust = Genesis::of_founding(&file.chain_id, founding.time, validators, bytes)?;
        let digest = genesis::organisation_digest(&founding);
        Ok(Founding {
            organisation: digest,
            founded: digest,
            chain_id: file.chain_id.clone(),
            time: founding.time,
            receipt: founded.receipt,
            trust: trust.that_founds(app_hash),
        })
    }

    /// The chain that goes on from this one. Its departments' signatures bind who they were at the end, which only the
    /// ended chain's last header tells: that header names this chain's validators, and is verified.
    fn going_on(
        self,
        chain: &genesis::Founding<'_>,
        file: &File,
        bytes: &[u8],
    ) -> Result<Founding> {
        let continuation = continuation::parse(chain, &self.organisation)
            .map_err(|error| Error::usage("the chain does not go on").with_source(error))?;
        let named = continuation.validators.iter();
        let validators = named.map(|one| (one.key.as_slice(), one.power));
        let listed = file.validators()?;
        let is_listed = listed.iter().map(|one| (one.key.as_slice(), one.power));
        if !is_listed.eq(validators.clone()) {
            return Err(Error::usage(OTHER_VALIDATORS));
        }
        let trust = Genesis::of_founding(chain.chain_id, chain.time, validators, bytes)?;
        Ok(Founding {
            trust: trust.going_on_from(self.trust, &continuation),
            organisation: genesis::organisation_digest(chain),
            chain_id: chain.chain_id.to_owned(),
            ..self
        })
    }
}
