//! What is told where the store holds what no block ever wrote.

use std::collections::BTreeMap;
use std::sync::Arc;

use polity_engine::application::Query;
use polity_ledger::parameters;
use polity_ledger::state::{keys, objects};
use polity_proto::v1::{
    HistoryEntry, HistoryRequest, Node, ObjectKind, ReceiptAnswer, ReceiptAtRequest, Record,
    RefusalsAnswer, RefusalsRequest, SimulateRequest, StatusAnswer,
};
use prometheus_client::registry::Registry;
use prost::Message;
use sha2::{Digest, Sha256};

use super::QueryError;
use crate::app::{App, AppOptions, ChainRecord, GenesisRecord};
use crate::backend::Backend;
use crate::fault::{Fault, FaultKind};
use crate::gateway::Queries as _;
use crate::metrics::Metrics;
use crate::store::{Commit, LeafChange, Recorded, Store, StoreOptions};

const ID: [u8; 32] = [7; 32];

/// A ledger with one block: one transaction with this receipt, an entry of the index of member 1's refusals, and two of
/// the history of that member, made at different places.
fn ledger(receipt: &'static [u8], test: impl FnOnce(&App)) {
    let directory = tempfile::tempdir().unwrap();
    let options = StoreOptions {
        free_bytes_min: 0,
        ..StoreOptions::default()
    };
    let store = Store::open(directory.path(), options).unwrap();
    let refusal = [
        &[1, ObjectKind::Member as u8][..],
        &1_u64.to_be_bytes(),
        &1_u64.to_be_bytes(),
        &0_u32.to_be_bytes(),
    ];
    let prefix = objects::prefix_with_history(ObjectKind::Member).unwrap();
    let member = objects::object_key(prefix, 1);
    let record = Record {
        history_count: 2,
        ..Record::default()
    };
    let record = record.encode_to_vec();
    let entries = (0..2).map(|index| {
        let entry = HistoryEntry {
            height: 1,
            position: index + 1,
            ..HistoryEntry::default()
        };
        let key = keys::history_entry(ObjectKind::Member, 1, index.into());
        (key, Some(entry.encode_to_vec()))
    });
    let leaf = LeafChange::of(&member, Some(&record));
    store
        .commit(Commit {
            height: 1,
            changes: entries.chain([(member, Some(record))]).collect(),
            leaves: vec![leaf],
            transactions: vec![Recorded {
                transaction: b"transaction"[..].into(),
                receipt: receipt.into(),
                consumed_id: Some(ID),
            }],
            indexes: [(refusal.concat(), Some(Vec::new()))].into(),
            ..Commit::default()
        })
        .unwrap();
    test(&over(store));
}

fn over(store: Store) -> App {
    let metrics = Arc::new(Metrics::register(&mut Registry::default(), "embedded"));
    App::open(Arc::new(store), AppOptions::default(), metrics).unwrap()
}

fn ask<A: Message + Default>(app: &App, path: &str, data: Vec<u8>) -> Result<A, u32> {
    let query = Query {
        path: path.into(),
        data: data.into(),
        ..Query::default()
    };
    let result = app.answer(&query, &|| true);
    match result.code {
        0 => Ok(A::decode(result.value).unwrap()),
        code => Err(code),
    }
}

#[test]
fn each_path_that_is_asked_in_json_is_one_of_ours() {
    ledger(b"", |app| {
        for messages in super::json::PATHS {
            let answer = ask::<()>(app, messages.path, Vec::new());
            assert_ne!(
                answer,
                Err(QueryError::UnknownPath.code()),
                "{}",
                messages.path
            );
        }
    });
}

#[test]
fn a_receipt_that_cannot_be_read_is_a_fault_and_no_acceptance() {
    let fault = QueryError::Fault(Fault::new(FaultKind::StoreDamaged, "")).code();
    let at = ReceiptAtRequest {
        height: 1,
        index: 0,
    };
    ledger(b"\xff", |app| {
        let by_id = ask::<ReceiptAnswer>(app, "/receipt", ID.to_vec());
        assert_eq!(by_id, Err(fault));
        let by_position = ask::<ReceiptAnswer>(app, "/receipt-at", at.encode_to_vec());
        assert_eq!(by_position, Err(fault));
        let refusals = RefusalsRequest {
            kind: ObjectKind::Member.into(),
            number: 1,
            ..RefusalsRequest::default()
        };
        let listed = ask::<RefusalsAnswer>(app, "/refusals", refusals.encode_to_vec());
        assert_eq!(listed, Err(fault));
    });
}

#[test]
fn transactions_are_counted_that_are_read_for_an_answer() {
    let at = ReceiptAtRequest {
        height: 1,
        index: 0,
    };
    let history = HistoryRequest {
        kind: ObjectKind::Member.into(),
        number: 1,
        limit: 10,
        ..HistoryRequest::default()
    };
    ledger(b"", |app| {
        let read = |path: &str, data: Vec<u8>| {
            let query = Query {
                path: path.into(),
                data: data.into(),
                ..Query::default()
            };
            app.answer_and_count(&query, &|| true).1
        };
        assert_eq!(read("/receipt-at", at.encode_to_vec()), 1);
        assert_eq!(read("/receipt", ID.to_vec()), 0, "the block is remembered");
        assert_eq!(read("/status", Vec::new()), 0);
        assert_eq!(read("/history", history.encode_to_vec()), 2);
    });
}

#[test]
fn units_are_not_looked_at_where_nobody_waits() {
    let directory = tempfile::tempdir().unwrap();
    let options = StoreOptions {
        free_bytes_min: 0,
        ..StoreOptions::default()
    };
    let app = over(Store::open(directory.path(), options).unwrap());
    let query = Query {
        path: "/health".into(),
        ..Query::default()
    };
    assert_eq!(app.answer(&query, &|| true).code, 0);
    let abandoned = app.answer(&query, &|| false);
    assert_eq!(abandoned.code, QueryError::Abandoned.code());
}

#[test]
fn a_question_about_a_transaction_that_nobody_could_send_is_not_looked_into() {
    let directory = tempfile::tempdir().unwrap();
    let options = StoreOptions {
        free_bytes_min: 0,
        ..StoreOptions::default()
    };
    let app = Arc::new(over(Store::open(directory.path(), options).unwrap()));
    let backend = Backend::new(Arc::clone(&app));
    let about = |body_bytes: usize| Query {
        path: "/simulate".into(),
        data: SimulateRequest {
            body: vec![0; body_bytes],
        }
        .encode_to_vec()
        .into(),
        ..Query::default()
    };

    let longest = parameters::defaults().transaction_bytes_max as usize;
    let sendable = about(longest - 64);
    assert_eq!(app.answer(&sendable, &|| true).code, 0);
    assert_eq!(backend.judged_actions(&sendable), 1);
    let too_long = about(longest);
    let refused = app.answer(&too_long, &|| true);
    assert_eq!(refused.code, QueryError::BadRequest("").code());
    assert_eq!(backend.judged_actions(&too_long), 0);
}

#[test]
fn what_is_in_no_block_is_told_as_such() {
    let missing = QueryError::NotFound("").code();
    ledger(b"", |app| {
        let found: ReceiptAnswer = ask(app, "/receipt", ID.to_vec()).unwrap();
        assert_eq!((found.height, found.total), (1, 1));
        let unknown = ask::<ReceiptAnswer>(app, "/receipt", Sha256::digest(ID).to_vec());
        assert_eq!(unknown, Err(missing));
        let above = ReceiptAtRequest {
            height: 2,
            index: 0,
        };
        let above = ask::<ReceiptAnswer>(app, "/receipt-at", above.encode_to_vec());
        assert_eq!(above, Err(missing));
    });
}

#[test]
fn a_chain_that_went_on_is_named_by_the_newest_id() {
    ledger(b"", |app| {
        let record = GenesisRecord {
            chain_id: "one".into(),
            continued: vec![ChainRecord {
                chain_id: "two".into(),
                initial_height: 2,
                ..ChainRecord::default()
            }],
            ..GenesisRecord::default()
        };
        app.store.go_on(&record.encode_to_vec()).unwrap();
        let status: StatusAnswer = ask(app, "/status", Vec::new()).unwrap();
        assert_eq!(status.chain_id, "two");
    });
}

#[test]
fn nodes_that_were_removed_are_not_looked_at_after_every_block() {
    let directory = tempfile::tempdir().unwrap();
    let options = StoreOptions {
        free_bytes_min: 0,
        ..StoreOptions::default()
    };
    let app = over(Store::open(directory.path(), options).unwrap());
    let commit = |height, nodes: &[(u64, u64)]| {
        let changes = nodes.iter().map(|&(number, removed_at)| {
            let node = Node {
                number,
                removed_at,
                ..Node::default()
            };
            let key = objects::object_key(keys::NODE, number);
            (key, Some(node.encode_to_vec()))
        });
        let changes: BTreeMap<_, _> = changes.collect();
        let leaves = changes
            .iter()
            .map(|(key, value)| LeafChange::of(key, value.as_deref()));
        app.store
            .commit(Commit {
                height,
                leaves: leaves.collect(),
                changes: changes.clone(),
                ..Commit::default()
            })
            .unwrap();
    };
    let registered = || {
        let reads = || {
            let counters = app.store.counters();
            counters.hot_hits + counters.hot_misses
        };
        let before = reads();
        let nodes = app.registered_nodes().into_iter();
        let numbers: Vec<u64> = nodes.map(|node| node.number).collect();
        (numbers, reads() - before)
    };

    assert_eq!(registered(), (vec![], 1));
    commit(1, &[(1, 0), (2, 7), (3, 0)]);
    assert_eq!(registered(), (vec![1, 3], 4));
    let many: Vec<(u64, u64)> = (4..1_000).map(|number| (number, 8)).collect();
    commit(2, &[&[(1, 8)], &many[..], &[(1_000, 0)]].concat());
    assert_eq!(registered().0, [3, 1_000]);
    assert_eq!(registered(), (vec![3, 1_000], 3));
}
