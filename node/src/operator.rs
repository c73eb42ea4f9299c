//! The operator's door: `/metrics`, `/health` and `/ready` over HTTP on loopback.

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;

use crate::metrics::Metrics;

/// Whether the node can serve members: asked at each call of `/ready`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// It follows the chain.
    Ready,
    /// Not now, and why: `catching up`, `waiting for the engine`.
    Waiting(String),
}

/// Who answers whether the node is ready.
pub type Ready = Arc<dyn Fn() -> Readiness + Send + Sync>;

/// Serves the operator until `stop` is done.
///
/// - `/metrics`: all metrics as Prometheus reads them
/// - `/health`: 200 while the process serves
/// - `/ready`: 200 when the node follows the chain, else 503 with the reason
pub async fn serve(
    listener: TcpListener,
    metrics: Arc<Metrics>,
    ready: Ready,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let door = Door { metrics, ready };
    let router = Router::new()
        .route("/metrics", get(show_metrics))
        .route("/health", get(show_health))
        .route("/ready", get(show_readiness))
        .with_state(door);
    axum::serve(listener, router)
        .with_graceful_shutdown(stop)
        .await
}

#[derive(Clone)]
struct Door {
    metrics: Arc<Metrics>,
    ready: Ready,
}

async fn show_metrics(State(door): State<Door>) -> Response {
    let form = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, form)], door.metrics.render()).into_response()
}

async fn show_health() -> &'static str {
    "ok\n"
}

async fn show_readiness(State(door): State<Door>) -> Response {
    match (door.ready)() {
        Readiness::Ready => "ready\n".into_response(),
        Readiness::Waiting(reason) => {
            (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::sync::oneshot;

    use super::*;

    async fn get(address: std::net::SocketAddr, path: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn readiness_follows_the_node_and_health_the_process() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let caught_up = Arc::new(AtomicBool::new(false));
        let asked = caught_up.clone();
        let ready: Ready = Arc::new(move || match asked.load(Ordering::Relaxed) {
            true => Readiness::Ready,
            false => Readiness::Waiting("catching up".into()),
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let metrics = Arc::new(Metrics::new("cometbft"));
        metrics.height.set(5);
        let server = tokio::spawn(serve(listener, metrics, ready, async {
            let _ = stopped.await;
        }));

        let waiting = get(address, "/ready").await;
        assert!(
            waiting.starts_with("HTTP/1.1 503") && waiting.contains("catching up"),
            "{waiting}"
        );
        caught_up.store(true, Ordering::Relaxed);
        assert!(get(address, "/ready").await.starts_with("HTTP/1.1 200"));
        assert!(get(address, "/health").await.starts_with("HTTP/1.1 200"));
        assert!(get(address, "/metrics").await.contains("polity_height 5"));
        assert!(get(address, "/other").await.starts_with("HTTP/1.1 404"));

        stop.send(()).unwrap();
        server.await.unwrap().unwrap();
    }
}
