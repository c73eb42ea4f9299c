//! What the bytes alone can tell, signatures included.

use ed25519_dalek::VerifyingKey;
use ed25519_zebra::{Signature, VerificationKey, VerificationKeyBytes, batch};
use polity_proto::v1::{Body, Envelope};
use prost::encoding::{DecodeContext, decode_key, skip_field};
use prost::{DecodeError, Message};
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};

use crate::{Rejection, actions};

/// The version of bodies that this ledger speaks.
pub const VERSION: u32 = 1;
/// Most bytes of an envelope; the parameter `transaction_bytes_max` may be lower.
pub const ENVELOPE_BYTES_MAX: usize = 1 << 20;
/// Most signers of a transaction.
pub const SIGNERS_MAX: usize = 16;
/// Most actions of a transaction, those that it proposes included: so every transaction costs everybody about as much
/// at the most, whatever it is made of.
pub const ACTIONS_MAX: usize = 100;

/// Domain of transaction signatures: a new domain string makes old signatures worthless.
pub const DOMAIN_TRANSACTION: &[u8] = b"polity/v1/transaction\0";
/// Domain of proofs that a member possesses a new key.
pub const DOMAIN_POSSESSION: &[u8] = b"polity/v1/possession\0";
/// Domain of proofs of possession in a genesis, where the organisation has no digest yet.
pub const DOMAIN_FOUNDING_POSSESSION: &[u8] = b"polity/v1/founding-possession\0";
/// Domain of a founding department's signature.
pub const DOMAIN_FOUNDING: &[u8] = b"polity/v1/founding\0";

/// Domain of a department's signature under the continuation of a chain.
pub const DOMAIN_CONTINUATION: &[u8] = b"polity/v1/continuation\0";

/// A transaction whose bytes are canonical and whose signatures verify.
/// Owning one is the proof that the check ran.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedTransaction {
    id: [u8; 32],
    envelope_hash: [u8; 32],
    bytes: usize,
    body: Body,
}

impl CheckedTransaction {
    /// SHA-256 of the body.
    pub fn id(&self) -> &[u8; 32] {
        &self.id
    }

    /// SHA-256 of the whole envelope: what caches are keyed by.
    pub fn envelope_hash(&self) -> &[u8; 32] {
        &self.envelope_hash
    }

    /// Size of the envelope.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// What is signed.
    pub fn body(&self) -> &Body {
        &self.body
    }
}

/// A transaction whose form is right and whose signatures nobody has verified yet.
#[derive(Clone, Debug, PartialEq)]
pub struct UnverifiedTransaction {
    checked: CheckedTransaction,
    preimage: Vec<u8>,
    signatures: Vec<[u8; 64]>,
}

/// The bytes that a signer signs.
pub fn signing_bytes(organisation: &[u8; 32], body: &[u8]) -> Vec<u8> {
    [DOMAIN_TRANSACTION, organisation, body].concat()
}

/// The bytes that a new key of `member` signs to prove its possession.
pub fn possession_bytes(organisation: &[u8; 32], member: u64, key: &[u8]) -> Vec<u8> {
    [
        DOMAIN_POSSESSION,
        organisation,
        &member.to_be_bytes()[..],
        key,
    ]
    .concat()
}

/// The bytes that a new consensus key of `unit` signs to prove its possession.
pub fn consensus_possession_bytes(organisation: &[u8; 32], unit: u64, key: &[u8]) -> Vec<u8> {
    [
        DOMAIN_POSSESSION,
        organisation,
        b"validator",
        &unit.to_be_bytes()[..],
        key,
    ]
    .concat()
}

/// The bytes that a key signs in a genesis: keys of members and of validators alike.
pub fn founding_possession_bytes(chain_id: &str, key: &[u8]) -> Vec<u8> {
    [DOMAIN_FOUNDING_POSSESSION, key, chain_id.as_bytes()].concat()
}

/// The bytes that a founding department's operator signs: the organisation's digest, so everything that the chain
/// begins with.
pub fn founding_bytes(organisation: &[u8; 32]) -> Vec<u8> {
    [DOMAIN_FOUNDING, organisation].concat()
}

/// The bytes that a department's operator signs where a chain goes on as another one: the digest of the new chain.
pub fn continuation_bytes(chain: &[u8; 32]) -> Vec<u8> {
    [DOMAIN_CONTINUATION, chain].concat()
}

/// Checks bytes alone and verifies the signatures.
pub fn check(bytes: &[u8], organisation: &[u8; 32]) -> Result<CheckedTransaction, Rejection> {
    let transaction = parse(bytes, organisation)?;
    verify(transaction)
}

/// Everything but the signatures.
pub fn parse(bytes: &[u8], organisation: &[u8; 32]) -> Result<UnverifiedTransaction, Rejection> {
    parse_hashed(bytes, Sha256::digest(bytes).into(), organisation)
}

/// The same for a caller who knows the SHA-256 of these bytes already.
pub fn parse_hashed(
    bytes: &[u8],
    envelope_hash: [u8; 32],
    organisation: &[u8; 32],
) -> Result<UnverifiedTransaction, Rejection> {
    if bytes.len() > ENVELOPE_BYTES_MAX {
        return Err(Rejection::TooLarge);
    }
    let envelope = Envelope::decode(bytes).map_err(|_| Rejection::Malformed)?;
    if envelope.encode_to_vec() != bytes {
        return Err(Rejection::NotCanonical);
    }
    let body = parse_body(&envelope.body)?;
    if body.organisation != organisation {
        return Err(Rejection::WrongOrganisation);
    }
    if envelope.signatures.len() != body.signers.len() {
        return Err(Rejection::SignerCount);
    }
    let signatures = envelope
        .signatures
        .iter()
        .map(|signature| {
            signature
                .as_slice()
                .try_into()
                .map_err(|_| Rejection::BadSignature)
        })
        .collect::<Result<_, _>>()?;

    Ok(UnverifiedTransaction {
        preimage: signing_bytes(organisation, &envelope.body),
        signatures,
        checked: CheckedTransaction {
            id: Sha256::digest(&envelope.body).into(),
            envelope_hash,
            bytes: bytes.len(),
            body,
        },
    })
}

/// Decodes a body and checks its form.
pub fn parse_body(bytes: &[u8]) -> Result<Body, Rejection> {
    let body = decode_body(bytes)?;
    if body.version != VERSION {
        return Err(Rejection::WrongVersion);
    }
    if body.salt.len() != 16 {
        return Err(Rejection::SaltMalformed);
    }
    if !(1..=SIGNERS_MAX).contains(&body.signers.len()) {
        return Err(Rejection::SignerCount);
    }
    for (index, signer) in body.signers.iter().enumerate() {
        if body.signers[..index]
            .iter()
            .any(|other| other.member == signer.member)
        {
            return Err(Rejection::SignerTwice);
        }
        if signer.key.len() != 32 {
            return Err(Rejection::KeyUnknown);
        }
    }
    if !(1..=ACTIONS_MAX).contains(&work(&body)) {
        return Err(Rejection::ActionCount);
    }
    for action in &body.actions {
        actions::check_form(action, body.signers.len())?;
    }
    Ok(body)
}

/// Decodes a body of which these are the one encoding. Of too many actions it keeps one too many, and looks at each of the
/// others alone: an empty one has two bytes, and takes three hundred in memory.
fn decode_body(bytes: &[u8]) -> Result<Body, Rejection> {
    let (mut body, mut kept_bytes) = (Body::default(), 0);
    let mut others_are_canonical = true;
    let mut rest = bytes;
    while !rest.is_empty() {
        let field = take_field(&mut rest).map_err(|_| Rejection::Malformed)?;
        if body.actions.len() <= ACTIONS_MAX {
            body.merge(field).map_err(|_| Rejection::Malformed)?;
            kept_bytes += field.len();
        } else {
            let other = Body::decode(field).map_err(|_| Rejection::Malformed)?;
            // Actions are a body's last field.
            others_are_canonical &= other.actions.len() == 1 && other.encode_to_vec() == field;
        }
    }
    if !others_are_canonical || body.encode_to_vec() != bytes[..kept_bytes] {
        return Err(Rejection::NotCanonical);
    }
    Ok(body)
}

/// The bytes of a message's next field.
fn take_field<'b>(rest: &mut &'b [u8]) -> Result<&'b [u8], DecodeError> {
    let all = *rest;
    let (number, wire_type) = decode_key(rest)?;
    skip_field(wire_type, number, rest, DecodeContext::default())?;
    Ok(&all[..all.len() - rest.len()])
}

/// What a transaction costs everybody who executes it, in actions.
pub fn work(body: &Body) -> usize {
    body.actions.iter().map(actions::work).sum()
}

/// Verifies the signatures of one transaction.
pub fn verify(transaction: UnverifiedTransaction) -> Result<CheckedTransaction, Rejection> {
    for (signer, signature) in transaction.pairs() {
        if !signature_is_valid(signer, signature, &transaction.preimage) {
            return Err(Rejection::BadSignature);
        }
    }
    Ok(transaction.checked)
}

/// Verifies the signatures of many at once; where the batch fails, each by itself.
///
/// `point` tells the point of a key; a caller who keeps the points of keys that come again saves a quarter. The caller's
/// randomness feeds the coefficients of the second batch equation. Under the ZIP-215 rules that equation holds exactly if
/// each signature is valid, so the outcome depends on neither.
pub fn verify_batch<R: CryptoRng>(
    transactions: Vec<UnverifiedTransaction>,
    point: impl Fn(&[u8]) -> Option<VerifyingKey>,
    randomness: R,
) -> Vec<Result<CheckedTransaction, Rejection>> {
    if all_hold_strictly(&transactions, point)
        || queued(&transactions).is_some_and(|batch| batch.verify(randomness).is_ok())
    {
        return transactions
            .into_iter()
            .map(|transaction| Ok(transaction.checked))
            .collect();
    }
    transactions.into_iter().map(verify).collect()
}

/// The point that a key stands for; `None` where it is not one.
pub fn point(key: &[u8]) -> Option<VerifyingKey> {
    VerifyingKey::from_bytes(key.try_into().ok()?).ok()
}

/// Whether all signatures hold by the equation without the cofactor, which holds for none that ZIP-215 refuses. It also
/// fails for valid ones that somebody gave a part of small order, so a failure says nothing.
fn all_hold_strictly(
    transactions: &[UnverifiedTransaction],
    point: impl Fn(&[u8]) -> Option<VerifyingKey>,
) -> bool {
    let (mut messages, mut signatures, mut keys) = (Vec::new(), Vec::new(), Vec::new());
    for transaction in transactions {
        for (signer, signature) in transaction.pairs() {
            // What a point hashes are the bytes of its own key: the point of another would have another's signature hold.
            let Some(key) = point(signer).filter(|key| key.as_bytes()[..] == *signer) else {
                return false;
            };
            messages.push(transaction.preimage.as_slice());
            signatures.push(ed25519_dalek::Signature::from_bytes(signature));
            keys.push(key);
        }
    }
    ed25519_dalek::verify_batch(&messages, &signatures, &keys).is_ok()
}

/// All their signatures; `None` where a key is not one.
fn queued(transactions: &[UnverifiedTransaction]) -> Option<batch::Verifier> {
    let mut verifier = batch::Verifier::new();
    for transaction in transactions {
        for (signer, signature) in transaction.pairs() {
            let key = VerificationKeyBytes::try_from(signer).ok()?;
            let signature = Signature::from(*signature);
            verifier.queue(batch::Item::from((key, signature, &transaction.preimage)));
        }
    }
    Some(verifier)
}

/// Whether a signature verifies by the ZIP-215 rules.
pub fn signature_is_valid(key: &[u8], signature: &[u8; 64], message: &[u8]) -> bool {
    VerificationKey::try_from(key)
        .is_ok_and(|key| key.verify(&Signature::from(*signature), message).is_ok())
}

/// Whether a key may be enrolled: 32 bytes, canonical, on the curve, not of small order.
pub fn key_is_fit(key: &[u8]) -> bool {
    let Ok(mut y) = <[u8; 32]>::try_from(key) else {
        return false;
    };
    y[31] &= 0x7f;
    is_canonical(&y) && !SMALL_ORDER_Y.contains(&y) && VerificationKey::try_from(key).is_ok()
}

/// Whether a little-endian y coordinate is below the field's prime 2^255 - 19.
fn is_canonical(y: &[u8; 32]) -> bool {
    y[31] != 0x7f || y[1..31].iter().any(|byte| *byte != 0xff) || y[0] < 0xed
}

/// The y coordinates of the eight points of small order; each sign of x is one of them.
const SMALL_ORDER_Y: [[u8; 32]; 5] = [
    [0; 32],
    y_with_ends(0x01, 0x00, 0x00),
    y_with_ends(0xec, 0xff, 0x7f),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
];

const fn y_with_ends(first: u8, middle: u8, last: u8) -> [u8; 32] {
    let mut y = [middle; 32];
    y[0] = first;
    y[31] = last;
    y
}

impl UnverifiedTransaction {
    /// SHA-256 of the whole envelope.
    pub fn envelope_hash(&self) -> &[u8; 32] {
        &self.checked.envelope_hash
    }

    /// SHA-256 of the body.
    pub fn id(&self) -> &[u8; 32] {
        &self.checked.id
    }

    /// What would be signed.
    pub fn body(&self) -> &Body {
        &self.checked.body
    }

    /// Size of the envelope.
    pub fn bytes(&self) -> usize {
        self.checked.bytes
    }

    fn pairs(&self) -> impl Iterator<Item = (&[u8], &[u8; 64])> {
        let signers = self
            .checked
            .body
            .signers
            .iter()
            .map(|signer| signer.key.as_slice());
        signers.zip(&self.signatures)
    }
}

#[cfg(test)]
mod tests;
