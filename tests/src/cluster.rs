//! A network of departments on this machine, founded by the real ceremony.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::Signer as _;
use polity_ledger::{Amount, check, form};
use polity_proto::v1::{Action, Body, Envelope, Signer, Transfer, TransferKind, action::Kind};
use prost::Message;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::addresses::Addresses;
use crate::node::Node;
use crate::{charter, http, wait};

/// Four nodes on two busy cores make their first block in less.
pub const START_PATIENCE: Duration = Duration::from_secs(120);

/// A network of departments, one node each. Dropping it ends every process and removes its files.
#[derive(Debug)]
pub struct Cluster {
    /// The nodes, in the order of departments.
    pub nodes: Vec<Node>,
    organisation: [u8; 32],
    payments: u64,
    directory: TempDir,
    _addresses: Addresses,
}

/// The hash of a transaction's bytes, by which CometBFT knows it.
pub type TransactionHash = [u8; 32];

impl Cluster {
    /// Founds a network: every department makes its keys, all sign, nothing is started yet.
    /// `settings` are `KEY=VALUE`, for every node.
    #[track_caller]
    pub fn found(departments: usize, settings: &[&str]) -> Cluster {
        Cluster::found_with(departments, settings, "")
    }

    /// The same, with more in the charter.
    #[track_caller]
    pub fn found_with(departments: usize, settings: &[&str], addition: &str) -> Cluster {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let addresses = Addresses::reserve();
        // A test's disk may be fuller than an operator's.
        let mut settings: Vec<String> = settings.iter().map(|text| (*text).to_owned()).collect();
        settings.push("store.free_bytes_min=16777216".to_owned());
        if !settings
            .iter()
            .any(|setting| setting.starts_with("engine="))
        {
            settings.push("engine=cometbft".to_owned());
        }

        let nodes: Vec<Node> = (0..departments)
            .map(|department| {
                let home = directory.path().join(charter::handle(department));
                let address = addresses.socket(department, 0);
                Node::init(&charter::handle(department), &home, address, &settings)
            })
            .collect();
        connect(&nodes);
        let mut cluster = Cluster {
            nodes,
            organisation: [0; 32],
            payments: 0,
            directory,
            _addresses: addresses,
        };
        cluster.found_organisation(addition);
        cluster
    }

    /// Founds a network and starts it; answers when every node has its first block.
    #[track_caller]
    pub fn start(departments: usize) -> Cluster {
        let mut cluster = Cluster::found(departments, &[]);
        cluster.start_all();
        cluster
    }

    /// Starts every node, and waits until each has its first block.
    #[track_caller]
    pub fn start_all(&mut self) {
        for node in &mut self.nodes {
            node.start();
        }
        for node in &self.nodes {
            node.wait_for_height(1, START_PATIENCE);
        }
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
        self.organisation
    }

    /// The bytes of a new payment of one euro from a department's account to the next one's.
    pub fn payment(&mut self, from: usize) -> Vec<u8> {
        self.payments += 1;
        let to = (from + 1) % self.nodes.len();
        let transfer = Transfer {
            from: form::numbered(charter::account(from)),
            to: form::numbered(charter::account(to)),
            amount: Amount(100).to_bytes(),
            kind: TransferKind::Payment as i32,
            ..Transfer::default()
        };
        let action = Action {
            acting_role: form::numbered(charter::number(from)),
            kind: Some(Kind::Transfer(transfer)),
            ..Action::default()
        };
        let key = charter::key(from);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let body = Body {
            version: check::VERSION,
            organisation: self.organisation.to_vec(),
            valid_until: now.map_or(0, |now| now.as_secs()) + 3_600,
            salt: u128::from(self.payments).to_be_bytes().to_vec(),
            signers: vec![Signer {
                member: charter::number(from),
                key: key.verifying_key().to_bytes().to_vec(),
            }],
            actions: vec![action],
        }
        .encode_to_vec();
        let signature = key.sign(&check::signing_bytes(&self.organisation, &body));
        let signatures = vec![signature.to_bytes().to_vec()];
        Envelope { body, signatures }.encode_to_vec()
    }

    /// Sends a transaction to a node's pool; the error where it is not let in.
    pub fn send(&self, node: usize, transaction: &[u8]) -> Result<TransactionHash, String> {
        let path = format!("broadcast_tx_sync?tx=0x{}", hex::encode(transaction));
        let answer = http::ask(self.nodes[node].gateway(), &path)?;
        match answer["code"].as_u64() {
            Some(0) => Ok(Sha256::digest(transaction).into()),
            Some(_) | None => Err(answer.to_string()),
        }
    }

    /// Makes and sends a payment of a department through a node.
    #[track_caller]
    pub fn pay(&mut self, from: usize, through: usize) -> TransactionHash {
        let transaction = self.payment(from);
        self.send(through, &transaction)
            .expect("the payment is let in")
    }

    /// Waits until a node has a transaction in a block; answers its height and its code.
    #[track_caller]
    pub fn wait_for(&self, node: usize, hash: &TransactionHash, within: Duration) -> (u64, u64) {
        let path = format!("tx?hash=0x{}", hex::encode(hash));
        wait::until("the transaction is in a block", within, || {
            let found = http::ask(self.nodes[node].gateway(), &path).ok()?;
            let height = found["height"].as_str()?.parse().ok()?;
            Some((height, found["tx_result"]["code"].as_u64().unwrap_or(0)))
        })
    }

    /// Waits until all nodes stand at one height, at least this one, with one app hash.
    #[track_caller]
    pub fn wait_for_agreement(&self, height: u64, within: Duration) -> (u64, String) {
        wait::until(
            "all nodes stand at one height with one app hash",
            within,
            || {
                let mut stands = self.nodes.iter().map(Node::height_and_app_hash);
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
                *found.entry(Sha256::digest(bytes).into()).or_default() += 1;
            }
        }
        found
    }

    /// The ceremony: the charter, the genesis, a signature of each department.
    #[track_caller]
    fn found_organisation(&mut self, addition: &str) {
        let mut text = charter::charter(self.nodes.len(), "we decide together");
        text.push_str(addition);
        for (department, node) in self.nodes.iter().enumerate() {
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
        for (department, node) in self.nodes.iter().enumerate() {
            let seed = node.home().join("lead.seed");
            write_secret(&seed, &hex::encode(charter::key(department).to_bytes()));
            let seed = seed.display().to_string();
            node.polityd(&["genesis", "sign", "--file", &genesis, "--seed-file", &seed]);
        }
        let verified = self.nodes[0].polityd_json(&["genesis", "verify", "--file", &genesis]);
        let digest = verified["organisation"].as_str().unwrap_or_default();
        hex::decode_to_slice(digest, &mut self.organisation)
            .expect("verify names the organisation");
        for node in &self.nodes {
            fs::copy(&genesis, node.home().join("genesis.json"))
                .expect("the genesis can be copied");
        }
    }
}

/// Writes into each node's configuration how it reaches the others.
#[track_caller]
fn connect(nodes: &[Node]) {
    let peers: Vec<String> = nodes.iter().map(Node::peer).collect();
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
