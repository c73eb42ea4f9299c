//! The hash of a document: the file stays where it is, its SHA-256 goes on the chain.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::{Error, Result};

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
