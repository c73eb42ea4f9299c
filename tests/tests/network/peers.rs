//! What a node's log says of its peers and of blocks (embedded engine).

use polity_tests::charter;
use polity_tests::cluster::Cluster;
use polity_tests::engine::Engine;
use polity_tests::node::Node;
use polity_tests::wait;

use crate::trial::{CATCH_UP, assert_whole, catch_up, pay};

const LEAVING: usize = 3;

#[test]
fn a_peer_that_leaves_and_returns_is_one_warning_and_one_line() {
    let mut cluster = Cluster::start_on(Engine::Embedded, 4);
    let mut acknowledged = pay(&cluster, 0, 3);
    catch_up(&cluster, LEAVING);

    assert_tells_of_blocks(&cluster.nodes[0]);

    assert!(cluster.nodes[LEAVING].stop().success());
    let log = cluster.nodes[LEAVING].log();
    assert!(!log.contains(" ERROR "), "a clean stop: {log}");
    acknowledged.extend(pay(&cluster, 0, 3));
    wait_until_told(&cluster, "peer is lost");
    cluster.nodes[LEAVING].start();
    catch_up(&cluster, LEAVING);
    acknowledged.extend(pay(&cluster, 0, 3));
    wait_until_told(&cluster, "peer is back");

    for node in &cluster.nodes[..LEAVING] {
        let alarms = alarms(&node.log());
        assert_eq!(alarms.len(), 1, "{alarms:#?}");
        assert!(alarms[0].contains("peer is lost"), "{alarms:?}");
    }
    assert_whole(cluster, &acknowledged);
}

/// The line of a block says who made it, in which round, and what waited; the metrics count it.
#[track_caller]
fn assert_tells_of_blocks(node: &Node) {
    let log = node.log();
    let line = log.lines().rfind(|line| line.contains(": block height="));
    let line = line.expect("there are blocks");
    let field = |name: &str| {
        let value = line
            .split([' ', '{', '}'])
            .find_map(|field| field.strip_prefix(name));
        value.unwrap_or_else(|| panic!("no {name} in {line}"))
    };
    for number in ["round=", "pool=", "missed_rounds="] {
        assert!(field(number).parse::<u64>().is_ok(), "{line}");
    }
    let proposer = field("proposer=");
    assert!(
        node.metric(&format!(
            "polity_proposed_blocks_total{{proposer=\"{proposer}\"}}"
        )) > 0
    );
}

/// Waits until the others' logs say this of the node that leaves, by the name of its department.
fn wait_until_told(cluster: &Cluster, words: &str) {
    let unit = format!("unit=\"{}\"", charter::handle(LEAVING));
    for node in &cluster.nodes[..LEAVING] {
        wait::until(words, CATCH_UP, || {
            let log = node.log();
            let mut lines = log.lines().filter(|line| line.contains(words));
            lines.any(|line| line.contains(&unit)).then_some(())
        });
    }
}

/// Lines at which an operator looks up.
fn alarms(log: &str) -> Vec<String> {
    log.lines()
        .filter(|line| line.contains(" WARN ") || line.contains(" ERROR "))
        .map(str::to_owned)
        .collect()
}
