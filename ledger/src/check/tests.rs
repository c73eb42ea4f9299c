use polity_proto::v1::{Action, Body, Envelope, Ref, Second, Signer};
use prost::Message;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use super::*;
use crate::world::{World, by, key};

/// A good transaction of finn, as its two parts.
fn good(world: &mut World) -> (Body, Envelope) {
    let pay = world.payment("finn:main", "gia:main", 1);
    let bytes = world.envelope(&[by("finn").does(pay)]);
    let envelope = Envelope::decode(bytes.as_slice()).expect("it is an envelope");
    let body = Body::decode(envelope.body.as_slice()).expect("it has a body");
    (body, envelope)
}

/// Signs a body by finn alone.
fn signed(world: &World, body: &Body) -> Vec<u8> {
    let body = body.encode_to_vec();
    let message = signing_bytes(&world.organisation, &body);
    let signature = ed25519_dalek::Signer::sign(&key("finn"), &message);
    Envelope {
        body,
        signatures: vec![signature.to_bytes().to_vec()],
    }
    .encode_to_vec()
}

/// Makes one field of a body wrong; some need somebody who stands behind an action.
type Spoil = fn(&mut Body, &Second);

#[test]
fn each_field_of_a_body_that_is_wrong_has_its_name() {
    let mut world = World::new();
    let (good, _) = good(&mut world);
    assert!(check(&signed(&world, &good), &world.organisation).is_ok());
    let second = Second {
        signer: 0,
        acting_role: None,
    };
    let cases: [(Spoil, Rejection); 16] = [
        (|body, _| body.version = 2, Rejection::WrongVersion),
        (
            |body, _| body.organisation[0] ^= 1,
            Rejection::WrongOrganisation,
        ),
        (|body, _| body.salt.push(1), Rejection::SaltMalformed),
        (|body, _| body.salt.clear(), Rejection::SaltMalformed),
        (|body, _| body.signers.clear(), Rejection::SignerCount),
        (
            |body, _| body.signers = vec![Signer::default(); 17],
            Rejection::SignerCount,
        ),
        (
            |body, _| body.signers.push(body.signers[0].clone()),
            Rejection::SignerTwice,
        ),
        (
            |body, _| body.signers[0].key.truncate(31),
            Rejection::KeyUnknown,
        ),
        (|body, _| body.actions.clear(), Rejection::ActionCount),
        (
            |body, _| body.actions = vec![body.actions[0].clone(); 101],
            Rejection::ActionCount,
        ),
        (
            |body, _| body.actions.push(Action::default()),
            Rejection::ActionMissing,
        ),
        (|body, _| body.actions[0].actor = 1, Rejection::SignerIndex),
        (
            |body, second| {
                body.actions[0].seconds.push(Second {
                    signer: 9,
                    ..*second
                });
            },
            Rejection::SignerIndex,
        ),
        (
            |body, second| body.actions[0].seconds = vec![*second; 2],
            Rejection::ListTooLong,
        ),
        (
            |body, _| body.actions[0].acting_role = Some(Ref::default()),
            Rejection::RefMalformed,
        ),
        (
            |body, second| {
                body.actions[0].seconds.push(Second {
                    acting_role: Some(Ref { number: 1, new: 1 }),
                    ..*second
                });
            },
            Rejection::RefMalformed,
        ),
    ];
    for (place, (spoil, expected)) in cases.into_iter().enumerate() {
        let mut body = good.clone();
        spoil(&mut body, &second);
        let refused = check(&signed(&world, &body), &world.organisation);
        assert_eq!(refused, Err(expected), "case {place}");
    }
}

#[test]
fn of_too_many_actions_one_too_many_is_kept() {
    let body = Body {
        actions: vec![Action::default(); 1_000],
        ..Body::default()
    };
    let decoded = decode_body(&body.encode_to_vec()).expect("it is canonical");
    assert_eq!(decoded.actions.len(), ACTIONS_MAX + 1);
}

#[test]
fn a_body_of_too_many_actions_is_refused_as_if_all_were_kept() {
    let mut world = World::new();
    let (good, _) = good(&mut world);
    let whole = |bytes: &[u8]| {
        let body = Body::decode(bytes).map_err(|_| Rejection::Malformed)?;
        let is_canonical = body.encode_to_vec() == bytes;
        is_canonical.then_some(body).ok_or(Rejection::NotCanonical)
    };
    let mut random = StdRng::seed_from_u64(7);
    let mut outcomes = [0; 3];
    for actions in [1, 99, 100, 101, 102, 103, 150] {
        let mut body = good.clone();
        body.actions = vec![body.actions[0].clone(); actions];
        let bytes = body.encode_to_vec();
        for round in 0..2_000 {
            let mut altered = bytes.clone();
            // The first round leaves them as they are.
            for _ in 0..round.min(2) {
                let place = random.random_range(0..altered.len());
                match random.random_range(0..4) {
                    0 => altered[place] ^= 1u8 << random.random_range(0..8),
                    1 => drop(altered.remove(place)),
                    2 => altered.insert(place, random.random()),
                    _ => altered.extend([0x08, 0x01]),
                }
            }
            let mut expected = whole(&altered);
            if let Ok(body) = &mut expected {
                body.actions.truncate(ACTIONS_MAX + 1);
            }
            outcomes[match expected {
                Ok(_) => 0,
                Err(Rejection::Malformed) => 1,
                Err(_) => 2,
            }] += 1;
            assert_eq!(decode_body(&altered), expected);
        }
    }
    assert!(outcomes.iter().all(|count| *count > 100), "{outcomes:?}");
}

#[test]
fn each_wrong_envelope_has_its_name() {
    let mut world = World::new();
    let (_, good) = good(&mut world);
    let with = |change: &dyn Fn(&mut Envelope)| {
        let mut envelope = good.clone();
        change(&mut envelope);
        envelope.encode_to_vec()
    };
    let unknown_field = [good.encode_to_vec(), vec![0x1a, 0x00]].concat();
    let cases = [
        (vec![0; ENVELOPE_BYTES_MAX + 1], Rejection::TooLarge),
        (vec![0x0a, 0x05], Rejection::Malformed),
        (unknown_field, Rejection::NotCanonical),
        (
            with(&|envelope| envelope.body.extend([0x3a, 0x00])),
            Rejection::NotCanonical,
        ),
        (
            with(&|envelope| envelope.body.push(0x0a)),
            Rejection::Malformed,
        ),
        (
            with(&|envelope| envelope.signatures.clear()),
            Rejection::SignerCount,
        ),
        (
            with(&|envelope| envelope.signatures.push(vec![0; 64])),
            Rejection::SignerCount,
        ),
        (
            with(&|envelope| envelope.signatures[0].truncate(63)),
            Rejection::BadSignature,
        ),
        (
            with(&|envelope| envelope.signatures[0][0] ^= 1),
            Rejection::BadSignature,
        ),
    ];
    for (place, (bytes, expected)) in cases.into_iter().enumerate() {
        let refused = check(&bytes, &world.organisation);
        assert_eq!(refused, Err(expected), "case {place}");
    }
}

#[test]
fn nobody_stands_behind_themselves() {
    let mut world = World::new();
    let pay = world.payment("finn:main", "gia:main", 1);
    let deed = by("finn").seconded_plainly("finn").does(pay);
    world.check_deed(deed, "rejected signer_twice");
}

/// A payment of finn whose key and signature are these.
fn unverified(world: &mut World, key: [u8; 32], signature: [u8; 64]) -> UnverifiedTransaction {
    let (mut body, _) = good(world);
    body.signers[0].key = key.to_vec();
    let envelope = Envelope {
        body: body.encode_to_vec(),
        signatures: vec![signature.to_vec()],
    };
    parse(&envelope.encode_to_vec(), &world.organisation).expect("its form is right")
}

/// Coefficients of the batch equation, the same in each run.
fn dice() -> StdRng {
    StdRng::seed_from_u64(1)
}

/// All encodings of points of small order that decompress, with both signs of x.
fn small_order() -> impl Iterator<Item = [u8; 32]> {
    let beyond_the_prime = [y_with_ends(0xed, 0xff, 0x7f), y_with_ends(0xee, 0xff, 0x7f)];
    let encodings = SMALL_ORDER_Y.into_iter().chain(beyond_the_prime);
    encodings.flat_map(|y| {
        let mut signed = y;
        signed[31] |= 0x80;
        [y, signed]
    })
}

#[test]
fn a_batch_accepts_what_each_signature_alone_is_accepted_for() {
    let mut world = World::new();
    let mut batch = Vec::new();
    for key in small_order() {
        for r in small_order() {
            let mut signature = [0; 64];
            signature[..32].copy_from_slice(&r);
            batch.push(unverified(&mut world, key, signature));
        }
    }
    let (_, envelope) = good(&mut world);
    batch.push(parse(&envelope.encode_to_vec(), &world.organisation).expect("it is good"));

    let strictly = batch
        .iter()
        .filter(|one| all_hold_strictly(std::slice::from_ref(*one), point));
    assert!(
        strictly.count() < batch.len(),
        "some hold by the cofactor alone"
    );
    assert!(batch.iter().all(|one| verify(one.clone()).is_ok()));
    let together = verify_batch(batch, point, dice());
    assert!(together.iter().all(Result::is_ok));
}

/// The prime order of the base point, little-endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// The same scalar, written as one that is not reduced.
fn unreduced(scalar: &[u8; 32]) -> [u8; 32] {
    let mut carry = 0;
    std::array::from_fn(|place| {
        carry += u16::from(scalar[place]) + u16::from(ORDER[place]);
        let [low, high] = carry.to_le_bytes();
        carry = u16::from(high);
        low
    })
}

/// Bytes that are no point.
fn no_point() -> [u8; 32] {
    let mut candidates = (2..).map(|y| y_with_ends(y, 0, 0));
    let found = candidates.find(|bytes| point(bytes).is_none());
    found.expect("half of all bytes are no point")
}

#[test]
fn a_batch_refuses_what_each_signature_alone_is_refused_for() {
    let mut world = World::new();
    let (_, envelope) = good(&mut world);
    let good = parse(&envelope.encode_to_vec(), &world.organisation).expect("it is good");
    let with_signature = |change: &dyn Fn(&mut [u8; 64])| {
        let mut bad = good.clone();
        change(&mut bad.signatures[0]);
        bad
    };
    let with_key = |key: [u8; 32]| {
        let mut bad = good.clone();
        bad.checked.body.signers[0].key = key.to_vec();
        bad
    };
    let gia = key("gia").verifying_key().to_bytes();
    let cases = [
        with_signature(&|signature| {
            let (_, scalar) = signature.split_last_chunk_mut::<32>().expect("two halves");
            *scalar = unreduced(scalar);
        }),
        with_signature(&|signature| signature[63] |= 0xe0),
        with_signature(&|signature| signature[..32].copy_from_slice(&no_point())),
        with_key(no_point()),
        with_key(gia),
    ];
    // A caller who confuses keys gives the point of Finn's, which signed all of this, for every key.
    let finn = key("finn").verifying_key();
    for (place, bad) in cases.into_iter().enumerate() {
        let alone = verify(bad.clone());
        assert_eq!(alone, Err(Rejection::BadSignature), "case {place}");
        for confused in [false, true] {
            let known = |bytes: &[u8]| if confused { Some(finn) } else { point(bytes) };
            let together = verify_batch(vec![good.clone(), bad.clone()], known, dice());
            assert!(together[0].is_ok(), "case {place}");
            assert_eq!(together[1], alone, "case {place}");
        }
    }
}

#[test]
fn one_bad_signature_of_a_batch_is_refused_alone() {
    let mut world = World::new();
    let mut batch: Vec<_> = (0..300).map(|_| good(&mut world).1).collect();
    batch[7].signatures[0][40] ^= 1;
    let parsed = batch
        .iter()
        .map(|envelope| parse(&envelope.encode_to_vec(), &world.organisation));
    let batch: Vec<_> = parsed
        .collect::<Result<_, _>>()
        .expect("their form is right");

    let answers = verify_batch(batch, point, dice());

    for (place, answer) in answers.iter().enumerate() {
        let expected = if place == 7 {
            Some(Rejection::BadSignature)
        } else {
            None
        };
        assert_eq!(answer.as_ref().err().copied(), expected, "{place}");
    }
}
