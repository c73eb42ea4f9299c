//! A hostile proposer among honest nodes, on a real network.
//!
//! It is our own engine with somebody between Malachite and the driver, who answers in the driver's place when a
//! block is asked for. Nothing of it is in what we ship.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ed25519_dalek::SigningKey;
use malachitebft_app_channel::app::streaming::{StreamContent, StreamMessage};
use malachitebft_app_channel::app::types::LocallyProposedValue;
use malachitebft_app_channel::{AppMsg, Channels, NetworkMsg};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::build;
use super::context::{EmbeddedContext, Height};
use super::parts::{Announcement, Part, cut};
use crate::embedded::canonical::{Address, Block, BlockId, CommitSignature, SealedBlock};
use crate::embedded::rows::Rows;
use crate::embedded::{Embedded, machine_clock};

// Of the integration suite's network, this test uses a part.
#[path = "../../../tests/suite/addresses.rs"]
mod addresses;
#[allow(dead_code)]
#[path = "../../../tests/suite/embedded/application.rs"]
mod application;
#[allow(dead_code)]
#[path = "../../../tests/suite/embedded/network.rs"]
mod network;

use network::{Network, Node};

/// A height with a hostile proposer takes a few rounds.
const PATIENCE: Duration = Duration::from_secs(120);
/// The validator that misbehaves.
const FOURTH: usize = 3;

/// What it does when it is its turn, by name.
const DEEDS: [(&str, Deed); 10] = [
    ("keeps the block to itself", Deed::Withhold),
    ("sends another block than it announced", Deed::Swap),
    (
        "claims another state",
        Deed::Spoil(|block| block.header.app_hash[0] ^= 1),
    ),
    (
        "claims other results",
        Deed::Spoil(|block| block.header.last_results_hash[0] ^= 1),
    ),
    (
        "builds on another block",
        Deed::Spoil(|block| block.header.last_block_id.parts += 1),
    ),
    (
        "speaks of another chain",
        Deed::Spoil(|block| block.header.chain_id.push('x')),
    ),
    (
        "chooses other validators",
        Deed::Spoil(|block| block.header.next_validators_hash[0] ^= 1),
    ),
    (
        "dates the block an hour ahead",
        Deed::Spoil(|block| block.header.time.seconds += 3_600),
    ),
    (
        "dates the block an hour back",
        Deed::Spoil(|block| block.header.time.seconds -= 3_600),
    ),
    (
        "leaves out who decided the parent",
        Deed::Spoil(|block| block.last_commit.signatures.fill(CommitSignature::Absent)),
    ),
];

#[derive(Clone, Copy)]
enum Deed {
    /// Announces a good block, and sends no piece of it.
    Withhold,
    /// Sends another one.
    Swap,
    /// Sends one that breaks a rule.
    Spoil(fn(&mut Block)),
}

/// What it proposed instead of a block: height, name of the deed, and of the block.
type Done = Arc<Mutex<Vec<(u64, &'static str, BlockId)>>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_proposer_does_its_block_is_not_decided_and_the_others_go_on() {
    let mut network = Network::found(4, 0);
    let done = Done::default();
    let hostile = Hostile::of(&network.nodes[FOURTH], &done);
    let fourth = &mut network.nodes[FOURTH];
    let (settings, app) = (fourth.settings(), fourth.app.clone());
    let engine = Embedded::start_through(settings, app.clone(), app, |channels| {
        hostile.sit_between(channels)
    });
    let engine = engine.await;
    fourth.run(engine.expect("the engine starts"));
    network.start_all().await;

    let finished = timeout(PATIENCE, async {
        let mut number = 0;
        while done.lock().unwrap().len() < DEEDS.len() {
            let transaction = format!("block {number}");
            network.nodes[0].submit(&transaction).await;
            for node in &network.nodes[..FOURTH] {
                node.wait_for(&transaction, PATIENCE).await;
            }
            number += 1;
        }
    });
    assert!(finished.await.is_ok(), "after {:?}", done.lock().unwrap());
    let last = done
        .lock()
        .unwrap()
        .iter()
        .map(|(height, _, _)| *height)
        .max();
    for node in &network.nodes {
        assert!(
            node.wait_for_height(last.unwrap_or_default(), PATIENCE)
                .await
        );
    }

    let chain = network.nodes[0].chain();
    for (height, deed, block) in done.lock().unwrap().iter() {
        let decided = chain.block(*height).unwrap().unwrap();
        assert_ne!(decided.id(), *block, "it {deed}");
    }
    network.assert_agreement();
}

/// Who answers in the driver's place.
struct Hostile {
    key: SigningKey,
    address: Address,
    chain_id: String,
    rows: Rows,
    done: Done,
}

impl Hostile {
    fn of(node: &Node, done: &Done) -> Self {
        let settings = node.settings();
        Self {
            key: settings.consensus_key,
            address: node.address(),
            chain_id: settings.genesis.chain_id,
            rows: Rows(node.app.clone()),
            done: Arc::clone(done),
        }
    }

    fn sit_between(self, mut channels: Channels<EmbeddedContext>) -> Channels<EmbeddedContext> {
        let (to_driver, from_hostile) = mpsc::channel(16);
        let mut from_malachite = std::mem::replace(&mut channels.consensus, from_hostile);
        let network = channels.network.clone();
        tokio::spawn(async move {
            while let Some(message) = from_malachite.recv().await {
                match message {
                    // The first height has no parent whose rows it could read.
                    AppMsg::GetValue {
                        height,
                        round,
                        reply,
                        ..
                    } if height > Height(1) => {
                        let (block, parts) = self.misbehave(height.0, round.as_u32().unwrap());
                        let _ = reply.send(LocallyProposedValue::new(height, round, block));
                        for part in parts {
                            let _ = network.send(NetworkMsg::PublishProposalPart(part)).await;
                        }
                    }
                    message => {
                        let _ = to_driver.send(message).await;
                    }
                }
            }
        });
        channels
    }

    /// The block that it names, and what it sends.
    fn misbehave(&self, height: u64, round: u32) -> (BlockId, Vec<StreamMessage<Part>>) {
        let mut done = self.done.lock().unwrap();
        let (name, deed) = DEEDS[done.len() % DEEDS.len()];
        let tip = self.rows.tip(&self.chain_id, height - 1).unwrap();
        let good = build::empty(&tip, Vec::new(), self.address, machine_clock());
        let announce = |block: &SealedBlock| {
            Announcement::new(block, round, self.address, &self.chain_id, &self.key)
        };

        let number = done.len() as u64;
        let (block, parts) = match deed {
            Deed::Withhold => {
                let block = good.seal();
                let mut parts = cut(&announce(&block), block.bytes(), number);
                parts.retain(|part| !matches!(part.content, StreamContent::Data(Part::Chunk(_))));
                (block, parts)
            }
            Deed::Swap => {
                let mut other = good.clone();
                other.header.app_hash[0] ^= 1;
                let block = good.seal();
                let parts = cut(&announce(&block), other.seal().bytes(), number);
                (block, parts)
            }
            Deed::Spoil(spoil) => {
                let mut bad = good;
                spoil(&mut bad);
                let block = bad.seal();
                let parts = cut(&announce(&block), block.bytes(), number);
                (block, parts)
            }
        };
        done.push((height, name, block.id()));
        (block.id(), parts)
    }
}
