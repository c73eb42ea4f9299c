//! The charter: one readable file that describes an organisation before it exists.
//!
//! Whatever it names, it names by handles as people write them: unit `acme/dev`, role `acme/dev#lead`,
//! account `acme/dev:main` or `finn:main`, asset `EUR`. From it come the founding actions, which the
//! ledger judges by its own rules at once: an error names the entry and the rule.

mod authority;
mod draft;
mod form;
mod network;
mod profile;
mod structure;
mod value;
mod words;

use std::path::{Path, PathBuf};

use polity_proto::v1::Genesis;
use sha2::{Digest, Sha256};

use crate::bounded_file;
use crate::genesis_file::{CHAIN_ID_FORM, GenesisFile, GenesisFileError, is_chain_id};
use draft::Draft;

/// Largest charter, and largest constitution, that is read.
const BYTES_MAX: u64 = 16 << 20;

/// A description that was read, and where it lay.
#[derive(Debug)]
pub struct Charter {
    form: form::Charter,
    directory: PathBuf,
}

/// Why a charter founds no organisation.
#[derive(Debug, thiserror::Error)]
pub enum CharterError {
    /// A file cannot be read, or is too large.
    #[error("{}: {words}", path.display())]
    File {
        /// The charter or its constitution.
        path: PathBuf,
        /// What is wrong with it.
        words: String,
    },
    /// The charter is not of the form; the words name line and column.
    #[error("{}: {words}", path.display())]
    Form {
        /// The charter.
        path: PathBuf,
        /// What is wrong with it.
        words: String,
    },
    /// An entry says something that cannot be understood.
    #[error("{entry}: {words}")]
    Entry {
        /// Which one.
        entry: String,
        /// What is wrong with it.
        words: String,
    },
    /// A rule of the ledger refuses an entry.
    #[error("{entry}: {rejection} (rule {code}, {name})", code = rejection.code(), name = rejection.name())]
    Refused {
        /// Which one.
        entry: String,
        /// The rule.
        rejection: polity_ledger::Rejection,
    },
    /// The whole is not a genesis.
    #[error(transparent)]
    Genesis(GenesisFileError),
}

impl Charter {
    /// Reads a charter.
    ///
    /// # Errors
    /// `File` and `Form`.
    pub fn read(path: &Path) -> Result<Charter, CharterError> {
        let bytes = read(path)?;
        let form = |words: String| CharterError::Form {
            path: path.to_owned(),
            words,
        };
        let text = String::from_utf8(bytes).map_err(|_| form("is not UTF-8 text".into()))?;
        let directory = path.parent().unwrap_or(Path::new("")).to_owned();
        Ok(Charter {
            form: toml::from_str(&text).map_err(|error| form(error.to_string()))?,
            directory,
        })
    }

    /// The genesis that the charter describes, which nobody has signed yet. Where the charter gives
    /// no time, `now` (Unix seconds) is the time of the founding.
    ///
    /// # Errors
    /// The first entry that is not understood, or that the ledger refuses.
    pub fn genesis(&self, now: u64) -> Result<GenesisFile, CharterError> {
        let form = &self.form;
        let entry = |words: String| CharterError::Entry {
            entry: "organisation".into(),
            words,
        };
        let time = match &form.time {
            Some(time) => words::time(time).map_err(entry)?,
            None => now,
        };
        if !is_chain_id(&form.chain_id) {
            return Err(CharterError::Entry {
                entry: "chain_id".into(),
                words: CHAIN_ID_FORM.into(),
            });
        }
        let mut draft = Draft::default();
        structure::add(&mut draft, form, &self.constitution()?)?;
        value::add(&mut draft, form)?;
        authority::add(&mut draft, form)?;
        network::add(&mut draft, form)?;

        let genesis = Genesis {
            chain_id: form.chain_id.clone(),
            parameters: Some(network::parameters(&form.parameters)?),
            constitution: self.constitution()?,
            actions: draft.actions().to_vec(),
        };
        GenesisFile::new(&genesis, time).map_err(|error| match error {
            GenesisFileError::Founding(refused) => CharterError::Refused {
                entry: draft.entry(refused.action),
                rejection: refused.rejection,
            },
            other => CharterError::Genesis(other),
        })
    }

    /// The hash of what members agree to: of a file beside the charter, or given by itself.
    fn constitution(&self) -> Result<Vec<u8>, CharterError> {
        let entry = |words: &str| CharterError::Entry {
            entry: "constitution".into(),
            words: words.into(),
        };
        match (&self.form.constitution, &self.form.constitution_sha256) {
            (Some(file), None) => Ok(Sha256::digest(read(&self.directory.join(file))?).to_vec()),
            (None, Some(hash)) => words::hex_bytes(hash, 32).map_err(|words| entry(&words)),
            (None, None) => Err(entry("give the file, or its hash as constitution_sha256")),
            (Some(_), Some(_)) => Err(entry("give the file or its hash, not both")),
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, CharterError> {
    bounded_file::read(path, BYTES_MAX).map_err(|error| CharterError::File {
        path: path.to_owned(),
        words: error.to_string(),
    })
}

#[cfg(test)]
mod guide;
#[cfg(test)]
mod tests;
