//! The chain of a network that goes on as another one, by the departments' ceremony.

use std::fs;
use std::ops::Range;
use std::path::PathBuf;

use super::{Cluster, START_PATIENCE};
use crate::engine::Engine;
use crate::leads::Leads;
use crate::node::Node;
use crate::wait;

/// A genesis that every department has signed, and where it goes on from.
#[derive(Debug)]
pub struct Continuation {
    /// The file.
    pub file: PathBuf,
    /// Height of the first block.
    pub first_height: u64,
    /// State that is taken over, hex.
    pub app_hash: String,
    digest: [u8; 32],
}

impl Cluster {
    /// Stops all founders while the network rests, brings them to one height, and lets every department sign that the
    /// chain goes on.
    #[track_caller]
    pub fn sign_continuation(&mut self, chain_id: &str) -> Continuation {
        self.wait_for_rest(0..self.founders);
        self.sign_continuation_of_the_last(chain_id)
    }

    /// Waits until these nodes rest at one height.
    #[track_caller]
    pub fn wait_for_rest(&self, nodes: Range<usize>) {
        wait::until("the network rests", START_PATIENCE, || {
            let nodes = self.nodes[nodes.clone()].iter();
            let rests: Option<Vec<u64>> = nodes.map(Node::rests_at).collect();
            let rests = rests?;
            rests.iter().all(|height| *height == rests[0]).then_some(())
        });
    }

    /// Stops the founders that still run, takes back what they have made beyond the others, and lets every department sign.
    #[track_caller]
    pub fn sign_continuation_of_the_last(&mut self, chain_id: &str) -> Continuation {
        for node in &mut self.nodes[..self.founders] {
            assert!(!node.runs() || node.stop().success());
        }
        // A node that was stopped later may have made one more block of a network at rest.
        let stands: Vec<u64> = (0..self.founders).map(|node| self.stand(node)).collect();
        let lowest = stands.iter().copied().min().unwrap_or_default();
        for (node, stand) in stands.iter().enumerate() {
            for _ in lowest..*stand {
                self.nodes[node].polityd(&["rollback"]);
            }
        }

        let file = self.path(&format!("{chain_id}.json"));
        let path = file.display().to_string();
        let made = self.nodes[0].polityd_json(&["genesis", "continue", chain_id, "--file", &path]);
        for node in &self.nodes[..self.founders] {
            let seed = node.home().join("lead.seed").display().to_string();
            node.polityd(&["genesis", "sign", "--file", &path, "--seed-file", &seed]);
        }
        let mut digest = [0; 32];
        let text = made["organisation"].as_str().unwrap_or_default();
        hex::decode_to_slice(text, &mut digest).expect("the digest is told");
        Continuation {
            file,
            first_height: made["initial_height"].as_u64().expect("a height"),
            app_hash: made["app_hash"].as_str().unwrap_or_default().to_owned(),
            digest,
        }
    }

    /// Every founder goes on, under an engine, and starts; answers when each has the first block.
    #[track_caller]
    pub fn go_on(&mut self, continuation: &Continuation, engine: Engine) {
        for node in &mut self.nodes[..self.founders] {
            node.polityd(&["continue", &continuation.file.display().to_string()]);
            node.set_engine(engine);
        }
        fs::copy(&continuation.file, self.genesis_file()).expect("the genesis can be copied");
        self.leads = Leads::new(continuation.digest, self.nodes.len());
        for node in &mut self.nodes[..self.founders] {
            node.start();
        }
        for node in &self.nodes[..self.founders] {
            node.wait_for_height(continuation.first_height, START_PATIENCE);
        }
    }

    /// The height at which a stopped node stands.
    #[track_caller]
    fn stand(&self, node: usize) -> u64 {
        let file = self.path("stand.json").display().to_string();
        let told =
            self.nodes[node].polityd_json(&["genesis", "continue", "stand", "--file", &file]);
        fs::remove_file(file).expect("the file can be removed");
        told["initial_height"].as_u64().expect("a height") - 1
    }
}
