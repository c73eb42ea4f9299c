//! Keys by name: the same in every run, so that hashes can be frozen.

use ed25519_dalek::{Signer as _, SigningKey};
use sha2::{Digest, Sha256};

/// The signing key of a name.
pub fn key(name: &str) -> SigningKey {
    SigningKey::from_bytes(&Sha256::digest(name).into())
}

/// The public key of a name.
pub fn public(name: &str) -> Vec<u8> {
    key(name).verifying_key().to_bytes().to_vec()
}

/// The signature of a name's key.
pub fn sign(name: &str, message: &[u8]) -> Vec<u8> {
    key(name).sign(message).to_bytes().to_vec()
}
