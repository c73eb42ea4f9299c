//! Keys of a person or a service: encrypted files in a home directory, and what they sign.
//!
//! A secret leaves this module in two ways only: as a signature, and by [`KeyStore::export`].

mod file;
mod passphrase;
mod signer;
mod store;

pub use file::{WORK_FACTOR_DEFAULT, WORK_FACTOR_MAX};
pub use passphrase::Passphrase;
pub use signer::Signer;
pub use store::{ImportForm, KeyStore, StoredKey};
