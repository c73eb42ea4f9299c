//! Real networks on the embedded engine: one process a department, and nothing else.

use std::time::Duration;

use polity_tests::cluster::{Cluster, START_PATIENCE};

/// A block on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn network(departments: usize) -> Cluster {
    let mut cluster = Cluster::found(departments, &["engine=embedded"]);
    for node in &mut cluster.nodes {
        node.start();
    }
    for node in &cluster.nodes {
        node.wait_for_height(1, START_PATIENCE);
    }
    cluster
}

#[test]
fn four_departments_agree_on_blocks_and_the_network_outlives_one_of_them() {
    let mut cluster = network(4);
    let paid = cluster.pay(0, 0);
    for node in 0..4 {
        let (_, code) = cluster.wait_for(node, &paid, PATIENCE);
        assert_eq!(code, 0);
    }

    cluster.nodes[3].stop();
    let paid = cluster.pay(1, 1);
    let (height, _) = cluster.wait_for(0, &paid, PATIENCE);
    cluster.nodes[3].start();
    cluster.nodes[3].wait_for_height(height, PATIENCE);
    assert_eq!(cluster.wait_for(3, &paid, PATIENCE).1, 0);
    cluster.wait_for_agreement(height, PATIENCE);
}
