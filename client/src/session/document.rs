//! Documents: the file stays where it is, its SHA-256 goes on the chain, once for each unit that anchors it.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use polity_ledger::state::keys;
use polity_proto::v1::{Counter, Document, Index, ObjectKind};
use sha2::{Digest, Sha256};

use super::View;
use super::read::decode;
use crate::{Error, Result};

/// Most units about which a node is believed: more than any organisation has.
const UNITS_MAX: u64 = 100_000;

/// SHA-256 of a file of any length.
pub fn hash_of_file(path: &Path) -> Result<Vec<u8>> {
    let trouble = |error: std::io::Error| {
        Error::usage(format!(
            "{} is neither a hash nor a file that can be read",
            path.display()
        ))
        .with_source(error)
    };
    let mut file = File::open(path).map_err(trouble)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut buffer).map_err(trouble)?;
        if read == 0 {
            return Ok(hasher.finalize().to_vec());
        }
        hasher.update(&buffer[..read]);
    }
}

impl View<'_> {
    /// Every document with this hash, the one that was anchored first before the others. None of a unit that anchored it is
    /// left out: each unit that ever was is asked about.
    pub async fn documents_of(&self, hash: &[u8]) -> Result<Vec<Document>> {
        let by_hash = keys::key_with(keys::DOCUMENT_HASH, &[], hash);
        let Some(first) = self.value::<Index>(by_hash).await? else {
            return Ok(Vec::new());
        };
        let units = keys::key(keys::COUNTER, &[ObjectKind::Unit as u64]);
        let units: Counter = self.value(units).await?.unwrap_or_default();
        if units.last > UNITS_MAX {
            return Err(Error::proof("more units than an organisation has"));
        }
        let of_units: Vec<Vec<u8>> = (1..=units.last)
            .map(|unit| {
                keys::key_with(
                    keys::DOCUMENT_HASH,
                    &[],
                    &[hash, &unit.to_be_bytes()].concat(),
                )
            })
            .collect();
        let mut numbers = vec![first.number];
        for value in self.values(&of_units).await?.into_iter().flatten() {
            numbers.push(decode::<Index>(&value)?.number);
        }
        numbers.sort_unstable();
        let documents = self.get_all::<Document>(&numbers).await?;
        Ok(documents.into_iter().flatten().collect())
    }
}
