//! Whoever asks too much, too fast or too slowly is turned away; others are served.

use std::net::SocketAddr;

use prometheus_client::encoding::text::encode;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::server::Server;
use super::wire::{call, connect_from_elsewhere, exchange, get, post, post_bytes, read_answer};
use crate::gateway::Limits;

#[tokio::test]
async fn an_address_that_calls_too_often_is_told_to_wait() {
    let limits = Limits {
        calls_per_second: 1,
        calls_burst: 1_000,
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    // A batch pays for each of its calls.
    let batch = format!("[{}]", [r#"{"id":1,"method":"health"}"#; 100].join(","));
    for _ in 0..10 {
        assert_eq!(post(server.address, &batch).await.status, 200);
    }
    let answer = post(server.address, &batch).await;
    assert_eq!((answer.status, answer.error_code()), (429, -32000));
    assert!(answer.head.contains("retry-after: 1"), "{}", answer.head);
}

#[tokio::test]
async fn a_batch_larger_than_the_burst_is_answered_after_a_rest() {
    let limits = Limits {
        calls_per_second: 1,
        calls_burst: 2,
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let batch = format!("[{}]", [r#"{"id":1,"method":"health"}"#; 10].join(","));
    assert_eq!(post(server.address, &batch).await.status, 200);
}

#[tokio::test]
async fn a_batch_whose_answers_grow_too_large_is_answered_in_part_and_says_so() {
    let limits = Limits {
        batch_answer_bytes_max: 1 << 10,
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let calls: Vec<String> = (1..=100)
        .map(|id| json!({"id": id, "method": "status"}).to_string())
        .collect();
    let body = post(server.address, &format!("[{}]", calls.join(",")))
        .await
        .body;
    let answers: Vec<Value> = serde_json::from_str(&body).unwrap();
    let told = answers
        .iter()
        .filter(|answer| answer["error"]["code"] == json!(-32000));

    assert_eq!(answers.len(), 100);
    assert!(answers[0]["result"].is_object(), "{}", answers[0]);
    assert!(told.count() > 90, "{body}");
    assert_eq!(answers[99]["id"], json!(100));
}

#[tokio::test]
async fn clients_that_let_large_answers_wait_leave_others_the_small_ones() {
    let limits = Limits {
        answers_bytes_max: 16 << 20,
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    // More than the kernel takes for a client that reads nothing.
    let receipt: &[u8] = vec![0; 24 << 20].leak();
    server.ledger.commit(&[b"x"], receipt);
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    let request = b"GET /block_results HTTP/1.1\r\nhost: x\r\n\r\n";
    slow.write_all(request).await.unwrap();
    slow.readable().await.unwrap();

    let crowded = get(server.address, "/block_results").await;
    assert_eq!((crowded.status, crowded.error_code()), (500, -32000));
    let posted = call(server.address, "block_results", json!({})).await;
    assert_eq!(posted["error"]["code"], json!(-32000));
    assert_eq!(get(server.address, "/health").await.status, 200);
    drop(slow);
    while get(server.address, "/block_results").await.status != 200 {}
}

#[tokio::test]
async fn bad_signatures_are_paid_for_by_the_address_that_sent_them() {
    let limits = Limits {
        calls_per_second: 1,
        calls_burst: 100,
        bad_transaction_cost: 1_000,
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let bad = json!({"tx": "YmFkIHNpZ25hdHVyZQ=="});
    let answer = call(server.address, "broadcast_tx_sync", bad).await;
    assert_eq!(answer["result"]["code"], json!(204));
    assert_eq!(get(server.address, "/health").await.status, 429);
}

#[tokio::test]
async fn whoever_finds_no_place_is_told_and_a_place_given_back_is_free() {
    for (connections_max, connections_per_address_max) in [(1, 10), (10, 1)] {
        let limits = Limits {
            connections_max,
            connections_per_address_max,
            ..Limits::default()
        };
        let server = Server::start(limits).await;
        // Somebody who is served keeps the place.
        let mut first = connect_from_elsewhere(server.address).await;
        let question = json!({"id": 1, "method": "abci_query", "params": {"path": "/wait"}});
        let request = post_bytes(question.to_string().as_bytes());
        first.write_all(&request).await.unwrap();
        while !server.ledger.is_waited_for() {
            tokio::task::yield_now().await;
        }
        for _ in 0..20 {
            // More than is read of it: what is left must not take the answer back.
            let second = post(server.address, &"x".repeat(100_000)).await;
            assert_eq!((second.status, second.error_code()), (503, -32000));
            assert!(
                second.body.contains("too many connections"),
                "{}",
                second.body
            );
        }
        let silent = exchange(server.address, b"").await;
        assert_eq!(silent.status, 503);

        server.ledger.release();
        assert_eq!(read_answer(&mut first).await.status, 200);
        drop(first);
        while get(server.address, "/health").await.status != 200 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn connections_that_are_kept_alive_keep_nobody_out() {
    let limits = Limits {
        connections_max: 3,
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let mut kept = Vec::new();
    for _ in 0..3 {
        kept.push(kept_alive(server.address).await);
    }

    assert_eq!(get(server.address, "/health").await.status, 200);
    // The one that has idled longest made room; it was answered whole.
    assert_eq!(read_answer(&mut kept[0]).await.status, 200);
    let mut metrics = String::new();
    encode(&mut metrics, &server.registry).unwrap();
    let counted = "gateway_turned_away_total{reason=\"made_room\"} 1";
    assert!(metrics.contains(counted), "{metrics}");
}

#[tokio::test]
async fn whoever_has_sent_a_part_of_a_request_keeps_nobody_out() {
    for part in [
        "GET /health HTTP/1.1\r\nhost",
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{",
    ] {
        let limits = Limits {
            connections_max: 2,
            ..Limits::default()
        };
        let server = Server::start(limits).await;
        let mut slow = connect_from_elsewhere(server.address).await;
        slow.write_all(part.as_bytes()).await.unwrap();
        let _kept = kept_alive(server.address).await;

        assert_eq!(get(server.address, "/health").await.status, 200);
        assert_eq!(read_answer(&mut slow).await.status, 0);
    }
}

#[tokio::test]
async fn a_slow_upload_keeps_its_place_while_others_idle() {
    let limits = Limits {
        connections_max: 2,
        body_bytes_max: 64 << 20,
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let mut slow = connect_from_elsewhere(server.address).await;
    // More than the kernel keeps: once it is written, the gateway has read some of it.
    let piece = vec![b' '; 32 << 20];
    let head = format!(
        "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        piece.len() + 1
    );
    slow.write_all(head.as_bytes()).await.unwrap();
    let _kept = kept_alive(server.address).await;
    slow.write_all(&piece).await.unwrap();

    assert_eq!(get(server.address, "/health").await.status, 200);
    slow.write_all(b"{").await.unwrap();
    assert_eq!(read_answer(&mut slow).await.error_code(), -32700);
}

#[tokio::test]
async fn whoever_takes_an_answer_slowly_keeps_the_place_until_it_is_taken() {
    let limits = Limits {
        connections_max: 2,
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    // More than the kernel takes for a client that reads nothing.
    let receipt: &[u8] = vec![0; 24 << 20].leak();
    server.ledger.commit(&[b"x"], receipt);
    let mut slow = connect_from_elsewhere(server.address).await;
    let request = b"GET /block_results HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    slow.write_all(request).await.unwrap();
    slow.readable().await.unwrap();
    let _kept = kept_alive(server.address).await;

    assert_eq!(get(server.address, "/health").await.status, 200);
    let answer = read_answer(&mut slow).await;
    assert!(answer.json()["result"].is_object(), "{}", answer.head);
}

/// A connection that was answered and idles.
async fn kept_alive(address: SocketAddr) -> TcpStream {
    let mut stream = connect_from_elsewhere(address).await;
    let request = b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n";
    stream.write_all(request).await.unwrap();
    stream.readable().await.unwrap();
    stream
}

#[tokio::test]
async fn slow_headers_and_slow_bodies_are_not_waited_for() {
    let limits = Limits {
        header_seconds_max: 1,
        body_seconds_max: 1,
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let (silent, header, body) = tokio::join!(
        exchange(server.address, b""),
        exchange(server.address, b"GET /health HTTP/1.1\r\nhost"),
        exchange(
            server.address,
            b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"
        ),
    );
    assert_eq!((silent.status, header.status), (0, 0));
    assert_eq!((body.status, body.error_code()), (408, -32600));
}

#[tokio::test]
async fn a_call_that_takes_too_long_is_answered_with_an_error() {
    let limits = Limits {
        call_seconds_max: 1,
        queries_at_once: 1,
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let (waited, queued) = tokio::join!(
        call(server.address, "abci_query", json!({"path": "/wait"})),
        call(server.address, "abci_query", json!({"path": "/wait"})),
    );
    for answer in [waited, queued] {
        assert_eq!(
            answer["error"]["data"],
            json!("the call took longer than it may")
        );
    }
    server.ledger.release();
    // The turn comes back with the end of the read, not with the end of the call.
    loop {
        let answer = call(server.address, "abci_query", json!({"path": "/key"})).await;
        if answer["result"] != Value::Null {
            break;
        }
        server.ledger.release();
    }
}

#[tokio::test]
async fn judging_for_many_is_in_nobodys_way_and_ends_with_who_asked() {
    let limits = Limits {
        call_seconds_max: 1,
        judged_at_once: 2,
        queries_at_once: 3,
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let (ledger, address) = (&server.ledger, server.address);
    let mut asked = JoinSet::new();
    for _ in 0..8 {
        asked.spawn(call(address, "abci_query", json!({"path": "/judge"})));
    }
    while ledger.judging() < 2 {
        tokio::task::yield_now().await;
    }

    let answer = call(address, "abci_query", json!({"path": "/key"})).await;
    assert_ne!(answer["result"], Value::Null);
    for answer in asked.join_all().await {
        assert_eq!(
            answer["error"]["data"],
            json!("the call took longer than it may")
        );
    }
    while ledger.judging() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_question_costs_what_is_judged_for_it() {
    let limits = Limits {
        calls_per_second: 1,
        calls_burst: 20,
        call_seconds_max: 1,
        judged_action_cost: 5,
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    call(server.address, "abci_query", json!({"path": "/judge"})).await;
    assert_eq!(get(server.address, "/health").await.status, 429);
}

#[tokio::test]
async fn whoever_has_many_transactions_read_pays_for_them() {
    for path in [
        "/block?height=1",
        "/block_results?height=1",
        "/tx?hash=HASH&prove=true",
        "/abci_query?path=%22/history%22",
    ] {
        let limits = Limits {
            calls_per_second: 1,
            calls_burst: 5,
            ..Limits::default()
        };
        let server = Server::start(limits).await;
        server.ledger.commit(&[b"x".as_slice(); 1_000], b"");
        server.engine.fill_blocks(1_000);
        let path = path.replace("HASH", &format!("0x{}", hex::encode(Sha256::digest(b"x"))));
        assert_eq!(get(server.address, &path).await.status, 200);
        assert_eq!(get(server.address, "/health").await.status, 429, "{path}");
    }
}

/// Asks a hanging engine for eight long answers, until it has as many questions as it gets at a time.
async fn hang_on_long_questions(server: &Server) -> JoinSet<u16> {
    let address = server.address;
    server.engine.hold();
    let mut asked = JoinSet::new();
    for _ in 0..8 {
        asked.spawn(async move { get(address, "/genesis").await.status });
    }
    while server.engine.held() < 2 {
        tokio::task::yield_now().await;
    }
    asked
}

#[tokio::test]
async fn of_long_answers_few_are_made_ready_at_a_time() {
    let server = Server::start(Limits::default()).await;
    let asked = hang_on_long_questions(&server).await;
    let address = server.address;
    // Short ones are in nobody's way.
    for _ in 0..20 {
        assert_eq!(get(address, "/status").await.status, 200);
        assert_eq!(server.engine.held(), 2);
    }
    server.engine.let_go();
    assert_eq!(asked.join_all().await, [200; 8]);
}

#[tokio::test]
async fn an_engine_that_hangs_keeps_nobody_from_long_answers_of_the_node_itself() {
    let server = Server::start(Limits::default()).await;
    server.ledger.commit(&[b"x"], b"");
    let _asked = hang_on_long_questions(&server).await;
    let address = server.address;
    for _ in 0..20 {
        assert_eq!(get(address, "/block_results?height=1").await.status, 200);
    }
    server.engine.let_go();
}

#[tokio::test]
async fn whoever_asks_for_many_long_answers_at_once_gets_few() {
    // As many as are made at a time, before the first of them is paid for: the engine's, and the node's own.
    for (path, at_once) in [("/block?height=1", 2), ("/block_results?height=1", 3)] {
        let limits = Limits {
            calls_per_second: 1,
            calls_burst: 9,
            ..Limits::default()
        };
        let server = Server::start(limits).await;
        server.ledger.commit(&[b"x".as_slice(); 1_000], b"");
        server.engine.fill_blocks(1_000);
        let address = server.address;
        let mut asked = JoinSet::new();
        for _ in 0..9 {
            asked.spawn(async move { get(address, path).await.status });
        }
        let statuses = asked.join_all().await;
        let answered = statuses.iter().filter(|status| **status == 200);
        assert!(
            (1..=at_once).contains(&answered.count()),
            "{path}: {statuses:?}"
        );
    }
}

#[tokio::test]
async fn a_stopping_server_closes_idle_connections_and_ends() {
    let server = Server::start(Limits::default()).await;
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    idle.write_all(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let reading = tokio::spawn(async move { read_answer(&mut idle).await });
    while get(server.address, "/health").await.status != 200 {}
    server.stop().await;
    let status = reading.await.unwrap().status;
    assert!(status == 200 || status == 0, "{status}");
}
