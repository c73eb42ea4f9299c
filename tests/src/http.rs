//! One question to a node's gateway, over HTTP and nothing more.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// A node that does not answer in this time does not answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The `result` of a method in its form as a path, such as `status` or `broadcast_tx_sync?tx=0x…`;
/// the error's text where the node answers with one, or does not answer.
pub fn ask(gateway: SocketAddr, path: &str) -> Result<Value, String> {
    let answer = get(gateway, path).map_err(|error| error.to_string())?;
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let mut answer: Value = serde_json::from_str(body).map_err(|error| error.to_string())?;
    match answer.get_mut("result") {
        Some(result) => Ok(result.take()),
        None => Err(answer["error"].to_string()),
    }
}

fn get(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    // Of version 1.0, because its answers come in one piece.
    write!(
        stream,
        "GET /{path} HTTP/1.0\r\nhost: {address}\r\nconnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
