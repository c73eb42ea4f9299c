use ics23::NonExistenceProof;
use polity_ledger::merkle::jellyfish::content_hash;
use polity_proto::v1::KeyAnswer;
use proptest::prelude::*;

use super::*;
use crate::ErrorKind;
use crate::made::State;
use crate::rpc::ProofOp;

/// So many values.
fn state_of(count: u64) -> State {
    let values = (0..count).map(|number| (key(number), format!("value {number}").into_bytes()));
    State::of(values.collect())
}

fn key(number: u64) -> Vec<u8> {
    [&[1][..], &number.to_be_bytes()].concat()
}

#[test]
fn every_key_is_proven_present_or_absent_in_trees_of_many_sizes() {
    for count in [1, 2, 3, 10, 100] {
        let state = state_of(count);
        for number in 0..count + 20 {
            let (value, proof) = state.answer(&key(number));
            assert_eq!(value.is_empty(), number >= count);
            let verified = verify_key(&state.root(), &key(number), &value, &proof.encode_to_vec());
            assert!(verified.is_ok(), "{number} of {count}: {verified:?}");
        }
    }
}

#[test]
fn in_the_empty_state_every_key_is_absent_and_none_is_present() {
    assert!(verify_key(&jellyfish::EMPTY, b"key", b"", b"").is_ok());
    assert!(verify_key(&jellyfish::EMPTY, b"key", b"value", b"").is_err());
}

#[test]
fn another_key_value_or_root_is_refused() {
    let state = state_of(20);
    let root = state.root();
    let (value, present) = state.answer(&key(3));
    let (_, absent) = state.answer(&key(33));
    let (present, absent) = (present.encode_to_vec(), absent.encode_to_vec());

    for (root, key, value, proof) in [
        (root, key(4), value.as_slice(), &present),
        (root, key(3), b"value 4".as_slice(), &present),
        (root, key(3), b"".as_slice(), &present),
        ([0; 32], key(3), value.as_slice(), &present),
        (root, key(34), b"".as_slice(), &absent),
        (root, key(3), b"".as_slice(), &absent),
        (root, key(33), b"value".as_slice(), &absent),
        ([0; 32], key(33), b"".as_slice(), &absent),
        (root, key(3), value.as_slice(), &Vec::new()),
        (root, key(33), b"".as_slice(), &Vec::new()),
    ] {
        let refused = verify_key(&root, &key, value, proof).expect_err("refused");
        assert_eq!(refused.kind(), ErrorKind::ProofFailed);
    }
    assert!(verify_key(&root[..31], &key(3), &value, &present).is_err());
}

#[test]
fn a_proof_with_any_bit_changed_is_refused() {
    let state = state_of(7);
    for number in [3, 33] {
        let (value, proof) = state.answer(&key(number));
        let bytes = proof.encode_to_vec();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            if CommitmentProof::decode(changed.as_slice()).is_ok_and(|p| p == proof) {
                continue;
            }
            let result = verify_key(&state.root(), &key(number), &value, &changed);
            assert!(result.is_err(), "bit {bit} of the proof of {number}");
        }
    }
}

#[test]
fn neighbours_that_are_no_neighbours_prove_no_absence() {
    let state = state_of(50);
    let existing: Vec<_> = state.values.keys().cloned().collect();
    let existence = |key: &[u8]| match state.answer(key).1.proof {
        Some(Proof::Exist(existence)) => existence,
        other => panic!("{other:?}"),
    };
    let mut by_hash = existing.clone();
    by_hash.sort_by_key(|key| content_hash(key));

    // Claim that the key in the middle is not there, with those around it as its neighbours, with
    // one of them missing, with it standing for itself, and with paths cut to nothing.
    for middle in 1..by_hash.len() - 1 {
        let target = &by_hash[middle];
        let left = existence(&by_hash[middle - 1]);
        let right = existence(&by_hash[middle + 1]);
        let own = existence(target);
        let cut = ExistenceProof {
            path: Vec::new(),
            ..left.clone()
        };
        for (left, right) in [
            (Some(left.clone()), Some(right.clone())),
            (Some(left.clone()), None),
            (None, Some(right.clone())),
            (None, None),
            (Some(own.clone()), Some(right)),
            (Some(left.clone()), Some(own.clone())),
            (Some(own.clone()), Some(own)),
            (Some(left.clone()), Some(left)),
            (Some(cut.clone()), Some(cut)),
        ] {
            let proof = CommitmentProof {
                proof: Some(Proof::Nonexist(NonExistenceProof {
                    key: target.clone(),
                    left,
                    right,
                })),
            };
            let claim = verify_key(&state.root(), target, b"", &proof.encode_to_vec());
            assert!(claim.is_err());
        }
    }
}

fn query(state: &State, number: u64, height: u64) -> QueryAnswer {
    let (value, proof) = state.answer(&key(number));
    QueryAnswer {
        key: key(number),
        value,
        height,
        proof_ops: vec![ProofOp {
            form: STATE_PROOF_FORM.into(),
            key: key(number),
            data: proof.encode_to_vec(),
        }],
        ..QueryAnswer::default()
    }
}

fn header(state: &State, height: u64) -> VerifiedHeader {
    VerifiedHeader::for_test(height, &state.root(), [0; 32], [0; 32])
}

#[test]
fn a_query_is_verified_by_the_header_above_it_and_by_no_other() {
    let state = state_of(9);

    let present = verify_query(&query(&state, 4, 7), &key(4), &header(&state, 8));
    let absent = verify_query(&query(&state, 40, 7), &key(40), &header(&state, 8));

    assert_eq!(present.expect("proven"), Some(b"value 4".to_vec()));
    assert_eq!(absent.expect("proven"), None);
    for height in [6, 7, 9] {
        let verified = verify_query(&query(&state, 4, 7), &key(4), &header(&state, height));
        assert!(verified.is_err(), "{height}");
    }
}

#[test]
fn a_query_with_any_field_altered_is_refused() {
    type Change = fn(&mut QueryAnswer);
    let changes: [(&str, Change); 11] = [
        ("code", |answer| answer.code = 1),
        ("key", |answer| answer.key.push(0)),
        ("value", |answer| answer.value.push(0)),
        ("no value", |answer| answer.value.clear()),
        ("height", |answer| answer.height += 1),
        ("height at its end", |answer| answer.height = u64::MAX),
        ("no proof", |answer| answer.proof_ops.clear()),
        ("two proofs", |answer| {
            answer.proof_ops.push(ProofOp::default())
        }),
        ("form", |answer| {
            answer.proof_ops[0].form = "ics23:iavl".into()
        }),
        ("key of the proof", |answer| answer.proof_ops[0].key.push(0)),
        ("data", |answer| answer.proof_ops[0].data[9] ^= 1),
    ];
    let state = state_of(9);
    for (name, change) in changes {
        let mut answer = query(&state, 4, 7);
        change(&mut answer);
        let verified = verify_query(&answer, &key(4), &header(&state, 8));
        assert!(verified.is_err(), "{name}");
    }
    let other = verify_query(&query(&state, 4, 7), &key(5), &header(&state, 8));
    assert!(other.is_err());
}

#[test]
fn several_keys_are_answered_each_and_in_order() {
    let state = state_of(9);
    let keys = [key(2), key(20), key(5)];
    let answers = keys.iter().map(|key| {
        let (value, proof) = state.answer(key);
        KeyAnswer {
            key: key.clone(),
            value,
            proof: proof.encode_to_vec(),
        }
    });
    let answer = KeysAnswer {
        height: 7,
        answers: answers.collect(),
    };

    let values = verify_keys(&answer, &keys, &header(&state, 8)).expect("proven");
    let expected = [Some(b"value 2".to_vec()), None, Some(b"value 5".to_vec())];
    assert_eq!(values, expected);
    let swapped = [key(20), key(2), key(5)];
    assert!(verify_keys(&answer, &swapped, &header(&state, 8)).is_err());
    assert!(verify_keys(&answer, &keys[..2], &header(&state, 8)).is_err());
    assert!(verify_keys(&answer, &keys, &header(&state, 9)).is_err());
}

proptest! {
    #[test]
    fn garbage_is_an_error_and_never_a_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
        value in proptest::collection::vec(any::<u8>(), 0..3),
    ) {
        prop_assert!(verify_key(&[7; 32], b"key", &value, &bytes).is_err());
    }

    #[test]
    fn proofs_of_any_shape_are_an_error_and_never_a_panic(
        left in proptest::option::of(existence()),
        right in proptest::option::of(existence()),
    ) {
        let proof = Proof::Nonexist(NonExistenceProof { key: b"key".to_vec(), left, right });
        let bytes = CommitmentProof { proof: Some(proof) }.encode_to_vec();
        prop_assert!(verify_key(&[7; 32], b"key", b"", &bytes).is_err());
    }
}

fn existence() -> impl Strategy<Value = ExistenceProof> {
    let bytes = || proptest::collection::vec(any::<u8>(), 0..64);
    let inner = (any::<bool>(), bytes(), 0..3_usize).prop_map(|(hash, tail, suffix)| InnerOp {
        hash: i32::from(hash),
        prefix: [jellyfish::INNER_PREFIX.as_slice(), &tail].concat(),
        suffix: vec![0; suffix * 32],
    });
    let path = proptest::collection::vec(inner, 0..4);
    (bytes(), bytes(), path).prop_map(|(key, value, path)| ExistenceProof {
        key,
        value,
        leaf: jmt::ics23_spec().leaf_spec,
        path,
    })
}
