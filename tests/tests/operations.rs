//! What operators meet: nodes that die, machines that are lost, backups, a look at the whole.
//! Real nodes with real CometBFT, each on an address of its own.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use polity_node::crash_point::{self, CrashPoint};
use polity_tests::cluster::{Cluster, START_PATIENCE, TransactionHash};
use polity_tests::wait;

/// A block with a payment comes in less, also on two busy cores.
const BLOCK: Duration = Duration::from_secs(60);
/// A node that was away has caught up in less.
const CATCH_UP: Duration = Duration::from_secs(120);
/// Rounds have grown longer while a network stood still.
const RESUME: Duration = Duration::from_secs(180);

/// CometBFT's own crash points, ordered by `FAIL_TEST_INDEX` from 0.
const ENGINE_CRASH_POINTS: u32 = 10;
/// A node that has been started takes part before so many payments.
const CRASH_PAYMENTS: u32 = 100;
const SIGABRT: i32 = 6;

#[test]
fn a_network_loses_nothing_whoever_dies() {
    let mut cluster = Cluster::start(4);
    let mut acknowledged = pay(&mut cluster, 0, 5);

    // A department's machine loses its power: the others go on.
    cluster.nodes[3].kill();
    acknowledged.extend(pay(&mut cluster, 0, 5));
    cluster.nodes[3].start();

    // CometBFT alone dies: polityd says so by its exit code and starts again.
    cluster.nodes[2].kill_engine();
    assert_eq!(cluster.nodes[2].ended(BLOCK).code(), Some(77));
    cluster.nodes[2].start();
    catch_up(&cluster, 2);
    catch_up(&cluster, 3);

    // Two of four are away: the network stands still, and forgets nothing.
    cluster.nodes[2].kill();
    cluster.nodes[3].kill();
    let waiting = cluster.pay(0, 0);
    let standing = cluster.nodes[0].height().unwrap();
    assert_eq!(
        wait::poll(Duration::from_secs(5), || cluster.nodes[0]
            .height()
            .filter(|now| *now > standing + 1)),
        None,
        "two of four made a block"
    );
    cluster.nodes[2].start();
    let (_, code) = cluster.wait_for(0, &waiting, RESUME);
    assert_eq!(code, 0);
    acknowledged.push(waiting);
    cluster.nodes[3].start();

    assert_whole(&mut cluster, &acknowledged);
}

#[test]
fn a_department_comes_back_from_a_backup_and_from_nothing() {
    let mut cluster = Cluster::start(4);
    let mut acknowledged = pay(&mut cluster, 0, 3);
    cluster.wait_for_agreement(2, CATCH_UP);

    let running = cluster.nodes[1].try_polityd(&["verify"]);
    assert_eq!(
        running.status.code(),
        Some(72),
        "a running node's store is its own"
    );

    assert!(cluster.nodes[1].stop().success());
    let backup = cluster.path("backup").display().to_string();
    let saved = cluster.nodes[1].polityd_json(&["backup", &backup]);
    let height = saved["height"].as_u64().unwrap();
    let back = cluster.nodes[1].polityd_json(&["rollback"]);
    assert_eq!(back["height"].as_u64().unwrap(), height - 1);
    cluster.nodes[1].start();
    acknowledged.extend(pay(&mut cluster, 0, 3));
    catch_up(&cluster, 1);

    // The disk is lost: the backup comes back, and what it lacks comes from the others.
    cluster.nodes[1].kill();
    lose_data(&cluster, 1);
    let restored = cluster.nodes[1].polityd_json(&["restore", &backup]);
    assert_eq!(restored, saved);
    cluster.nodes[1].start();
    catch_up(&cluster, 1);

    // Lost again, and no backup: everything comes from the others.
    cluster.nodes[1].kill();
    lose_data(&cluster, 1);
    cluster.nodes[1].start();
    acknowledged.extend(pay(&mut cluster, 0, 3));
    catch_up(&cluster, 1);

    assert_whole(&mut cluster, &acknowledged);
}

#[test]
fn a_node_survives_a_crash_at_every_point_of_a_commit() {
    let mut cluster = Cluster::start(4);
    let mut acknowledged = pay(&mut cluster, 0, 1);

    for point in CrashPoint::ALL {
        let is_of_a_commit = match point {
            CrashPoint::StoreBeforeWrite
            | CrashPoint::StoreAfterWrite
            | CrashPoint::StoreAfterSwap
            | CrashPoint::AppAfterFinalize
            | CrashPoint::AppBeforeCommit
            | CrashPoint::AppAfterCommit => true,
            CrashPoint::RollbackBeforeWrite
            | CrashPoint::RollbackAfterWrite
            | CrashPoint::BackupBeforeRename
            | CrashPoint::RestoreBeforeRename => false,
        };
        if is_of_a_commit {
            let order = [(crash_point::ENVIRONMENT_VARIABLE, point.name())];
            let ended = crash(&mut cluster, &order, &mut acknowledged);
            assert_eq!(ended.signal(), Some(SIGABRT), "{}", point.name());
        }
    }

    assert_whole(&mut cluster, &acknowledged);
}

#[test]
fn a_node_survives_a_crash_at_every_point_of_its_engine() {
    let mut cluster = Cluster::start(4);
    let mut acknowledged = pay(&mut cluster, 0, 1);

    for point in 0..ENGINE_CRASH_POINTS {
        let order = [("FAIL_TEST_INDEX", point.to_string())];
        let order = order
            .each_ref()
            .map(|(name, point)| (*name, point.as_str()));
        let ended = crash(&mut cluster, &order, &mut acknowledged);
        assert_eq!(ended.code(), Some(77), "CometBFT's point {point}");
    }

    assert_whole(&mut cluster, &acknowledged);
}

#[test]
fn an_altered_store_is_found_by_verify_or_refused() {
    let mut cluster = Cluster::start(2);
    pay(&mut cluster, 0, 2);
    assert!(cluster.nodes[0].stop().success());
    let verified = cluster.nodes[0].polityd_json(&["verify"]);
    assert!(verified["transactions"].as_u64().unwrap() >= 1);

    let data = cluster.nodes[0].home().join("data");
    let mut files: Vec<_> = fs::read_dir(&data)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|file| {
        file.extension()
            .is_some_and(|extension| extension == "log" || extension == "sst")
    });
    files.sort_by_key(|file| std::cmp::Reverse(fs::metadata(file).unwrap().len()));
    let mut bytes = fs::read(&files[0]).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x40;
    fs::write(&files[0], bytes).unwrap();

    let refused = cluster.nodes[0].try_polityd(&["verify"]);
    let code = refused.status.code().unwrap();
    assert!(
        (71..=76).contains(&code),
        "{}",
        String::from_utf8_lossy(&refused.stderr)
    );
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

/// Payments through a node, one after another, each in a block before the next.
#[track_caller]
fn pay(cluster: &mut Cluster, through: usize, count: usize) -> Vec<TransactionHash> {
    (0..count)
        .map(|payment| {
            let hash = cluster.pay(payment % cluster.nodes.len(), through);
            let (_, code) = cluster.wait_for(through, &hash, BLOCK);
            assert_eq!(code, 0, "the payment is refused");
            hash
        })
        .collect()
}

#[track_caller]
fn catch_up(cluster: &Cluster, node: usize) {
    let height = cluster.nodes[0].height().expect("the first node answers");
    cluster.nodes[node].wait_for_height(height, CATCH_UP + START_PATIENCE);
}

/// Everything that a disk holds is gone, but for keys, configuration and the guard against signing twice.
fn lose_data(cluster: &Cluster, node: usize) {
    for part in ["data", "cometbft/data"] {
        fs::remove_dir_all(cluster.nodes[node].home().join(part)).unwrap();
    }
}

/// All nodes agree; each holds every acknowledged transaction once, and computes its own chain again.
#[track_caller]
fn assert_whole(cluster: &mut Cluster, acknowledged: &[TransactionHash]) {
    let height = cluster.nodes[0].height().expect("the first node answers");
    cluster.wait_for_agreement(height, CATCH_UP + START_PATIENCE);
    for number in 0..cluster.nodes.len() {
        assert!(cluster.nodes[number].stop().success());
    }
    let first = cluster.nodes[0].polityd_json(&["verify"]);
    for number in 0..cluster.nodes.len() {
        let held = cluster.transactions_of(number);
        for hash in acknowledged {
            assert_eq!(
                held.get(hash),
                Some(&1),
                "node {number}: {}",
                hex::encode(hash)
            );
        }
        let verified = cluster.nodes[number].polityd_json(&["verify"]);
        if verified["heights"] == first["heights"] {
            assert_eq!(verified, first);
        }
    }
}
