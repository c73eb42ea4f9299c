//! Signatures that do not hold, and keys that nobody may have.

use ed25519_dalek::{Signer as _, SigningKey};
use polity_ledger::{Rejection, check, form};
use polity_proto::v1::action::Kind;
use polity_proto::v1::{AddKey, Envelope};
use polity_tests::charter;
use polity_tests::leads::Leads;
use prost::Message;

use super::{Case, envelope};

pub(super) fn signatures(leads: &Leads) -> Vec<Case> {
    let signature =
        |change: fn(&mut Vec<u8>)| envelope(leads, |envelope| change(&mut envelope.signatures[0]));
    let by = |key: SigningKey, organisation: &[u8; 32]| {
        let organisation = *organisation;
        envelope(leads, move |envelope| {
            let preimage = check::signing_bytes(&organisation, &envelope.body);
            envelope.signatures = vec![key.sign(&preimage).to_bytes().to_vec()];
        })
    };
    let other = envelope(leads, |envelope| {
        let another = Envelope::decode(&leads.payment(0)[..]).expect("an envelope");
        envelope.signatures = another.signatures;
    });
    let plain = envelope(leads, |envelope| {
        let signature = charter::key(0).sign(&envelope.body);
        envelope.signatures = vec![signature.to_bytes().to_vec()];
    });
    vec![
        (
            "no signature",
            envelope(leads, |one| one.signatures.clear()),
            Rejection::SignerCount,
        ),
        (
            "two signatures of one signer",
            envelope(leads, |one| one.signatures.push(one.signatures[0].clone())),
            Rejection::SignerCount,
        ),
        (
            "a signature of no bytes",
            signature(Vec::clear),
            Rejection::BadSignature,
        ),
        (
            "a short signature",
            signature(|one| one.truncate(63)),
            Rejection::BadSignature,
        ),
        (
            "a long signature",
            signature(|one| one.push(0)),
            Rejection::BadSignature,
        ),
        (
            "a changed signature",
            signature(|one| one[0] ^= 1),
            Rejection::BadSignature,
        ),
        (
            "a changed scalar",
            signature(|one| one[63] ^= 0x10),
            Rejection::BadSignature,
        ),
        (
            "a signature of zeros",
            signature(|one| one.fill(0)),
            Rejection::BadSignature,
        ),
        (
            "the scalar plus the order",
            signature(|one| add_the_order(&mut one[32..])),
            Rejection::BadSignature,
        ),
        (
            "the signature of another body",
            other,
            Rejection::BadSignature,
        ),
        (
            "another person's signature",
            by(charter::key(1), leads.organisation()),
            Rejection::BadSignature,
        ),
        (
            "a signature for another organisation",
            by(charter::key(0), &[7; 32]),
            Rejection::BadSignature,
        ),
        (
            "a signature over the body alone",
            plain,
            Rejection::BadSignature,
        ),
    ]
}

/// The second form of a signature's scalar, which loose verifiers accept.
fn add_the_order(scalar: &mut [u8]) {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut carry = 0;
    for (byte, more) in scalar.iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(more) + carry;
        *byte = (sum & 0xff) as u8;
        carry = sum >> 8;
    }
}

/// The points of small order, and encodings of them that are not canonical: nobody may enrol them.
pub(super) fn small_order_keys(leads: &Leads) -> Vec<Case> {
    let y = |hexadecimal: &str| hex::decode(hexadecimal).expect("hexadecimal");
    let ys = [
        y("0000000000000000000000000000000000000000000000000000000000000000"),
        y("0100000000000000000000000000000000000000000000000000000000000000"),
        y("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
        y("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
        y("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
        // The field's prime and the number above it: zero and one again.
        y("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
        y("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    ];
    let mut cases = Vec::new();
    for sign in [0, 0x80] {
        for y in &ys {
            let mut key = y.clone();
            key[31] |= sign;
            let add = AddKey {
                member: form::numbered(charter::number(0)),
                key,
                possession: vec![0; 64],
            };
            let bytes = leads.transaction(0, Kind::AddKey(add));
            cases.push(("a new key of small order", bytes, Rejection::KeyUnfit));
        }
    }
    cases
}
