//! Nodes on addresses of their own, founded together.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ed25519_dalek::SigningKey;
use polity_engine::application::Timestamp;
use polity_engine::cometbft::{Genesis, GenesisValidator, Key, address};
use polity_engine::embedded::canonical::Address;
use polity_engine::embedded::guard::Guard;
use polity_engine::embedded::{Chain, Embedded, Ended, PeerAddress, Settings, machine_clock};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use super::addresses::Addresses;
use super::application::App;

/// How often is looked whether something happened. Engines tell nobody outside when a block is made.
const GLANCE: Duration = Duration::from_millis(10);

pub(super) struct Network {
    pub(super) nodes: Vec<Node>,
}

pub(super) struct Node {
    number: u8,
    /// Whose key it votes with: its own, unless it cheats.
    voter: u8,
    pub(super) app: Arc<App>,
    home: TempDir,
    genesis: Genesis,
    pub(super) listen: SocketAddr,
    pub(super) peers: Vec<PeerAddress>,
    pub(super) clock: fn() -> Timestamp,
    engine: Option<Embedded>,
}

impl Network {
    pub(super) async fn start(validators: u8) -> Self {
        Self::start_with_full_nodes(validators, 0).await
    }

    pub(super) async fn start_with_full_nodes(validators: u8, full: u8) -> Self {
        let mut network = Self::found(validators, full);
        network.start_all().await;
        network
    }

    /// Founds a network that does not run yet.
    pub(super) fn found(validators: u8, full: u8) -> Self {
        let addresses = Addresses::take();
        let listen = |number| SocketAddr::from((addresses.of_node(number), 26_656));
        let genesis = Genesis::new(
            &format!("suite-{}", addresses.of_node(0)),
            Timestamp {
                seconds: machine_clock().seconds - 1,
                nanos: 0,
            },
            (0..validators)
                .map(|number| GenesisValidator {
                    public_key: consensus_key(number).public_key(),
                    power: 10,
                    name: String::new(),
                })
                .collect(),
            b"founded".to_vec(),
        );
        let peer = |number| PeerAddress {
            public_key: node_key(number).public_key(),
            address: Some(listen(number).to_string()),
        };
        let nodes = (0..validators + full)
            .map(|number| {
                let node = Node {
                    number,
                    voter: number,
                    app: Arc::default(),
                    home: tempfile::tempdir().unwrap(),
                    genesis: genesis.clone(),
                    listen: listen(number),
                    peers: (0..validators + full)
                        .filter(|other| *other != number)
                        .map(peer)
                        .collect(),
                    clock: machine_clock,
                    engine: None,
                };
                Guard::create(&node.guard_file()).unwrap();
                node
            })
            .collect();
        Self { nodes }
    }

    /// Answers when every node has its first block.
    pub(super) async fn start_all(&mut self) {
        for node in self.nodes.iter_mut().filter(|node| node.engine.is_none()) {
            node.start().await;
        }
        for node in &self.nodes {
            assert!(
                node.wait_for_height(1, Duration::from_secs(60)).await,
                "no first block"
            );
        }
    }

    /// Waits until every running node has a transaction; answers its height.
    pub(super) async fn wait_for_transaction(&self, transaction: &str, within: Duration) -> u64 {
        let mut height = 0;
        for node in self.nodes.iter().filter(|node| node.engine.is_some()) {
            height = node.wait_for(transaction, within).await;
        }
        height
    }

    /// No two nodes have different blocks at one height.
    pub(super) fn assert_agreement(&self) {
        let running: Vec<&Node> = self
            .nodes
            .iter()
            .filter(|node| node.engine.is_some())
            .collect();
        let common = running.iter().map(|node| node.height()).min().unwrap();
        for height in 1..=common {
            let id = |node: &Node| node.chain().block(height).unwrap().unwrap().id();
            let first = id(running[0]);
            assert!(
                running.iter().all(|node| id(node) == first),
                "height {height}"
            );
        }
    }

    /// Makes blocks until a validator's signature stands in a commit above a height. How many that takes is
    /// chance: three of four votes decide, and the fourth is left out where it is the last to arrive.
    pub(super) async fn make_blocks_until_signed_by(
        &self,
        validator: usize,
        above: u64,
        within: Duration,
    ) {
        let mut number = 0;
        let signed = timeout(within, async {
            while !self.has_signed(validator, above) {
                let transaction = format!("above {above}: {number}");
                self.nodes[0].submit(&transaction).await;
                self.wait_for_transaction(&transaction, within).await;
                number += 1;
            }
        });
        assert!(
            signed.await.is_ok(),
            "none of {number} blocks above {above} is signed by node {validator}"
        );
    }

    fn has_signed(&self, validator: usize, above: u64) -> bool {
        let chain = self.nodes[0].chain();
        let own = self.nodes[validator].address();
        (above + 1..=chain.progress().height).any(|height| {
            let (commit, _) = chain.commit(height).unwrap().unwrap();
            commit.signers().any(|(address, _)| address == own)
        })
    }

    /// Pieces of evidence that blocks carried.
    pub(super) fn evidence(&self) -> usize {
        self.nodes[0].app.convicted().len()
    }
}

impl Node {
    pub(super) async fn start(&mut self) {
        let engine = Embedded::start(self.settings(), self.app.clone(), self.app.clone()).await;
        self.run(engine.expect("the engine starts"));
    }

    /// Takes an engine that was started with its settings over its application.
    pub(super) fn run(&mut self, engine: Embedded) {
        self.engine = Some(engine);
    }

    pub(super) fn settings(&self) -> Settings {
        Settings {
            moniker: format!("node-{}", self.number),
            genesis: self.genesis.clone(),
            consensus_key: SigningKey::from_bytes(&[self.voter + 1; 32]),
            node_key: SigningKey::from_bytes(&[self.number + 101; 32]),
            guard_file: self.guard_file(),
            log_file: self.home.path().join("consensus/wal"),
            listen: self.listen,
            peers: self.peers.clone(),
            clock: self.clock,
        }
    }

    pub(super) async fn stop(&mut self) {
        if let Some(engine) = self.engine.take() {
            engine.stop().await;
        }
    }

    /// Votes with another node's key from its next start on, as if its owner had copied the key without the guard.
    pub(super) fn vote_as(&mut self, voter: u8) {
        self.voter = voter;
    }

    /// Everything but the keys and the guard.
    pub(super) fn lose_data(&self) {
        self.app.lose_data();
        std::fs::remove_dir_all(self.home.path().join("consensus")).unwrap();
    }

    /// What a restored backup of the keys is: the same bytes in another file.
    pub(super) fn copy_guard(&self) {
        let bytes = std::fs::read(self.guard_file()).unwrap();
        std::fs::rename(self.guard_file(), self.home.path().join("former")).unwrap();
        std::fs::write(self.guard_file(), bytes).unwrap();
    }

    /// What a copy of another node's home is: its key, and the same bytes of its guard in another file.
    pub(super) fn be_copied_from(&mut self, original: &Node) {
        self.vote_as(original.voter);
        let bytes = std::fs::read(original.guard_file()).unwrap();
        std::fs::write(self.guard_file(), bytes).unwrap();
    }

    /// Waits until its engine ends by itself; answers why.
    pub(super) async fn ended(&mut self) -> Ended {
        let engine = self.engine.as_mut().expect("the node runs");
        engine.ended().await
    }

    pub(super) fn chain(&self) -> &Chain {
        self.engine.as_ref().expect("the node runs").chain()
    }

    pub(super) fn height(&self) -> u64 {
        self.chain().progress().height
    }

    pub(super) fn consensus_key(&self) -> [u8; 32] {
        consensus_key(self.voter).public_key()
    }

    pub(super) fn address(&self) -> Address {
        Address(address(&self.consensus_key()))
    }

    pub(super) async fn submit(&self, transaction: &str) {
        let bytes = Bytes::copy_from_slice(transaction.as_bytes());
        let answers = self.chain().pool().submit(vec![bytes]).await;
        assert!(answers.iter().all(Result::is_ok), "it is let in");
    }

    pub(super) async fn wait_for(&self, transaction: &str, within: Duration) -> u64 {
        let found = timeout(within, async {
            loop {
                if let Some(height) = self.app.height_of(transaction) {
                    return height;
                }
                sleep(GLANCE).await;
            }
        });
        found.await.unwrap_or_else(|_| {
            panic!("node {} does not have {transaction:?}", self.number);
        })
    }

    pub(super) async fn wait_for_height(&self, height: u64, within: Duration) -> bool {
        let reached = timeout(within, async {
            while self.height() < height {
                sleep(GLANCE).await;
            }
        });
        reached.await.is_ok()
    }

    /// Waits until so many of the newest blocks carry its validator's signature, as it sees it itself.
    pub(super) async fn wait_for_signatures(&self, count: u32, within: Duration) -> bool {
        let signed = timeout(within, async {
            while self.chain().progress().presence.signed() < count {
                sleep(GLANCE).await;
            }
        });
        signed.await.is_ok()
    }

    fn guard_file(&self) -> PathBuf {
        self.home.path().join("consensus.guard")
    }
}

fn consensus_key(number: u8) -> Key {
    Key::from_seed(&[number + 1; 32])
}

fn node_key(number: u8) -> Key {
    Key::from_seed(&[number + 101; 32])
}
