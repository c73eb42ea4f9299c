//! The keys of a simulation: whoever has one here can be made to sign.

use std::collections::BTreeMap;

use ed25519_dalek::{Signer as _, SigningKey};

use crate::keys;

/// Signing keys by public key.
#[derive(Clone, Debug)]
pub(crate) struct Keyring {
    seed: u64,
    made: u64,
    keys: BTreeMap<Vec<u8>, SigningKey>,
}

impl Keyring {
    /// No key yet; those that follow are of this seed.
    pub(crate) fn new(seed: u64) -> Keyring {
        Keyring {
            seed,
            made: 0,
            keys: BTreeMap::new(),
        }
    }

    /// A key of its own; returns the public one.
    pub(crate) fn make(&mut self) -> Vec<u8> {
        let name = format!("simulation {} key {}", self.seed, self.made);
        self.made += 1;
        let key = keys::key(&name);
        let public = key.verifying_key().to_bytes().to_vec();
        self.keys.insert(public.clone(), key);
        public
    }

    /// Whether a key is here.
    pub(crate) fn has(&self, public: &[u8]) -> bool {
        self.keys.contains_key(public)
    }

    /// From now on nobody signs with a key.
    pub(crate) fn lose(&mut self, public: &[u8]) {
        self.keys.remove(public);
    }

    /// The signature of a key over a message; without meaning where the key is not here.
    pub(crate) fn sign(&self, public: &[u8], message: &[u8]) -> Vec<u8> {
        match self.keys.get(public) {
            Some(key) => key.sign(message).to_bytes().to_vec(),
            None => vec![0; 64],
        }
    }
}
