//! Where transactions are handed in: CometBFT's own RPC, or the gateway of `polityd`. Requests, and what the answers mean.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpStream};

use serde_json::Value;

/// The gateway's code for what its engine has no room for now.
const NOT_TAKEN: u64 = 1;

/// The way by which a node takes transactions.
#[derive(Clone, Copy, Debug)]
pub(super) enum Way {
    /// CometBFT's RPC: a batch of calls, answered before anything is checked.
    Rpc,
    /// The gateway's method for many transactions, answered when all of them were checked.
    Gateway,
}

/// The doors of a network. An address that stands there more than once is used by as many connections.
#[derive(Clone, Debug)]
pub(super) struct Doors {
    pub(super) way: Way,
    pub(super) addresses: Vec<SocketAddr>,
}

impl Way {
    /// Transactions in one request.
    pub(super) fn request_size(self) -> usize {
        match self {
            Way::Rpc => 50,
            Way::Gateway => 100,
        }
    }

    /// A request of HTTP that hands in transactions in base64.
    pub(super) fn request(self, address: SocketAddr, transactions: &[String]) -> Vec<u8> {
        let call = match self {
            Way::Rpc => {
                let calls = transactions.iter().enumerate().map(|(id, text)| {
                    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"broadcast_tx_async","params":{{"tx":"{text}"}}}}"#)
                });
                format!("[{}]", calls.collect::<Vec<_>>().join(","))
            }
            Way::Gateway => format!(
                r#"{{"jsonrpc":"2.0","id":1,"method":"broadcast_batch","params":{{"txs":["{}"]}}}}"#,
                transactions.join("\",\"")
            ),
        };
        let mut request = String::new();
        // Writing into a text cannot fail.
        let _ = write!(
            request,
            "POST / HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{call}",
            call.len()
        );
        request.into_bytes()
    }

    /// Whether the node has taken the whole request; what it had no room for can be handed in again.
    ///
    /// # Panics
    /// Where the node refuses a transaction: then the run measures nothing.
    pub(super) fn has_taken(self, answer: &[u8]) -> bool {
        let text = || String::from_utf8_lossy(answer);
        match self {
            Way::Rpc => {
                let refused = text().contains("\"error\"");
                assert!(!refused, "the node refuses the load: {}", text());
                true
            }
            Way::Gateway => {
                let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
                let codes = answer["result"].as_array().into_iter().flatten();
                let codes: Vec<Option<u64>> = codes.map(|one| one["code"].as_u64()).collect();
                let known = |code: &Option<u64>| matches!(code, Some(0 | NOT_TAKEN));
                let refused = codes.is_empty() || !codes.iter().all(known);
                assert!(!refused, "the node refuses the load: {answer}");
                codes.iter().all(|code| *code == Some(0))
            }
        }
    }
}

/// Reads an answer of HTTP to its end: its body.
pub(super) fn read_answer(answers: &mut BufReader<TcpStream>) -> Vec<u8> {
    let mut length = None;
    let mut chunked = false;
    loop {
        let line = read_line(answers).to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse::<usize>().ok();
        }
        chunked |= line == "transfer-encoding: chunked";
    }
    if chunked {
        return read_chunks(answers);
    }
    let mut body = vec![0; length.unwrap_or_default()];
    answers
        .read_exact(&mut body)
        .expect("the node answers to the end");
    body
}

fn read_chunks(answers: &mut BufReader<TcpStream>) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let length = usize::from_str_radix(&read_line(answers), 16);
        let length = length.expect("a chunk tells its length");
        let end = body.len();
        body.resize(end + length + 2, 0);
        answers
            .read_exact(&mut body[end..])
            .expect("the node answers to the end");
        body.truncate(end + length);
        if length == 0 {
            return body;
        }
    }
}

fn read_line(answers: &mut BufReader<TcpStream>) -> String {
    let mut line = String::new();
    answers.read_line(&mut line).expect("the node answers");
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_gateway_has_no_room_for_is_handed_in_again() {
        let taken = |codes: &str| {
            let answer = format!(r#"{{"jsonrpc":"2.0","id":1,"result":[{codes}]}}"#);
            Way::Gateway.has_taken(answer.as_bytes())
        };
        assert!(taken(r#"{"code":0},{"code":0}"#));
        assert!(!taken(r#"{"code":0},{"code":1}"#));
    }

    #[test]
    #[should_panic(expected = "refuses the load")]
    fn a_refusal_ends_the_run() {
        Way::Gateway.has_taken(br#"{"result":[{"code":0},{"code":203}]}"#);
    }
}
