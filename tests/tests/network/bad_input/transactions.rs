//! Transactions that are wrong in one place: every field in turn, every encoding that is not the one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use polity_ledger::{Amount, Rejection, check, form};
use polity_proto::v1::action::Kind;
use polity_proto::v1::{AddKey, Body, Envelope, Ref, Second, Signer, Transfer, TransferKind};
use polity_tests::leads::{Leads, hash, signed};
use polity_tests::{charter, http};
use prost::Message;
use serde_json::json;

use super::{patient_node, state, tell};
use crate::trial::BLOCK;

/// What is wrong with it, its bytes, and the refusal that says so.
type Case = (&'static str, Vec<u8>, Rejection);

/// The door refuses these, so no block ever has them.
fn refused_at_the_door(leads: &Leads) -> Vec<Case> {
    [
        envelopes(leads),
        signatures(leads),
        encodings(leads),
        bodies(leads),
        signers(leads),
        actions(leads),
        transfers(leads),
        small_order_keys(leads),
    ]
    .concat()
}

fn good(leads: &Leads) -> Body {
    leads.body(0, Kind::Transfer(leads.euro(0)))
}

/// A signed transaction whose body was changed before it was signed.
fn body(leads: &Leads, change: impl FnOnce(&mut Body)) -> Vec<u8> {
    let mut body = good(leads);
    change(&mut body);
    signed(0, &body)
}

fn envelope(leads: &Leads, change: impl FnOnce(&mut Envelope)) -> Vec<u8> {
    let mut envelope = Envelope::decode(&leads.payment(0)[..]).expect("an envelope");
    change(&mut envelope);
    envelope.encode_to_vec()
}

fn transfer(leads: &Leads, change: impl FnOnce(&mut Transfer)) -> Vec<u8> {
    let mut transfer = leads.euro(0);
    change(&mut transfer);
    signed(0, &leads.body(0, Kind::Transfer(transfer)))
}

fn envelopes(leads: &Leads) -> Vec<Case> {
    let whole = leads.payment(0);
    vec![
        ("no bytes", Vec::new(), Rejection::WrongVersion),
        ("noise", vec![0xff; 64], Rejection::Malformed),
        ("text", b"{\"body\":{}}".to_vec(), Rejection::Malformed),
        (
            "half of it",
            whole[..whole.len() / 2].to_vec(),
            Rejection::Malformed,
        ),
        (
            "too large",
            vec![0; check::ENVELOPE_BYTES_MAX + 1],
            Rejection::TooLarge,
        ),
        (
            "a body that is noise",
            envelope(leads, |envelope| envelope.body = vec![0xff; 32]),
            Rejection::Malformed,
        ),
    ]
}

fn signatures(leads: &Leads) -> Vec<Case> {
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

/// Bytes that decode and are not the bytes that their content encodes to.
fn encodings(leads: &Leads) -> Vec<Case> {
    let whole = leads.payment(0);
    // The fields of an envelope begin with 0x0a, a body's first one is the version: 0x08 0x01.
    let of_body = |change: &dyn Fn(&mut Vec<u8>)| {
        envelope(leads, |envelope| {
            change(&mut envelope.body);
            let preimage = check::signing_bytes(leads.organisation(), &envelope.body);
            envelope.signatures = vec![charter::key(0).sign(&preimage).to_bytes().to_vec()];
        })
    };
    let with_end = |end: &[u8]| [&whole[..], end].concat();
    let cases = [
        (
            "an unknown field after the envelope",
            with_end(&[0x7a, 0x01, 0x00]),
        ),
        ("the envelope twice", with_end(&whole)),
        ("an empty body after the body", with_end(&[0x0a, 0x00])),
        (
            "an unknown field in the body",
            of_body(&|body| body.extend([0x7a, 0x01, 0x00])),
        ),
        (
            "a zero that is written",
            of_body(&|body| body.extend([0x18, 0x00])),
        ),
        (
            "a version twice",
            of_body(&|body| body.extend([0x08, 0x01])),
        ),
        (
            "a long form of a number",
            of_body(&|body| {
                body.splice(1..2, [0x81, 0x00]);
            }),
        ),
        ("fields out of order", of_body(&|body| body.rotate_left(2))),
        (
            "an action that nobody knows",
            of_body(&|body| body.extend([0x32, 0x04, 0xba, 0x3e, 0x01, 0x00])),
        ),
    ];
    cases
        .map(|(name, bytes)| (name, bytes, Rejection::NotCanonical))
        .to_vec()
}

fn bodies(leads: &Leads) -> Vec<Case> {
    let year = 366 * 86_400;
    vec![
        (
            "version 0",
            body(leads, |body| body.version = 0),
            Rejection::WrongVersion,
        ),
        (
            "version 2",
            body(leads, |body| body.version = 2),
            Rejection::WrongVersion,
        ),
        (
            "no organisation",
            body(leads, |body| body.organisation.clear()),
            Rejection::WrongOrganisation,
        ),
        (
            "a short organisation",
            body(leads, |body| body.organisation.truncate(31)),
            Rejection::WrongOrganisation,
        ),
        (
            "another organisation",
            body(leads, |body| body.organisation = vec![7; 32]),
            Rejection::WrongOrganisation,
        ),
        (
            "valid until 1970",
            body(leads, |body| body.valid_until = 0),
            Rejection::Expired,
        ),
        (
            "valid until an hour ago",
            body(leads, |body| body.valid_until -= 7_200),
            Rejection::Expired,
        ),
        (
            "valid for a year",
            body(leads, |body| body.valid_until += year),
            Rejection::ValidTooLong,
        ),
        (
            "valid for ever",
            body(leads, |body| body.valid_until = u64::MAX),
            Rejection::ValidTooLong,
        ),
        (
            "no salt",
            body(leads, |body| body.salt.clear()),
            Rejection::SaltMalformed,
        ),
        (
            "a short salt",
            body(leads, |body| body.salt.truncate(15)),
            Rejection::SaltMalformed,
        ),
        (
            "a long salt",
            body(leads, |body| body.salt.push(0)),
            Rejection::SaltMalformed,
        ),
    ]
}

fn signers(leads: &Leads) -> Vec<Case> {
    let many = |count: u64| {
        let key = charter::key(0).verifying_key().to_bytes().to_vec();
        let signers = (1..=count)
            .map(|member| Signer {
                member,
                key: key.clone(),
            })
            .collect();
        body(leads, |body| body.signers = signers)
    };
    let member = |member: u64| body(leads, |body| body.signers[0].member = member);
    let key = |key: Vec<u8>| body(leads, |body| body.signers[0].key = key);
    vec![
        ("no signer", many(0), Rejection::SignerCount),
        (
            "too many signers",
            many(check::SIGNERS_MAX as u64 + 1),
            Rejection::SignerCount,
        ),
        (
            "a signer without signature",
            many(2),
            Rejection::SignerCount,
        ),
        (
            "a signer twice",
            body(leads, |body| body.signers.push(body.signers[0].clone())),
            Rejection::SignerTwice,
        ),
        ("member 0", member(0), Rejection::MemberUnknown),
        ("nobody's number", member(99), Rejection::MemberUnknown),
        (
            "the largest number",
            member(u64::MAX),
            Rejection::MemberUnknown,
        ),
        ("no key", key(Vec::new()), Rejection::KeyUnknown),
        ("a short key", key(vec![1; 31]), Rejection::KeyUnknown),
        ("a long key", key(vec![1; 33]), Rejection::KeyUnknown),
        (
            "a key of small order",
            key(vec![0; 32]),
            Rejection::KeyUnknown,
        ),
        (
            "another person's key",
            key(charter::key(1).verifying_key().to_bytes().to_vec()),
            Rejection::KeyUnknown,
        ),
    ]
}

fn actions(leads: &Leads) -> Vec<Case> {
    let action = |change: fn(&mut polity_proto::v1::Action)| {
        body(leads, |body| change(&mut body.actions[0]))
    };
    let second = |signer| Second {
        signer,
        acting_role: None,
    };
    let seconds = |signers: &[u32]| {
        let seconds = signers.iter().map(|signer| second(*signer)).collect();
        body(leads, |body| body.actions[0].seconds = seconds)
    };
    vec![
        (
            "no action",
            body(leads, |body| body.actions.clear()),
            Rejection::ActionCount,
        ),
        (
            "too many actions",
            body(leads, |body| {
                body.actions = vec![body.actions[0].clone(); check::ACTIONS_MAX + 1]
            }),
            Rejection::ActionCount,
        ),
        (
            "an empty action",
            action(|action| action.kind = None),
            Rejection::ActionMissing,
        ),
        (
            "an actor who does not sign",
            action(|action| action.actor = 1),
            Rejection::SignerIndex,
        ),
        (
            "a second who does not sign",
            seconds(&[1]),
            Rejection::SignerIndex,
        ),
        ("a second twice", seconds(&[0, 0]), Rejection::ListTooLong),
        ("too many seconds", seconds(&[0; 9]), Rejection::ListTooLong),
        (
            "a role that is nothing",
            action(|action| action.acting_role = Some(Ref { number: 0, new: 0 })),
            Rejection::RefMalformed,
        ),
        (
            "a role that is two things",
            action(|action| action.acting_role = Some(Ref { number: 1, new: 1 })),
            Rejection::RefMalformed,
        ),
    ]
}

fn transfers(leads: &Leads) -> Vec<Case> {
    let nothing = Some(Ref { number: 0, new: 0 });
    let with = |change: &dyn Fn(&mut Transfer)| transfer(leads, |one| change(one));
    let not_text = envelope(leads, |envelope| {
        let mut body = good(leads);
        if let Some(Kind::Transfer(transfer)) = &mut body.actions[0].kind {
            transfer.reference = "~~~~".into();
        }
        let mut bytes = body.encode_to_vec();
        let at = bytes
            .windows(4)
            .position(|four| four == b"~~~~")
            .expect("the reference");
        bytes[at] = 0xff;
        envelope.body = bytes;
    });
    vec![
        (
            "no account that pays",
            with(&|one| one.from = None),
            Rejection::RefMalformed,
        ),
        (
            "an account that is nothing",
            with(&|one| one.from = nothing),
            Rejection::RefMalformed,
        ),
        (
            "no account that is paid",
            with(&|one| one.to = None),
            Rejection::RefMalformed,
        ),
        (
            "an amount with a leading zero",
            with(&|one| one.amount = vec![0, 1]),
            Rejection::AmountMalformed,
        ),
        (
            "an amount of 17 bytes",
            with(&|one| one.amount = vec![1; 17]),
            Rejection::AmountMalformed,
        ),
        (
            "no kind",
            with(&|one| one.kind = 0),
            Rejection::FieldMissing,
        ),
        (
            "an unknown kind",
            with(&|one| one.kind = 99),
            Rejection::ValueUnknown,
        ),
        (
            "a negative kind",
            with(&|one| one.kind = -1),
            Rejection::ValueUnknown,
        ),
        (
            "a kind of another action",
            with(&|one| one.kind = TransferKind::Issue as i32),
            Rejection::KindReserved,
        ),
        (
            "a budget line that is nothing",
            with(&|one| one.line = nothing),
            Rejection::RefMalformed,
        ),
        (
            "a long reference",
            with(&|one| one.reference = "x".repeat(65)),
            Rejection::TextMalformed,
        ),
        (
            "a reference with a bell",
            with(&|one| one.reference = "\u{7}".into()),
            Rejection::TextMalformed,
        ),
        (
            "a reference that is no text",
            not_text,
            Rejection::Malformed,
        ),
        (
            "a short hash",
            with(&|one| one.document = vec![1; 31]),
            Rejection::HashMalformed,
        ),
    ]
}

/// The points of small order, and encodings of them that are not canonical: nobody may enrol them.
fn small_order_keys(leads: &Leads) -> Vec<Case> {
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

/// These get into a block, because only the state can tell; there they are refused and recorded.
fn refused_in_a_block(leads: &Leads) -> Vec<Case> {
    let with = |change: &dyn Fn(&mut Transfer)| transfer(leads, |one| change(one));
    let unknown = form::numbered(99);
    let role = |number| {
        body(leads, |body| {
            body.actions[0].acting_role = form::numbered(number)
        })
    };
    vec![
        (
            "from nowhere",
            with(&|one| one.from = unknown),
            Rejection::ObjectUnknown,
        ),
        (
            "to nowhere",
            with(&|one| one.to = unknown),
            Rejection::ObjectUnknown,
        ),
        (
            "to an earlier action that is none",
            with(&|one| one.to = form::created_by(5)),
            Rejection::ObjectUnknown,
        ),
        (
            "a budget line that is none",
            with(&|one| one.line = unknown),
            Rejection::ObjectUnknown,
        ),
        ("a role that is none", role(99), Rejection::RoleNotHeld),
        (
            "a role of somebody else",
            role(charter::number(1)),
            Rejection::RoleNotHeld,
        ),
        (
            "nothing",
            with(&|one| one.amount.clear()),
            Rejection::AmountZero,
        ),
        (
            "to itself",
            with(&|one| one.to = one.from),
            Rejection::SameAccount,
        ),
        (
            "more than the role may",
            with(&|one| one.amount = Amount(10_000_001).to_bytes()),
            Rejection::LimitPerTransfer,
        ),
        (
            "more than can be counted",
            with(&|one| one.amount = Amount(u128::MAX).to_bytes()),
            Rejection::LimitPerTransfer,
        ),
    ]
}

#[test]
fn every_bad_transaction_is_refused_by_name_and_changes_nothing() {
    let mut cluster = patient_node();
    let leads = cluster.leads().clone();
    let gateway = cluster.nodes[0].gateway();
    let code = |bytes: &[u8]| {
        let params = json!({"tx": STANDARD.encode(bytes)});
        let answer = http::call(gateway, "broadcast_tx_sync", &params).expect("the node answers");
        u32::try_from(answer["code"].as_u64().unwrap_or_default()).unwrap_or_default()
    };
    let before = state(&cluster);

    let at_the_door = refused_at_the_door(&leads);
    for (name, bytes, expected) in &at_the_door {
        assert_eq!(code(bytes), expected.code(), "{name}: {}", expected.name());
    }
    assert_eq!(state(&cluster), before);

    let in_a_block = refused_in_a_block(&leads);
    for (name, bytes, expected) in &in_a_block {
        assert_eq!(code(bytes), 0, "{name}");
        let (_, code) = cluster.wait_for(0, &hash(bytes), BLOCK);
        assert_eq!(
            code,
            u64::from(expected.code()),
            "{name}: {}",
            expected.name()
        );
    }
    assert_eq!(state(&cluster).1, before.1, "the account");

    // What was in a block is not taken again, however it is signed.
    let payment = leads.payment(0);
    let hash = cluster.send(0, &payment).expect("a good one is let in");
    assert_eq!(cluster.wait_for(0, &hash, BLOCK).1, 0);
    let paid = state(&cluster);
    let params = json!({"tx": STANDARD.encode(&payment)});
    let replayed = http::call(gateway, "broadcast_tx_sync", &params).expect_err("it is known");
    assert!(
        replayed.contains("tx already exists in cache"),
        "{replayed}"
    );
    let mut other_signature = Envelope::decode(&payment[..]).expect("an envelope");
    other_signature.signatures[0][5] ^= 1;
    assert_eq!(
        code(&other_signature.encode_to_vec()),
        Rejection::BadSignature.code()
    );
    assert_eq!(state(&cluster).1, paid.1, "the account");

    tell("transactions refused at the door", at_the_door.len() + 2);
    tell("transactions refused in a block", in_a_block.len());
    assert!(cluster.nodes[0].runs());
}
