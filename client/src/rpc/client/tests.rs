use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;

use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::ErrorKind;
use crate::recorded::{Node, chain, client, honest};

#[tokio::test]
async fn a_node_that_is_down_or_talks_nonsense_is_passed_over() {
    let nonsense = Node::start(|_, _| b"<html>".to_vec()).await;
    let honest = Node::of_chain(|_| {}).await;
    let down = "http://127.0.0.1:1".to_owned();
    let client = client([down, nonsense.url.clone(), honest.url.clone()]);

    let status = client.status().await.expect("the third answers");
    assert_eq!(status.chain_id, "polity-fixture");
    assert_eq!(status.latest_height, 15);
    client.status().await.expect("again");

    // The one that answered is asked first from then on.
    assert_eq!((nonsense.calls(), honest.calls()), (1, 2));
}

/// A node that turns every call away with this status.
async fn turning_away(status: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut call = [0; 4096];
            let _ = stream.read(&mut call).await;
            let head =
                format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            let _ = stream.write_all(head.as_bytes()).await;
        }
    });
    url
}

#[tokio::test]
async fn a_node_that_takes_no_more_calls_is_passed_over_and_told_of_where_it_is_the_only_one() {
    let honest = Node::of_chain(|_| {}).await;
    for (status, words) in [
        ("429 Too Many Requests", "takes no more calls"),
        ("503 Service Unavailable", "no room"),
    ] {
        let busy = turning_away(status).await;
        let both = client([busy.clone(), honest.url.clone()]);
        assert_eq!(both.status().await.expect("the other").latest_height, 15);

        let error = client([busy.clone()]).status().await.expect_err("busy");
        assert_eq!(error.kind(), ErrorKind::NotReached);
        let told = error.to_string();
        assert!(told.contains(&busy) && told.contains(words), "{told}");
    }
}

#[tokio::test]
async fn when_no_node_answers_each_is_named() {
    let client = client(["http://127.0.0.1:1".into(), "http://127.0.0.1:2".into()]);

    let error = client.status().await.expect_err("nobody");

    assert_eq!(error.kind(), ErrorKind::NotReached);
    let words = error.to_string();
    assert!(
        words.contains("127.0.0.1:1/") && words.contains("127.0.0.1:2/"),
        "{words}"
    );
}

#[tokio::test]
async fn an_answer_that_is_too_large_or_garbage_is_refused() {
    for answer in [
        vec![b' '; 2 * 1024 * 1024],
        vec![0xff; 100],
        vec![b'['; 100_000],
    ] {
        let node = Node::start(move |_, _| answer.clone()).await;
        let error = node.client().status().await.expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::NotReached);
    }
}

#[tokio::test]
async fn a_node_that_never_answers_is_given_up_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let options = ClientOptions {
        request_limit: Duration::from_millis(100),
        ..ClientOptions::for_nodes([url])
    };

    let error = Client::new(options).expect("a client").status().await;

    let error = error.expect_err("silence");
    assert_eq!(error.kind(), ErrorKind::NotReached);
    assert!(error.to_string().contains("in time"), "{error}");
}

/// A node that reports an error, whatever it is asked.
async fn refusing(why: &'static str) -> Node {
    Node::start(move |_, _| {
        let error = json!({"code": -32603, "message": "Internal error", "data": why});
        json!({"jsonrpc": "2.0", "id": 1, "error": error})
            .to_string()
            .into()
    })
    .await
}

#[tokio::test]
async fn an_error_that_a_node_reports_is_the_answer_where_no_other_node_has_one() {
    let (first, second) = (refusing("no").await, refusing("nor here").await);
    let honest = Node::of_chain(|_| {}).await;

    let all = client([first.url.clone(), second.url.clone(), honest.url.clone()]);
    let status = all.status().await.expect("the third answers");
    assert_eq!(status.latest_height, 15);

    let nowhere = "http://127.0.0.1:1".to_owned();
    let client = client([nowhere, first.url.clone(), second.url.clone()]);
    let error = client.status().await.expect_err("reported");
    assert_eq!(error.kind(), ErrorKind::Trouble);
    assert!(error.to_string().contains("Internal error no"), "{error}");
    assert!(!error.to_string().contains("nor here"), "{error}");
}

#[tokio::test]
async fn an_error_that_a_node_reports_of_what_is_handed_over_is_the_answer() {
    let first = refusing("no").await;
    let honest = Node::of_chain(|_| {}).await;
    let client = client([first.url.clone(), honest.url.clone()]);

    let error = client
        .broadcast_tx_sync(b"bytes")
        .await
        .expect_err("reported");

    assert_eq!(error.kind(), ErrorKind::Trouble);
    assert!(error.to_string().contains("Internal error no"), "{error}");
    assert_eq!(honest.calls(), 0);
}

#[tokio::test]
async fn recorded_answers_of_cometbft_are_read() {
    let recorded = chain();
    let transactions = recorded["transactions"].clone();
    let node = Node::start(move |method, params| {
        let answer = match method {
            "tx" => {
                let hash = params["hash"].as_str().unwrap_or_default();
                let hash = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, hash);
                json!({"result": transactions[hex::encode(hash.unwrap_or_default())]})
            }
            _ => honest(&recorded, method, params),
        };
        answer.to_string().into()
    })
    .await;
    let client = node.client();

    let block = client.block(Some(4)).await.expect("a block");
    assert_eq!(block.transactions.len(), 5);
    assert_eq!(client.validators(8).await.expect("two").len(), 2);
    assert_eq!(
        client
            .commit(None)
            .await
            .expect("newest")
            .header
            .height
            .value(),
        15
    );
    assert_eq!(
        client.genesis().await.expect("a genesis")["chain_id"],
        "polity-fixture"
    );
    let hash = sha2::Digest::finalize(sha2::Digest::chain_update(
        <sha2::Sha256 as sha2::Digest>::new(),
        &block.transactions[3],
    ));
    let found = client.tx(&hash.into(), true).await.expect("found");
    assert_eq!((found.height, found.index), (4, 3));
    assert_eq!(found.transaction, block.transactions[3]);
    assert_eq!(
        found.proof.map(|proof| (proof.index, proof.total)),
        Some((3, 5))
    );
}

#[tokio::test]
async fn a_question_about_state_carries_its_proof_in_either_spelling() {
    for name in ["proof_ops", "proofOps"] {
        let node = Node::start(move |_, params| {
            assert_eq!(params["data"], "0102");
            let response = json!({
                "code": 0, "log": "", "index": "0", "key": "AQI=", "value": null, "height": "7",
                name: {"ops": [{"type": "ics23:jmt", "key": "AQI=", "data": "AA=="}]},
            });
            json!({"result": {"response": response}}).to_string().into()
        })
        .await;

        let answer = node.client().abci_query("/key", &[1, 2], 0, true).await;

        let answer = answer.expect("an answer");
        assert_eq!(
            (answer.height, answer.key.as_slice()),
            (7, [1, 2].as_slice())
        );
        assert_eq!(answer.value, [0_u8; 0]);
        assert_eq!(answer.proof_ops[0].form, "ics23:jmt");
        assert_eq!(answer.proof_ops[0].data, [0]);
    }
}

#[tokio::test]
async fn sending_the_same_bytes_twice_is_no_error() {
    let node = Node::start(|_, _| {
        br#"{"error":{"code":-32603,"message":"Internal error","data":"tx already exists in cache"}}"#
            .to_vec()
    })
    .await;

    let answer = node.client().broadcast_tx_sync(b"bytes").await;

    let hash = "277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9";
    let answer = answer.expect("safe");
    assert_eq!((answer.code, hex::encode(answer.hash).as_str()), (0, hash));
}

#[tokio::test]
async fn a_batch_has_one_answer_for_each_transaction() {
    let node = Node::start(|method, params| {
        assert_eq!(method, "broadcast_batch");
        let count = params["txs"].as_array().map_or(0, Vec::len).min(2);
        let answer = json!({"code": 3, "log": "no", "hash": "00".repeat(32)});
        json!({"result": vec![answer; count]}).to_string().into()
    })
    .await;
    let client = node.client();

    let answers = client.broadcast_batch(&[vec![1], vec![2]]).await;
    assert_eq!(answers.expect("two").len(), 2);
    assert!(client.broadcast_batch(&vec![vec![1]; 3]).await.is_err());
    let too_many = client.broadcast_batch(&vec![vec![1]; 1_001]).await;
    assert_eq!(too_many.expect_err("too many").kind(), ErrorKind::Usage);
}

/// Takes connections and says nothing, with the number of those that it took.
async fn silence() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let taken = Arc::new(AtomicUsize::new(0));
    let counter = taken.clone();
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::SeqCst);
            kept.push(stream);
        }
    });
    (url, taken)
}

#[tokio::test]
async fn a_node_that_keeps_silent_is_waited_for_in_every_second_round_at_most() {
    let (silent, taken) = silence().await;
    let (one, other) = (Node::of_chain(|_| {}).await, Node::of_chain(|_| {}).await);
    let client = Client::new(ClientOptions {
        request_limit: Duration::from_secs(2),
        ..ClientOptions::for_nodes([silent, one.url.clone(), other.url.clone()])
    })
    .expect("a client");

    for _ in 0..6 {
        client.status().await.expect("an answer");
        client.prefer_another();
    }

    // At the beginning, and again once it was passed over.
    assert_eq!(taken.load(Ordering::SeqCst), 2);
    assert_eq!((one.calls(), other.calls()), (3, 3));
}

#[tokio::test]
async fn beside_a_node_that_keeps_silent_the_next_is_asked_before_its_time_is_up() {
    let (silent, taken) = silence().await;
    let honest = Node::of_chain(|_| {}).await;
    let client = Client::new(ClientOptions {
        request_limit: Duration::from_secs(600),
        patience: Duration::from_millis(50),
        ..ClientOptions::for_nodes([silent, honest.url.clone()])
    })
    .expect("a client");

    for _ in 0..2 {
        let asked = timeout(Duration::from_secs(60), client.status()).await;
        let status = asked.expect("in time").expect("the second answers");
        assert_eq!(status.latest_height, 15);
    }

    assert!(taken.load(Ordering::SeqCst) > 0, "the silent one was asked");
    assert_eq!(honest.calls(), 2);
}

#[tokio::test]
async fn two_witnesses_that_keep_silent_do_not_stand_for_all() {
    let ((one, _), (other, _)) = (silence().await, silence().await);
    let (first, witness) = (Node::of_chain(|_| {}).await, Node::of_chain(|_| {}).await);
    let client = client([first.url.clone(), one, other, witness.url.clone()]);
    let limit = Duration::from_millis(100);
    assert!(client.second_commit(Some(7), limit).await.is_none());

    let patient = Duration::from_secs(60);
    let told = client.second_commit(Some(7), patient).await;

    assert!(told.expect("a witness").second.contains(&witness.url));
}

#[tokio::test]
async fn new_blocks_come_over_the_websocket() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a connection");
        let mut socket = tokio_tungstenite::accept_async(stream)
            .await
            .expect("a socket");
        let asked = socket
            .next()
            .await
            .expect("a question")
            .expect("a question");
        assert!(
            asked.to_string().contains("tm.event='NewBlockHeader'"),
            "{asked}"
        );
        for event in [
            r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
            r#"{"result":{"data":{"value":{"header":{"height":"41"}}}}}"#,
            r#"{"result":{"data":{"value":{"header":{"height":"42"}}}}}"#,
        ] {
            socket.send(Message::text(event)).await.expect("sent");
        }
        socket.close(None).await.expect("closed");
    });
    let client = client(["http://127.0.0.1:1".into(), url]);

    let mut blocks = client.subscribe_blocks().await.expect("subscribed");

    let limit = Duration::from_secs(5);
    assert_eq!(blocks.next_height(limit).await.expect("one"), 41);
    assert_eq!(blocks.next_height(limit).await.expect("two"), 42);
    let end = blocks.next_height(limit).await.expect_err("closed");
    assert_eq!(end.kind(), ErrorKind::NotReached);
}
