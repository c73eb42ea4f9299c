//! Faulty and hostile validators, slow disks, cut lines. The others go on, and nobody has another block at any height.

use std::time::Duration;

use polity_engine::application::Timestamp;
use polity_engine::embedded::canonical::Address;
use polity_engine::embedded::machine_clock;
use tokio::time::timeout;

use super::PATIENCE;
use super::network::Network;
use super::wires::Wires;

/// The validator that misbehaves.
const FOURTH: usize = 3;
/// A network at rest makes a block a minute.
const BEFORE_THE_NEXT_BLOCK: Duration = Duration::from_secs(20);
/// A second node with the same validator's key and a guard of its own: two that propose different blocks in one round,
/// and vote each for their own.
const TWIN: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_validator_that_runs_twice_proposes_and_votes_twice_and_a_block_convicts_it() {
    let mut network = found_with_a_twin();
    start_with_a_twin(&mut network).await;

    let cheat = network.nodes[FOURTH].address();
    let is_convicted = |node: usize| !network.nodes[node].app.convicted().is_empty();
    let convicted = timeout(PATIENCE, async {
        for number in 0.. {
            if (0..FOURTH).all(is_convicted) {
                break;
            }
            let (left, right) = (format!("left {number}"), format!("right {number}"));
            let (one, other) = (&network.nodes[FOURTH], &network.nodes[TWIN]);
            tokio::join!(one.submit(&left), other.submit(&right));
            for node in &network.nodes[..FOURTH] {
                node.wait_for(&left, PATIENCE).await;
                node.wait_for(&right, PATIENCE).await;
            }
        }
    });
    assert!(convicted.await.is_ok(), "nobody noticed");
    let convicted = network.nodes[0].app.convicted();
    assert!(convicted.iter().all(|address| address[..] == cheat.0));

    network.nodes[TWIN].stop().await;
    network.nodes[FOURTH].stop().await;
    network.assert_agreement();
    assert_eq!(evidence(&network).count(), network.evidence());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copied_validator_signs_nothing_and_stops_once_it_sees_its_original_sign() {
    let mut network = found_with_a_twin();
    let (originals, copy) = network.nodes.split_at_mut(TWIN);
    for node in originals.iter_mut() {
        node.start().await;
    }
    assert!(originals[FOURTH].wait_for_height(1, PATIENCE).await);
    let copy = &mut copy[0];
    copy.be_copied_from(&originals[FOURTH]);
    copy.start().await;
    assert!(!copy.chain().guard().is_trusted);

    let traffic = async {
        for number in 0.. {
            let transaction = format!("block {number}");
            originals[0].submit(&transaction).await;
            originals[0].wait_for(&transaction, PATIENCE).await;
        }
    };
    let fault = tokio::select! {
        () = traffic => unreachable!("blocks are made without end"),
        fault = timeout(PATIENCE, copy.ended()) => fault.expect("the copy goes on").to_string(),
    };
    assert!(
        fault.contains("another process signs with this validator's key"),
        "{fault}"
    );
    assert!(!copy.chain().guard().is_trusted);
    copy.stop().await;
    assert_eq!(network.evidence(), 0);
    network.assert_agreement();
}

fn found_with_a_twin() -> Network {
    let mut network = Network::found(4, 1);
    // The two do not speak with each other, so that neither follows what the other began.
    for (one, other) in [(FOURTH, TWIN), (TWIN, FOURTH)] {
        let listens = network.nodes[other].listen.to_string();
        let peers = &mut network.nodes[one].peers;
        peers.retain(|peer| peer.address.as_ref() != Some(&listens));
    }
    network.nodes[TWIN].vote_as(FOURTH as u8);
    network
}

async fn start_with_a_twin(network: &mut Network) {
    network.start_all().await;
    // Whoever judges a block writes it down first: the two, who know their own, have voted before the others decide.
    for node in &network.nodes[..FOURTH] {
        node.app.slow_down(Duration::from_millis(50));
    }
}

/// The heights of the double votes in all blocks of the first node.
fn evidence(network: &Network) -> impl Iterator<Item = u64> {
    let chain = network.nodes[0].chain();
    (1..=chain.progress().height)
        .map(|height| chain.block(height).unwrap().unwrap())
        .flat_map(|block| block.block().evidence.clone())
        .map(|double| double.first.vote.height)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_validator_that_computed_another_state_is_left_behind_and_says_so() {
    let network = Network::start(4).await;
    let broken = &network.nodes[FOURTH];
    broken.app.break_down();
    let told = timeout(2 * PATIENCE, async {
        for number in 0.. {
            if broken.chain().progress().is_catching_up {
                break;
            }
            let transaction = format!("block {number}");
            network.nodes[0].submit(&transaction).await;
            network.nodes[0].wait_for(&transaction, PATIENCE).await;
        }
    });
    assert!(told.await.is_ok(), "it seems to have all blocks");
    assert!(broken.height() < network.nodes[0].height());
    network.assert_agreement();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_block_that_the_application_refuses_is_never_decided() {
    let network = Network::start(4).await;
    network.nodes[FOURTH].app.turn_hostile();
    let begun = network.nodes[0].height();

    let hostile = network.nodes[FOURTH].address();
    let mut number = 0;
    while turns(&network, hostile, begun) < 3 {
        let transaction = format!("block {number}");
        network.nodes[0].submit(&transaction).await;
        network.wait_for_transaction(&transaction, PATIENCE).await;
        number += 1;
    }

    // What it proposed before it turned is not at stake.
    let chain = network.nodes[0].chain();
    for height in begun + 2..=chain.progress().height {
        let block = chain.block(height).unwrap().unwrap();
        assert_ne!(block.header().proposer_address, hostile, "height {height}");
        let mut transactions = block.block().transactions.iter();
        assert!(!transactions.any(|bytes| bytes.starts_with(b"invalid")));
    }
    network.assert_agreement();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_validator_whose_clock_is_an_hour_ahead_has_no_block_decided_and_holds_nobody_up() {
    let mut network = Network::found(4, 0);
    network.nodes[FOURTH].clock = || Timestamp {
        seconds: machine_clock().seconds + 3_600,
        ..machine_clock()
    };
    network.start_all().await;

    let early = network.nodes[FOURTH].address();
    let mut number = 0;
    while turns(&network, early, 0) < 3 {
        let transaction = format!("block {number}");
        network.nodes[FOURTH].submit(&transaction).await;
        network.wait_for_transaction(&transaction, PATIENCE).await;
        number += 1;
    }

    let chain = network.nodes[0].chain();
    for height in 1..=chain.progress().height {
        let block = chain.block(height).unwrap().unwrap();
        assert_ne!(block.header().proposer_address, early, "height {height}");
        let ahead = block.header().time.seconds - machine_clock().seconds;
        assert!(ahead <= 5, "height {height} is {ahead} s ahead");
    }
    network.assert_agreement();
}

/// Decided heights above this one whose first round was a validator's to propose in.
fn turns(network: &Network, validator: Address, above: u64) -> usize {
    let chain = network.nodes[0].chain();
    (above + 2..=chain.progress().height)
        .filter(|height| {
            let validators = chain.validators(*height).unwrap().unwrap();
            validators.proposer(*height, 0).address == validator
        })
        .count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_halves_make_no_block_and_become_one_chain_again() {
    let mut network = Network::found(4, 0);
    let wires = Wires::between(&mut network, &[0, 1], &[2, 3]).await;
    network.start_all().await;
    network.nodes[0].submit("before").await;
    network.wait_for_transaction("before", PATIENCE).await;

    wires.cut();
    // What was under way at the cut may still be decided.
    let standing = network.nodes.iter().map(|node| node.height()).max();
    let limit = standing.unwrap_or_default() + 1;
    network.nodes[0].submit("left").await;
    network.nodes[2].submit("right").await;
    for node in [0, 2] {
        let moved = network.nodes[node].wait_for_height(limit + 1, Duration::from_secs(3));
        assert!(!moved.await, "two of four made a block");
    }

    wires.mend();
    for transaction in ["left", "right"] {
        network.wait_for_transaction(transaction, PATIENCE).await;
    }
    network.assert_agreement();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_disk_holds_nobody_up_and_loses_nothing() {
    let network = Network::start(4).await;
    network.nodes[FOURTH]
        .app
        .slow_down(Duration::from_millis(300));
    for number in 0..20 {
        let transaction = format!("block {number}");
        network.nodes[number % FOURTH].submit(&transaction).await;
        for node in &network.nodes[..FOURTH] {
            node.wait_for(&transaction, PATIENCE).await;
        }
    }

    let height = network.nodes[0].height();
    assert!(
        network.nodes[FOURTH]
            .wait_for_height(height, PATIENCE)
            .await
    );
    network.wait_for_transaction("block 19", PATIENCE).await;
    network.assert_agreement();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_validator_that_comes_back_while_blocks_follow_each_other_signs_again_and_sees_that_it_does()
 {
    let mut network = Network::start(4).await;
    let (others, fourth) = network.nodes.split_at_mut(FOURTH);
    let traffic = async {
        for number in 0.. {
            let transaction = format!("block {number}");
            others[0].submit(&transaction).await;
            others[0].wait_for(&transaction, PATIENCE).await;
        }
    };
    let back = async {
        fourth[0].stop().await;
        let gone = others[0].height();
        assert!(others[0].wait_for_height(gone + 20, PATIENCE).await);
        fourth[0].start().await;
        fourth[0].wait_for_signatures(10, PATIENCE).await
    };
    tokio::select! {
        () = traffic => unreachable!("blocks are made without end"),
        signs = back => assert!(signs, "it runs and signs nothing"),
    }
    let presence = network.nodes[FOURTH].chain().progress().presence;
    assert!(presence.signed() <= presence.blocks());
    network.assert_agreement();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_was_cut_off_from_a_network_at_rest_catches_up_when_it_is_back() {
    let mut network = Network::found(4, 0);
    let wires = Wires::between(&mut network, &[0, 1, 2], &[FOURTH]).await;
    network.start_all().await;
    network.nodes[0].submit("before").await;
    network.wait_for_transaction("before", PATIENCE).await;

    wires.cut();
    network.nodes[0].submit("meanwhile").await;
    for node in &network.nodes[..FOURTH] {
        node.wait_for("meanwhile", PATIENCE).await;
    }
    assert_eq!(network.nodes[FOURTH].app.height_of("meanwhile"), None);

    // No transaction comes, and the next block of a network at rest is a minute away.
    wires.mend();
    network.nodes[FOURTH]
        .wait_for("meanwhile", BEFORE_THE_NEXT_BLOCK)
        .await;
    network.assert_agreement();
}
