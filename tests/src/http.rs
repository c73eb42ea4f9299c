//! One question to a node's gateway, over HTTP and nothing more.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

/// A node that does not answer in this time does not answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The `result` of a method in its form as a path, such as `status` or `broadcast_tx_sync?tx=0x…`;
/// the error's text where the node answers with one, or does not answer.
pub fn ask(gateway: SocketAddr, path: &str) -> Result<Value, String> {
    result(&get(gateway, path).map_err(|error| error.to_string())?)
}

/// The `result` of a method called with parameters too large for a path.
pub fn call(gateway: SocketAddr, method: &str, params: &Value) -> Result<Value, String> {
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
    let request = format!(
        "POST / HTTP/1.0\r\nhost: {gateway}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{call}",
        call.len()
    );
    result(&exchange(gateway, &request).map_err(|error| error.to_string())?)
}

/// The body of whatever is under a path, such as the operator's `metrics`.
pub fn get(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let request = format!("GET /{path} HTTP/1.0\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    exchange(address, &request)
}

fn result(body: &str) -> Result<Value, String> {
    let mut answer: Value = serde_json::from_str(body).map_err(|error| error.to_string())?;
    match answer.get_mut("result") {
        Some(result) => Ok(result.take()),
        None => Err(answer["error"].to_string()),
    }
}

/// Sends a request and answers the body of what comes back. Requests are of version 1.0, because its answers come in
/// one piece.
fn exchange(address: SocketAddr, request: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body);
    Ok(body.unwrap_or_default().to_owned())
}
