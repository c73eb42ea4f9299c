//! Requests written byte by byte, so that a test can send what no library would.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// Longer than any limit that a test sets.
const PATIENCE: Duration = Duration::from_secs(20);

/// An answer over HTTP; status 0 when the connection was closed without one.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Answer {
    /// The body as JSON; null when it is none.
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    /// The code of the JSON-RPC error; 0 when there is none.
    pub(super) fn error_code(&self) -> i64 {
        self.json()["error"]["code"].as_i64().unwrap_or(0)
    }
}

/// A connection as from another machine: from an address that is not the server's.
pub(super) async fn connect_from_elsewhere(address: SocketAddr) -> TcpStream {
    connect_from("127.0.0.2:0", address).await
}

pub(super) async fn connect_from(own: &str, address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(own.parse().unwrap()).unwrap();
    socket.connect(address).await.unwrap()
}

/// Sends these bytes and reads until the server closes the connection.
pub(super) async fn exchange(address: SocketAddr, request: &[u8]) -> Answer {
    let mut stream = connect_from_elsewhere(address).await;
    // The server may answer and close before it has read everything.
    let _ = stream.write_all(request).await;
    read_answer(&mut stream).await
}

pub(super) async fn read_answer(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    while let Ok(read) = timeout(PATIENCE, stream.read(&mut chunk))
        .await
        .expect("no end of answer")
    {
        if read == 0 {
            break;
        }
        bytes.extend_from_slice(&chunk[..read]);
    }
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or(0);
    Answer {
        status,
        head: head.to_ascii_lowercase(),
        body: body.to_owned(),
    }
}

pub(super) async fn post(address: SocketAddr, body: &str) -> Answer {
    exchange(address, post_bytes(body.as_bytes()).as_slice()).await
}

pub(super) fn post_bytes(body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

pub(super) async fn get(address: SocketAddr, path: &str) -> Answer {
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    exchange(address, request.as_bytes()).await
}

/// Calls a method and gives the whole answer.
pub(super) async fn call(address: SocketAddr, method: &str, params: Value) -> Value {
    let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    post(address, &request.to_string()).await.json()
}
