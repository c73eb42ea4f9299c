//! The operator's listener.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::server::Server;
use super::wire::get;
use crate::gateway::{Limits, Readiness, ops_router, serve_ops};

#[tokio::test]
async fn readiness_follows_the_node_and_metrics_count_the_gateways_calls() {
    let server = Server::start(Limits::default()).await;
    get(server.address, "/health").await;
    get(server.address, "/block?height=x").await;

    let caught_up = Arc::new(AtomicBool::new(false));
    let asked = caught_up.clone();
    let ready: Readiness = Arc::new(move || {
        let caught_up = asked.load(Ordering::Relaxed);
        caught_up
            .then_some(())
            .ok_or_else(|| "catching up".to_owned())
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(serve_ops(
        listener,
        ops_router(server.registry.clone(), ready),
        stopped,
    ));

    let waiting = get(address, "/ready").await;
    assert_eq!(
        (waiting.status, waiting.body.as_str()),
        (503, "catching up\n")
    );
    caught_up.store(true, Ordering::Relaxed);
    assert_eq!(get(address, "/ready").await.status, 200);
    assert_eq!(get(address, "/health").await.status, 200);
    assert_eq!(get(address, "/status").await.status, 404);
    let metrics = get(address, "/metrics").await.body;
    for line in [
        "polity_gateway_calls_total{method=\"health\",result=\"answered\"} 1",
        "polity_gateway_turned_away_total{reason=\"malformed\"} 1",
    ] {
        assert!(
            metrics.lines().any(|found| found == line),
            "{line} is missing in\n{metrics}"
        );
    }

    stop.send(true).unwrap();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn metrics_are_not_served_to_the_world() {
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let routes = ops_router(Arc::new(Registry::default()), Arc::new(|| Ok(())));
    let (_stop, stopped) = watch::channel(false);
    assert!(serve_ops(listener, routes, stopped).await.is_err());
}
