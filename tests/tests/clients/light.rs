//! A client that never saw our code follows a chain of the embedded engine.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use polity_tests::cluster::Cluster;
use polity_tests::engine::Engine;
use polity_tests::process::Process;
use polity_tests::{charter, http, wait};
use serde_json::Value;

/// A block on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Where CometBFT's light client serves what it verified.
const LIGHT_PORT: u16 = 26_661;

#[test]
fn cometbfts_own_light_client_follows_the_chain() {
    let mut cluster = Cluster::start_on(Engine::Embedded, 4);
    let trusted = header(&cluster, 1);
    for number in 0..8 {
        let paid = cluster.pay(number % 4, (number + 1) % 4);
        cluster.wait_for(0, &paid, PATIENCE);
    }
    let (newest, _) = cluster.wait_for_agreement(8, PATIENCE);

    let gateway = |node: usize| format!("http://{}", cluster.nodes[node].gateway());
    let proxy = SocketAddr::new(cluster.nodes[0].gateway().ip(), LIGHT_PORT);
    let home = cluster.path("light");
    let mut command = Command::new("cometbft");
    command
        .args(["light", charter::CHAIN_ID, "--height", "1"])
        .args(["--hash", trusted["hash"].as_str().unwrap()])
        .args(["--primary", &gateway(0)])
        .args(["--witnesses", &format!("{},{}", gateway(1), gateway(2))])
        .args(["--laddr", &format!("tcp://{proxy}")])
        .arg("--home-dir")
        .arg(&home);
    let _light = Process::start("cometbft light", &mut command, &cluster.path("light.log"));

    for height in [newest, 2, newest - 1] {
        let verified = wait::until("the light client verifies a header", PATIENCE, || {
            http::ask(proxy, &format!("commit?height={height}")).ok()
        });
        let own = header(&cluster, height);
        assert_eq!(
            verified["signed_header"]["commit"]["block_id"]["hash"],
            own["hash"]
        );
    }
}

/// The name of a height's block, as a node gives it.
fn header(cluster: &Cluster, height: u64) -> Value {
    let path = format!("block?height={height}");
    let block = http::ask(cluster.nodes[0].gateway(), &path).expect("the block is there");
    block["block_id"].clone()
}
