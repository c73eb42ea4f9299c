//! A department joins a running network, votes, and leaves again, while payments run.

use std::time::Duration;

use polity_ledger::form;
use polity_proto::v1::{
    Action, AddValidator, Answer, ModeKind, OpenProposal, ProposalKind, RegisterNode,
    RemoveValidator, Respond, action::Kind,
};
use polity_tests::charter;
use polity_tests::cluster::{Cluster, Founding, START_PATIENCE};
use polity_tests::engine::Engine;
use polity_tests::traffic::Traffic;
use polity_tests::{http, wait};
use prost::Message;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::trial::{BLOCK, CATCH_UP, assert_whole, pay};

/// The department that joins, by its number.
const FIFTH: usize = 4;
const POWER: u64 = 10;

pub(crate) fn a_fifth_department_joins_votes_and_leaves(engine: Engine) {
    let mut cluster = Cluster::found(&Founding {
        engine,
        founders: 4,
        guests: 1,
        settings: &[],
        charter: "",
    });
    cluster.start_founders();
    let traffic = Traffic::start(&cluster, 2);

    // Nobody speaks with a node that the ledger does not know.
    cluster.nodes[FIFTH].start();
    cluster.nodes[FIFTH].wait_for_height(0, START_PATIENCE);
    traffic.wait_for(4, BLOCK);
    assert_eq!(cluster.nodes[FIFTH].height(), Some(0));
    let status = http::ask(cluster.nodes[FIFTH].gateway(), "status").expect("it answers");
    assert_eq!(status["sync_info"]["catching_up"], true, "{status}");
    let log = cluster.nodes[FIFTH].log();
    assert!(!log.contains("peer is lost"), "it never met one: {log}");

    cluster.act(FIFTH, Kind::RegisterNode(register(&cluster)), BLOCK);
    let height = cluster.nodes[0].height().expect("the node answers");
    cluster.nodes[FIFTH].wait_for_height(height, CATCH_UP);
    assert_eq!(validators(&cluster), 4);

    decide(&cluster, 1, Kind::AddValidator(add(&cluster)));
    wait_for_validators(&cluster, 5);
    // CometBFT calls again after a while where it was refused: so far the fifth may have met only the one that is killed.
    wait_for_peers(&cluster, FIFTH, 4);
    // With five of ten votes each, four must sign: without one founder the fifth decides.
    cluster.nodes[3].kill();
    traffic.wait_for(4, BLOCK);
    cluster.nodes[3].start();
    let height = cluster.nodes[0].height().expect("the node answers");
    cluster.nodes[3].wait_for_height(height, CATCH_UP + START_PATIENCE);

    let unit = form::numbered(charter::unit(FIFTH));
    decide(&cluster, 2, Kind::RemoveValidator(RemoveValidator { unit }));
    wait_for_validators(&cluster, 4);
    // The fifth still follows; the four do not need it.
    cluster.nodes[FIFTH].kill();
    let mut acknowledged = pay(&cluster, 0, 2);
    acknowledged.extend(traffic.stop());

    assert_whole(cluster, &acknowledged);
}

/// The fifth department's node, as its lead registers it.
pub(crate) fn register(cluster: &Cluster) -> RegisterNode {
    let proof = Proof::of_the_fifth(cluster);
    let key = proof.bytes("node_key");
    RegisterNode {
        unit: form::numbered(charter::unit(FIFTH)),
        id: Sha256::digest(&key)[..20].to_vec(),
        address: proof.0["address"].as_str().unwrap_or_default().to_owned(),
        key,
    }
}

/// The fifth department's consensus key, with the proof that the department possesses it.
fn add(cluster: &Cluster) -> AddValidator {
    let proof = Proof::of_the_fifth(cluster);
    AddValidator {
        unit: form::numbered(charter::unit(FIFTH)),
        key: proof.bytes("key"),
        possession: proof.bytes("possession"),
        power: POWER,
    }
}

/// What a department's node prints for the others.
struct Proof(Value);

impl Proof {
    fn of_the_fifth(cluster: &Cluster) -> Proof {
        let unit = format!("u{}", charter::unit(FIFTH));
        Proof(cluster.nodes[FIFTH].polityd_json(&["keys", "prove", "--unit", &unit]))
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        let digits = self.0[name].as_str().unwrap_or_default();
        hex::decode(digits).expect("it is hexadecimal")
    }
}

/// The first department proposes; as many founders as it takes say yes.
fn decide(cluster: &Cluster, proposal: u64, kind: Kind) {
    let action = Action {
        kind: Some(kind),
        ..Action::default()
    };
    let open = OpenProposal {
        unit: form::numbered(1),
        kind: ProposalKind::Governance as i32,
        actions: vec![action.encode_to_vec()],
        expected: ModeKind::Departments as i32,
        title: "who validates".into(),
        ..OpenProposal::default()
    };
    cluster.act(0, Kind::OpenProposal(open), BLOCK);
    // More than two thirds: three of four, four of five.
    for department in 0..validators(cluster) * 2 / 3 + 1 {
        let respond = Respond {
            proposal: form::numbered(proposal),
            version: 1,
            answer: Answer::Yes as i32,
            ..Respond::default()
        };
        cluster.act(department, Kind::Respond(respond), BLOCK);
    }
}

pub(crate) fn wait_for_validators(cluster: &Cluster, count: usize) {
    let what = format!("{count} validators");
    wait::until(&what, BLOCK + Duration::from_secs(60), || {
        (validators(cluster) == count).then_some(())
    });
}

/// Waits until a node speaks with so many others.
fn wait_for_peers(cluster: &Cluster, node: usize, count: usize) {
    wait::until(&format!("{count} peers"), CATCH_UP, || {
        let answer = http::ask(cluster.nodes[node].gateway(), "net_info").ok()?;
        (answer["peers"].as_array()?.len() == count).then_some(())
    });
}

/// How many validators the newest block has.
fn validators(cluster: &Cluster) -> usize {
    let answer = http::ask(cluster.nodes[0].gateway(), "validators?per_page=100");
    let answer = answer.expect("the node answers");
    answer["validators"].as_array().map_or(0, Vec::len)
}
