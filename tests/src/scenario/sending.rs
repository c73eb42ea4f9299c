//! How a transaction is signed and sent: as honest people do, or otherwise.

use polity_ledger::check::{self, VERSION};
use polity_proto::v1::{Body, Envelope, ObjectKind, Signer};
use prost::Message;
use sha2::{Digest, Sha256};

use super::clock;
use super::draft::{Draft, Place};
use super::text::Words;
use super::trouble::{Outcome, trouble};
use crate::keys::{public, sign};

/// What most people's clients do: ten minutes.
const VALIDITY: u64 = 600;

/// What is unusual about how a transaction is signed and sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sending {
    /// Whose key really signs, where it is not the one that is claimed.
    signed_by: Option<String>,
    other_organisation: bool,
    /// From now; below zero: already over.
    valid_for: i64,
    /// The name under which the bytes are kept instead of being sent.
    pub(super) kept_as: Option<String>,
}

impl Sending {
    /// Reads what stands before an act: `signed by K:`, `for another organisation:`, `expired:`,
    /// `valid for 30 days:`, `kept as NAME:`.
    pub(super) fn read(words: &mut Words) -> Outcome<Sending> {
        let mut sending = Sending {
            signed_by: None,
            other_organisation: false,
            valid_for: VALIDITY as i64,
            kept_as: None,
        };
        loop {
            if words.take("signed by") {
                sending.signed_by = Some(words.word("key")?);
            } else if words.take("for another organisation") {
                sending.other_organisation = true;
            } else if words.take("expired") {
                sending.valid_for = -1;
            } else if words.take("valid for") {
                sending.valid_for = clock::duration(words)? as i64;
            } else if words.take("kept as") {
                sending.kept_as = Some(words.word("name")?);
            } else {
                return Ok(sending);
            }
            words.need(":")?;
        }
    }

    /// The bytes of a transaction.
    pub(super) fn envelope(&self, draft: &mut Draft<'_>, salt: u64) -> Outcome<Vec<u8>> {
        let Place::Ledger(memory) = draft.place else {
            return trouble("nobody signs at the genesis");
        };
        let organisation: [u8; 32] = if self.other_organisation {
            Sha256::digest("another organisation").into()
        } else {
            memory.organisation
        };
        let mut signers = Vec::new();
        for signatory in draft.signatories.clone() {
            signers.push(Signer {
                member: draft.lookup.number(ObjectKind::Member, &signatory.member)?,
                key: public(&signatory.key),
            });
        }
        let body = Body {
            version: VERSION,
            organisation: organisation.to_vec(),
            valid_until: memory.time.saturating_add_signed(self.valid_for),
            salt: u128::from(salt).to_be_bytes().to_vec(),
            signers,
            actions: draft.actions.clone(),
        }
        .encode_to_vec();
        let message = check::signing_bytes(&organisation, &body);
        let signatures = draft
            .signatories
            .iter()
            .map(|signatory| {
                let key = self.signed_by.as_ref().unwrap_or(&signatory.key);
                sign(key, &message)
            })
            .collect();
        Ok(Envelope { body, signatures }.encode_to_vec())
    }
}
