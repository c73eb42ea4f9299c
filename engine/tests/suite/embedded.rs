//! Networks of the embedded engine inside the test's process, over an application that is a few lines long.

mod application;
mod network;
mod trouble;
mod wires;

use std::io::ErrorKind;
use std::net::TcpListener;
use std::time::Duration;

use polity_engine::embedded::canonical::CommitSignature;
use polity_engine::embedded::{Embedded, StartError};
use tokio::time::timeout;

use crate::addresses;
use application::FOUNDING_STEP_MILLIS;
use network::Network;

/// A few blocks on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_outlives_one_of_four_and_waits_for_the_third() {
    let mut network = Network::start(4).await;
    network.nodes[0].submit("one").await;
    network.wait_for_transaction("one", PATIENCE).await;

    network.nodes[3].stop().await;
    network.nodes[1].submit("two").await;
    network.nodes[1].wait_for("two", PATIENCE).await;

    network.nodes[2].stop().await;
    let standing = network.nodes[1].height();
    network.nodes[1].submit("three").await;
    let moved = network.nodes[1].wait_for_height(standing + 2, Duration::from_secs(3));
    assert!(!moved.await, "two of four made a block");

    network.nodes[2].start().await;
    network.nodes[3].start().await;
    network.wait_for_transaction("three", PATIENCE).await;
    network.assert_agreement();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_validators_count_from_two_heights_later_and_a_full_node_is_voted_in() {
    let network = Network::start_with_full_nodes(4, 1).await;
    let newcomer = network.nodes[4].address();
    let change = format!(
        "validator {} 10",
        hex::encode(network.nodes[4].consensus_key())
    );
    network.nodes[0].submit(&change).await;
    let height = network.wait_for_transaction(&change, PATIENCE).await;

    for number in 0..12 {
        network.nodes[number % 4]
            .submit(&format!("block {number}"))
            .await;
        network
            .wait_for_transaction(&format!("block {number}"), PATIENCE)
            .await;
    }
    let chain = network.nodes[0].chain();
    for (at, expected) in [(height + 1, false), (height + 2, true)] {
        let set = chain.validators(at).unwrap().unwrap();
        assert_eq!(set.find(&newcomer).is_some(), expected, "height {at}");
    }
    network
        .make_blocks_until_signed_by(4, height + 1, PATIENCE)
        .await;
    network.assert_agreement();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_validator_that_lost_its_data_catches_up_and_signs_nothing_twice() {
    let mut network = Network::start(4).await;
    for number in 0..10 {
        network.nodes[0].submit(&format!("before {number}")).await;
        network
            .wait_for_transaction(&format!("before {number}"), PATIENCE)
            .await;
    }
    network.nodes[3].stop().await;
    network.nodes[3].lose_data();
    network.nodes[3].start().await;
    let height = network.nodes[0].height();
    assert!(network.nodes[3].wait_for_height(height, PATIENCE).await);

    network
        .make_blocks_until_signed_by(3, height, PATIENCE)
        .await;
    assert_eq!(network.evidence(), 0);
    network.assert_agreement();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_validator_with_a_copied_guard_watches_a_height_before_it_signs() {
    let mut network = Network::start(4).await;
    assert!(!network.nodes[0].chain().progress().is_catching_up);
    network.nodes[0].submit("first").await;
    network.wait_for_transaction("first", PATIENCE).await;
    network.nodes[3].stop().await;
    network.nodes[3].copy_guard();
    network.nodes[3].start().await;
    assert!(!network.nodes[3].chain().guard().is_trusted);

    let height = network.nodes[0].height();
    // Heights that it took from the others together with their decision do not count, and how many these are is chance.
    let mut number = 0;
    while !network.nodes[3].chain().guard().is_trusted {
        let transaction = format!("later {number}");
        network.nodes[0].submit(&transaction).await;
        network.wait_for_transaction(&transaction, PATIENCE).await;
        number += 1;
        assert!(number < 50, "it watches for ever");
    }
    let guard = network.nodes[3].chain().guard();
    assert!(guard.floor > height);
    let chain = network.nodes[0].chain();
    for at in height + 1..=guard.floor {
        let (commit, _) = chain.commit(at).unwrap().unwrap();
        let own = network.nodes[3].address();
        assert!(
            commit.signers().all(|(address, _)| address != own),
            "height {at}"
        );
    }
    network
        .make_blocks_until_signed_by(3, guard.floor, PATIENCE)
        .await;
    assert_eq!(network.evidence(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_validator_with_a_copied_guard_takes_what_its_log_says_for_its_own_words() {
    let mut network = Network::start(1).await;
    network.nodes[0].submit("first").await;
    let height = network.wait_for_transaction("first", PATIENCE).await;
    let node = &mut network.nodes[0];
    // The block that proves the transaction is the last before a rest.
    assert!(node.wait_for_height(height + 1, PATIENCE).await);
    node.stop().await;
    let height = node.app.height();
    // What it signed there stands in its log alone, by which the height is decided once more.
    node.app.lose_last_commit();
    assert_eq!(node.app.height(), height - 1);
    node.copy_guard();
    node.start().await;

    assert!(!node.chain().guard().is_trusted);
    assert!(node.wait_for_height(height, PATIENCE).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_parent_s_signatures_stand_in_the_next_block() {
    let mut network = Network::start(4).await;
    for number in 0..5 {
        network.nodes[0].submit(&format!("{number}")).await;
        network
            .wait_for_transaction(&format!("{number}"), PATIENCE)
            .await;
    }
    let chain = network.nodes[2].chain();
    for height in 2..=chain.progress().height {
        let block = chain.block(height).unwrap().unwrap();
        let parent = chain.block(height - 1).unwrap().unwrap();
        let commit = &block.block().last_commit;
        let validators = chain.validators(height - 1).unwrap().unwrap();
        assert_eq!(commit.block_id, parent.id());
        assert!(commit.is_decided_by(chain.chain_id(), &validators));
        assert!(block.header().time > parent.header().time);
        let absent = commit
            .signatures
            .iter()
            .filter(|entry| **entry == CommitSignature::Absent);
        assert!(absent.count() <= 1);
    }
    network.nodes[0].stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_application_decided_at_the_founding_outlives_a_restart() {
    let mut network = Network::start(1).await;
    let founding = |network: &Network| {
        let chain = network.nodes[0].chain();
        let params = chain.params(1).unwrap().expect("parameters");
        let validators =
            [1, 2].map(|height| chain.validators(height).unwrap().expect("validators"));
        (params, validators)
    };
    let (params, validators) = founding(&network);
    assert_eq!(params.pace.timeout_step, FOUNDING_STEP_MILLIS);

    assert!(network.nodes[0].wait_for_height(1, PATIENCE).await);
    network.nodes[0].stop().await;
    network.nodes[0].start().await;
    assert_eq!(founding(&network), (params, validators));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_is_taken_is_named() {
    let network = Network::found(1, 0);
    let node = &network.nodes[0];
    let _taken = TcpListener::bind(node.listen).unwrap();
    let started = Embedded::start(node.settings(), node.app.clone(), node.app.clone()).await;
    assert!(matches!(started, Err(StartError::Listen(address, _)) if address == node.listen));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_for_which_the_disk_has_no_room_is_named() {
    let network = Network::found(1, 0);
    let node = &network.nodes[0];
    let log = node.settings().log_file;
    std::fs::create_dir_all(log.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink("/dev/full", &log).unwrap();
    let started = Embedded::start(node.settings(), node.app.clone(), node.app.clone()).await;
    let Err(StartError::Disk(file, error)) = started else {
        panic!("it starts, or ends for another reason");
    };
    assert_eq!((file, error.kind()), (log, ErrorKind::StorageFull));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_waits_for_the_others_signs_nothing_and_stops_at_once() {
    let mut network = Network::found(4, 0);
    let node = &mut network.nodes[0];
    node.start().await;
    let progress = node.chain().progress();
    assert!(progress.is_catching_up, "it heard of nobody's height");
    assert_eq!(node.chain().guard().height, 0);
    let stopped = timeout(Duration::from_secs(4), node.stop()).await;
    assert!(
        stopped.is_ok(),
        "its end is waited for as long as it may take"
    );

    network.start_all().await;
    network.assert_agreement();
}
