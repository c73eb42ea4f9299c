//! Deaths at chosen moments: at every point of a block's way to the disk, and at every one of CometBFT's.

use std::process::ExitStatus;

use std::os::unix::process::ExitStatusExt;

use polity_node::crash_point::{self, CrashPoint};
use polity_tests::cluster::{Cluster, TransactionHash};
use polity_tests::engine::{Engine, is_a_process};

use crate::trial::{BLOCK, ENGINE_FAULT, assert_whole, catch_up, pay};

/// CometBFT's own crash points, ordered by `FAIL_TEST_INDEX` from 0.
const COMETBFT_CRASH_POINTS: u32 = 10;
/// A node that has been started takes part before so many payments.
const CRASH_PAYMENTS: u32 = 100;
const SIGABRT: i32 = 6;

pub(crate) fn a_node_survives_a_crash_at_every_point_of_a_commit(engine: Engine) {
    let mut cluster = Cluster::start_on(engine, 4);
    let mut acknowledged = pay(&cluster, 0, 1);

    for point in CrashPoint::ALL {
        let is_on_the_way = match point {
            CrashPoint::StoreBeforeWrite
            | CrashPoint::StoreAfterWrite
            | CrashPoint::StoreAfterSwap
            | CrashPoint::AppAfterFinalize
            | CrashPoint::AppBeforeCommit
            | CrashPoint::AppAfterCommit => true,
            // An engine that is a process of its own keeps its blocks itself.
            CrashPoint::StoreBeforeKeep | CrashPoint::StoreAfterKeep => !is_a_process(engine),
            CrashPoint::RollbackBeforeWrite
            | CrashPoint::RollbackAfterWrite
            | CrashPoint::BackupBeforeRename
            | CrashPoint::RestoreBeforeRename => false,
        };
        if is_on_the_way {
            let order = [(crash_point::ENVIRONMENT_VARIABLE, point.name())];
            let ended = crash(&mut cluster, &order, &mut acknowledged);
            assert_eq!(ended.signal(), Some(SIGABRT), "{}", point.name());
        }
    }

    assert_whole(cluster, &acknowledged);
}

#[test]
fn a_node_survives_a_crash_at_every_point_of_cometbft() {
    let mut cluster = Cluster::start_on(Engine::Cometbft, 4);
    let mut acknowledged = pay(&cluster, 0, 1);

    for point in 0..COMETBFT_CRASH_POINTS {
        let number = point.to_string();
        let order = [("FAIL_TEST_INDEX", number.as_str())];
        let ended = crash(&mut cluster, &order, &mut acknowledged);
        assert_eq!(ended.code(), Some(ENGINE_FAULT), "CometBFT's point {point}");
    }

    assert_whole(cluster, &acknowledged);
}

/// Starts the last node anew with an ordered crash, pays until it has died, and starts it again.
#[track_caller]
fn crash(
    cluster: &mut Cluster,
    order: &[(&str, &str)],
    acknowledged: &mut Vec<TransactionHash>,
) -> ExitStatus {
    let last = cluster.nodes.len() - 1;
    cluster.nodes[last].kill();
    cluster.nodes[last].start_with(order);
    for _ in 0..CRASH_PAYMENTS {
        if !cluster.nodes[last].runs() {
            break;
        }
        acknowledged.extend(pay(cluster, 0, 1));
    }
    let ended = cluster.nodes[last].ended(BLOCK);
    cluster.nodes[last].kill_engine();
    cluster.nodes[last].start();
    catch_up(cluster, last);
    ended
}
