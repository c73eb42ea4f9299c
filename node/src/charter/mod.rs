//! The charter: one readable TOML file that describes an organisation as it begins, and the founding
//! actions that it means.
//!
//! Names are paths as people write them: unit `acme/dev`, role `acme/dev#lead`, account
//! `acme/dev:main` or `finn:main`, member `finn`, asset `EUR`.

mod amounts;
mod build;
mod form;
mod words;

use std::path::Path;

use polity_proto::v1::Genesis;
use sha2::{Digest, Sha256};

pub use form::Charter;

/// Largest file of a charter, and of a constitution.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// A charter that founds nothing: where it stands and what is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CharterError(pub(crate) String);

/// Reads a charter and the constitution that it names. Answers the founding actions, and when the
/// organisation begins (Unix seconds) where the charter says so.
pub fn read(path: &Path) -> Result<(Genesis, Option<u64>), CharterError> {
    let text = read_bounded(path)?;
    let text = String::from_utf8(text)
        .map_err(|_| CharterError(format!("{}: is not text", path.display())))?;
    let charter =
        parse(&text).map_err(|error| CharterError(format!("{}: {error}", path.display())))?;
    let constitution = match &charter.constitution {
        Some(file) => {
            let beside = path.parent().unwrap_or(Path::new(""));
            Sha256::digest(read_bounded(&beside.join(file))?).into()
        }
        None => Sha256::digest([]).into(),
    };
    let time = match &charter.genesis_time {
        Some(_) => Some(words::time(&charter.genesis_time)?),
        None => None,
    };
    Ok((build::genesis(&charter, constitution)?, time))
}

/// Reads the text of a charter. Keys that do not exist are errors.
pub fn parse(text: &str) -> Result<Charter, CharterError> {
    toml::from_str(text).map_err(|error| CharterError(error.to_string()))
}

/// The founding actions of a charter, with the hash of its constitution.
pub fn genesis(charter: &Charter, constitution: [u8; 32]) -> Result<Genesis, CharterError> {
    build::genesis(charter, constitution)
}

fn read_bounded(path: &Path) -> Result<Vec<u8>, CharterError> {
    let trouble = |error: std::io::Error| CharterError(format!("{}: {error}", path.display()));
    if std::fs::metadata(path).map_err(trouble)?.len() > FILE_BYTES_MAX {
        return Err(CharterError(format!(
            "{}: is larger than 16 MiB",
            path.display()
        )));
    }
    std::fs::read(path).map_err(trouble)
}
