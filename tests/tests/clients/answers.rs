//! Others' clients understand every answer, and find the same shape on both engines.

use std::time::Duration;

use polity_ledger::state::keys;
use polity_tests::cluster::Cluster;
use polity_tests::engine::Engine;

use crate::programs::Program;
use crate::shape::{self, Shape};

/// A block on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the engines differ, and why: `docs/clients.md` tells it to people.
const KNOWN_DIFFERENCES: &[&str] = &[
    "cosmjs status:.nodeInfo.channels empty text / number as text",
    "go net_info:.peers[].connection_status.Channels null / list",
    "go net_info:.peers[].connection_status.Channels[] nothing / object",
    "go net_info:.peers[].connection_status.Channels[].ID nothing / number",
    "go net_info:.peers[].connection_status.Channels[].Priority nothing / number as text",
    "go net_info:.peers[].connection_status.Channels[].RecentlySent nothing / number as text",
    "go net_info:.peers[].connection_status.Channels[].SendQueueCapacity nothing / number as text",
    "go net_info:.peers[].connection_status.Channels[].SendQueueSize nothing / number as text",
    "go net_info:.peers[].node_info.channels empty text / number as text",
    "go net_info:.peers[].node_info.other.rpc_address empty text / text",
    "go net_info:.peers[].node_info.version empty text / text",
    "go status:.node_info.channels empty text / number as text",
];

#[test]
fn both_engines_answer_in_one_shape() {
    let programs = [("cosmjs", Program::cosmjs()), ("go", Program::go())];
    let on = |engine| {
        let mut cluster = Cluster::start_on(engine, 4);
        programs
            .each_ref()
            .map(|(name, program)| (*name, asked(&mut cluster, program)))
    };
    let (embedded, cometbft) = (on(Engine::Embedded), on(Engine::Cometbft));

    let mut found = Vec::new();
    for ((name, embedded), (_, cometbft)) in embedded.iter().zip(&cometbft) {
        let differences = shape::differences(embedded, cometbft);
        found.extend(differences.iter().map(|line| format!("{name} {line}")));
    }
    assert_eq!(found, KNOWN_DIFFERENCES, "{}", found.join("\n"));
}

/// What a client is answered by a network in which every node knows the others and has a payment.
fn asked(cluster: &mut Cluster, program: &Program) -> Shape {
    let paid = cluster.pay(0, 1);
    for node in 0..cluster.nodes.len() {
        cluster.wait_for(node, &paid, PATIENCE);
    }
    let mut arguments = vec![
        cluster.nodes[0].gateway().to_string(),
        hex::encode([keys::ORGANISATION]),
    ];
    let payments = (0..3).map(|from| hex::encode(cluster.leads().payment(from)));
    arguments.extend(payments);
    shape::of(&program.run(&arguments))
}
