//! Transactions before they are sent: a body, and the signatures that it has so far.

use std::time::{Duration, SystemTime};

use polity_ledger::time::DAY;
use polity_ledger::{Rejection, check, form};
use polity_proto::v1::{Action, Body, Envelope, Signer as BodySigner, action::Kind};
use prost::Message;
use rand::Rng;
use sha2::{Digest, Sha256};

use crate::keys::Signer;
use crate::{Error, Refusal, Result};

/// How long a transaction of one signer is valid.
pub const VALIDITY_ONE_SIGNER: Duration = Duration::from_secs(600);
/// How long a transaction of several signers is valid: it is passed around.
pub const VALIDITY_SEVERAL_SIGNERS: Duration = Duration::from_secs(3 * DAY);

/// A body with the signatures that it has so far, as people pass it around.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The bytes that everybody signs.
    pub body: Vec<u8>,
    /// A signature for each signer, in order; empty where it is missing.
    pub signatures: Vec<Vec<u8>>,
}

/// An action of the first signer in a role (0: none).
pub fn action(kind: Kind, role: u64) -> Action {
    Action {
        acting_role: form::optional_number(role),
        kind: Some(kind),
        ..Action::default()
    }
}

/// A signer's entry in a body.
pub fn signed_by(member: u64, key: &[u8; 32]) -> BodySigner {
    BodySigner {
        member,
        key: key.to_vec(),
    }
}

impl Draft {
    /// A body that nobody has signed yet. `validity` counts from this machine's clock.
    pub fn new(
        organisation: &[u8; 32],
        signers: Vec<BodySigner>,
        actions: Vec<Action>,
        validity: Duration,
    ) -> Result<Draft> {
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_err(|error| Error::trouble("the clock is before 1970").with_source(error))?;
        let mut salt = vec![0; 16];
        rand::rng().fill_bytes(&mut salt);
        Draft::of_body(&Body {
            version: check::VERSION,
            organisation: organisation.to_vec(),
            valid_until: now.saturating_add(validity).as_secs(),
            salt,
            signers,
            actions,
        })
    }

    /// A body that nobody has signed yet.
    pub fn of_body(body: &Body) -> Result<Draft> {
        let bytes = body.encode_to_vec();
        check::parse_body(&bytes).map_err(refused_by_its_bytes)?;
        Ok(Draft {
            body: bytes,
            signatures: vec![Vec::new(); body.signers.len()],
        })
    }

    /// Reads a draft that somebody passed on.
    pub fn from_envelope(bytes: &[u8]) -> Result<Draft> {
        let envelope = Envelope::decode(bytes)
            .map_err(|error| Error::usage("not a draft").with_source(error))?;
        let draft = Draft {
            body: envelope.body,
            signatures: envelope.signatures,
        };
        let body = draft.body()?;
        if body.signers.len() != draft.signatures.len() {
            return Err(Error::usage(
                "the draft has another number of signatures than signers",
            ));
        }
        Ok(draft)
    }

    /// The draft as an envelope, complete or not.
    pub fn to_envelope(&self) -> Vec<u8> {
        Envelope {
            body: self.body.clone(),
            signatures: self.signatures.clone(),
        }
        .encode_to_vec()
    }

    /// What is signed.
    pub fn body(&self) -> Result<Body> {
        check::parse_body(&self.body).map_err(refused_by_its_bytes)
    }

    /// The transaction's id.
    pub fn id(&self) -> [u8; 32] {
        Sha256::digest(&self.body).into()
    }

    /// Signs at every place that names this key. Says whether there was one.
    pub fn sign(&mut self, organisation: &[u8; 32], signer: &Signer) -> Result<bool> {
        let body = self.body()?;
        if body.organisation != organisation {
            return Err(Error::usage("the draft is for another organisation"));
        }
        let mut signed = false;
        for (place, named) in self.signatures.iter_mut().zip(&body.signers) {
            if named.key == signer.public_key() {
                *place = signer.sign_body(organisation, &self.body).to_vec();
                signed = true;
            }
        }
        Ok(signed)
    }

    /// Refuses a draft that was changed after somebody signed it: whoever reads it would think they agreed to this.
    pub fn check_signatures(&self) -> Result<()> {
        let body = self.body()?;
        let organisation: &[u8; 32] = body
            .organisation
            .as_slice()
            .try_into()
            .map_err(|_| Error::usage("the draft names no organisation"))?;
        let message = check::signing_bytes(organisation, &self.body);
        let signed = body.signers.iter().zip(&self.signatures);
        for (signer, signature) in signed.filter(|(_, signature)| !signature.is_empty()) {
            let is_good = <&[u8; 64]>::try_from(signature.as_slice())
                .is_ok_and(|signature| check::signature_is_valid(&signer.key, signature, &message));
            if !is_good {
                return Err(Error::usage(format!(
                    "m{} did not sign this: the draft was changed afterwards",
                    signer.member
                )));
            }
        }
        Ok(())
    }

    /// Whether everybody has signed.
    pub fn is_complete(&self) -> bool {
        self.signatures
            .iter()
            .all(|signature| !signature.is_empty())
    }
}

/// The ledger's refusal of what is no transaction by its bytes alone: no block applies it, so nothing is sent.
pub(super) fn refused_by_its_bytes(rejection: Rejection) -> Error {
    Error::refused(Refusal {
        code: rejection.code(),
        log: rejection.to_string(),
        facts: vec![(
            "sent".into(),
            "nothing: its bytes alone are refused, by every node".into(),
        )],
    })
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::Leave;

    use super::*;
    use crate::ErrorKind;

    #[test]
    fn what_its_form_refuses_is_refused_by_the_ledgers_own_name() {
        let error = Draft::of_body(&Body::default()).expect_err("no version is 0");
        assert_eq!(error.kind(), ErrorKind::Refused);
        let code = error.refusal().map(|refusal| refusal.code);
        assert_eq!(code, Some(Rejection::WrongVersion.code()));
    }

    #[test]
    fn a_draft_that_was_changed_after_a_signature_is_refused() {
        let signer = Signer::from_seed(&[7; 32]);
        let leave = action(Kind::Leave(Leave {}), 0);
        let signers = vec![signed_by(3, &signer.public_key())];
        let made = Draft::new(&[1; 32], signers, vec![leave], Duration::from_secs(60));
        let mut draft = made.expect("a draft");
        assert!(draft.check_signatures().is_ok(), "nobody has signed");
        assert!(draft.sign(&[1; 32], &signer).is_ok_and(|signed| signed));
        assert!(draft.check_signatures().is_ok());
        draft.signatures[0][40] ^= 1;
        assert!(draft.check_signatures().is_err());
    }
}
