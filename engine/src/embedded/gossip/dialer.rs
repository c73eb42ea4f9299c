//! Reaching one peer, again and again.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::secure::Secured;
use super::{HANDSHAKE_TIME, Shared};
use crate::embedded::NodeId;

/// The first pause after a connection that failed; each later one doubles.
const PAUSE_MIN: Duration = Duration::from_millis(100);
/// No pause is longer: networks are small, and a department that comes back is expected.
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// A connection that held for so long was a good one.
const STEADY: Duration = Duration::from_secs(10);

/// Keeps a connection with a peer, whoever opened it. Never ends by itself.
pub(super) async fn keep_connected(shared: Arc<Shared>, peer: NodeId, address: String) {
    let mut pause = PAUSE_MIN;
    loop {
        shared.links.free(peer).await;
        let started = Instant::now();
        match dial(&shared, peer, &address).await {
            Ok(secured) => shared.converse(secured, shared.identity.id).await,
            Err(error) => tracing::debug!(%peer, %address, %error, "peer not reached"),
        }
        if started.elapsed() >= STEADY {
            pause = PAUSE_MIN;
        }
        sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

async fn dial(shared: &Shared, peer: NodeId, address: &str) -> io::Result<Secured> {
    let reach = async {
        let stream = TcpStream::connect(address).await?;
        shared.identity.initiate(stream).await
    };
    let secured = timeout(HANDSHAKE_TIME, reach)
        .await
        .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    if secured.peer != peer {
        let words = format!("another node answers there: {}", secured.peer);
        return Err(io::Error::other(words));
    }
    Ok(secured)
}
