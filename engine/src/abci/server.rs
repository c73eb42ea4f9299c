//! Listens, keeps the connections, stops as a whole.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, timeout};

use super::connection::{self, Shared};
use super::endpoint::{Endpoint, Listener};
use crate::application::{Application, Fault};

/// Bounds of what a peer can claim or hold up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one request. Refused at its header, before anything is allocated.
    pub frame_bytes_max: usize,
    /// Time within which a request that has begun must arrive, and answers must be taken; whoever makes the blocks has
    /// all the time.
    pub frame_timeout: Duration,
    /// Time that a second consensus connection waits for the first one to end, before it is refused.
    pub handover_timeout: Duration,
    /// Time within which requests in hand must end when the server stops.
    pub stop_timeout: Duration,
    /// Connections at once; more wait to be accepted. CometBFT opens four.
    pub connections_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame_bytes_max: 64 * 1024 * 1024,
            frame_timeout: Duration::from_secs(30),
            handover_timeout: Duration::from_secs(5),
            stop_timeout: Duration::from_secs(30),
            connections_max: 16,
        }
    }
}

/// Is told each answered method and how long the application took; checks that were answered as a batch share its
/// time evenly. Called on the thread that answered, so it must be quick.
pub type Observer = Arc<dyn Fn(&'static str, Duration) + Send + Sync>;

/// Why the server did not start, or stopped by itself. The process must end then.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The endpoint cannot be listened on.
    #[error("cannot listen on {endpoint}: {source}")]
    Listen {
        /// The endpoint asked for.
        endpoint: Endpoint,
        /// What the system says.
        source: io::Error,
    },
    /// The application cannot go on.
    #[error("application fault: {0}")]
    Fault(#[from] Fault),
    /// The connection that makes the blocks sent what is no request of this version of ABCI.
    #[error("the engine's connection sent what makes no sense: {0}")]
    Senseless(String),
}

/// An ABCI server that listens already, so that CometBFT can be started next to it.
pub struct Server {
    listener: Listener,
    limits: Limits,
}

impl Server {
    /// Binds the endpoint. A socket file left by a killed process is replaced; a living one is left alone.
    pub async fn bind(endpoint: &Endpoint, limits: Limits) -> Result<Self, ServerError> {
        match Listener::bind(endpoint).await {
            Ok(listener) => Ok(Self { listener, limits }),
            Err(source) => Err(ServerError::Listen {
                endpoint: endpoint.clone(),
                source,
            }),
        }
    }

    /// The endpoint as bound: with TCP, port 0 has become a real one.
    pub fn endpoint(&self) -> io::Result<Endpoint> {
        self.listener.endpoint()
    }

    /// Serves until `shutdown` is ready, or until a fault or a senseless request of the engine, which is an error.
    /// Requests in hand are finished and answered in every case.
    pub async fn run<A: Application + ?Sized>(
        self,
        application: Arc<A>,
        observer: Observer,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), ServerError> {
        let Self { listener, limits } = self;
        let shared = Arc::new(Shared {
            application,
            observer,
            limits,
            consensus: Arc::new(Mutex::new(())),
        });
        let (stop, stopping) = watch::channel(false);
        let mut connections = JoinSet::new();
        let mut shutdown = pin!(shutdown);

        let outcome = loop {
            tokio::select! {
                () = &mut shutdown => break Ok(()),
                Some(ended) = connections.join_next() => if let Err(error) = settle(ended) {
                    break Err(error);
                },
                accepted = listener.accept(), if connections.len() < limits.connections_max => match accepted {
                    Ok(stream) => {
                        connections.spawn(connection::serve(stream, Arc::clone(&shared), stopping.clone()));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "abci connection not accepted");
                        // Too many open files, as a rule: trying again at once would only spin.
                        sleep(Duration::from_millis(50)).await;
                    }
                },
            }
        };

        drop(listener);
        stop.send_replace(true);
        let ended = timeout(limits.stop_timeout, finish(&mut connections)).await;
        let finished = ended.unwrap_or_else(|_| {
            tracing::warn!("abci requests in hand did not end in time");
            Ok(())
        });
        outcome.and(finished)
    }
}

/// Waits for all connections and keeps the first error.
async fn finish(connections: &mut JoinSet<Result<(), ServerError>>) -> Result<(), ServerError> {
    let mut outcome = Ok(());
    while let Some(ended) = connections.join_next().await {
        outcome = outcome.and(settle(ended));
    }
    outcome
}

fn settle(ended: Result<Result<(), ServerError>, JoinError>) -> Result<(), ServerError> {
    ended.unwrap_or_else(|error| Err(Fault(format!("an abci connection panicked: {error}")).into()))
}
