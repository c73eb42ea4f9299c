//! Answers equal to those of a real CometBFT v0.38.25 with its built-in application, recorded in
//! `golden/comet.json`. The ledger emits no events of its own, so recorded events are empty.

use bytes::Bytes;
use polity_engine::application::{
    BlockParams, ConsensusParams, EvidenceParams, TxResult, ValidatorUpdate,
};
use serde_json::{Value, json};

use crate::gateway::backend::{CommittedBlock, CommittedTransaction};
use crate::gateway::limits::Limits;
use crate::gateway::shapes;

use super::server::Server;
use super::wire::{call, get, post};

/// A recorded answer's `result`.
pub(super) fn golden(name: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("golden/comet.json")).unwrap();
    all.get(name)
        .unwrap_or_else(|| panic!("no recorded answer {name}"))
        .clone()
}

const A_IS_1: &str = "C22FEA5D7428E5CF47EF6354C97C9223C95D6DCDC3E0D2300FF79056B1FF3D85";

/// A server whose ledger holds what the recorded chain held up to height 2.
async fn recorded() -> Server {
    let server = Server::start(Limits::default()).await;
    server.ledger.commit_block(CommittedBlock {
        app_hash: Bytes::from_static(&[0; 8]),
        ..CommittedBlock::default()
    });
    server.ledger.commit(&[b"a=1"], b"");
    server
}

#[tokio::test]
async fn answers_of_the_node_are_cometbfts() {
    let server = recorded().await;
    for (name, path) in [
        ("tx", format!("/tx?hash=0x{A_IS_1}")),
        ("tx_proven", format!("/tx?hash=0x{A_IS_1}&prove=true")),
        ("block_results", "/block_results?height=2".to_owned()),
        ("block_results", "/block_results".to_owned()),
        ("block_results_empty", "/block_results?height=1".to_owned()),
        (
            "abci_query",
            "/abci_query?path=\"/key\"&data=0x61".to_owned(),
        ),
    ] {
        let expected = json!({"jsonrpc": "2.0", "id": -1, "result": golden(name)});
        let path = path.replace('"', "%22");
        assert_eq!(get(server.address, &path).await.json(), expected, "{path}");
    }
    let info = get(server.address, "/abci_info").await.json();
    let expected = json!({
        "data": "polity",
        "version": "0.1.0",
        "app_version": "1",
        "last_block_height": "2",
        "last_block_app_hash": "AgAAAAAAAAA=",
    });
    assert_eq!(info["result"]["response"], expected);
}

#[tokio::test]
async fn answers_of_the_engine_pass_unchanged() {
    let server = recorded().await;
    for (method, params) in [
        ("health", json!({})),
        ("net_info", json!({})),
        ("genesis", json!({})),
        ("genesis_chunked", json!({"chunk": "0"})),
        ("block", json!({"height": "2"})),
        ("block_by_hash", json!({"hash": "AA=="})),
        ("header", json!({"height": "2"})),
        ("header_by_hash", json!({"hash": "00"})),
        ("commit", json!(["2"])),
        (
            "validators",
            json!({"height": "2", "page": "1", "per_page": "30"}),
        ),
        ("consensus_params", json!({})),
        ("blockchain", json!({"minHeight": "2", "maxHeight": "2"})),
        ("unconfirmed_txs", json!({"limit": "5"})),
        ("num_unconfirmed_txs", json!(null)),
    ] {
        let expected = json!({"jsonrpc": "2.0", "id": 1, "result": golden(method)});
        assert_eq!(
            call(server.address, method, params).await,
            expected,
            "{method}"
        );
    }
}

#[tokio::test]
async fn status_adds_the_nodes_own_and_says_that_transactions_can_be_found() {
    let server = recorded().await;
    let status = call(server.address, "status", json!({})).await;
    let mut expected = golden("status");
    expected["node_info"]["other"]["tx_index"] = "on".into();
    expected["polity"] =
        json!({"organisation": "sample", "history_base_height": 1, "engine": "embedded"});
    assert_eq!(status["result"], expected);
}

#[tokio::test]
async fn errors_are_worded_as_cometbfts() {
    let server = recorded().await;
    for (path, data) in [
        ("/tx?hash=0x00", "tx (00) not found"),
        (
            "/block_results?height=0",
            "height must be greater than 0, but got 0",
        ),
        (
            "/block_results?height=-1",
            "height must be greater than 0, but got -1",
        ),
        (
            "/block_results?height=99",
            "height 99 must be less than or equal to the current blockchain height 2",
        ),
    ] {
        let answer = get(server.address, path).await;
        let error = json!({"code": -32603, "message": "Internal error", "data": data});
        let expected = json!({"jsonrpc": "2.0", "id": -1, "error": error});
        assert_eq!((answer.status, answer.json()), (500, expected), "{path}");
    }
    let unknown = post(
        server.address,
        r#"{"jsonrpc":"2.0","id":7,"method":"dial_seeds"}"#,
    )
    .await;
    let error = json!({"code": -32601, "message": "Method not found"});
    let expected = json!({"jsonrpc": "2.0", "id": 7, "error": error});
    assert_eq!((unknown.status, unknown.json()), (200, expected));
}

#[tokio::test]
async fn batches_and_notifications_are_answered_as_by_cometbft() {
    let server = recorded().await;
    let health = |id: u64| json!({"jsonrpc": "2.0", "id": id, "result": {}});
    for (body, expected) in [
        (
            r#"[{"id":1,"method":"health"},{"id":2,"method":"health"}]"#,
            json!([health(1), health(2)]),
        ),
        (r#"[{"id":3,"method":"health"}]"#, health(3)),
        (
            r#"[{"id":4,"method":"health"},{"method":"health"}]"#,
            health(4),
        ),
        (r#"{"method":"health"}"#, Value::Null),
        ("[]", Value::Null),
    ] {
        let answer = post(server.address, body).await;
        assert_eq!((answer.status, answer.json()), (200, expected), "{body}");
    }
}

/// What CometBFT's own encoder writes for values of this size.
#[test]
fn rare_fields_have_cometbfts_shape() {
    let result = TxResult {
        code: 641,
        data: Bytes::from_static(b"receipt"),
        log: "budget line has too little left".to_owned(),
    };
    let transaction = |bytes: &'static [u8], result: &TxResult| CommittedTransaction {
        hash: [0; 32],
        bytes: Bytes::from_static(bytes),
        result: result.clone(),
    };
    let key = [0; 32];
    let block = CommittedBlock {
        height: 5,
        transactions: vec![
            transaction(b"", &TxResult::default()),
            transaction(b"tx", &result),
        ],
        validator_updates: vec![
            ValidatorUpdate {
                public_key: key,
                power: 7,
            },
            ValidatorUpdate {
                public_key: key,
                power: 0,
            },
        ],
        consensus_param_updates: Some(ConsensusParams {
            block: Some(BlockParams {
                max_bytes: 1000,
                max_gas: -1,
            }),
            evidence: Some(EvidenceParams {
                max_age_blocks: 5,
                max_age_nanos: 3_600_000_000_000,
                max_bytes: 9,
            }),
            app_version: Some(3),
            pace: None,
        }),
        app_hash: Bytes::from_static(&[1]),
    };

    for (index, name) in ["event_tx_empty", "event_tx"].into_iter().enumerate() {
        let mut expected = golden(name);
        expected["TxResult"]["result"]["events"] = json!([]);
        assert_eq!(shapes::transaction_event(&block, index), expected);
    }
    let results = shapes::block_results(&block);
    let expected = golden("block_results_rare");
    for field in ["validator_updates", "consensus_param_updates", "app_hash"] {
        assert_eq!(results[field], expected[field], "{field}");
        assert_eq!(shapes::finalized(&block)[field], expected[field], "{field}");
    }
    assert_eq!(results["txs_results"][1], expected["txs_results"][0]);
}
