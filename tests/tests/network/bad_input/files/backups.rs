//! Backups that are not whole any more.

use std::fs;
use std::path::Path;

use polity_tests::cluster::{Cluster, START_PATIENCE};
use serde_json::{Value, json};

use super::Home;
use crate::trial::{STORE_DAMAGED, USAGE, copy};

pub(super) fn backups(home: &Home, cluster: &mut Cluster) -> usize {
    assert!(cluster.nodes[0].stop().success());
    let whole = cluster.path("backup");
    cluster.nodes[0].polityd(&["backup", &whole.display().to_string()]);
    cluster.nodes[0].start();
    cluster.nodes[0].wait_for_height(1, START_PATIENCE);

    let list = whole.join("store/backup.json");
    let read: Value = serde_json::from_slice(&fs::read(&list).expect("a list")).expect("JSON");
    let file = read["files"][0]["name"]
        .as_str()
        .expect("a file")
        .to_owned();
    let changed = |pointer: &'static str, value: Value| {
        move |backup: &Path| {
            let path = backup.join("backup.json");
            let mut list: Value =
                serde_json::from_slice(&fs::read(&path).expect("a list")).expect("JSON");
            *list.pointer_mut(pointer).expect("it is there") = value;
            fs::write(&path, list.to_string()).expect("it can be changed");
        }
    };
    let write = |name: &'static str, bytes: &'static [u8]| {
        move |backup: &Path| fs::write(backup.join(name), bytes).expect("it can be written")
    };
    let spoil = file.clone();
    let lose = file.clone();
    type Spoil = Box<dyn FnOnce(&Path)>;
    let cases: Vec<(&str, Spoil, i32, &str)> = vec![
        (
            "no list",
            Box::new(|backup| fs::remove_file(backup.join("backup.json")).expect("gone")),
            USAGE,
            "backup.json",
        ),
        (
            "a list that is noise",
            Box::new(write("backup.json", &[0x7b; 64])),
            STORE_DAMAGED,
            "is no list",
        ),
        (
            "an empty list",
            Box::new(write("backup.json", b"")),
            STORE_DAMAGED,
            "is no list",
        ),
        (
            "a list of something else",
            Box::new(write("backup.json", b"{\"files\":[]}")),
            STORE_DAMAGED,
            "is no list",
        ),
        (
            "a file too many",
            Box::new(write("more.sst", b"x")),
            STORE_DAMAGED,
            "is not listed",
        ),
        (
            "a file too few",
            Box::new(move |backup| fs::remove_file(backup.join(lose)).expect("gone")),
            STORE_DAMAGED,
            "is listed but missing",
        ),
        (
            "a changed file",
            Box::new(move |backup| fs::write(backup.join(spoil), b"x").expect("changed")),
            STORE_DAMAGED,
            "is not as it was written",
        ),
        (
            "a way out of the directory",
            Box::new(changed("/files/0/name", json!("../../genesis.json"))),
            STORE_DAMAGED,
            "is listed but missing",
        ),
        (
            "another height",
            Box::new(changed("/height", json!(1_000_000))),
            STORE_DAMAGED,
            "another height",
        ),
        (
            "a hash that is none",
            Box::new(changed("/app_hash", json!("x"))),
            STORE_DAMAGED,
            "no hash",
        ),
    ];
    let count = cases.len();
    for (name, spoil, code, words) in cases {
        let backup = home.directory.join("backup");
        copy(&whole, &backup);
        spoil(&backup.join("store"));
        let command = ["restore", &backup.display().to_string()];
        home.assert_refused(name, &command, code, words);
        fs::remove_dir_all(&backup).expect("the copy can be removed");
    }
    count
}
