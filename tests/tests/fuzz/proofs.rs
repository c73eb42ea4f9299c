//! What a node answers: a client believes only what is so, and a node answers whatever is asked.

use bytes::Bytes;
use polity_client::proof::{HistoryHead, verify_key, verify_result, verify_transaction};
use polity_engine::application::Query;
use polity_ledger::merkle::receipts;
use polity_ledger::state::keys;
use polity_proto::v1::{
    ConsistencyAnswer, ConsistencyRequest, HistoryAnswer, HistoryRequest, InclusionAnswer,
    InclusionRequest, KeyAnswer, KeysRequest, ListAnswer, ListPage, ListRequest, ObjectKind,
    ReceiptAnswer, ReceiptAtRequest, Record,
};
use polity_tests::fuzz::{Form, Outcome};
use prost::Message;
use sha2::{Digest, Sha256};

use crate::sample;

/// The account whose history is asked for: the busiest.
fn account() -> u64 {
    let state = &sample().memory.state;
    let accounts = state.range(vec![keys::ACCOUNT]..vec![keys::ACCOUNT + 1]);
    let busiest = accounts.max_by_key(|(_, value)| {
        let record = Record::decode(value.as_slice()).expect("the state holds records");
        record.history_count
    });
    let (key, _) = busiest.expect("there are accounts");
    u64::from_be_bytes(key[1..].try_into().expect("a key ends in a number"))
}

fn ask(path: &str, data: Vec<u8>, prove: bool) -> Vec<u8> {
    let query = Query {
        path: path.into(),
        data: data.into(),
        height: 0,
        prove,
    };
    let answer = sample().ask(query).expect("the node answers");
    assert_eq!(answer.code, 0, "{path}: {}", answer.log);
    answer.value.to_vec()
}

/// A list is told as its pages hold it, whole and from any of them on.
#[test]
fn lists() {
    let state = &sample().memory.state;
    let heads = state.range(vec![keys::LIST_HEAD]..vec![keys::LIST_HEAD + 1]);
    let mut most = 0;
    for (key, _) in heads {
        let number = |at: usize| u64::from_be_bytes(key[at..at + 8].try_into().expect("eight"));
        let (list, owner) = (number(1), number(9));
        let pages = state.range(
            keys::key(keys::LIST_PAGE, &[list, owner])
                ..=keys::key(keys::LIST_PAGE, &[list, owner, u64::MAX]),
        );
        let pages: Vec<Vec<u64>> = pages
            .map(|(_, page)| ListPage::decode(page.as_slice()).expect("a page").numbers)
            .collect();
        most = most.max(pages.len());
        for from in 0..=pages.len() {
            let request = ListRequest {
                list,
                owner,
                from_page: from as u64,
            };
            let answer = ask("/list", request.encode_to_vec(), false);
            let answer = ListAnswer::decode(answer.as_slice()).expect("it is an answer");
            assert_eq!(answer.count, pages.concat().len() as u64);
            assert_eq!(answer.pages, pages.len() as u64);
            assert_eq!(answer.numbers, pages[from..].concat());
        }
    }
    assert!(most > 0, "there are lists");
}

/// A proof shows the value that is there, or that there is none.
#[test]
fn state_proofs() {
    let sample = sample();
    let mut corpus = Vec::new();
    let leaves = sample.memory.state.keys().filter(|key| keys::is_leaf(key));
    let mut asked: Vec<Vec<u8>> = leaves.step_by(37).cloned().collect();
    asked.push(keys::key(keys::MEMBER, &[9_999]));
    asked.push(vec![0x7f]);
    let request = KeysRequest { keys: asked };
    let answer = ask("/keys", request.encode_to_vec(), true);
    let answer = polity_proto::v1::KeysAnswer::decode(answer.as_slice()).expect("it is an answer");
    let root = sample.app_hashes[answer.height as usize];
    for answer in answer.answers {
        corpus.push(answer.encode_to_vec());
    }
    crate::check("state_proofs", Form::Wire, &corpus, 10_000, |bytes| {
        let Ok(answer) = KeyAnswer::decode(bytes) else {
            return Ok(Outcome::Refused);
        };
        if verify_key(&root, &answer.key, &answer.value, &answer.proof).is_err() {
            return Ok(Outcome::Refused);
        }
        let is = sample
            .memory
            .state
            .get(&answer.key)
            .map_or(&[][..], Vec::as_slice);
        if is == answer.value {
            Ok(Outcome::Accepted)
        } else {
            Err("a value that the state does not have is proven".into())
        }
    });
}

/// The true history of the account, and its head.
fn history() -> (HistoryHead, HistoryAnswer) {
    let request = HistoryRequest {
        kind: ObjectKind::Account as i32,
        number: account(),
        limit: 500,
        ..HistoryRequest::default()
    };
    let answer = HistoryAnswer::decode(ask("/history", request.encode_to_vec(), false).as_slice());
    let answer = answer.expect("it is an answer");
    let key = keys::key(keys::ACCOUNT, &[account()]);
    let head = HistoryHead::from_state_value(&sample().memory.state[&key]);
    (head.expect("the account has a history"), answer)
}

/// A page of a history holds the entries that are there, in their order.
#[test]
fn history_pages() {
    let (head, whole) = history();
    assert!(whole.count > 3, "the account was used");
    let pages = (0..whole.count).map(|from| {
        let request = HistoryRequest {
            kind: ObjectKind::Account as i32,
            number: account(),
            from,
            limit: 2,
            ..HistoryRequest::default()
        };
        ask("/history", request.encode_to_vec(), false)
    });
    let corpus: Vec<Vec<u8>> = pages.collect();
    crate::check("history_pages", Form::Wire, &corpus, 10_000, |bytes| {
        let Ok(page) = HistoryAnswer::decode(bytes) else {
            return Ok(Outcome::Refused);
        };
        if head.verify_page(&page, page.from, 2).is_err() {
            return Ok(Outcome::Refused);
        }
        let from = page.from as usize;
        if whole.entries.get(from..from + page.entries.len()) == Some(&page.entries) {
            Ok(Outcome::Accepted)
        } else {
            Err("entries that the history does not have are proven".into())
        }
    });
}

/// An entry is proven at its own place only.
#[test]
fn inclusions() {
    let (head, whole) = history();
    let inclusions = (0..whole.count).map(|index| {
        let request = InclusionRequest {
            kind: ObjectKind::Account as i32,
            number: account(),
            index,
        };
        ask("/inclusion", request.encode_to_vec(), false)
    });
    let corpus: Vec<Vec<u8>> = inclusions.collect();
    crate::check("inclusions", Form::Wire, &corpus, 5_000, |bytes| {
        let Ok(answer) = InclusionAnswer::decode(bytes) else {
            return Ok(Outcome::Refused);
        };
        let mut outcome = Outcome::Refused;
        for index in 0..whole.count {
            if head.verify_inclusion_answer(&answer, index).is_err() {
                continue;
            }
            if whole.entries[index as usize] != answer.entry {
                return Err(format!("another entry is proven at {index}"));
            }
            outcome = Outcome::Accepted;
        }
        Ok(outcome)
    });
}

/// A history continues the one that it was, and no other.
#[test]
fn consistencies() {
    let (head, whole) = history();
    let old = |count: u64| HistoryHead {
        count,
        root: receipts::root(&whole.entries[..count as usize]),
    };
    let consistencies = (1..whole.count).map(|count| {
        let request = ConsistencyRequest {
            kind: ObjectKind::Account as i32,
            number: account(),
            old: count,
        };
        let answer = ask("/consistency", request.encode_to_vec(), false);
        // What is asked for stands before the answer.
        [vec![count as u8], answer].concat()
    });
    let corpus: Vec<Vec<u8>> = consistencies.collect();
    crate::check("consistencies", Form::Bytes, &corpus, 5_000, |bytes| {
        let Some((count, answer)) = bytes.split_first() else {
            return Ok(Outcome::Refused);
        };
        let Ok(answer) = ConsistencyAnswer::decode(answer) else {
            return Ok(Outcome::Refused);
        };
        let count = u64::from(*count).min(whole.count);
        // Another beginning than the true one must not be continued.
        let forged = HistoryHead {
            count,
            root: Sha256::digest(b"another").into(),
        };
        if count > 0 && head.verify_consistency_answer(&forged, &answer).is_ok() {
            return Err("a history continues another".into());
        }
        match head.verify_consistency_answer(&old(count), &answer) {
            Ok(()) => Ok(Outcome::Accepted),
            Err(_) => Ok(Outcome::Refused),
        }
    });
}

/// What the results hash covers of a result.
#[derive(Clone, PartialEq, Message)]
struct Covered {
    #[prost(uint32, tag = "1")]
    code: u32,
    #[prost(bytes = "vec", tag = "2")]
    data: Vec<u8>,
}

/// A receipt is that of its transaction, at its place in its block.
#[test]
fn receipt_proofs() {
    let sample = sample();
    let (height, envelopes) = (1..)
        .zip(&sample.blocks)
        .max_by_key(|(_, envelopes)| envelopes.len())
        .expect("there are blocks");
    let answers: Vec<ReceiptAnswer> = (0..envelopes.len() as u32)
        .map(|index| {
            let request = ReceiptAtRequest { height, index };
            let answer = ask("/receipt-at", request.encode_to_vec(), false);
            ReceiptAnswer::decode(answer.as_slice()).expect("it is an answer")
        })
        .collect();
    let hashes: Vec<Vec<u8>> = envelopes
        .iter()
        .map(|bytes| Sha256::digest(bytes).to_vec())
        .collect();
    let results = answers.iter().map(|answer| Covered {
        code: answer.code,
        data: answer.receipt.clone(),
    });
    let results: Vec<Vec<u8>> = results.map(|result| result.encode_to_vec()).collect();
    let (data_hash, results_hash) = (receipts::root(&hashes), receipts::root(&results));
    let corpus: Vec<Vec<u8>> = answers.iter().map(ReceiptAnswer::encode_to_vec).collect();
    crate::check("receipt_proofs", Form::Wire, &corpus, 10_000, |bytes| {
        let Ok(answer) = ReceiptAnswer::decode(bytes) else {
            return Ok(Outcome::Refused);
        };
        let path = |hashes: &[Vec<u8>]| -> Option<Vec<[u8; 32]>> {
            hashes
                .iter()
                .map(|hash| hash.as_slice().try_into().ok())
                .collect()
        };
        let (index, total) = (u64::from(answer.index), u64::from(answer.total));
        let has_transaction = path(&answer.transaction_path).is_some_and(|path| {
            verify_transaction(&data_hash, &answer.transaction, index, total, &path).is_ok()
        });
        let has_result = path(&answer.results_path).is_some_and(|path| {
            verify_result(
                &results_hash,
                answer.code,
                &answer.receipt,
                index,
                total,
                &path,
            )
            .is_ok()
        });
        let place = answer.index as usize;
        let is_so = !has_transaction || envelopes.get(place) == Some(&answer.transaction);
        let was_so = !has_result
            || answers
                .get(place)
                .is_some_and(|due| (due.code, &due.receipt) == (answer.code, &answer.receipt));
        match (is_so && was_so, has_transaction && has_result) {
            (false, _) => Err("a receipt is proven that the block does not have".into()),
            (true, true) => Ok(Outcome::Accepted),
            (true, false) => Ok(Outcome::Refused),
        }
    });
}

/// Whatever is asked, a node answers, with a code at least.
#[test]
fn questions() {
    let sample = sample();
    let paths = [
        "/key",
        "/keys",
        "/list",
        "/history",
        "/consistency",
        "/inclusion",
        "/receipt",
        "/receipt-at",
        "/simulate",
        "/can",
        "/who-can",
        "/inbox",
        "/refusals",
        "/status",
        "/p2p/filter/id/x",
    ];
    let history = HistoryRequest {
        kind: ObjectKind::Account as i32,
        number: account(),
        from: 1,
        limit: 2,
        newest: true,
    };
    let corpus = [
        history.encode_to_vec(),
        KeysRequest {
            keys: vec![keys::key(keys::UNIT, &[1])],
        }
        .encode_to_vec(),
        keys::key(keys::UNIT, &[1]),
        sample.blocks.concat().swap_remove(0),
    ];
    crate::check("questions", Form::Wire, &corpus, 1_000, |bytes| {
        for path in paths {
            let query = Query {
                path: path.into(),
                data: Bytes::copy_from_slice(bytes),
                height: 0,
                prove: true,
            };
            sample.ask(query)?;
        }
        Ok(Outcome::Accepted)
    });
}
