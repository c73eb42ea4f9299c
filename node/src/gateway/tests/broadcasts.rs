//! Transactions on their way to the engine.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::server::Server;
use super::wire::{call, get};
use crate::gateway::Limits;

fn tx(bytes: &str) -> Value {
    json!({"tx": STANDARD.encode(bytes)})
}

fn hash(bytes: &str) -> String {
    hex::encode_upper(Sha256::digest(bytes))
}

#[tokio::test]
async fn a_transaction_is_handed_over_and_answered_with_its_hash() {
    let server = Server::start(Limits::default()).await;
    for (method, bytes) in [("broadcast_tx_sync", "one"), ("broadcast_tx_async", "two")] {
        let expected = json!({
            "code": 0, "data": "", "log": "", "codespace": "", "hash": hash(bytes),
        });
        assert_eq!(
            call(server.address, method, tx(bytes)).await["result"],
            expected
        );
    }
    let by_uri = get(server.address, "/broadcast_tx_sync?tx=%22three%22").await;
    assert_eq!(by_uri.json()["result"]["hash"], json!(hash("three")));
    assert_eq!(server.engine.pool(), ["one", "two", "three"]);
}

#[tokio::test]
async fn what_the_pool_knows_is_an_error_alone_and_none_in_a_batch() {
    let server = Server::start(Limits::default()).await;
    call(server.address, "broadcast_tx_sync", tx("one")).await;
    let again = call(server.address, "broadcast_tx_sync", tx("one")).await;
    assert_eq!(again["error"]["data"], json!("tx already exists in cache"));

    let txs: Vec<String> = ["one", "bad signature", "two", "expired", "two"]
        .iter()
        .map(|bytes| STANDARD.encode(bytes))
        .collect();
    let answer = call(server.address, "broadcast_batch", json!({ "txs": txs })).await;
    let expected = json!([
        {"code": 0, "log": "already in the pool", "hash": hash("one")},
        {"code": 204, "log": "a signature does not verify", "hash": hash("bad signature")},
        {"code": 0, "log": "", "hash": hash("two")},
        {"code": 110, "log": "expired", "hash": hash("expired")},
        {"code": 0, "log": "already in the pool", "hash": hash("two")},
    ]);
    assert_eq!(answer["result"], expected);
    assert_eq!(server.engine.pool(), ["one", "two"]);
}

#[tokio::test]
async fn an_empty_batch_has_an_empty_answer() {
    let server = Server::start(Limits::default()).await;
    let answer = call(server.address, "broadcast_batch", json!({"txs": []})).await;
    assert_eq!(answer["result"], json!([]));
}

#[tokio::test]
async fn a_commit_is_awaited_and_answered_with_its_receipt() {
    let server = Server::start(Limits::default()).await;
    let address = server.address;
    let listeners = server.ledger.listeners();
    let waiting =
        tokio::spawn(async move { call(address, "broadcast_tx_commit", tx("one")).await });
    while server.engine.pool().is_empty() || server.ledger.listeners() == listeners {
        tokio::task::yield_now().await;
    }
    server.ledger.commit(&[b"other"], b"");
    server.ledger.commit(&[b"other too", b"one"], b"receipt");

    let execution = |data: Value| {
        json!({
            "code": 0, "data": data, "log": "", "info": "", "gas_wanted": "0", "gas_used": "0",
            "events": [], "codespace": "",
        })
    };
    let expected = json!({
        "check_tx": execution(Value::Null),
        "tx_result": execution(json!("cmVjZWlwdA==")),
        "hash": hash("one"),
        "height": "2",
    });
    assert_eq!(waiting.await.unwrap()["result"], expected);
}

#[tokio::test]
async fn a_commit_that_does_not_come_ends_in_time_and_a_refusal_at_once() {
    let limits = Limits {
        commit_wait_seconds: 1,
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let late = call(server.address, "broadcast_tx_commit", tx("one")).await;
    let words = "timed out waiting for tx to be included in a block";
    assert_eq!(late["error"]["data"], json!(words));
    let refused = call(server.address, "broadcast_tx_commit", tx("expired")).await;
    assert_eq!(refused["result"]["check_tx"]["code"], json!(110));
    assert_eq!(refused["result"]["height"], json!("0"));
}

#[tokio::test]
async fn an_engine_that_is_down_is_named_while_the_ledger_still_answers() {
    let server = Server::start(Limits::default()).await;
    server.engine.go_down();
    for (method, params) in [
        ("status", json!({})),
        ("block", json!({})),
        ("broadcast_tx_sync", tx("x")),
    ] {
        let answer = call(server.address, method, params).await;
        let words = "engine not reached: connection refused";
        assert_eq!(answer["error"]["code"], json!(-32000), "{method}");
        assert_eq!(answer["error"]["data"], json!(words), "{method}");
    }
    let batch = call(server.address, "broadcast_batch", json!({"txs": ["eA=="]})).await;
    assert_eq!(batch["result"][0]["code"], json!(1));
    let query = call(
        server.address,
        "abci_query",
        json!({"path": "/key", "data": "61"}),
    )
    .await;
    assert_eq!(query["result"]["response"]["value"], json!("MQ=="));
}
