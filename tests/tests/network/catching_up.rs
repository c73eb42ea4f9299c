//! A node without data takes the chain in while the others make blocks (embedded engine).

use polity_proto::v1::action::Kind;
use polity_tests::cluster::{Cluster, Founding};
use polity_tests::engine::Engine;
use polity_tests::traffic::Traffic;
use polity_tests::{deep, http};

use crate::membership::register;
use crate::trial::{BLOCK, CATCH_UP, assert_whole};

/// A department that does not validate, so that nobody waits for its turn to propose.
const FIFTH: usize = 4;
/// What it lacks at least.
const HEIGHTS: u64 = 200;

#[test]
fn catching_up_is_never_in_the_way_of_the_others() {
    let mut cluster = Cluster::found(&Founding {
        engine: Engine::Embedded,
        founders: 4,
        guests: 1,
        settings: &[],
        charter: "",
    });
    cluster.start_founders();
    let traffic = Traffic::start(&cluster, 3);
    cluster.act(FIFTH, Kind::RegisterNode(register(&cluster)), BLOCK);
    cluster.nodes[0].wait_for_height(HEIGHTS, CATCH_UP);

    let (begun, missed) = (height(&cluster), missed_rounds(&cluster));
    for round in 0..deep::rounds(3, 30) {
        if round > 0 {
            cluster.nodes[FIFTH].kill();
            cluster.nodes[FIFTH].lose_data();
        }
        cluster.nodes[FIFTH].start();
        traffic.wait_for(3, BLOCK);
        cluster.nodes[FIFTH].wait_for_height(height(&cluster), CATCH_UP);
    }
    let made = height(&cluster) - begun;
    for (now, before) in missed_rounds(&cluster).into_iter().zip(missed) {
        // None, but where the machine stands still. A question that holds votes up costs a round each time.
        let missed = now - before;
        assert!(missed <= made / 10, "{missed} rounds in {made} heights");
    }

    let acknowledged = traffic.stop();
    assert_whole(cluster, &acknowledged);
}

fn height(cluster: &Cluster) -> u64 {
    cluster.nodes[0].height().expect("the node answers")
}

/// How many rounds of the founders ended without a decision, as each of them counts.
fn missed_rounds(cluster: &Cluster) -> Vec<u64> {
    let gateways = cluster.gateways().into_iter();
    let missed = gateways.map(|gateway| {
        let status = http::ask(gateway, "status").expect("the node answers");
        let missed = status["consensus_info"]["missed_rounds"].as_str();
        missed.and_then(|text| text.parse().ok()).expect("a number")
    });
    missed.collect()
}
