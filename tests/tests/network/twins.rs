//! A department that runs its validator twice, among real nodes with the real ledger (embedded engine).

use std::fs;

use polity_ledger::state::keys;
use polity_proto::v1::{Misbehaviour, action::Kind};
use polity_tests::charter;
use polity_tests::cluster::{Cluster, Founding};
use polity_tests::engine::Engine;
use polity_tests::traffic::Traffic;
use polity_tests::{http, wait};
use prost::Message;
use serde_json::Value;

use crate::membership::{register, wait_for_validators};
use crate::trial::{BLOCK, CATCH_UP, RESUME, assert_whole};

/// The department that misbehaves.
const FOURTH: usize = 3;
/// The fifth department's node, with the fourth one's consensus key and a guard that never saw it sign.
const TWIN: usize = 4;

#[test]
fn a_validator_that_runs_twice_is_recorded_by_the_ledger_and_loses_its_power() {
    let mut cluster = Cluster::found(&Founding {
        engine: Engine::Embedded,
        founders: 4,
        guests: 1,
        settings: &[],
        charter: "",
    });
    let key = |node: usize| cluster.nodes[node].home().join("keys/consensus.key");
    fs::copy(key(FOURTH), key(TWIN)).expect("the key can be copied");
    cluster.start_founders();
    let traffic = Traffic::start(&cluster, 3);
    cluster.act(TWIN, Kind::RegisterNode(register(&cluster)), BLOCK);
    cluster.nodes[TWIN].start();

    // When it is its turn, the two propose different blocks and vote each for its own.
    let mut read = 1;
    let evidence = wait::until("a block convicts the validator", RESUME, || {
        let block = http::ask(cluster.nodes[0].gateway(), &format!("block?height={read}")).ok()?;
        read += 1;
        let evidence = block["block"]["evidence"]["evidence"].as_array()?;
        evidence.first().cloned()
    });
    wait_for_validators(&cluster, 3);
    let record = recorded(&cluster, &evidence["value"]["vote_a"]);
    assert_eq!(record.unit, charter::unit(FOURTH));
    assert!(record.power_taken);

    // The three go on alone, and the two follow.
    traffic.wait_for(6, BLOCK);
    let acknowledged = traffic.stop();
    let height = cluster.nodes[0].height().expect("the node answers");
    cluster.nodes[TWIN].wait_for_height(height, CATCH_UP);
    assert_whole(cluster, &acknowledged);
}

/// What the ledger keeps of a vote that contradicts another.
fn recorded(cluster: &Cluster, vote: &Value) -> Misbehaviour {
    let height = vote["height"].as_str().and_then(|text| text.parse().ok());
    let address = vote["validator_address"].as_str().map(hex::decode);
    let (Some(height), Some(Ok(address))) = (height, address) else {
        panic!("no vote: {vote}");
    };
    let key = keys::key_with(keys::MISBEHAVIOUR, &[height], &address);
    let path = format!("abci_query?path=%22/key%22&data=0x{}", hex::encode(key));
    let answer = http::ask(cluster.nodes[0].gateway(), &path).expect("the node answers");
    let value = answer["response"]["value"].as_str().unwrap_or_default();
    let value = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, value);
    let value = value.expect("a value is in base64");
    Misbehaviour::decode(&value[..]).expect("it is recorded")
}
