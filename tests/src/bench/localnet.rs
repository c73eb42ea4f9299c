//! The network of four departments that `scripts/localnet` makes, with the demonstration organisation.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::engine::Engine;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/localnet");
/// What the script says before it builds; its next words come when that is done.
const BUILDING: &str = "building";

/// The network, in a directory of its own. Dropping it stops it and removes everything.
pub(super) struct Localnet {
    engine: Engine,
    home: TempDir,
}

impl Localnet {
    /// Nothing yet: the first [`up`](Localnet::up) founds it.
    pub(super) fn new(engine: Engine) -> Localnet {
        let home = tempfile::tempdir().expect("a temporary directory can be made");
        Localnet { engine, home }
    }

    /// Starts the nodes and waits for a block of each, after the founding where there was none; answers how long it
    /// took after the build, which finds nothing to do.
    pub(super) fn up(&self) -> Duration {
        self.run(&["up", "--engine", self.engine.name()])
    }

    /// Stops the nodes.
    pub(super) fn down(&self) -> Duration {
        self.run(&["down"])
    }

    /// Processes of `polityd`.
    pub(super) fn nodes(&self) -> Vec<u32> {
        let homes = std::fs::read_dir(self.path("nodes")).expect("the network was founded");
        let process = |home: PathBuf| {
            let text = std::fs::read_to_string(home.join("polityd.pid")).ok()?;
            text.trim().parse().ok()
        };
        homes
            .flatten()
            .filter_map(|home| process(home.path()))
            .collect()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Duration {
        let mut script = Command::new(SCRIPT);
        script
            .args(arguments)
            .arg("--home")
            .arg(self.home.path())
            .stdout(Stdio::piped());
        let mut started = Instant::now();
        let mut child = script.spawn().expect("scripts/localnet can be run");
        let output = child.stdout.take().expect("its words are read");
        let mut builds = false;
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if std::mem::replace(&mut builds, line.contains(BUILDING)) {
                started = Instant::now();
            }
        }
        let ended = child.wait().expect("a child of ours can be waited for");
        assert!(ended.success(), "scripts/localnet {arguments:?}: {ended}");
        started.elapsed()
    }
}

impl Drop for Localnet {
    fn drop(&mut self) {
        let stopped = Command::new(SCRIPT)
            .args(["down", "--home"])
            .arg(self.home.path())
            .stdout(Stdio::null())
            .status();
        // What could not be stopped is told; the directory goes all the same.
        if !stopped.is_ok_and(|status| status.success()) {
            eprintln!(
                "the network in {} may still run",
                Path::display(self.home.path())
            );
        }
    }
}
