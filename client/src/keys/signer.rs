//! An opened key: it signs, and shows nothing but its public part.

use std::fmt;

use ed25519_dalek::{Signer as _, SigningKey};
use polity_ledger::check::{possession_bytes, signing_bytes};

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

    /// Signs bytes that already name their purpose, such as those of
    /// [`polity_ledger::check::founding_bytes`].
    #[must_use]
    pub fn sign(&self, bytes: &[u8]) -> [u8; 64] {
        self.key.sign(bytes).to_bytes()
    }

    /// Signs the body of a transaction for one organisation.
    #[must_use]
    pub fn sign_body(&self, organisation: &[u8; 32], body: &[u8]) -> [u8; 64] {
        self.sign(&signing_bytes(organisation, body))
    }

    /// Shows that this key's holder has its secret: what enrolling the key for `member` takes.
    #[must_use]
    pub fn prove_possession(&self, organisation: &[u8; 32], member: u64) -> [u8; 64] {
        self.sign(&possession_bytes(organisation, member, &self.public_key()))
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", hex::encode(self.public_key()))
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signature, VerifyingKey};

    use super::*;

    fn verifies(signer: &Signer, bytes: &[u8], signature: &[u8; 64]) -> bool {
        let key = VerifyingKey::from_bytes(&signer.public_key()).expect("a key of our own");
        key.verify_strict(bytes, &Signature::from_bytes(signature))
            .is_ok()
    }

    #[test]
    fn a_signature_holds_for_its_organisation_and_its_purpose_only() {
        let signer = Signer::from_seed(&[3; 32]);
        let body = [&7_u64.to_be_bytes()[..], &signer.public_key()].concat();

        let signature = signer.sign_body(&[1; 32], &body);

        assert!(verifies(
            &signer,
            &signing_bytes(&[1; 32], &body),
            &signature
        ));
        assert!(!verifies(
            &signer,
            &signing_bytes(&[2; 32], &body),
            &signature
        ));
        let possession = possession_bytes(&[1; 32], 7, &signer.public_key());
        assert!(!verifies(&signer, &possession, &signature));
    }

    #[test]
    fn a_proof_of_possession_holds_for_its_member_only() {
        let signer = Signer::from_seed(&[3; 32]);
        let bytes = |member| possession_bytes(&[1; 32], member, &signer.public_key());

        let proof = signer.prove_possession(&[1; 32], 7);

        assert!(verifies(&signer, &bytes(7), &proof));
        assert!(!verifies(&signer, &bytes(8), &proof));
    }

    #[test]
    fn a_signer_shows_its_public_key_only() {
        let shown = format!("{:?}", Signer::from_seed(&[0x5a; 32]));

        assert!(!shown.contains(&"5a".repeat(8)));
    }
}
