//! Calls and subscriptions over a websocket.

use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt as _, StreamExt as _};
use prometheus_client::encoding::text::encode;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use super::golden::golden;
use super::server::Server;
use super::wire::{connect_from, connect_from_elsewhere, get};
use crate::gateway::Limits;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    async fn open(address: SocketAddr) -> Socket {
        Socket::over(TcpStream::connect(address).await.unwrap(), address).await
    }

    async fn over(stream: TcpStream, address: SocketAddr) -> Socket {
        let (socket, _) = client_async(format!("ws://{address}/websocket"), stream)
            .await
            .unwrap();
        Socket(socket)
    }

    async fn send(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    /// The next message as JSON; `None` at the end.
    async fn next(&mut self) -> Option<Value> {
        loop {
            match timeout(PATIENCE, self.0.next())
                .await
                .expect("no message came")
            {
                Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    async fn call(&mut self, method: &str, params: Value) -> Value {
        let request = json!({"jsonrpc": "2.0", "id": method, "method": method, "params": params});
        self.send(&request.to_string()).await;
        self.next().await.unwrap()
    }

    async fn subscribe(&mut self, query: &str) {
        let answer = self.call("subscribe", json!({ "query": query })).await;
        assert_eq!(
            answer,
            json!({"jsonrpc": "2.0", "id": "subscribe", "result": {}}),
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_websocket_takes_a_batch_of_transactions_as_http_does() {
    let server = Server::start(Limits::default()).await;
    let mut socket = Socket::open(server.address).await;
    let txs: Vec<String> = (0..40)
        .map(|number| STANDARD.encode(format!("{number}")))
        .collect();
    let answer = socket.call("broadcast_batch", json!({ "txs": txs })).await;
    assert_eq!(answer["result"].as_array().map(Vec::len), Some(40));
}

#[tokio::test]
async fn subscribers_hear_of_blocks_headers_and_transactions_as_from_cometbft() {
    let server = Server::start(Limits::default()).await;
    let mut blocks = Socket::open(server.address).await;
    blocks.subscribe("tm.event='NewBlock'").await;
    let mut headers = Socket::open(server.address).await;
    headers.subscribe("tm.event = 'NewBlockHeader'").await;
    let mut transactions = Socket::open(server.address).await;
    transactions.subscribe("tm.event='Tx'").await;
    server.ledger.commit(&[b"a=1"], b"receipt");

    let block = golden("block");
    let result = json!({
        "code": 0, "data": "cmVjZWlwdA==", "log": "", "info": "", "gas_wanted": "0",
        "gas_used": "0", "events": [], "codespace": "",
    });
    let new_block = json!({
        "block": block["block"],
        "block_id": block["block_id"],
        "result_finalize_block": {
            "tx_results": [result],
            "validator_updates": [],
            "app_hash": "AgAAAAAAAAA=",
        },
    });
    let event = |query: &str, name: &str, value: Value, events: Value| {
        json!({"jsonrpc": "2.0", "id": "subscribe", "result": {
            "query": query,
            "data": {"type": format!("tendermint/event/{name}"), "value": value},
            "events": events,
        }})
    };
    let events = json!({"tm.event": ["NewBlock"]});
    let expected = event("tm.event='NewBlock'", "NewBlock", new_block, events);
    assert_eq!(blocks.next().await.unwrap(), expected);

    let header = json!({"header": block["block"]["header"]});
    let events = json!({"tm.event": ["NewBlockHeader"]});
    let expected = event(
        "tm.event = 'NewBlockHeader'",
        "NewBlockHeader",
        header,
        events,
    );
    assert_eq!(headers.next().await.unwrap(), expected);

    let hash = hex::encode_upper(Sha256::digest(b"a=1"));
    let value = json!({"TxResult": {
        "height": "1", "tx": "YT0x", "result": {"data": "cmVjZWlwdA==", "events": []},
    }});
    let events = json!({"tm.event": ["Tx"], "tx.hash": [hash], "tx.height": ["1"]});
    let expected = event("tm.event='Tx'", "Tx", value, events);
    assert_eq!(transactions.next().await.unwrap(), expected);
}

#[test]
fn no_block_is_written_for_subscribers_on_the_event_loop() {
    for query in ["tm.event='NewBlock'", "tm.event='Tx'"] {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().max_blocking_threads(1).build();
        runtime.unwrap().block_on(async {
            let server = Server::start(Limits::default()).await;
            let mut socket = Socket::open(server.address).await;
            socket.subscribe(query).await;
            let (release, held) = std::sync::mpsc::channel::<()>();
            let held = tokio::task::spawn_blocking(move || held.recv());
            server.ledger.commit(&[b"a=1"], b"");
            // Answered without a thread beside the event loop, and in their order.
            for _ in 0..100 {
                let answer = socket.call("unsubscribe", json!({})).await;
                assert!(answer["error"].is_object(), "{answer}");
            }

            drop(release);
            held.await.unwrap().unwrap_err();
            let event = socket.next().await.unwrap();
            assert_eq!(event["result"]["query"], json!(query));
        });
    }
}

#[tokio::test]
async fn subscribers_are_told_of_blocks_that_nobody_announced() {
    let server = Server::start(Limits::default()).await;
    let mut socket = Socket::open(server.address).await;
    socket.subscribe("tm.event='NewBlockHeader'").await;
    server.ledger.commit(&[], b"");
    assert!(socket.next().await.unwrap()["result"].is_object());

    server.ledger.commit_unheard();
    server.ledger.commit(&[], b"");
    let told = socket.next().await.unwrap();
    let reason = "subscription was canceled (reason: blocks were missed)";
    assert_eq!(told["error"]["data"], json!(reason));
}

#[tokio::test]
async fn a_block_is_announced_also_while_others_ask_the_engine_all_that_it_answers() {
    let limits = Limits {
        engine_calls_at_once: 1,
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let mut socket = Socket::open(server.address).await;
    socket.subscribe("tm.event='NewBlock'").await;
    server.engine.hold();
    let address = server.address;
    let asking = tokio::spawn(async move { get(address, "/genesis").await });
    while server.engine.held() == 0 {
        tokio::task::yield_now().await;
    }

    server.ledger.commit(&[], b"");
    assert!(socket.next().await.unwrap()["result"].is_object());
    server.engine.let_go();
    assert_eq!(asking.await.unwrap().status, 200);
}

#[tokio::test]
async fn one_transaction_can_be_waited_for() {
    let server = Server::start(Limits::default()).await;
    let mut socket = Socket::open(server.address).await;
    let hash = hex::encode_upper(Sha256::digest(b"mine"));
    socket
        .subscribe(&format!("tm.event='Tx' AND tx.hash='{hash}'"))
        .await;
    let sent = socket
        .call("broadcast_tx_sync", json!({"tx": STANDARD.encode("mine")}))
        .await;
    assert_eq!(sent["result"]["hash"], json!(hash));

    server.ledger.commit(&[b"another"], b"");
    server.ledger.commit(&[b"a third", b"mine"], b"receipt");
    let heard = socket.next().await.unwrap();
    let result = &heard["result"]["data"]["value"]["TxResult"];
    assert_eq!(
        (&result["height"], &result["index"]),
        (&json!("2"), &json!(1))
    );
}

#[tokio::test]
async fn every_method_works_over_the_websocket_and_bad_input_leaves_it_open() {
    let server = Server::start(Limits::default()).await;
    let mut socket = Socket::open(server.address).await;
    assert_eq!(
        socket.call("commit", json!({"height": "2"})).await["result"],
        golden("commit")
    );
    let query = socket
        .call("abci_query", json!({"path": "/key", "data": "61"}))
        .await;
    assert_eq!(query["result"], golden("abci_query"));

    for (message, code) in [
        ("{", -32700),
        ("", -32700),
        ("7", -32700),
        ("[]", -32700),
        (r#"[{"id":1,"method":"health"}]"#, -32700),
        (&"[".repeat(100_000), -32700),
        (r#"{"id":1,"method":"nope"}"#, -32601),
        (
            r#"{"id":1,"method":"abci_query","params":{"path":7}}"#,
            -32602,
        ),
        (
            r#"{"id":1,"method":"subscribe","params":{"query":7}}"#,
            -32602,
        ),
        (
            r#"{"id":1,"method":"subscribe","params":{"query":"tm.event='Vote'"}}"#,
            -32603,
        ),
        (r#"{"id":1,"method":"subscribe"}"#, -32603),
        (
            r#"{"id":1,"method":"unsubscribe","params":{"query":"tm.event='Tx'"}}"#,
            -32603,
        ),
        (r#"{"id":1,"method":"unsubscribe_all"}"#, -32603),
    ] {
        socket.send(message).await;
        assert_eq!(
            socket.next().await.unwrap()["error"]["code"],
            json!(code),
            "{message:.50}"
        );
    }
    // A notification has no answer: the next message is that of the next call.
    socket.send(r#"{"method":"health"}"#).await;
    assert_eq!(socket.call("health", json!({})).await["result"], json!({}));
}

#[tokio::test]
async fn a_subscription_ends_when_asked_and_is_bounded_in_number() {
    let limits = Limits {
        subscriptions_per_connection_max: 2,
        subscriptions_max: 3,
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let mut one = Socket::open(server.address).await;
    let mut two = Socket::open(server.address).await;
    one.subscribe("tm.event='Tx'").await;
    let again = one
        .call("subscribe", json!({"query": "tm.event = 'Tx'"}))
        .await;
    assert_eq!(again["error"]["data"], json!("already subscribed"));
    one.subscribe("tm.event='NewBlock'").await;
    let third = one
        .call("subscribe", json!({"query": "tm.event='NewBlockHeader'"}))
        .await;
    assert_eq!(
        third["error"]["data"],
        json!("max_subscriptions_per_client 2 reached")
    );
    two.subscribe("tm.event='Tx'").await;
    let fourth = two
        .call("subscribe", json!({"query": "tm.event='NewBlock'"}))
        .await;
    assert_eq!(
        fourth["error"]["data"],
        json!("subscriptions_max 3 reached")
    );

    let ended = one
        .call("unsubscribe", json!({"query": "tm.event='NewBlock'"}))
        .await;
    assert_eq!(ended["result"], json!({}));
    two.subscribe("tm.event='NewBlock'").await;
    assert_eq!(
        one.call("unsubscribe_all", json!({})).await["result"],
        json!({})
    );
    server.ledger.commit(&[b"a=1"], b"");
    assert!(two.next().await.is_some());
    assert_eq!(one.call("health", json!({})).await["result"], json!({}));
}

#[tokio::test]
async fn a_subscriber_that_takes_nothing_is_dropped() {
    let limits = Limits {
        websocket_queue_messages: 4,
        write_stall_seconds_max: 600,
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let mut slow = Socket::open(server.address).await;
    slow.subscribe("tm.event='Tx'").await;
    // The kernel takes some megabytes before the queue fills.
    let large = vec![b'x'; 1 << 20];
    for number in 0..40u8 {
        let bytes = [&[number], large.as_slice()].concat();
        server.ledger.commit(&[&bytes], b"");
        while get(server.address, "/health").await.status != 200 {}
    }

    let mut metrics = String::new();
    while !metrics.contains("slow_consumer") {
        metrics.clear();
        encode(&mut metrics, &server.registry).unwrap();
        tokio::task::yield_now().await;
    }
    let mut heard = 0;
    while slow.next().await.is_some() {
        heard += 1;
    }
    assert!(heard < 40, "{heard} of 40 events were heard");
}

#[tokio::test]
async fn a_message_that_is_being_written_still_counts_as_waiting() {
    let limits = Limits {
        websocket_queue_bytes: 1 << 20,
        write_stall_seconds_max: 600,
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let mut slow = Socket::open(server.address).await;
    slow.subscribe("tm.event='Tx'").await;
    // More than the kernel takes, and than may wait.
    server.ledger.commit(&[&vec![b'x'; 16 << 20]], b"");
    for _ in 0..100 {
        assert_eq!(get(server.address, "/health").await.status, 200);
    }
    server.ledger.commit(&[b"small"], b"");

    let mut metrics = String::new();
    while !metrics.contains("slow_consumer") {
        metrics.clear();
        encode(&mut metrics, &server.registry).unwrap();
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn subscribers_are_told_when_the_node_stops() {
    let server = Server::start(Limits::default()).await;
    let mut socket = Socket::open(server.address).await;
    socket.subscribe("tm.event='Tx'").await;
    server.stop().await;
    let last = socket.next().await.unwrap();
    let words = "subscription was canceled (reason: node is stopping)";
    assert_eq!(last["error"]["data"], json!(words));
    assert!(socket.next().await.is_none());
}

#[tokio::test]
async fn websockets_of_one_address_make_room_for_another_and_are_told() {
    let limits = Limits {
        connections_max: 2,
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let mut sockets = Vec::new();
    for _ in 0..2 {
        let stream = connect_from_elsewhere(server.address).await;
        let mut socket = Socket::over(stream, server.address).await;
        socket.subscribe("tm.event='Tx'").await;
        sockets.push(socket);
    }

    let other = connect_from("127.0.0.3:0", server.address).await;
    let _other = Socket::over(other, server.address).await;
    let last = sockets[0].next().await.unwrap();
    let words = "subscription was canceled (reason: others need the place)";
    assert_eq!(last["error"]["data"], json!(words));
    let mut metrics = String::new();
    encode(&mut metrics, &server.registry).unwrap();
    let counted = "gateway_turned_away_total{reason=\"made_room\"} 1";
    assert!(metrics.contains(counted), "{metrics}");
    let answer = sockets[1].call("health", json!({})).await;
    assert_eq!(answer["result"], json!({}));
}

#[tokio::test]
async fn a_message_that_is_too_large_ends_the_connection_and_nothing_else() {
    let limits = Limits {
        websocket_message_bytes_max: 1 << 10,
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let mut socket = Socket::open(server.address).await;
    socket.send(&"x".repeat(2 << 10)).await;
    assert!(socket.next().await.is_none());
    assert_eq!(get(server.address, "/health").await.status, 200);
}

#[tokio::test]
async fn calls_over_the_websocket_are_counted_too() {
    let limits = Limits {
        calls_per_second: 1,
        calls_burst: 3,
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let mut socket = Socket::open(server.address).await;
    // One a second refills, so a few more than the burst may pass.
    for _ in 0..1_000 {
        let answer = socket.call("health", json!({})).await;
        if answer["error"]["code"] == json!(-32000) {
            return;
        }
    }
    panic!("nothing was turned away");
}
