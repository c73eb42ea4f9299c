//! An opened key: it signs, and shows nothing but its public part.

use std::fmt;

use ed25519_dalek::{Signer as _, SigningKey};

/// The domain of a proof of possession: whoever enrols a key shows that they hold its secret.
pub const POSSESSION_DOMAIN: &[u8] = b"polity/v1/possession";

/// An Ed25519 key in memory. The secret is wiped when this is dropped.
pub struct Signer {
    key: SigningKey,
}

impl Signer {
    /// The signer of a 32-byte seed.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self {
            key: SigningKey::from_bytes(seed),
        }
    }

    /// The public key, 32 bytes.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }

    /// Signs a transaction's body for one organisation, under the domain of transactions.
    #[must_use]
    pub fn sign(&self, domain: &[u8], organisation: &[u8; 32], body: &[u8]) -> [u8; 64] {
        self.key
            .sign(&signing_bytes(domain, organisation, body))
            .to_bytes()
    }

    /// Shows that this key's holder has its secret, to one organisation and for this public key.
    #[must_use]
    pub fn prove_possession(&self, organisation: &[u8; 32]) -> [u8; 64] {
        self.sign(POSSESSION_DOMAIN, organisation, &self.public_key())
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", hex::encode(self.public_key()))
    }
}

/// What is signed: domain ‖ organisation digest ‖ body. A signature made for one organisation or
/// for one purpose is worth nothing for another.
#[must_use]
pub fn signing_bytes(domain: &[u8], organisation: &[u8; 32], body: &[u8]) -> Vec<u8> {
    [domain, organisation, body].concat()
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signature, VerifyingKey};

    use super::*;

    #[test]
    fn a_proof_of_possession_holds_for_its_organisation_only() {
        let signer = Signer::from_seed(&[3; 32]);
        let public_key = signer.public_key();

        let proof = Signature::from_bytes(&signer.prove_possession(&[1; 32]));

        let key = VerifyingKey::from_bytes(&public_key).expect("a key of our own");
        let bytes = |organisation| signing_bytes(POSSESSION_DOMAIN, organisation, &public_key);
        assert!(key.verify_strict(&bytes(&[1; 32]), &proof).is_ok());
        assert!(key.verify_strict(&bytes(&[2; 32]), &proof).is_err());
    }

    #[test]
    fn a_signer_shows_its_public_key_only() {
        let shown = format!("{:?}", Signer::from_seed(&[0x5a; 32]));

        assert!(!shown.contains(&"5a".repeat(8)));
    }
}
