//! Connections: from whom, with or without TLS, for how long.

use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use super::announce::announce;
use super::farewell::Farewells;
use super::http::router;
use super::means::Gateway;
use super::metrics::TurnedAway;
use super::places::{Place, Places};
use super::stall::{Notice, WriteBound};

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
    let door = Arc::new(Door {
        places: Places::new(gateway.limits(), gateway.metrics().connections.clone()),
        farewells: Farewells::default(),
        routes: router(gateway.clone()),
        tls,
        stopping: shutdown.clone(),
        gateway: gateway.clone(),
    });
    let announcing = tokio::spawn(announce(gateway));

    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopped(&mut shutdown) => break,
        };
        match accepted {
            Ok((stream, from)) => {
                tokio::spawn(Arc::clone(&door).admit(stream, from));
            }
            Err(error) => {
                tracing::warn!(%error, "gateway cannot accept connections");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }

    drop(listener);
    announcing.abort();
    if timeout(FINISH_TIME, door.places.empty()).await.is_err() {
        tracing::info!("gateway stops with connections open");
    }
}

/// What every connection needs.
struct Door {
    places: Places,
    farewells: Farewells,
    routes: Router,
    tls: Option<TlsAcceptor>,
    stopping: watch::Receiver<bool>,
    gateway: Gateway,
}

impl Door {
    /// Serves a connection, if there is a place for it.
    async fn admit(self: Arc<Self>, stream: TcpStream, from: SocketAddr) {
        // Whoever calls an address from that same address is on the machine that has it.
        let is_own = stream.local_addr().is_ok_and(|at| at.ip() == from.ip());
        let Some(place) = self.places.enter(from.ip(), is_own).await else {
            self.gateway
                .turned_away(from.ip(), TurnedAway::TooManyConnections);
            if self.tls.is_none() {
                self.farewells.say(stream);
            }
            return;
        };
        let peer = Peer {
            address: from.ip(),
            stopping: self.stopping.clone(),
            place: Arc::new(place),
        };
        self.connection(stream, peer).await;
    }

    async fn connection(&self, stream: TcpStream, peer: Peer) {
        // Answers are small and awaited: they must not wait for company.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "connection ended before it began");
            return;
        }
        let limits = self.gateway.limits();
        let place = Arc::clone(&peer.place);
        let notice = move |notice| match notice {
            Notice::TakesMore => place.write(),
            Notice::TookAll => place.taken(),
            Notice::Brought => place.bring(),
        };
        let stream = WriteBound::new(stream, limits.write_stall(), notice);
        peer.place.rest();
        let Some(acceptor) = &self.tls else {
            return self.http(stream, peer).await;
        };
        let accepted = tokio::select! {
            accepted = timeout(limits.header_time(), acceptor.accept(stream)) => accepted,
            () = peer.makes_room(&self.gateway) => return,
        };
        match accepted {
            Ok(Ok(stream)) => self.http(stream, peer).await,
            Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
            Err(_) => self.gateway.turned_away(peer.address, TurnedAway::TooSlow),
        }
    }

    async fn http<S>(&self, stream: S, peer: Peer)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let limits = self.gateway.limits();
        let service = service_fn(|mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer.clone());
            let is_whole = request.body().is_end_stream();
            let answer = self.routes.clone().oneshot(request);
            let place = &peer.place;
            async move {
                if is_whole {
                    place.work();
                }
                let answer = answer.await;
                place.answer();
                answer
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.header_time())
            .max_buf_size(limits.header_bytes_max)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let mut connection = pin!(connection);

        let leave = async {
            tokio::select! {
                () = peer.stopping() => {}
                () = peer.makes_room(&self.gateway) => {}
            }
            peer.place.is_idle()
        };
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            leaves_at_once = leave => {
                // What has come of a request would be waited for until its time is over.
                if leaves_at_once {
                    return;
                }
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, address = %peer.address, "connection ended badly");
        }
    }
}

/// The other end of a connection. Clones travel with its requests and its websocket; the place is free again when
/// the last is gone.
#[derive(Clone)]
pub(super) struct Peer {
    pub(super) address: IpAddr,
    stopping: watch::Receiver<bool>,
    place: Arc<Place>,
}

impl Peer {
    /// Waits until the node stops.
    pub(super) async fn stopping(&self) {
        stopped(&mut self.stopping.clone()).await;
    }

    /// It is a websocket from now on.
    pub(super) fn watches(&self) {
        self.place.watch();
    }

    /// Waits until it has to leave for a newcomer, which is counted once: a connection that becomes a websocket hears it
    /// as both.
    pub(super) async fn makes_room(&self, gateway: &Gateway) {
        if self.place.sent_away().await {
            gateway.turned_away(self.address, TurnedAway::MadeRoom);
        }
    }

    /// Its request has arrived whole: from now on it is served.
    pub(super) fn has_asked(&self) {
        self.place.work();
    }
}

async fn stopped(shutdown: &mut watch::Receiver<bool>) {
    // A sender that is gone can say nothing more, so it counts as stopped.
    let _ = shutdown.wait_for(|stop| *stop).await;
}
