//! `polity` at the terminal of somebody in a cluster: a home with the genesis, the nodes and people's keys.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use polity_client::keys::{KeyStore, Passphrase};
use polity_ledger::check::founding_possession_bytes;
use serde_json::Value;
use tempfile::TempDir;

use crate::cluster::{Cluster, Founding};
use crate::engine::Engine;
use crate::node::Node;
use crate::{binaries, charter};

/// It protects nothing: the keys live as long as a test.
const PASSPHRASE: &str = "for a test";
/// scrypt's least work: what is tested is not the cipher.
const WORK_FACTOR: u8 = 1;

/// A home of `polity`, and people whose keys lie in it.
#[derive(Debug)]
pub struct Terminal {
    home: TempDir,
    people: String,
}

impl Terminal {
    /// A home without people.
    #[track_caller]
    pub fn new() -> Terminal {
        Terminal {
            home: tempfile::tempdir().expect("a temporary directory can be made"),
            people: String::new(),
        }
    }

    /// Makes a person's key, and their entry for a charter.
    #[track_caller]
    pub fn enrol(&mut self, handle: &str, unit: &str, role: &str) {
        self.enrol_in(handle, &[unit], &[role]);
    }

    /// The same for a person who sits in several units, the first of which admits them, and holds
    /// several roles.
    #[track_caller]
    pub fn enrol_in(&mut self, handle: &str, units: &[&str], roles: &[&str]) {
        let passphrase = Passphrase::new(PASSPHRASE.to_owned());
        let store = KeyStore::in_home(self.home.path()).with_work_factor(WORK_FACTOR);
        let key = store.create(handle, &passphrase).expect("a key is made");
        let signer = store.open(handle, &passphrase).expect("the key opens");
        let bytes = founding_possession_bytes(charter::CHAIN_ID, &key.public_key);
        let (key, possession) = (
            hex::encode(key.public_key),
            hex::encode(signer.sign(&bytes)),
        );
        // Writing into a text cannot fail.
        let _ = write!(
            self.people,
            "[[people]]\nhandle = \"{handle}\"\nkey = \"{key}\"\npossession = \"{possession}\"\n\
             unit = \"{unit}\"\njoins = {units:?}\nroles = {roles:?}\n",
            unit = units[0],
        );
    }

    /// The people, for a charter.
    #[must_use]
    pub fn people(&self) -> &str {
        &self.people
    }

    /// Founds and starts a network of one department, whose charter has this addition, and connects the home with it.
    #[track_caller]
    pub fn found(&self, addition: &str) -> Cluster {
        let mut cluster = Cluster::found(&Founding {
            engine: Engine::Embedded,
            founders: 1,
            guests: 0,
            settings: &[],
            charter: addition,
        });
        cluster.start_founders();
        self.connect(&cluster);
        cluster
    }

    /// Connects the home with the nodes of a cluster.
    #[track_caller]
    pub fn connect(&self, cluster: &Cluster) {
        fs::copy(cluster.genesis_file(), self.path("genesis.json")).expect("the genesis is copied");
        let nodes: Vec<String> = cluster
            .nodes
            .iter()
            .map(Node::gateway)
            .map(|address| format!("\"http://{address}\""))
            .collect();
        let text = format!("nodes = [{}]\n", nodes.join(", "));
        fs::write(self.path("config.toml"), text).expect("the configuration is written");
    }

    /// A path in the home.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Writes a file in the home, and answers its path as an argument.
    #[track_caller]
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, content).expect("the file is written");
        path.display().to_string()
    }

    /// A command line of somebody, in JSON and without questions.
    #[must_use]
    pub fn command(&self, member: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(binaries::path("polity"));
        command
            .args(["--home", self.argument(), "--member", member, "--yes"])
            .args(["-o", "json"])
            .args(arguments)
            .env("POLITY_PASSPHRASE", PASSPHRASE);
        command
    }

    /// Runs what somebody types after `polity`, read by a real shell that knows these variables and
    /// works in this directory.
    #[track_caller]
    pub fn shell(
        &self,
        member: &str,
        typed: &str,
        directory: &Path,
        variables: &BTreeMap<String, String>,
    ) -> Output {
        let options = "--home \"$TERMINAL\" --yes";
        let script = format!("exec \"$POLITY\" {options} --member {member} {typed}");
        let output = Command::new("sh")
            .args(["-c", &script])
            .current_dir(directory)
            .env("POLITY", binaries::path("polity"))
            .env("TERMINAL", self.home.path())
            .env("POLITY_PASSPHRASE", PASSPHRASE)
            .envs(variables)
            .output();
        output.expect("a shell can be run")
    }

    /// Runs a command line, however it ends.
    #[track_caller]
    pub fn run(&self, member: &str, arguments: &[&str]) -> Output {
        let output = self.command(member, arguments).output();
        output.expect("polity can be run")
    }

    /// Runs a command line that succeeds; answers what it prints.
    #[track_caller]
    pub fn json(&self, member: &str, arguments: &[&str]) -> Value {
        let output = self.run(member, arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "polity {arguments:?}: {errors}");
        serde_json::from_slice(&output.stdout).expect("-o json prints JSON")
    }

    fn argument(&self) -> &str {
        Path::to_str(self.home.path()).expect("temporary directories have plain names")
    }
}

impl Default for Terminal {
    fn default() -> Terminal {
        Terminal::new()
    }
}
