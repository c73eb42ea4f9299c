//! A store whose process dies: killed, or at each crash point. What comes back is a whole height.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use super::sample::{commit_at, commit_up_to, contents, contents_at, options};
use super::{Store, restore};
use crate::crash_point::{CrashPoint, ENVIRONMENT_VARIABLE};
use crate::fault::fatal;

/// What the child process does, and the directory where it does it: `WORK DIRECTORY`.
const CHILD_VARIABLE: &str = "POLITY_STORE_TEST_CHILD";

#[test]
fn a_process_that_dies_at_a_crash_point_leaves_a_whole_height() {
    check_crash(CrashPoint::StoreBeforeWrite, "commit", 4);
    check_crash(CrashPoint::StoreAfterWrite, "commit", 5);
    check_crash(CrashPoint::StoreAfterSwap, "commit", 5);
    check_crash(CrashPoint::RollbackBeforeWrite, "roll_back", 8);
    check_crash(CrashPoint::RollbackAfterWrite, "roll_back", 7);
}

#[test]
fn a_killed_process_has_every_height_that_it_acknowledged() {
    for acknowledged in [1, 7, 40] {
        let directory = tempfile::tempdir().unwrap();
        let mut child = child("commit", directory.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let told =
            lines.find(|line| line.as_ref().unwrap() == &format!("committed {acknowledged}"));
        assert!(
            told.is_some(),
            "the child ended before height {acknowledged}"
        );
        child.kill().unwrap();
        child.wait().unwrap();

        let store = Store::open(directory.path(), options()).unwrap();
        assert!(store.height() >= acknowledged);
        assert_eq!(contents(&store), contents_at(store.height()));
        store.check().unwrap();
        commit_up_to(&store, store.height() + 3);
    }
}

#[test]
fn a_backup_or_restore_cut_short_leaves_nothing_under_the_final_name_and_can_be_repeated() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let crash = |point: CrashPoint, work: &str| {
        let order = child(work, directory.path())
            .env(ENVIRONMENT_VARIABLE, point.name())
            .output()
            .unwrap();
        assert!(!order.status.success());
    };

    crash(CrashPoint::BackupBeforeRename, "back_up");
    assert!(!path("backup").exists());
    let store = Store::open(&path("store"), options()).unwrap();
    store.back_up(&path("backup")).unwrap();

    crash(CrashPoint::RestoreBeforeRename, "restore");
    assert!(!path("restored").exists());
    restore(&path("backup"), &path("restored"), options()).unwrap();
    let restored = Store::open(&path("restored"), options()).unwrap();
    assert_eq!(contents(&restored), contents(&store));
}

#[test]
fn a_second_process_is_told_that_the_store_is_in_use() {
    let directory = tempfile::tempdir().unwrap();
    let _store = Store::open(directory.path(), options()).unwrap();
    let second = child("commit", directory.path()).output().unwrap();
    assert_eq!(second.status.code(), Some(72));
    let words = String::from_utf8(second.stderr).unwrap();
    assert!(words.contains("is in use by another process"), "{words}");
}

#[test]
fn a_panic_in_any_thread_ends_the_process_when_so_ordered() {
    let directory = tempfile::tempdir().unwrap();
    let child = child("panic", directory.path()).output().unwrap();
    assert_eq!(
        std::os::unix::process::ExitStatusExt::signal(&child.status),
        Some(6)
    );
    assert!(
        String::from_utf8(child.stderr)
            .unwrap()
            .contains("polityd aborts after a panic")
    );
}

/// What the other tests run in a process of its own; by itself it does nothing.
#[test]
fn child_process_of_the_other_tests() {
    let Ok(order) = std::env::var(CHILD_VARIABLE) else {
        return;
    };
    let (work, directory) = order.split_once(' ').unwrap();
    let directory = Path::new(directory);
    match work {
        "commit" => commit_for_ever(directory),
        "roll_back" => {
            let store = Store::open(directory, options()).unwrap();
            commit_up_to(&store, 10);
            for _ in 0..5 {
                store.roll_back().unwrap();
            }
        }
        "back_up" => {
            let store = Store::open(&directory.join("store"), options()).unwrap();
            commit_up_to(&store, 5);
            store.back_up(&directory.join("backup")).unwrap();
        }
        "restore" => {
            restore(
                &directory.join("backup"),
                &directory.join("restored"),
                options(),
            )
            .unwrap();
        }
        "panic" => {
            crate::fault::abort_on_panic();
            let _ = std::thread::spawn(|| panic!("as the test wants")).join();
        }
        _ => unreachable!("unknown work {work}"),
    }
}

fn commit_for_ever(directory: &Path) {
    let store = Store::open(directory, options()).unwrap_or_else(|fault| fatal(fault));
    for height in store.height() + 1.. {
        store.commit(commit_at(height)).unwrap();
        println!("committed {height}");
    }
}

/// Dies at the given point for the N-th time, N such that the store then stands at `height`.
fn check_crash(point: CrashPoint, work: &str, height: u64) {
    let directory = tempfile::tempdir().unwrap();
    let times = if work == "commit" { 5 } else { 3 };
    let order = format!("{}:{times}", point.name());
    let died = child(work, directory.path())
        .env(ENVIRONMENT_VARIABLE, order)
        .output()
        .unwrap();
    assert!(
        String::from_utf8(died.stderr)
            .unwrap()
            .contains(point.name())
    );

    let store = Store::open(directory.path(), options()).unwrap();
    assert_eq!(store.height(), height, "{}", point.name());
    assert_eq!(contents(&store), contents_at(height), "{}", point.name());
    store.check().unwrap();
}

fn child(work: &str, directory: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([
            "store::crash_tests::child_process_of_the_other_tests",
            "--exact",
            "--nocapture",
        ])
        .env(CHILD_VARIABLE, format!("{work} {}", directory.display()))
        .env_remove(ENVIRONMENT_VARIABLE);
    command
}
