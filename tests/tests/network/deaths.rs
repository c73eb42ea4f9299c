//! Who dies while payments run: machines, processes, half of the network.

use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use polity_tests::cluster::Cluster;
use polity_tests::engine::{self, Engine};
use polity_tests::traffic::Traffic;
use polity_tests::{deep, wait};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::trial::{
    BLOCK, CATCH_UP, ENGINE_FAULT, RESUME, STANDSTILL, assert_whole, catch_up, pay, tell,
};

const SIGKILL: i32 = 9;

/// One of four is away at any moment, by every way to die; the others go on, and it comes back.
pub(crate) fn payments_go_on_whoever_is_killed(engine: Engine) {
    let mut cluster = Cluster::start_on(engine, 4);
    let traffic = Traffic::start(&cluster, 3);
    traffic.wait_for(3, BLOCK);

    let seed = 1;
    let mut dice = StdRng::seed_from_u64(seed);
    for round in 0..deep::rounds(3, 40) {
        // Each way to die in turn, so that the short form has them all.
        let way = [Death::Machine, Death::Node, Death::Engine][round % 3];
        let victim = dice.random_range(0..4);
        eprintln!("seed {seed}, round {round}: {way:?} of node {victim}");
        die(&mut cluster, victim, way);
        traffic.wait_for(3, BLOCK);
        cluster.nodes[victim].start();
        let reached = (0..4).filter_map(|node| cluster.nodes[node].height()).max();
        cluster.nodes[victim].wait_for_height(reached.expect("a node answers"), CATCH_UP);
    }

    let acknowledged = traffic.stop();
    assert_whole(cluster, &acknowledged);
}

/// Any one or two, at any moment of their work, and at last everybody: they come back by themselves.
pub(crate) fn kills_in_random_places_lose_nothing(engine: Engine) {
    let mut cluster = Cluster::start_on(engine, 4);
    let traffic = Traffic::start(&cluster, 3);
    traffic.wait_for(3, BLOCK);

    let seed = 2;
    let mut dice = StdRng::seed_from_u64(seed);
    let (goal, mut kills) = (deep::rounds(12, 300), 0);
    while kills < goal {
        // Some blocks long; two of four are more than the network can miss.
        wait::pass(Duration::from_millis(dice.random_range(0..500)));
        let count = if kills + 4 >= goal {
            4
        } else {
            dice.random_range(1..=2)
        };
        let victims = rand::seq::index::sample(&mut dice, 4, count).into_vec();
        eprintln!("seed {seed}, after {kills} kills: {victims:?}");
        for victim in &victims {
            cluster.nodes[*victim].kill();
        }
        for victim in &victims {
            cluster.nodes[*victim].start();
        }
        kills += count;
        traffic.wait_for(1, RESUME);
    }

    let acknowledged = traffic.stop();
    tell(&format!(
        "{kills} kills in random places ({})",
        engine.name()
    ));
    assert_whole(cluster, &acknowledged);
}

#[derive(Clone, Copy, Debug)]
enum Death {
    /// The power goes: everything at once.
    Machine,
    /// `polityd` alone.
    Node,
    /// The engine alone, where it is a process of its own; else the machine.
    Engine,
}

fn die(cluster: &mut Cluster, victim: usize, way: Death) {
    let node = &mut cluster.nodes[victim];
    match way {
        Death::Engine if engine::is_a_process(node.engine()) => {
            // polityd says by its exit code whom it lost.
            node.kill_engine();
            assert_eq!(node.ended(BLOCK).code(), Some(ENGINE_FAULT));
        }
        Death::Machine | Death::Engine => node.kill(),
        // The next start ends what this one leaves behind.
        Death::Node => {
            let ended = node.kill_alone();
            assert_eq!(ended.and_then(|ended| ended.signal()), Some(SIGKILL));
        }
    }
}

/// Two of four are away: the network stands still, forgets nothing, and goes on when one is back.
pub(crate) fn two_of_four_down_halt_and_lose_nothing(engine: Engine) {
    let mut cluster = Cluster::start_on(engine, 4);
    let mut acknowledged = pay(&cluster, 0, 3);

    for _ in 0..deep::rounds(1, 10) {
        cluster.nodes[2].kill();
        cluster.nodes[3].kill();
        let waiting = cluster.pay(0, 0);
        let standing = cluster.nodes[0].height().expect("the node answers");
        // What was under way when the second one died may still be decided.
        let went_on = wait::poll(STANDSTILL, || {
            cluster.nodes[0].height().filter(|now| *now > standing + 1)
        });
        assert_eq!(went_on, None, "two of four made a block");

        cluster.nodes[2].start();
        let (_, code) = cluster.wait_for(0, &waiting, RESUME);
        assert_eq!(code, 0);
        acknowledged.push(waiting);
        cluster.nodes[3].start();
        catch_up(&cluster, 3);
        acknowledged.extend(pay(&cluster, 3, 1));
    }

    assert_whole(cluster, &acknowledged);
}
