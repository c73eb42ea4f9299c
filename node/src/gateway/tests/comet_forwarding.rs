//! The forwarder before a CometBFT that answers with what was recorded, or misbehaves.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use super::golden::golden;
use super::server::{Engine, Server};
use super::wire::call;
use crate::gateway::{
    Ask, Blocks, Comet, CometLimits, Depth, Limits, Submission, Submitted, Trouble,
};

/// What the stand-in was sent.
type Heard = Arc<Mutex<Vec<Value>>>;

/// Answers like a CometBFT whose pool knows the transaction `known` and whose application refuses `bad`.
async fn comet() -> (SocketAddr, Heard) {
    let heard = Heard::default();
    let routes = Router::new()
        .route("/", post(answer))
        .with_state(heard.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (address, heard)
}

async fn answer(State(heard): State<Heard>, Json(request): Json<Value>) -> Json<Value> {
    heard.lock().unwrap().push(request.clone());
    Json(match request {
        Value::Array(calls) if calls.len() == 1 => answer_one(&calls[0]),
        Value::Array(calls) => calls.iter().map(answer_one).collect(),
        single => answer_one(&single),
    })
}

fn answer_one(call: &Value) -> Value {
    let error = |data: &str| json!({"code": -32603, "message": "Internal error", "data": data});
    let (name, value) = match call["method"].as_str().unwrap() {
        "broadcast_tx_sync" | "broadcast_tx_async" => {
            match call["params"]["tx"].as_str().unwrap() {
                "a25vd24=" => ("error", error("tx already exists in cache")),
                "ZnVsbA==" => ("error", error("mempool is full")),
                tx => {
                    let code = u32::from(tx == "YmFk") * 641;
                    (
                        "result",
                        json!({"code": code, "data": "AB", "log": "l", "codespace": "c", "hash": ""}),
                    )
                }
            }
        }
        "block" if call["params"]["height"] == json!("99") => {
            ("error", error("height 99 is too high"))
        }
        method => ("result", golden(method)),
    };
    json!({"jsonrpc": "2.0", "id": call["id"], name: value})
}

fn forwarder(address: SocketAddr, limits: CometLimits) -> Comet {
    Comet::new(&address.to_string(), limits).unwrap()
}

fn transactions(list: &[&'static str]) -> Vec<Bytes> {
    list.iter()
        .map(|bytes| Bytes::from_static(bytes.as_bytes()))
        .collect()
}

#[tokio::test]
async fn questions_go_in_cometbfts_words_and_answers_come_back_unchanged() {
    let (address, heard) = comet().await;
    let comet = forwarder(address, CometLimits::default());
    for (ask, method, params) in [
        (Ask::Health, "health", json!({})),
        (Ask::Status, "status", json!({})),
        (Ask::NetInfo, "net_info", json!({})),
        (Ask::Genesis, "genesis", json!({})),
        (
            Ask::GenesisChunked(Some(0)),
            "genesis_chunked",
            json!({"chunk": "0"}),
        ),
        (Ask::Block(None), "block", json!({})),
        (Ask::Block(Some(2)), "block", json!({"height": "2"})),
        (
            Ask::BlockByHash(Bytes::from_static(&[0xab])),
            "block_by_hash",
            json!({"hash": "qw=="}),
        ),
        (Ask::Header(Some(-1)), "header", json!({"height": "-1"})),
        (
            Ask::HeaderByHash(Bytes::from_static(&[0xab])),
            "header_by_hash",
            json!({"hash": "AB"}),
        ),
        (
            Ask::Blockchain {
                min_height: 0,
                max_height: 7,
            },
            "blockchain",
            json!({"minHeight": "0", "maxHeight": "7"}),
        ),
        (Ask::Commit(Some(2)), "commit", json!({"height": "2"})),
        (
            Ask::Validators {
                height: Some(2),
                page: None,
                per_page: Some(5),
            },
            "validators",
            json!({"height": "2", "per_page": "5"}),
        ),
        (Ask::ConsensusParams(None), "consensus_params", json!({})),
        (
            Ask::UnconfirmedTxs(Some(5)),
            "unconfirmed_txs",
            json!({"limit": "5"}),
        ),
        (Ask::NumUnconfirmedTxs, "num_unconfirmed_txs", json!({})),
    ] {
        assert_eq!(comet.ask(ask).await, Ok(golden(method)), "{method}");
        let sent = heard.lock().unwrap().pop().unwrap();
        assert_eq!(
            (&sent["method"], &sent["params"]),
            (&json!(method), &params)
        );
    }
}

#[tokio::test]
async fn an_error_of_cometbft_keeps_its_code_and_words() {
    let (address, _) = comet().await;
    let blocks: Arc<dyn Blocks> = Arc::new(forwarder(address, CometLimits::default()));
    let server =
        Server::start_before(Limits::default(), Arc::new(Engine::default()), blocks, None).await;
    let answer = call(server.address, "block", json!({"height": "99"})).await;
    let expected =
        json!({"code": -32603, "message": "Internal error", "data": "height 99 is too high"});
    assert_eq!(answer["error"], expected);
    let status = call(server.address, "status", json!({})).await;
    assert_eq!(status["result"]["polity"]["engine"], json!("cometbft"));
}

#[tokio::test]
async fn transactions_go_in_order_in_batches_within_bounds() {
    let (address, heard) = comet().await;
    let limits = CometLimits {
        calls_per_batch: 2,
        ..CometLimits::default()
    };
    let comet = forwarder(address, limits);
    let answers = comet
        .submit(
            transactions(&["one", "bad", "known", "full", "two"]),
            Depth::Checked,
        )
        .await;
    let submitted = |code| {
        Submission::Answered(Submitted {
            code,
            data: Bytes::from_static(&[0xab]),
            log: "l".to_owned(),
            codespace: "c".to_owned(),
        })
    };
    let full = Trouble::Refused {
        code: -32603,
        message: "Internal error".to_owned(),
        detail: "mempool is full".to_owned(),
    };
    let expected = vec![
        submitted(0),
        submitted(641),
        Submission::AlreadyKnown,
        Submission::NotTaken(full),
        submitted(0),
    ];
    assert_eq!(answers, expected);
    let sizes: Vec<usize> = heard
        .lock()
        .unwrap()
        .iter()
        .map(|batch| batch.as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [2, 2, 1]);

    let tight = CometLimits {
        batch_bytes: 300,
        ..CometLimits::default()
    };
    let comet = forwarder(address, tight);
    heard.lock().unwrap().clear();
    comet
        .submit(
            transactions(&["one", "two", "three", "a much longer one"]),
            Depth::HandedOver,
        )
        .await;
    let methods: Vec<Value> = heard
        .lock()
        .unwrap()
        .iter()
        .map(|batch| batch[0]["method"].clone())
        .collect();
    assert_eq!(
        methods,
        [json!("broadcast_tx_async"), json!("broadcast_tx_async")]
    );
    assert_eq!(comet.submit(Vec::new(), Depth::Checked).await, []);
}

#[tokio::test]
async fn a_cometbft_that_is_absent_silent_or_garbled_is_named() {
    let free = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let absent = forwarder(free, CometLimits::default());
    assert!(matches!(
        absent.ask(Ask::Health).await,
        Err(Trouble::NotReached(_))
    ));
    let answers = absent
        .submit(transactions(&["one", "two"]), Depth::Checked)
        .await;
    assert!(matches!(
        answers[..],
        [
            Submission::NotTaken(Trouble::NotReached(_)),
            Submission::NotTaken(_)
        ]
    ));

    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hurried = CometLimits {
        call_time: Duration::from_millis(300),
        ..CometLimits::default()
    };
    let comet = forwarder(silent.local_addr().unwrap(), hurried);
    assert_eq!(comet.ask(Ask::Health).await, Err(Trouble::TooSlow));

    let small = CometLimits {
        answer_bytes_max: 1 << 10,
        ..CometLimits::default()
    };
    for body in [
        "",
        "no JSON",
        "7",
        "[]",
        "{}",
        r#"{"jsonrpc":"2.0","id":0}"#,
        &"[".repeat(500),
        &"x".repeat(2_000),
    ] {
        let garbled = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let comet = forwarder(garbled.local_addr().unwrap(), small);
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let serving = tokio::spawn(async move {
            for _ in 0..2 {
                let (mut stream, _) = garbled.accept().await.unwrap();
                stream.write_all(answer.as_bytes()).await.unwrap();
                let mut rest = Vec::new();
                let _ = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut rest).await;
            }
        });
        let answer = comet.ask(Ask::Health).await;
        assert!(
            matches!(answer, Err(Trouble::Garbled(_) | Trouble::NotReached(_))),
            "{body:.20}: {answer:?}"
        );
        serving.abort();
    }
}
