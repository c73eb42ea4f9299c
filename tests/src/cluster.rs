//! A network of departments on this machine, founded by the real ceremony.

mod continuation;

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use polity_proto::v1::action::Kind;
use serde_json::Value;
use tempfile::TempDir;

use crate::addresses::Addresses;
use crate::engine::Engine;
use crate::leads::{Leads, hash};
use crate::node::Node;
use crate::{charter, http, wait};

pub use crate::leads::TransactionHash;
pub use continuation::Continuation;

/// Four nodes on two busy cores make their first block in less.
pub const START_PATIENCE: Duration = Duration::from_secs(120);

/// A network of departments, one node each. Dropping it ends every process and removes its files.
#[derive(Debug)]
pub struct Cluster {
    /// The nodes, in the order of departments: first those that found the network, then the guests.
    pub nodes: Vec<Node>,
    founders: usize,
    leads: Leads,
    directory: TempDir,
    _addresses: Addresses,
}

/// What a network is founded as.
#[derive(Clone, Debug)]
pub struct Founding<'a> {
    /// Who makes the blocks.
    pub engine: Engine,
    /// Departments that validate from the beginning.
    pub founders: usize,
    /// Departments that have a node and no validator yet; the others do not know the node.
    pub guests: usize,
    /// Settings of every node, `KEY=VALUE`.
    pub settings: &'a [&'a str],
    /// More of the charter than four departments that pay each other: first lines of parameters, if
    /// any, then tables.
    pub charter: &'a str,
}

impl Cluster {
    /// Founds a network: every department makes its keys, all founders sign, nothing is started yet.
    #[track_caller]
    pub fn found(founding: &Founding<'_>) -> Cluster {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let addresses = Addresses::reserve();
        // A test's disk may be fuller than an operator's.
        let mut settings = vec!["store.free_bytes_min=16777216".to_owned()];
        settings.extend(founding.settings.iter().map(|text| (*text).to_owned()));

        let nodes: Vec<Node> = (0..founding.founders + founding.guests)
            .map(|department| {
                let name = charter::handle(department);
                let home = directory.path().join(&name);
                let address = addresses.socket(department, 0);
                Node::init(founding.engine, &name, &home, address, &settings)
            })
            .collect();
        connect(&nodes, founding.founders);
        let mut cluster = Cluster {
            nodes,
            founders: founding.founders,
            leads: Leads::new([0; 32], 0),
            directory,
            _addresses: addresses,
        };
        let organisation = cluster.found_organisation(founding.charter);
        cluster.leads = Leads::new(organisation, cluster.nodes.len());
        cluster
    }

    /// Founds a network under CometBFT and starts it.
    #[track_caller]
    pub fn start(departments: usize) -> Cluster {
        Cluster::start_on(Engine::Cometbft, departments)
    }

    /// Founds a network and starts it; answers when every node has its first block.
    #[track_caller]
    pub fn start_on(engine: Engine, departments: usize) -> Cluster {
        let mut cluster = Cluster::found(&Founding {
            engine,
            founders: departments,
            guests: 0,
            settings: &[],
            charter: "",
        });
        cluster.start_founders();
        cluster
    }

    /// Starts the nodes that found the network; answers when each has its first block.
    #[track_caller]
    pub fn start_founders(&mut self) {
        for node in &mut self.nodes[..self.founders] {
            node.start();
        }
        for node in &self.nodes[..self.founders] {
            node.wait_for_height(1, START_PATIENCE);
        }
    }

    /// The departments' leads, who sign everything here.
    pub fn leads(&self) -> &Leads {
        &self.leads
    }

    /// Where the founders' nodes are reached.
    pub fn gateways(&self) -> Vec<SocketAddr> {
        self.nodes[..self.founders]
            .iter()
            .map(Node::gateway)
            .collect()
    }

    /// A path for a test's own files, beside the homes.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The genesis that all departments signed.
    pub fn genesis_file(&self) -> PathBuf {
        self.path("genesis.json")
    }

    /// The organisation's digest.
    pub fn organisation(&self) -> [u8; 32] {
        *self.leads.organisation()
    }

    /// Sends a transaction to a node's pool; the error where it is not let in.
    pub fn send(&self, node: usize, transaction: &[u8]) -> Result<TransactionHash, String> {
        let path = format!("broadcast_tx_sync?tx=0x{}", hex::encode(transaction));
        let answer = http::ask(self.nodes[node].gateway(), &path)?;
        match answer["code"].as_u64() {
            Some(0) => Ok(hash(transaction)),
            Some(_) | None => Err(answer.to_string()),
        }
    }

    /// Makes and sends a payment of a department through a node.
    #[track_caller]
    pub fn pay(&self, from: usize, through: usize) -> TransactionHash {
        let transaction = self.leads.payment(from);
        self.send(through, &transaction)
            .expect("the payment is let in")
    }

    /// Does something in a department's name, through the first node, and waits until it is done.
    #[track_caller]
    pub fn act(&self, department: usize, kind: Kind, within: Duration) -> TransactionHash {
        let transaction = self.leads.transaction(department, kind);
        let hash = self
            .send(0, &transaction)
            .expect("the transaction is let in");
        let (_, code) = self.wait_for(0, &hash, within);
        assert_eq!(code, 0, "refused");
        hash
    }

    /// Waits until a node has a transaction in a block; answers its height and its code.
    #[track_caller]
    pub fn wait_for(&self, node: usize, hash: &TransactionHash, within: Duration) -> (u64, u64) {
        let path = format!("tx?hash=0x{}", hex::encode(hash));
        wait::until("the transaction is in a block", within, || {
            let found = http::ask(self.nodes[node].gateway(), &path).ok()?;
            let height = found["height"].as_str()?.parse().ok()?;
            Some((height, found["tx_result"]["code"].as_u64()?))
        })
    }

    /// Waits until all nodes that run stand at one height, at least this one, with one app hash.
    #[track_caller]
    pub fn wait_for_agreement(&mut self, height: u64, within: Duration) -> (u64, String) {
        let running: Vec<&Node> = self
            .nodes
            .iter_mut()
            .filter_map(|node| node.runs().then_some(&*node))
            .collect();
        wait::until(
            "all nodes that run stand at one height with one app hash",
            within,
            || {
                let mut stands = running.iter().map(|node| node.height_and_app_hash());
                let first = stands.next()??;
                let agree = first.0 >= height && stands.all(|other| other.as_ref() == Some(&first));
                agree.then_some(first)
            },
        )
    }

    /// Every transaction that a stopped node holds, by its hash, with how often it does.
    #[track_caller]
    pub fn transactions_of(&self, node: usize) -> BTreeMap<TransactionHash, u32> {
        let mut found = BTreeMap::new();
        for line in self.nodes[node].polityd(&["export"]).lines() {
            let line: Value = serde_json::from_str(line).expect("export writes lines of JSON");
            for transaction in line["block"]["transactions"]
                .as_array()
                .into_iter()
                .flatten()
            {
                let bytes = transaction["bytes"]
                    .as_str()
                    .and_then(|text| STANDARD.decode(text).ok());
                let bytes = bytes.expect("transactions are in base64");
                *found.entry(hash(&bytes)).or_default() += 1;
            }
        }
        found
    }

    /// The ceremony: the charter, the genesis, a signature of each founding department. Answers the
    /// organisation's digest.
    #[track_caller]
    fn found_organisation(&self, addition: &str) -> [u8; 32] {
        let tables = addition.find("[[").unwrap_or(addition.len());
        let (parameters, tables) = addition.split_at(tables);
        let text = charter::charter(self.nodes.len(), "we decide together");
        let mut text = text.replacen("[[", &format!("{parameters}\n[["), 1);
        text.push_str(tables);
        for (department, node) in self.nodes[..self.founders].iter().enumerate() {
            let shown = node.polityd_json(&["keys", "show", "--chain", charter::CHAIN_ID]);
            let value = |name: &str| shown[name].as_str().unwrap_or_default().to_owned();
            text.push_str(&format!(
                "[[validators]]\nunit = \"root/{unit}\"\nkey = \"{key}\"\npossession = \"{possession}\"\npower = 10\n\
                 [[nodes]]\nunit = \"root/{unit}\"\nid = \"{id}\"\nkey = \"{node_key}\"\naddress = \"{address}\"\n",
                unit = charter::handle(department),
                key = value("key"),
                possession = value("possession"),
                id = value("id"),
                node_key = value("node_key"),
                address = value("address"),
            ));
        }
        let (charter_file, genesis) = (self.path("charter.toml"), self.genesis_file());
        fs::write(&charter_file, text).expect("the charter can be written");
        let (charter_file, genesis) = (
            charter_file.display().to_string(),
            genesis.display().to_string(),
        );

        self.nodes[0].polityd(&["genesis", "create", &charter_file, "--file", &genesis]);
        for (department, node) in self.nodes[..self.founders].iter().enumerate() {
            let seed = node.home().join("lead.seed");
            write_secret(&seed, &hex::encode(charter::key(department).to_bytes()));
            let seed = seed.display().to_string();
            node.polityd(&["genesis", "sign", "--file", &genesis, "--seed-file", &seed]);
        }
        let verified = self.nodes[0].polityd_json(&["genesis", "verify", "--file", &genesis]);
        let digest = verified["organisation"].as_str().unwrap_or_default();
        let mut organisation = [0; 32];
        hex::decode_to_slice(digest, &mut organisation).expect("verify names the organisation");
        for node in &self.nodes {
            fs::copy(&genesis, node.home().join("genesis.json"))
                .expect("the genesis can be copied");
        }
        organisation
    }
}

/// Writes into each node's configuration how it reaches the founders' others.
#[track_caller]
fn connect(nodes: &[Node], founders: usize) {
    let peers: Vec<String> = nodes[..founders].iter().map(Node::peer).collect();
    for (number, node) in nodes.iter().enumerate() {
        let others = peers
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != number);
        let others: Vec<String> = others.map(|(_, peer)| format!("\"{peer}\"")).collect();
        let file = node.home().join("config.toml");
        let text = fs::read_to_string(&file).expect("init wrote the configuration");
        let line = format!("persistent_peers = [{}]", others.join(", "));
        let text = text.replace("# persistent_peers = []", &line);
        assert!(
            text.contains(&line),
            "the configuration has a place for peers"
        );
        fs::write(&file, text).expect("the configuration can be written");
    }
}

fn write_secret(path: &std::path::Path, text: &str) {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.expect("a key can be written");
}
