//! Connections: how many, from whom, with or without TLS, for how long.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::metrics::gauge::Gauge;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use super::announce::announce;
use super::farewell::Farewells;
use super::http::router;
use super::limits::Limits;
use super::means::Gateway;
use super::metrics::TurnedAway;
use super::stall::WriteBound;
use super::throttle::counted_as;

/// How long open connections may finish what they do when the node stops.
const FINISH_TIME: Duration = Duration::from_secs(5);
/// A pause after a failed accept: the cause is a shortage (of descriptors, say) that asking again does not cure.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves the gateway on `listener` until `shutdown` becomes true (or its sender is gone), then lets open
/// connections finish for a short while. With `tls`, every connection must speak it.
pub async fn serve(
    gateway: Gateway,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    mut shutdown: watch::Receiver<bool>,
) {
    let door = Door::new(gateway.limits(), gateway.metrics().connections.clone());
    let farewells = Farewells::default();
    let routes = router(gateway.clone());
    let announcing = tokio::spawn(announce(gateway.clone()));
    let stopping = shutdown.clone();

    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopped(&mut shutdown) => break,
        };
        match accepted {
            Ok((stream, from)) => match door.enter(from.ip()) {
                Some(place) => {
                    let peer = Peer {
                        address: from.ip(),
                        stopping: stopping.clone(),
                        _place: Arc::new(place),
                    };
                    tokio::spawn(connection(
                        stream,
                        peer,
                        routes.clone(),
                        tls.clone(),
                        gateway.clone(),
                    ));
                }
                None => {
                    gateway.turned_away(from.ip(), TurnedAway::TooManyConnections);
                    if tls.is_none() {
                        farewells.say(stream);
                    }
                }
            },
            Err(error) => {
                tracing::warn!(%error, "gateway cannot accept connections");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }

    drop(listener);
    announcing.abort();
    if timeout(FINISH_TIME, door.empty()).await.is_err() {
        tracing::info!("gateway stops with connections open");
    }
}

/// The other end of a connection. Clones travel with its requests and its websocket; the place is free again when
/// the last is gone.
#[derive(Clone)]
pub(super) struct Peer {
    pub(super) address: IpAddr,
    stopping: watch::Receiver<bool>,
    _place: Arc<Place>,
}

impl Peer {
    /// Waits until the node stops.
    pub(super) async fn stopping(&self) {
        stopped(&mut self.stopping.clone()).await;
    }
}

async fn stopped(shutdown: &mut watch::Receiver<bool>) {
    // A sender that is gone can say nothing more, so it counts as stopped.
    let _ = shutdown.wait_for(|stop| *stop).await;
}

async fn connection(
    stream: TcpStream,
    peer: Peer,
    routes: Router,
    tls: Option<TlsAcceptor>,
    gateway: Gateway,
) {
    // Answers are small and awaited: they must not wait for company.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "connection ended before it began");
        return;
    }
    let (limits, from) = (gateway.limits(), peer.address);
    let stream = WriteBound::new(stream, limits.write_stall());
    match tls {
        None => http(stream, peer, routes, limits).await,
        Some(acceptor) => match timeout(limits.header_time(), acceptor.accept(stream)).await {
            Ok(Ok(stream)) => http(stream, peer, routes, limits).await,
            Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
            Err(_) => gateway.turned_away(from, TurnedAway::TooSlow),
        },
    }
}

async fn http<S>(stream: S, peer: Peer, routes: Router, limits: &Limits)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let from = peer.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(from.clone());
        routes.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_time())
        .max_buf_size(limits.header_bytes_max)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);

    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = peer.stopping() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, address = %peer.address, "connection ended badly");
    }
}

/// Counts connections, in all and by address.
struct Door {
    places: Arc<Semaphore>,
    places_max: u32,
    per_address_max: usize,
    by_address: Arc<Mutex<HashMap<IpAddr, usize>>>,
    open: Gauge,
}

/// A place at the door, given back when dropped.
struct Place {
    address: IpAddr,
    by_address: Arc<Mutex<HashMap<IpAddr, usize>>>,
    open: Gauge,
    _permit: OwnedSemaphorePermit,
}

impl Door {
    fn new(limits: &Limits, open: Gauge) -> Door {
        Door {
            places: Arc::new(Semaphore::new(limits.connections_max)),
            places_max: u32::try_from(limits.connections_max).unwrap_or(u32::MAX),
            per_address_max: limits.connections_per_address_max,
            by_address: Arc::default(),
            open,
        }
    }

    fn enter(&self, address: IpAddr) -> Option<Place> {
        let permit = Arc::clone(&self.places).try_acquire_owned().ok()?;
        let address = counted_as(address);
        let mut by_address = self
            .by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let count = by_address.entry(address).or_insert(0);
        if *count >= self.per_address_max {
            return None;
        }
        *count += 1;
        self.open.inc();
        Some(Place {
            address,
            by_address: Arc::clone(&self.by_address),
            open: self.open.clone(),
            _permit: permit,
        })
    }

    /// Waits until nobody is inside.
    async fn empty(&self) -> io::Result<()> {
        self.places
            .acquire_many(self.places_max)
            .await
            .map(drop)
            .map_err(io::Error::other)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.open.dec();
        let mut by_address = self
            .by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_within_a_64_of_ipv6_share_their_places_and_give_them_back() {
        let limits = Limits {
            connections_per_address_max: 1,
            ..Limits::default()
        };
        let door = Door::new(&limits, Gauge::default());
        let enter = |address: &str| door.enter(address.parse().unwrap());

        let first = enter("2001:db8::1");
        assert!(first.is_some() && enter("2001:db8::2").is_none());
        assert!(enter("2001:db8:0:1::2").is_some());
        drop(first);
        assert!(enter("2001:db8::2").is_some());
    }
}
