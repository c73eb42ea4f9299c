//! What the departments' leads sign: each acts alone, in the role of the own department's lead.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use ed25519_dalek::Signer as _;
use polity_ledger::{Amount, check, form};
use polity_proto::v1::{Action, Body, Envelope, Signer, Transfer, TransferKind, action::Kind};
use prost::Message;
use sha2::{Digest, Sha256};

use crate::charter;

/// The hash of a transaction's bytes, by which engines know it.
pub type TransactionHash = [u8; 32];

/// How long a transaction may wait for its block: longer than any test runs.
const VALIDITY_SECONDS: u64 = 3_600;

/// The leads of an organisation's departments. Clones never make the same transaction.
#[derive(Clone, Debug)]
pub struct Leads {
    organisation: [u8; 32],
    departments: usize,
    made: Arc<AtomicU64>,
}

impl Leads {
    /// The leads of so many departments.
    pub fn new(organisation: [u8; 32], departments: usize) -> Leads {
        Leads {
            organisation,
            departments,
            made: Arc::default(),
        }
    }

    /// The organisation's digest.
    pub fn organisation(&self) -> &[u8; 32] {
        &self.organisation
    }

    /// A new payment of one euro from a department's account to the next one's.
    pub fn payment(&self, from: usize) -> Vec<u8> {
        self.transaction(from, Kind::Transfer(self.euro(from)))
    }

    /// A transfer of one euro from a department's account to the next one's.
    pub fn euro(&self, from: usize) -> Transfer {
        Transfer {
            from: form::numbered(charter::account(from)),
            to: form::numbered(charter::account((from + 1) % self.departments)),
            amount: Amount(100).to_bytes(),
            kind: TransferKind::Payment as i32,
            ..Transfer::default()
        }
    }

    /// The bytes of a new transaction of a department's lead.
    pub fn transaction(&self, department: usize, kind: Kind) -> Vec<u8> {
        signed(department, &self.body(department, kind))
    }

    /// What a department's lead would sign.
    pub fn body(&self, department: usize, kind: Kind) -> Body {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let salt = u128::from(self.made.fetch_add(1, Ordering::Relaxed));
        Body {
            version: check::VERSION,
            organisation: self.organisation.to_vec(),
            valid_until: now.map_or(0, |now| now.as_secs()) + VALIDITY_SECONDS,
            salt: salt.to_be_bytes().to_vec(),
            signers: vec![Signer {
                member: charter::number(department),
                key: charter::key(department).verifying_key().to_bytes().to_vec(),
            }],
            actions: vec![Action {
                acting_role: form::numbered(charter::number(department)),
                kind: Some(kind),
                ..Action::default()
            }],
        }
    }
}

/// A body in an envelope, signed by a department's lead for the organisation that it names.
pub fn signed(department: usize, body: &Body) -> Vec<u8> {
    let bytes = body.encode_to_vec();
    let preimage = [check::DOMAIN_TRANSACTION, &body.organisation, &bytes].concat();
    let signature = charter::key(department).sign(&preimage);
    Envelope {
        body: bytes,
        signatures: vec![signature.to_bytes().to_vec()],
    }
    .encode_to_vec()
}

/// The hash of a transaction.
pub fn hash(transaction: &[u8]) -> TransactionHash {
    Sha256::digest(transaction).into()
}
