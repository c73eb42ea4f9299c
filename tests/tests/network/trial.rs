//! What every trial does: pay, wait, and look at the whole at the end.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use polity_tests::cluster::{Cluster, START_PATIENCE, TransactionHash};
use polity_tests::http;
use serde_json::Value;

/// A block with a payment comes in less, also on two busy cores.
pub(crate) const BLOCK: Duration = Duration::from_secs(60);
/// A node that was away has caught up in less.
pub(crate) const CATCH_UP: Duration = Duration::from_secs(180);
/// Rounds have grown longer while a network stood still.
pub(crate) const RESUME: Duration = Duration::from_secs(180);

/// Long enough for a few blocks, were they made.
pub(crate) const STANDSTILL: Duration = Duration::from_secs(5);

/// Exit codes of `polityd`, as the operators' guide lists them.
pub(crate) const USAGE: i32 = 2;
pub(crate) const STORE_DAMAGED: i32 = 71;
pub(crate) const STORE_LOCKED: i32 = 72;
pub(crate) const DISK_FULL: i32 = 73;
pub(crate) const IO: i32 = 74;
pub(crate) const GENESIS_MISMATCH: i32 = 75;
/// Also that of an engine that ended by itself.
pub(crate) const ENGINE_FAULT: i32 = 77;

/// Payments through a node, one after another, each in a block before the next.
#[track_caller]
pub(crate) fn pay(cluster: &Cluster, through: usize, count: usize) -> Vec<TransactionHash> {
    (0..count)
        .map(|payment| {
            let hash = cluster.pay(payment % cluster.gateways().len(), through);
            let (_, code) = cluster.wait_for(through, &hash, BLOCK);
            assert_eq!(code, 0, "the payment is refused");
            hash
        })
        .collect()
}

/// Waits until a node has what the first one has now.
#[track_caller]
pub(crate) fn catch_up(cluster: &Cluster, node: usize) {
    let height = cluster.nodes[0].height().expect("the first node answers");
    cluster.nodes[node].wait_for_height(height, CATCH_UP + START_PATIENCE);
}

/// All nodes agree; each holds every acknowledged transaction once, and computes its own chain again.
/// Nodes that do not run are started first.
#[track_caller]
pub(crate) fn assert_whole(mut cluster: Cluster, acknowledged: &[TransactionHash]) {
    for node in &mut cluster.nodes {
        if !node.runs() {
            node.start();
        }
    }
    // The first node may have been the one that was started.
    cluster.nodes[0].wait_for_height(1, START_PATIENCE);
    let height = cluster.nodes[0].height().expect("the first node answers");
    let (height, _) = cluster.wait_for_agreement(height, CATCH_UP + START_PATIENCE);
    // A header names its parent, so one name is that of the whole chain.
    let names: Vec<Value> = cluster
        .nodes
        .iter()
        .map(|node| {
            let path = format!("block?height={height}");
            let block = http::ask(node.gateway(), &path).expect("the node answers");
            block["block_id"]["hash"].clone()
        })
        .collect();
    assert!(names[0].is_string() && names.iter().all(|name| *name == names[0]));
    for number in 0..cluster.nodes.len() {
        assert!(cluster.nodes[number].stop().success());
    }

    let mut chains = std::collections::BTreeMap::new();
    for (number, node) in cluster.nodes.iter().enumerate() {
        let held = cluster.transactions_of(number);
        for hash in acknowledged {
            let times = held.get(hash);
            assert_eq!(times, Some(&1), "node {number}: {}", hex::encode(hash));
        }
        assert!(held.values().all(|times| *times == 1), "node {number}");
        let verified = node.polityd_json(&["verify"]);
        let first = chains
            .entry(verified["heights"].to_string())
            .or_insert_with(|| verified.clone());
        assert_eq!(verified, *first, "node {number}");
    }
}

/// Says what was tried past the capture of tests, so that it stands in every log.
pub(crate) fn tell(words: &str) {
    let _ = writeln!(std::io::stderr(), "network: {words}");
}

/// Copies a directory with all that is in it.
#[track_caller]
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory can be made");
    for entry in fs::read_dir(from).expect("it can be listed") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a file can be copied");
        }
    }
}
