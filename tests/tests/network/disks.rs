//! Disks that fill up.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use polity_tests::cluster::{Cluster, Founding};
use polity_tests::engine::Engine;
use polity_tests::node::Node;
use polity_tests::traffic::Traffic;
use polity_tests::wait;

use crate::trial::{BLOCK, DISK_FULL, IO, assert_whole, catch_up, pay, tell};

/// What the trial's nodes keep free.
const RESERVE_BYTES: u64 = 16 << 20;
const DISK_BYTES: u64 = 128 << 20;

/// The node stops before a commit that could tear; the others go on; with room again it goes on too.
pub(crate) fn a_full_disk_stops_a_node_before_it_loses_anything(engine: Engine) {
    let mut cluster = Cluster::found(&Founding {
        engine,
        founders: 4,
        guests: 0,
        settings: &[],
        charter: "",
    });
    let disk = SmallDisk::mount();
    if let Some(disk) = &disk {
        let data = cluster.nodes[3].home().join("data");
        symlink(disk.path(), data).expect("the node's data can lie on the small disk");
    }
    cluster.start_founders();
    let traffic = Traffic::start(&cluster, 3);
    traffic.wait_for(3, BLOCK);

    // By its own reserve, which any disk can fall below.
    cluster.nodes[3].kill();
    cluster.nodes[3].start_with(&[("POLITY_STORE_FREE_BYTES_MIN", "1000000000000000")]);
    assert_full(&mut cluster, 1);
    traffic.wait_for(3, BLOCK);
    cluster.nodes[3].start();
    catch_up(&cluster, 3);

    if let Some(disk) = &disk {
        // By a disk that is nearly full, and by one that has nothing left at all.
        let trials = [(2, RESERVE_BYTES / 2, RESERVE_BYTES), (3, 0, 0)];
        for (times, keep, reserve) in trials {
            let reserve = reserve.to_string();
            cluster.nodes[3].kill();
            cluster.nodes[3].start_with(&[("POLITY_STORE_FREE_BYTES_MIN", &reserve)]);
            catch_up(&cluster, 3);
            let node = &mut cluster.nodes[3];
            // A node at work gives room free as well.
            wait::until("the node stops", BLOCK, || {
                disk.fill_up_to(keep);
                (!node.runs()).then_some(())
            });
            assert_full(&mut cluster, times);
            traffic.wait_for(3, BLOCK);
            disk.make_room();
            cluster.nodes[3].start();
            catch_up(&cluster, 3);
        }
    }

    let acknowledged = traffic.stop();
    assert_whole(cluster, &acknowledged);
}

/// A stopped node's home can be looked into where nobody may write to it, as after an accident; what writes says why not.
#[test]
fn what_only_reads_a_home_works_on_a_disk_that_cannot_be_written() {
    let mut cluster = Cluster::found(&Founding {
        engine: Engine::Embedded,
        founders: 1,
        guests: 1,
        settings: &[],
        charter: "",
    });
    cluster.start_founders();
    pay(&cluster, 0, 3);
    let node = &mut cluster.nodes[0];
    assert!(node.stop().success());
    let read = |node: &Node| {
        let verified = node.polityd_json(&["verify"]);
        let guard = node.polityd_json(&["guard", "show"]);
        (verified, guard, node.polityd(&["export", "--state"]))
    };
    let before = read(node);

    let Some(_sealed) = Sealed::mount(node.home()) else {
        return;
    };
    assert_eq!(read(node), before);
    let refused = node.try_polityd(&["rollback"]);
    let words = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(IO), "{words}");
    assert!(words.contains("Read-only file system"), "{words}");
    let vouching = ["guard", "trust", "--above", "9", "--yes"];
    assert!(!node.try_polityd(&vouching).status.success());
}

/// The last node has stopped because of its disk, and has now done so this many times.
#[track_caller]
fn assert_full(cluster: &mut Cluster, times: usize) {
    let ended = cluster.nodes[3].ended(BLOCK);
    let log = cluster.nodes[3].log();
    assert_eq!(ended.code(), Some(DISK_FULL), "{log}");
    assert_eq!(
        log.matches("polityd stops: disk full: ").count(),
        times,
        "{log}"
    );
    let advice = "what to do: free some space and start again; nothing is lost";
    assert!(log.contains(advice), "{log}");
}

/// A file system in memory, so small that a test can fill it.
struct SmallDisk(TempDir);

impl SmallDisk {
    /// Mounts one, where the system lets this user.
    fn mount() -> Option<SmallDisk> {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let size = format!("size={DISK_BYTES}");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "polity-test"])
            .arg(directory.path())
            .output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(SmallDisk(directory));
        }
        tell("no small disk can be mounted here: the reserve alone is tried");
        None
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Lets a file grow until no more than so many bytes are free.
    fn fill_up_to(&self, keep: u64) {
        let free = polity_node::store::free_bytes(self.path()).expect("the disk tells its room");
        let bytes = vec![0; usize::try_from(free.saturating_sub(keep)).unwrap_or_default()];
        let ballast = File::options()
            .create(true)
            .append(true)
            .open(self.ballast());
        // A node at work may have taken the last of it meanwhile; then the disk is as full.
        let _ = ballast.and_then(|mut ballast| ballast.write_all(&bytes));
    }

    fn make_room(&self) {
        fs::remove_file(self.ballast()).expect("room can be made");
    }

    fn ballast(&self) -> PathBuf {
        self.path().join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        unmount(self.path());
    }
}

/// A directory to which nobody may write.
struct Sealed(PathBuf);

impl Sealed {
    /// Seals one, where the system lets this user.
    fn mount(directory: &Path) -> Option<Sealed> {
        let mount = |options: &str| {
            let mut command = Command::new("mount");
            command.args(["-o", options]).arg(directory).arg(directory);
            command.output().is_ok_and(|output| output.status.success())
        };
        if !mount("bind") {
            tell("no directory can be sealed here: nothing is tried");
            return None;
        }
        let sealed = Sealed(directory.to_owned());
        assert!(mount("remount,bind,ro"), "what is mounted can be sealed");
        Some(sealed)
    }
}

impl Drop for Sealed {
    fn drop(&mut self) {
        unmount(&self.0);
    }
}

/// Lazily, because a failed trial's node may still be there.
fn unmount(directory: &Path) {
    let _ = Command::new("umount").arg("-l").arg(directory).status();
}
