//! What the operator's tools ask, on a loopback listener of its own: is it alive, is it ready, how
//! is it.

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Says whether the node can serve members, and if not, why: `catching up`, for instance. Asked at
/// each call of `/ready`.
pub type Readiness = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;

/// `/health` (200 while the process serves), `/ready` (200 when it can serve members, else 503 with
/// the reason) and `/metrics` (as Prometheus reads them).
pub fn ops_router(registry: Arc<Registry>, ready: Readiness) -> Router {
    Router::new()
        .route("/health", get(|| async { "ok\n" }))
        .route("/ready", get(readiness).with_state(ready))
        .route("/metrics", get(metrics).with_state(registry))
}

/// Serves [`ops_router`]'s routes until `shutdown` becomes true or its sender is gone. Refuses a
/// listener that is not on loopback: metrics name what strangers need not know.
pub async fn serve_ops(
    listener: TcpListener,
    routes: Router,
    mut shutdown: watch::Receiver<bool>,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    if !address.ip().is_loopback() {
        let detail = format!("metrics are served on loopback only, not on {address}");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, detail));
    }

    let stopped = async move {
        let _ = shutdown.wait_for(|stop| *stop).await;
    };
    axum::serve(listener, routes)
        .with_graceful_shutdown(stopped)
        .await
}

async fn readiness(State(ready): State<Readiness>) -> Response {
    match ready() {
        Ok(()) => "ready\n".into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response(),
    }
}

async fn metrics(State(registry): State<Arc<Registry>>) -> Response {
    let mut page = String::new();
    match text::encode(&mut page, &registry) {
        Ok(()) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], page).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
