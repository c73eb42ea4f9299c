//! Consensus' write-ahead log, in which the embedded engine notes what it said before it says it, on a bad disk.

use std::fs;
use std::path::Path;

use polity_tests::cluster::{Cluster, START_PATIENCE};
use polity_tests::engine::Engine;
use polity_tests::{http, wait};

use crate::trial::{BLOCK, ENGINE_FAULT, RESUME, STANDSTILL, assert_whole, pay};

/// The log's version and the height whose entries follow.
const HEADER: usize = 4 + 8;

#[test]
fn a_damaged_log_of_consensus_ends_with_advice_that_brings_the_node_back_without_a_second_vote() {
    let mut cluster = Cluster::start_on(Engine::Embedded, 4);
    let mut acknowledged = pay(&cluster, 0, 3);
    // Without two of four the next height stays undecided, and the log holds what was said in it.
    cluster.nodes[2].kill();
    cluster.nodes[3].kill();
    let waiting = cluster.pay(0, 0);
    let standing = cluster.nodes[0].height().expect("the node answers");
    let went_on = wait::poll(STANDSTILL, || {
        cluster.nodes[0].height().filter(|now| *now > standing + 1)
    });
    assert_eq!(went_on, None, "two of four made a block");
    let log = cluster.nodes[0].home().join("consensus/wal");
    let undecided = cluster.nodes[0].height().expect("the node answers") + 1;
    wait::until("the log holds a vote", BLOCK, || {
        (is_of(&log, undecided) && entries(&log) > 0).then_some(())
    });

    cluster.nodes[0].kill();
    alter_last_byte(&log);
    cluster.nodes[0].start();
    let ended = cluster.nodes[0].ended(BLOCK);
    let words = cluster.nodes[0].log();
    assert_eq!(ended.code(), Some(ENGINE_FAULT), "{words}");
    let told = words
        .lines()
        .rfind(|line| line.starts_with("polityd: engine: "));
    let told = told.expect("the fault is told");
    assert!(told.contains("write-ahead log is damaged"), "{told}");
    assert!(
        told.contains("Move the file `wal` of the engine away and start again"),
        "{told}"
    );

    // What it says.
    fs::rename(&log, log.with_extension("damaged")).expect("the log can be moved away");
    for node in [0, 2, 3] {
        cluster.nodes[node].start();
    }
    cluster.nodes[0].wait_for_height(1, START_PATIENCE);
    let (_, code) = cluster.wait_for(0, &waiting, RESUME);
    assert_eq!(code, 0);
    acknowledged.push(waiting);
    acknowledged.extend(pay(&cluster, 0, 3));

    assert_eq!(double_votes(&cluster), 0);
    for node in &cluster.nodes {
        assert!(!node.log().contains("a validator signed twice"));
    }
    assert_whole(cluster, &acknowledged);
}

fn is_of(log: &Path, height: u64) -> bool {
    let bytes = fs::read(log).expect("the log can be read");
    bytes.get(4..HEADER) == Some(&height.to_be_bytes())
}

/// Bytes of entries.
fn entries(log: &Path) -> usize {
    let bytes = fs::read(log).expect("the log can be read");
    bytes.len().saturating_sub(HEADER)
}

/// Of an entry's content, so that its checksum does not fit.
fn alter_last_byte(log: &Path) {
    let mut bytes = fs::read(log).expect("the log can be read");
    assert!(bytes.len() > HEADER, "the log holds nothing");
    if let Some(last) = bytes.last_mut() {
        *last ^= 1;
    }
    fs::write(log, bytes).expect("the log can be altered");
}

/// Pieces of evidence in all blocks.
fn double_votes(cluster: &Cluster) -> usize {
    let height = cluster.nodes[0].height().expect("the node answers");
    (1..=height)
        .map(|height| {
            let path = format!("block?height={height}");
            let answer = http::ask(cluster.nodes[0].gateway(), &path);
            let block = answer.expect("the node answers");
            let evidence = block["block"]["evidence"]["evidence"].as_array();
            evidence.map_or(0, Vec::len)
        })
        .sum()
}
