//! What is said to somebody for whom no place is left.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// So many are told at a time; others find the connection closed.
const AT_A_TIME_MAX: usize = 64;
/// Nobody is waited for longer than this.
const TIME: Duration = Duration::from_secs(1);

const BODY: &str = r#"{"jsonrpc":"2.0","id":-1,"error":{"code":-32000,"message":"Server error","data":"too many connections: close some, or try again later"}}"#;

/// Tells those who find no place.
pub(super) struct Farewells(Arc<Semaphore>);

impl Default for Farewells {
    fn default() -> Farewells {
        Farewells(Arc::new(Semaphore::new(AT_A_TIME_MAX)))
    }
}

impl Farewells {
    /// Answers a connection in plain text, and closes it.
    pub(super) fn say(&self, stream: TcpStream) {
        if let Ok(permit) = Arc::clone(&self.0).try_acquire_owned() {
            tokio::spawn(async move {
                say(stream).await;
                drop(permit);
            });
        }
    }
}

async fn say(mut stream: TcpStream) {
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{BODY}",
        BODY.len()
    );
    let mut asked = [0; 1024];
    // Clients take an answer that comes before their question for a broken connection.
    let _ = timeout(TIME, stream.read(&mut asked)).await;
    let _ = timeout(TIME, stream.write_all(answer.as_bytes())).await;
    let _ = timeout(TIME, stream.shutdown()).await;
    // A socket that is closed with something unread takes back what was said.
    let rest = async { while matches!(stream.read(&mut asked).await, Ok(read) if read > 0) {} };
    let _ = timeout(TIME, rest).await;
}
