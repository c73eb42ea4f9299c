//! Every bad input gets a named answer, changes nothing, and leaves the server serving.

use std::io::Write as _;

use super::server::Server;
use super::wire::{exchange, get, post_bytes};
use crate::gateway::Limits;

/// What is sent, the HTTP status (0 when the connection is closed without an answer), and the code of
/// the JSON-RPC error (0 for an answer without one).
struct Case {
    name: &'static str,
    request: Vec<u8>,
    status: u16,
    code: i64,
}

fn body(name: &'static str, body: &str, status: u16, code: i64) -> Case {
    Case {
        name,
        request: post_bytes(body.as_bytes()),
        status,
        code,
    }
}

fn method(name: &'static str, method: &str, params: &str, code: i64) -> Case {
    body(
        name,
        &format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#),
        200,
        code,
    )
}

fn uri(name: &'static str, path: &str, status: u16, code: i64) -> Case {
    raw(
        name,
        &format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"),
        status,
        code,
    )
}

fn raw(name: &'static str, request: &str, status: u16, code: i64) -> Case {
    Case {
        name,
        request: request.as_bytes().to_vec(),
        status,
        code,
    }
}

fn malformed_json() -> Vec<Case> {
    let deep = |open: &str, close: &str, levels: usize| {
        format!(
            r#"{{"id":1,"method":"health","params":{}{}}}"#,
            open.repeat(levels),
            close.repeat(levels)
        )
    };
    vec![
        body("cut off", r#"{"jsonrpc":"2.0","id":1,"#, 500, -32700),
        body("no JSON", "hello", 500, -32700),
        body("a number", "7", 500, -32700),
        body("a string", r#""status""#, 500, -32700),
        body("null", "null", 500, -32700),
        body("true", "true", 500, -32700),
        body("two values", r#"{"id":1,"method":"health"}{"#, 500, -32700),
        body("single quotes", "{'id':1,'method':'health'}", 500, -32700),
        body(
            "trailing comma",
            r#"{"id":1,"method":"health",}"#,
            500,
            -32700,
        ),
        body(
            "a comment",
            r#"{"id":1/*x*/,"method":"health"}"#,
            500,
            -32700,
        ),
        body("NaN", r#"{"id":NaN,"method":"health"}"#, 500, -32700),
        body(
            "a lone surrogate",
            r#"{"id":"\ud800","method":"health"}"#,
            500,
            -32700,
        ),
        body(
            "a raw control character",
            "{\"id\":\"\u{1}\",\"method\":\"health\"}",
            500,
            -32700,
        ),
        body("deep arrays", &deep("[", "]", 100_000), 500, -32700),
        body("deep objects", &deep(r#"{"a":"#, "}", 200), 500, -32700),
        body(
            "deep arrays, never closed",
            &"[".repeat(1_000_000),
            500,
            -32700,
        ),
        body("a batch of numbers", "[1,2]", 500, -32700),
        body(
            "a batch of batches",
            r#"[[{"id":1,"method":"health"}]]"#,
            500,
            -32700,
        ),
        body(
            "a batch with one bad call",
            r#"[{"id":1,"method":"health"},7]"#,
            500,
            -32700,
        ),
        body(
            "an id that is true",
            r#"{"id":true,"method":"health"}"#,
            500,
            -32700,
        ),
        body(
            "an id that is a list",
            r#"{"id":[1],"method":"health"}"#,
            500,
            -32700,
        ),
        body(
            "an id beyond all bounds",
            r#"{"id":1e400,"method":"health"}"#,
            500,
            -32700,
        ),
        body(
            "a method that is a number",
            r#"{"id":1,"method":5}"#,
            500,
            -32700,
        ),
        Case {
            name: "no UTF-8",
            request: post_bytes(b"{\"id\":\"\xff\",\"method\":\"health\"}"),
            status: 500,
            code: -32700,
        },
        Case {
            name: "UTF-16",
            request: post_bytes(&[0xff, 0xfe, b'{', 0, b'}', 0]),
            status: 500,
            code: -32700,
        },
        body(
            "a batch of too many calls",
            &format!("[{}]", vec![r#"{"id":1,"method":"health"}"#; 101].join(",")),
            500,
            -32600,
        ),
    ]
}

fn unknown_methods() -> Vec<Case> {
    let call = |name, method_name: &str| method(name, method_name, "{}", -32601);
    vec![
        call("an unknown method", "nope"),
        call("a method that dials", "dial_peers"),
        call("a method that flushes the pool", "unsafe_flush_mempool"),
        call(
            "a method that costs the engine much",
            "dump_consensus_state",
        ),
        call("a search that is not offered", "tx_search"),
        call("a method in capitals", "STATUS"),
        call("a method with a space", "status "),
        call("a method with a path", "../status"),
        call("an empty method", ""),
        call("a subscription over HTTP", "subscribe"),
        call("an end of all subscriptions over HTTP", "unsubscribe_all"),
        call("a method with a very long name", &"x".repeat(10_000)),
        body("no method", r#"{"id":1}"#, 200, -32601),
        body(
            "a method that is null",
            r#"{"id":1,"method":null}"#,
            200,
            -32601,
        ),
        uri("a subscription by URI", "/subscribe?query=x", 404, -32601),
        uri("an unknown path", "/nope", 404, 0),
        uri("a path below a method", "/status/x", 404, 0),
        uri("a path that climbs", "/../status", 404, 0),
        uri("a path that is encoded", "/%2e%2e%2fstatus", 404, 0),
        raw(
            "a body to a path",
            "POST /status HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}",
            405,
            0,
        ),
        raw(
            "a PUT",
            "PUT / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
            405,
            0,
        ),
        raw(
            "a DELETE",
            "DELETE /status HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
            405,
            0,
        ),
    ]
}

fn invalid_parameters() -> Vec<Case> {
    let call = |name, method_name: &str, params: &str| method(name, method_name, params, -32602);
    vec![
        call("params that are a number", "block", "7"),
        call("params that are a string", "block", r#""5""#),
        call("params that are true", "block", "true"),
        call("too few by position", "abci_query", r#"["/key"]"#),
        call("too many by position", "block", r#"["1","2"]"#),
        call("a path that is a number", "abci_query", r#"{"path":7}"#),
        call(
            "a path that is a list",
            "abci_query",
            r#"{"path":["/key"]}"#,
        ),
        call("data that is a number", "abci_query", r#"{"data":7}"#),
        call("data with an odd digit", "abci_query", r#"{"data":"6"}"#),
        call(
            "data that is not hexadecimal",
            "abci_query",
            r#"{"data":"zz"}"#,
        ),
        call("data with a prefix", "abci_query", r#"{"data":"0x61"}"#),
        call(
            "a height that is a word",
            "abci_query",
            r#"{"height":"five"}"#,
        ),
        call(
            "a height that is a fraction",
            "abci_query",
            r#"{"height":1.5}"#,
        ),
        call(
            "a height beyond 64 bits",
            "abci_query",
            r#"{"height":"9223372036854775808"}"#,
        ),
        call(
            "a height far beyond 64 bits",
            "block",
            r#"{"height":1e300}"#,
        ),
        call(
            "a negative height of a query",
            "abci_query",
            r#"{"height":"-1"}"#,
        ),
        call("a question in JSON without a path", "query", "{}"),
        call(
            "a question in JSON that only bytes can ask",
            "query",
            r#"{"path":"/key"}"#,
        ),
        call(
            "a field that no question has",
            "query",
            r#"{"path":"/inbox","data":{"membr":"1"}}"#,
        ),
        call("a height with spaces", "block", r#"{"height":" 5 "}"#),
        call("an empty height", "block", r#"{"height":""}"#),
        call("a flag that is a number", "abci_query", r#"{"prove":1}"#),
        call("a flag that is a string", "tx", r#"{"prove":"true"}"#),
        call(
            "a transaction that is no base64",
            "broadcast_tx_sync",
            r#"{"tx":"!!"}"#,
        ),
        call(
            "a transaction without its padding",
            "broadcast_tx_sync",
            r#"{"tx":"YQ"}"#,
        ),
        call(
            "a transaction that is a number",
            "broadcast_tx_async",
            r#"{"tx":1}"#,
        ),
        call(
            "a transaction that is a list of bytes",
            "broadcast_tx_commit",
            r#"{"tx":[97]}"#,
        ),
        call(
            "a batch that is one string",
            "broadcast_batch",
            r#"{"txs":"YQ=="}"#,
        ),
        call(
            "a batch with a number in it",
            "broadcast_batch",
            r#"{"txs":["YQ==",7]}"#,
        ),
        call(
            "a batch with bad base64 in it",
            "broadcast_batch",
            r#"{"txs":["YQ==","!"]}"#,
        ),
        call(
            "a batch of too many transactions",
            "broadcast_batch",
            &format!(r#"{{"txs":[{}""]}}"#, r#""","#.repeat(10_000)),
        ),
        call(
            "a hash that is no base64",
            "tx",
            r#"{"hash":"C22FEA5D7428E5C"}"#,
        ),
        call("a page that is a word", "validators", r#"{"page":"one"}"#),
        uri(
            "a path without quotes",
            "/abci_query?path=/key",
            500,
            -32602,
        ),
        uri(
            "a string without its end",
            "/abci_query?path=%22/key",
            500,
            -32602,
        ),
        uri("bytes without a prefix", "/abci_query?data=61", 500, -32602),
        uri(
            "bytes with an odd digit",
            "/abci_query?data=0x6",
            500,
            -32602,
        ),
        uri("a word for a height", "/block?height=x", 500, -32602),
        uri("bytes for a height", "/block?height=0x05", 500, -32602),
        uri("a number for a flag", "/abci_query?prove=1", 500, -32602),
        uri(
            "bytes that are no text",
            "/abci_query?path=0xff",
            500,
            -32602,
        ),
        uri(
            "a list that is no list",
            "/broadcast_batch?txs=%22YQ==%22",
            500,
            -32602,
        ),
        uri(
            "deep nesting",
            &format!("/broadcast_batch?txs={}", "[".repeat(2_000)),
            500,
            -32602,
        ),
    ]
}

fn unanswerable() -> Vec<Case> {
    let call = |name, method_name: &str, params: &str| method(name, method_name, params, -32603);
    vec![
        call("a hash that is too short", "tx", r#"{"hash":"AA=="}"#),
        call("no hash", "tx", "{}"),
        call(
            "a hash that nobody used",
            "tx",
            r#"{"hash":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}"#,
        ),
        call("results of height 0", "block_results", r#"{"height":"0"}"#),
        call(
            "results of a negative height",
            "block_results",
            r#"{"height":"-5"}"#,
        ),
        call(
            "results of the future",
            "block_results",
            r#"{"height":"9223372036854775807"}"#,
        ),
    ]
}

fn malformed_http() -> Vec<Case> {
    let head =
        |line: &str| format!("POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{line}\r\n\r\n");
    vec![
        raw(
            "no HTTP",
            "\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n",
            400,
            0,
        ),
        raw("an unknown version", "GET /status HTTP/9.9\r\n\r\n", 400, 0),
        raw(
            "HTTP/2 without agreement",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            0,
            0,
        ),
        raw(
            "a header without a name",
            "GET /status HTTP/1.1\r\n: x\r\n\r\n",
            400,
            0,
        ),
        raw(
            "a length that is a word",
            &head("content-length: many"),
            400,
            0,
        ),
        raw("a negative length", &head("content-length: -1"), 400, 0),
        raw(
            "two lengths",
            &head("content-length: 1\r\ncontent-length: 2"),
            400,
            0,
        ),
        raw(
            "a length beyond the limit",
            &head("content-length: 4194305"),
            413,
            -32600,
        ),
        raw(
            "a length beyond all bounds",
            &head("content-length: 9223372036854775807"),
            413,
            -32600,
        ),
        raw(
            "a chunk whose length is no number",
            &format!("{}xyz\r\n", head("transfer-encoding: chunked")),
            400,
            -32600,
        ),
        raw(
            "too many headers",
            &format!("GET /status HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(200)),
            431,
            0,
        ),
        raw(
            "a header that is too large",
            &format!(
                "GET /status HTTP/1.1\r\na: {}\r\n\r\n",
                "b".repeat(1_000_000)
            ),
            431,
            0,
        ),
        raw(
            "a line that is too long",
            &format!("GET /status?x={} HTTP/1.1\r\n\r\n", "y".repeat(100_000)),
            414,
            0,
        ),
        uri("a websocket without a handshake", "/websocket", 400, -32600),
        raw(
            "a websocket of an old version",
            "GET /websocket HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 8\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
            400,
            -32600,
        ),
        raw(
            "a websocket without a key",
            "GET /websocket HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\n\r\n",
            400,
            -32600,
        ),
        Case {
            name: "a body larger than the limit",
            request: post_bytes(&vec![b' '; (4 << 20) + 1]),
            status: 413,
            code: -32600,
        },
    ]
}

#[tokio::test]
async fn every_bad_input_is_refused_by_name_and_changes_nothing() {
    let limits = Limits {
        calls_per_second: 0,
        // Connections that are left open are closed soon.
        header_seconds_max: 1,
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let cases: Vec<Case> = [
        malformed_json(),
        unknown_methods(),
        invalid_parameters(),
        unanswerable(),
        malformed_http(),
    ]
    .into_iter()
    .flatten()
    .collect();

    let mut wrong = Vec::new();
    for case in &cases {
        let answer = exchange(server.address, &case.request).await;
        if (answer.status, answer.error_code()) != (case.status, case.code) {
            let shown: String = answer.body.chars().take(200).collect();
            wrong.push(format!(
                "{}: {} {} {shown}",
                case.name,
                answer.status,
                answer.error_code()
            ));
        }
        assert_eq!(
            get(server.address, "/health").await.status,
            200,
            "after {}",
            case.name
        );
    }

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(server.engine.pool().is_empty());
    // Past the capture of tests, so that the count stands in every log.
    let _ = writeln!(
        std::io::stderr(),
        "gateway: {} bad inputs refused",
        cases.len()
    );
}
