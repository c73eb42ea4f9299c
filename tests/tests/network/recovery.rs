//! Lost and torn disks: what a node says, and how it comes back.

use std::fs;
use std::path::{Path, PathBuf};

use polity_tests::cluster::{Cluster, Founding};
use polity_tests::engine::Engine;
use polity_tests::http;

use crate::trial::{
    BLOCK, CATCH_UP, STORE_DAMAGED, STORE_LOCKED, assert_whole, catch_up, copy, pay,
};

pub(crate) fn a_department_comes_back_from_a_backup_and_from_nothing(engine: Engine) {
    let mut cluster = Cluster::start_on(engine, 4);
    let mut acknowledged = pay(&cluster, 0, 3);
    cluster.wait_for_agreement(2, CATCH_UP);

    let running = cluster.nodes[1].try_polityd(&["verify"]);
    assert_eq!(running.status.code(), Some(STORE_LOCKED), "its own alone");

    assert!(cluster.nodes[1].stop().success());
    let backup = cluster.path("backup").display().to_string();
    let saved = cluster.nodes[1].polityd_json(&["backup", &backup]);
    let height = saved["height"].as_u64().expect("a height");
    let back = cluster.nodes[1].polityd_json(&["rollback"]);
    assert_eq!(back["height"].as_u64(), Some(height - 1));
    cluster.nodes[1].start();
    acknowledged.extend(pay(&cluster, 0, 3));
    catch_up(&cluster, 1);

    // All go back by two heights, which none can have from another.
    let height = cluster.nodes[0].height().expect("the first node answers");
    for node in &mut cluster.nodes {
        assert!(node.stop().success());
        for _ in 0..2 {
            node.polityd_json(&["rollback"]);
        }
    }
    for node in &mut cluster.nodes {
        node.start();
    }
    for node in &cluster.nodes {
        node.wait_for_height(height, CATCH_UP);
    }
    acknowledged.extend(pay(&cluster, 0, 3));
    catch_up(&cluster, 1);

    // The disk is lost: the backup comes back, and what it lacks comes from the others.
    cluster.nodes[1].kill();
    cluster.nodes[1].lose_data();
    let restored = cluster.nodes[1].polityd_json(&["restore", &backup]);
    assert_eq!(restored, saved);
    cluster.nodes[1].start();
    catch_up(&cluster, 1);

    // Lost again, and no backup: everything comes from the others.
    cluster.nodes[1].kill();
    cluster.nodes[1].lose_data();
    cluster.nodes[1].start();
    acknowledged.extend(pay(&cluster, 0, 3));
    catch_up(&cluster, 1);

    assert_whole(cluster, &acknowledged);
}

pub(crate) fn a_node_that_keeps_little_of_the_past_is_verified_whole_and_says_how_far_back_it_looks(
    engine: Engine,
) {
    let mut cluster = Cluster::found(&Founding {
        engine,
        founders: 1,
        guests: 1,
        settings: &["store.history_heights=16"],
        charter: "",
    });
    cluster.start_founders();
    let acknowledged = pay(&cluster, 0, 20);
    let past = "abci_query?path=%22/key%22&data=0x01&height=1";
    let answer = http::ask(cluster.nodes[0].gateway(), past).expect("the node answers");
    let words = answer["response"]["log"].to_string();
    assert!(words.contains("below_history_base"), "{words}");
    assert!(cluster.nodes[0].stop().success());

    let verified = cluster.nodes[0].polityd_json(&["verify"]);

    let number = |name: &str| verified[name].as_u64().expect("a number");
    assert!(number("transactions") >= acknowledged.len() as u64);
    assert_eq!(number("history_base_height"), number("heights") - 16);
}

/// Files of each kind end too early, as after a disk that lied about what it had written.
pub(crate) fn a_torn_store_says_so_and_is_replaced(engine: Engine) {
    let mut cluster = Cluster::start_on(engine, 4);
    let mut acknowledged = pay(&cluster, 0, 2);
    catch_up(&cluster, 1);
    // Started once more, so that the store has tables and not its log alone.
    assert!(cluster.nodes[1].stop().success());
    cluster.nodes[1].start();
    acknowledged.extend(pay(&cluster, 0, 1));
    catch_up(&cluster, 1);
    assert!(cluster.nodes[1].stop().success());

    let data = cluster.nodes[1].home().join("data");
    let whole = cluster.path("whole");
    let backup = cluster.path("backup").display().to_string();
    cluster.nodes[1].polityd(&["backup", &backup]);
    copy(&data, &whole);

    for extension in ["sst", "MANIFEST"] {
        // All of them: what a compaction was writing when the store was closed belongs to no table.
        files(&data, extension)
            .iter()
            .for_each(|torn| cut_in_half(torn));
        cluster.nodes[1].start();
        let ended = cluster.nodes[1].ended(BLOCK);
        let log = cluster.nodes[1].log();
        assert_eq!(ended.code(), Some(STORE_DAMAGED), "{extension}: {log}");
        assert!(log.contains("polityd: store damaged: "), "{log}");
        assert!(log.contains("what to do: restore a backup"), "{log}");
        fs::remove_dir_all(&data).expect("the torn store can be removed");
        copy(&whole, &data);
    }

    // A torn log has lost its newest heights and nothing else: they come back from the engine.
    cluster.nodes[1].start();
    acknowledged.extend(pay(&cluster, 0, 1));
    catch_up(&cluster, 1);
    assert!(cluster.nodes[1].stop().success());
    let log = files(&data, "log").pop().expect("the store has a log");
    cut_in_half(&log);
    cluster.nodes[1].start();
    catch_up(&cluster, 1);
    acknowledged.extend(pay(&cluster, 0, 1));
    assert!(cluster.nodes[1].stop().success());

    // What the advice says: the backup, and the others for the rest.
    cluster.nodes[1].lose_data();
    cluster.nodes[1].polityd(&["restore", &backup]);
    cluster.nodes[1].start();
    catch_up(&cluster, 1);

    assert_whole(cluster, &acknowledged);
}

pub(crate) fn an_altered_store_is_found_by_verify_or_refused(engine: Engine) {
    let mut cluster = Cluster::start_on(engine, 2);
    pay(&cluster, 0, 2);
    assert!(cluster.nodes[0].stop().success());
    let verified = cluster.nodes[0].polityd_json(&["verify"]);
    assert!(
        verified["transactions"]
            .as_u64()
            .is_some_and(|count| count >= 1)
    );

    let data = cluster.nodes[0].home().join("data");
    let file = largest(&data);
    let mut bytes = fs::read(&file).expect("the file can be read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x40;
    fs::write(&file, bytes).expect("the file can be altered");

    let refused = cluster.nodes[0].try_polityd(&["verify"]);
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    let code = refused.status.code().unwrap_or_default();
    assert!((71..=76).contains(&code), "{words}");
}

/// The largest file of a store that holds what was committed.
#[track_caller]
fn largest(directory: &Path) -> PathBuf {
    let files = fs::read_dir(directory).expect("the store can be listed");
    files
        .map(|entry| entry.expect("an entry").path())
        .filter(|file| {
            file.extension()
                .is_some_and(|end| end == "log" || end == "sst")
        })
        .max_by_key(|file| fs::metadata(file).map_or(0, |data| data.len()))
        .expect("the store has files")
}

/// Files of a store that hold something, with this extension or with this beginning of their name; the oldest first.
fn files(directory: &Path, kind: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(directory)
        .expect("the store can be listed")
        .map(|entry| entry.expect("an entry").path())
        .filter(|file| {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(kind) || name.ends_with(&format!(".{kind}"))
        })
        .filter(|file| fs::metadata(file).is_ok_and(|data| data.len() > 0))
        .collect();
    files.sort();
    files
}

/// In place: a backup has bytes of its own.
#[track_caller]
fn cut_in_half(file: &Path) {
    let bytes = fs::metadata(file).expect("the file is there").len();
    let torn = fs::OpenOptions::new().write(true).open(file);
    torn.and_then(|torn| torn.set_len(bytes / 2))
        .expect("the file can be cut");
}
