//! Who signed a genesis file, and for which department.

use ed25519_dalek::{Signer as _, SigningKey};
use polity_ledger::check;
use polity_ledger::genesis::{self, handles_of};
use polity_ledger::state::{Read, keys, names, objects};
use polity_proto::v1::{FoundingSignature, Member};
use serde::{Deserialize, Serialize};

use super::{GenesisFile, GenesisFileError};

/// A founding department's signature, by its operator's member key over the organisation's digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// The department's handle, for readers.
    pub department: String,
    /// Member number of its operator.
    pub member: u64,
    /// Public key, lower-case hex.
    pub key: String,
    /// Ed25519 signature, lower-case hex.
    pub signature: String,
}

impl GenesisFile {
    /// Signs for the departments whose validator the key's holder operates; an earlier signature of
    /// the same member is replaced. Answers their handles.
    ///
    /// # Errors
    /// `NotAnOperator` where the signature would count for no department.
    pub fn sign(&mut self, key: &SigningKey) -> Result<String, GenesisFileError> {
        let (founded, organisation) = self.found()?;
        let state = founded.state();
        let public = key.verifying_key().to_bytes();
        let refuse = |words: String| Err(GenesisFileError::NotAnOperator(words));
        let holder = keys::key_with(keys::KEY, &[], &public);
        let Some(number) = names::find(&state, &holder) else {
            return refuse(format!(
                "the key {} belongs to no member of this genesis",
                hex::encode(public)
            ));
        };
        let units = genesis::operated_units(&state, number, self.time()?);
        if units.is_empty() {
            let member: Option<Member> = objects::get(&state, number);
            let handle = member.unwrap_or_default().handle;
            return refuse(format!("{handle} operates no department's validator"));
        }

        let department = handles_of(&state, &units);
        let message = check::founding_bytes(&organisation);
        self.add_signature(&department, number, key, &message);
        Ok(department)
    }

    pub(super) fn add_signature(
        &mut self,
        department: &str,
        member: u64,
        key: &SigningKey,
        message: &[u8],
    ) {
        self.signatures.retain(|other| other.member != member);
        self.signatures.push(Signature {
            department: department.to_owned(),
            member,
            key: hex::encode(key.verifying_key().to_bytes()),
            signature: hex::encode(key.sign(message).to_bytes()),
        });
        self.signatures.sort_by_key(|signature| signature.member);
    }
}

impl Signature {
    pub(super) fn decode(&self) -> Result<FoundingSignature, GenesisFileError> {
        let bad = |why| GenesisFileError::BadSignature(self.department.clone(), why);
        let signature = hex::decode(&self.signature).ok();
        Ok(FoundingSignature {
            member: self.member,
            key: hex::decode(&self.key).map_err(|_| bad("the key is not hex"))?,
            signature: signature
                .filter(|bytes| bytes.len() == 64)
                .ok_or(bad("a signature is 64 bytes in hex"))?,
        })
    }

    /// The label beside a signature is shown to people, so it says no more than the signature counts for.
    pub(super) fn check_department(
        &self,
        state: &dyn Read,
        units: &[u64],
    ) -> Result<(), GenesisFileError> {
        if self.department == handles_of(state, units) {
            Ok(())
        } else {
            Err(GenesisFileError::BadSignature(
                self.department.clone(),
                "its member signs for another department",
            ))
        }
    }
}
