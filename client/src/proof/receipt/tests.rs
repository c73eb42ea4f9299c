use polity_ledger::merkle::receipts;
use polity_proto::v1::Body;
use proptest::prelude::*;
use serde_json::Value;
use tendermint::merkle::simple_hash_from_byte_vectors;

use super::*;
use crate::recorded::{chain, light_block};
use crate::rpc::TransactionAnswer;
use crate::trust::{TrustOptions, verify_chain};

/// The recorded headers of a height and of the one after it, verified from the one as checkpoint.
fn headers(chain: &Value, height: u64) -> (VerifiedHeader, VerifiedHeader) {
    let hash = chain["commits"][height.to_string()]["signed_header"]["commit"]["block_id"]["hash"]
        .as_str()
        .and_then(|hash| hex::decode(hash).ok());
    let root = crate::trust::TrustRoot::Checkpoint(crate::trust::Checkpoint {
        chain_id: "polity-fixture".into(),
        height,
        header_hash: hash.expect("a hash").try_into().expect("32 bytes"),
    });
    let options = TrustOptions {
        trusting_period: None,
        ..crate::recorded::options()
    };
    let blocks = [light_block(chain, height), light_block(chain, height + 1)];
    let mut verified = verify_chain(&root, &blocks, &options).expect("verifies");
    let next = verified.pop().expect("two");
    (verified.pop().expect("two"), next)
}

fn transactions(chain: &Value) -> Vec<TransactionAnswer> {
    let recorded = chain["transactions"].as_object().expect("transactions");
    let parsed = recorded.values().cloned().map(serde_json::from_value);
    parsed.collect::<Result<_, _>>().expect("the fixture")
}

#[test]
fn every_recorded_transaction_is_in_its_block_and_nowhere_else() {
    let chain = chain();
    for answer in transactions(&chain) {
        let (block, _) = headers(&chain, answer.height);
        let data_hash = block.data_hash().expect("a root");
        let proof = answer.proof.as_ref().expect("a proof");
        let holds = |index, total, transaction: &[u8], path: &[[u8; 32]]| {
            verify_transaction(&data_hash, transaction, index, total, path).is_ok()
        };

        let transaction = answer.transaction.as_slice();
        assert!(holds(answer.index, proof.total, transaction, &proof.aunts));
        assert!(!holds(
            answer.index + 1,
            proof.total,
            transaction,
            &proof.aunts
        ));
        assert!(!holds(
            answer.index,
            proof.total + 9,
            transaction,
            &proof.aunts
        ));
        assert!(!holds(answer.index, proof.total, b"another", &proof.aunts));
        let longer = [proof.aunts.as_slice(), &[[0; 32]]].concat();
        assert!(!holds(answer.index, proof.total, transaction, &longer));
        for position in 0..proof.aunts.len() {
            let mut changed = proof.aunts.clone();
            changed[position][0] ^= 1;
            assert!(!holds(answer.index, proof.total, transaction, &changed));
        }
    }
}

#[test]
fn every_recorded_result_is_covered_by_the_next_header() {
    let chain = chain();
    let recorded = chain["results"].as_object().expect("results");
    for (height, results) in recorded {
        let (_, next) = headers(&chain, height.parse().expect("a height"));
        let root = next.last_results_hash().expect("a root");
        let results = results["txs_results"].as_array().expect("results");
        let leaves = vec![covered_result(0, b""); results.len()];
        for index in 0..results.len() {
            let path = receipts::prove(&leaves, index).expect("a path");
            let holds = |code, data: &[u8]| {
                let (index, total) = (index as u64, results.len() as u64);
                verify_result(&root, code, data, index, total, &path).is_ok()
            };
            assert!(holds(0, b""), "{height}");
            assert!(!holds(1, b"") && !holds(0, b"x"), "{height}");
        }
    }
}

#[test]
fn results_are_hashed_as_cometbft_does() {
    let oracle = |code, data: &[u8]| {
        let result = tendermint_proto::v0_38::abci::ExecTxResult {
            code,
            data: data.to_vec().into(),
            ..Default::default()
        };
        result.encode_to_vec()
    };
    let results = [
        (0, b"".as_slice()),
        (641, b"why"),
        (0, b"\x08\x01"),
        (7, b""),
    ];
    let leaves: Vec<_> = results
        .iter()
        .map(|(code, data)| oracle(*code, data))
        .collect();
    let root = simple_hash_from_byte_vectors::<tendermint::crypto::default::Sha256>(&leaves);

    for (index, (code, data)) in results.iter().enumerate() {
        let path = receipts::prove(&leaves, index).expect("a path");
        let verified = verify_result(&root, *code, data, index as u64, 4, &path);
        assert!(verified.is_ok(), "{index}");
    }
}

struct Case {
    id: [u8; 32],
    answer: ReceiptAnswer,
    block: VerifiedHeader,
    next: VerifiedHeader,
}

/// The third of five transactions in block 7.
fn case() -> Case {
    let envelopes: Vec<_> = (0..5_u8).map(envelope).collect();
    let receipts: Vec<_> = (0..5_u32)
        .map(|code| {
            let receipt = Receipt {
                code,
                ..Receipt::default()
            };
            receipt.encode_to_vec()
        })
        .collect();
    let hashes: Vec<_> = envelopes.iter().map(Sha256::digest).collect();
    let results: Vec<_> = (0..5_u32)
        .map(|code| covered_result(code, &receipts[code as usize]))
        .collect();
    let path = |path: Option<Vec<[u8; 32]>>| {
        let path = path.expect("a path").into_iter();
        path.map(|hash| hash.to_vec()).collect()
    };
    let data_hash = receipts::root(&hashes);
    let results_hash = receipts::root(&results);

    let body = Envelope::decode(envelopes[2].as_slice())
        .expect("ours")
        .body;
    Case {
        id: Sha256::digest(body).into(),
        answer: ReceiptAnswer {
            height: 7,
            index: 2,
            transaction: envelopes[2].clone(),
            receipt: receipts[2].clone(),
            code: 2,
            total: 5,
            results_path: path(receipts::prove(&results, 2)),
            transaction_path: path(receipts::prove(&hashes, 2)),
        },
        block: VerifiedHeader::for_test(7, b"", data_hash, [1; 32]),
        next: VerifiedHeader::for_test(8, b"", [1; 32], results_hash),
    }
}

fn envelope(number: u8) -> Vec<u8> {
    let body = Body {
        salt: vec![number; 16],
        ..Body::default()
    };
    Envelope {
        body: body.encode_to_vec(),
        signatures: vec![vec![number; 64]],
    }
    .encode_to_vec()
}

#[test]
fn a_receipt_is_proven_by_the_header_of_its_block_and_the_next() {
    let case = case();

    let proven = verify_receipt(&case.answer, &case.id, &case.block, &case.next).expect("proven");

    assert_eq!((proven.height, proven.index, proven.code), (7, 2, 2));
    assert_eq!(proven.receipt.code, 2);
}

#[test]
fn a_receipt_with_any_field_altered_is_refused() {
    type Change = fn(&mut Case);
    let changes: [(&str, Change); 16] = [
        ("id", |case| case.id[0] ^= 1),
        ("height", |case| case.answer.height = 8),
        ("height at its end", |case| case.answer.height = u64::MAX),
        ("index", |case| case.answer.index = 3),
        ("index beyond", |case| case.answer.index = 5),
        ("total", |case| case.answer.total = 9),
        ("no total", |case| case.answer.total = 0),
        ("signature", |case| {
            *case.answer.transaction.last_mut().expect("bytes") ^= 1
        }),
        ("another transaction", |case| {
            case.answer.transaction = envelope(3)
        }),
        ("receipt", |case| case.answer.receipt[1] ^= 1),
        ("code", |case| case.answer.code = 0),
        ("results path", |case| case.answer.results_path[0][0] ^= 1),
        ("short hash", |case| {
            case.answer.results_path[0].truncate(31)
        }),
        ("transaction path", |case| {
            case.answer.transaction_path[1][0] ^= 1
        }),
        ("no path", |case| case.answer.transaction_path.clear()),
        ("headers the wrong way", |case| {
            std::mem::swap(&mut case.block, &mut case.next)
        }),
    ];
    for (name, change) in changes {
        let mut case = case();
        change(&mut case);
        let refused = verify_receipt(&case.answer, &case.id, &case.block, &case.next);
        assert!(refused.is_err(), "{name}");
    }
}

proptest! {
    #[test]
    fn garbage_is_an_error_and_never_a_panic(
        transaction in proptest::collection::vec(any::<u8>(), 0..100),
        index in any::<u32>(),
        total in any::<u32>(),
        path in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 31..33), 0..70),
    ) {
        let mut case = case();
        case.answer = ReceiptAnswer {
            transaction,
            index,
            total,
            results_path: path.clone(),
            transaction_path: path,
            ..case.answer
        };
        prop_assert!(verify_receipt(&case.answer, &case.id, &case.block, &case.next).is_err());
    }
}
