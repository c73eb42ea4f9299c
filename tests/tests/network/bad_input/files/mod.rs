//! Files that an operator hands to `polityd`: keys, configuration, genesis, charter, backup. Each bad
//! one is refused by its name, with an exit code that says whose it is, and leaves everything as it was.

mod backups;
mod founding;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};

use polity_tests::binaries;
use polity_tests::cluster::Cluster;
use polity_tests::engine::Engine;
use serde_json::Value;

use self::backups::backups;
use self::founding::{charters, genesis_files};
use super::{patient_node, state, tell};
use crate::trial::USAGE;

/// What is wrong, the file's new content, and what the refusal says.
type Case<'a> = (&'a str, &'a [u8], &'a str);

/// A home beside the running node's, with copies of its files.
struct Home {
    directory: PathBuf,
    genesis: Value,
}

impl Home {
    fn beside(cluster: &Cluster) -> Home {
        let directory = cluster.path("spoilt");
        fs::create_dir_all(directory.join("keys")).expect("a home can be made");
        let node = cluster.nodes[1].home();
        for file in [
            "config.toml",
            "genesis.json",
            "keys/consensus.key",
            "keys/node.key",
        ] {
            // A copy keeps its permissions.
            fs::copy(node.join(file), directory.join(file)).expect("a file can be copied");
        }
        let genesis = fs::read(directory.join("genesis.json")).expect("the genesis can be read");
        Home {
            directory,
            genesis: serde_json::from_slice(&genesis).expect("it is JSON"),
        }
    }

    fn polityd(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(binaries::path("polityd"));
        command.arg("--home").arg(&self.directory).args(arguments);
        command.output().expect("polityd can be run")
    }

    /// Runs a command with a spoilt file in its place, expects the refusal, and puts the good one back.
    #[track_caller]
    fn refuses(&self, file: &str, (name, content, words): Case<'_>, command: &[&str], code: i32) {
        let path = self.directory.join(file);
        let good = fs::read(&path).expect("the good file is there");
        fs::write(&path, content).expect("it can be spoilt");
        self.assert_refused(&format!("{file}: {name}"), command, code, words);
        fs::write(&path, good).expect("it can be put back");
    }

    #[track_caller]
    fn assert_refused(&self, name: &str, command: &[&str], code: i32, words: &str) {
        let output = self.polityd(command);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{name}: {told}");
        assert!(told.contains(words), "{name}: {told}");
        assert!(
            !self.directory.join("data").exists(),
            "{name}: a store was made"
        );
    }
}

pub(crate) fn every_bad_file_is_refused_by_name_and_changes_nothing(engine: Engine) {
    let mut cluster = patient_node(engine);
    let before = state(&cluster);
    let home = Home::beside(&cluster);

    tell("bad key files", keys(&home));
    tell("bad configurations", configurations(&home));
    tell("bad genesis files", genesis_files(&home));
    tell("bad charters", charters(&home));
    tell("bad backups", backups(&home, &mut cluster));

    assert_eq!(state(&cluster), before);
}

fn keys(home: &Home) -> usize {
    let seed = "ab".repeat(32);
    let long = format!("{seed}00");
    let cases: [Case<'_>; 6] = [
        ("empty", b"", "is not 64 hexadecimal digits"),
        ("noise", &[0xff; 64], "is not 64 hexadecimal digits"),
        (
            "short",
            &seed.as_bytes()[1..],
            "is not 64 hexadecimal digits",
        ),
        ("long", long.as_bytes(), "is not 64 hexadecimal digits"),
        (
            "another form",
            b"-----BEGIN PRIVATE KEY-----",
            "is not 64 hexadecimal digits",
        ),
        ("large", &[b'a'; 1 << 20], "is not 64 hexadecimal digits"),
    ];
    for file in ["keys/consensus.key", "keys/node.key"] {
        for case in cases {
            home.refuses(file, case, &["start"], USAGE);
        }
        let path = home.directory.join(file);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("it is ours");
        home.assert_refused("open to all", &["start"], USAGE, "others can read it");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("it is ours");
        let away = home.directory.join("away");
        fs::rename(&path, &away).expect("it can be moved");
        home.assert_refused("absent", &["start"], USAGE, file);
        fs::rename(&away, &path).expect("it can be moved back");
    }
    2 * (cases.len() + 2)
}

fn configurations(home: &Home) -> usize {
    let cases: [Case<'_>; 18] = [
        ("noise", &[0xff; 64], "config.toml"),
        ("no TOML", b"listen: here", "config.toml"),
        (
            "a key twice",
            b"engine = 'cometbft'\nengine = 'cometbft'",
            "engine",
        ),
        (
            "an unknown section",
            b"[gatewy]\nlisten = '127.0.0.1:1'",
            "gatewy",
        ),
        (
            "an unknown key",
            b"[gateway]\nlistn = '127.0.0.1:1'",
            "listn",
        ),
        (
            "an unknown limit",
            b"[gateway.limits]\nbody_bytes = 1",
            "body_bytes",
        ),
        ("an unknown engine", b"engine = 'tendermint'", "engine"),
        (
            "no address",
            b"[gateway]\nlisten = 'here'",
            "gateway.listen",
        ),
        (
            "a number that is a text",
            b"[store]\nhistory_heights = 'all'",
            "store.history_heights",
        ),
        (
            "a negative number",
            b"[store]\nfree_bytes_min = -1",
            "store.free_bytes_min",
        ),
        (
            "a limit of nothing",
            b"[gateway.limits]\nconnections_max = 0",
            "gateway.limits.connections_max",
        ),
        (
            "half of TLS",
            b"[gateway]\ntls_key = 'key.pem'",
            "tls_certificate and tls_key need each other",
        ),
        (
            "metrics for everybody",
            b"[operator]\nlisten = '0.0.0.0:1'",
            "operator.listen",
        ),
        (
            "no peer",
            b"[p2p]\npersistent_peers = ['127.0.0.1:1']",
            "is not KEY@host:port",
        ),
        ("a level that is none", b"[log]\nlevel = '=,='", "log.level"),
        ("a level with a slip", b"[log]\nlevel = 'inof'", "log.level"),
        (
            "a port without one above",
            b"[p2p]\nlisten = '127.0.0.1:65535'",
            "p2p.listen",
        ),
        (
            "an address that nobody can dial",
            b"[p2p]\naddress = '0.0.0.0:26656'",
            "p2p.address",
        ),
    ];
    for case in cases {
        home.refuses("config.toml", case, &["start"], USAGE);
    }
    let flag = ["start", "--set", "gateway.listn=127.0.0.1:1"];
    home.assert_refused("an unknown flag", &flag, USAGE, "listn");
    cases.len() + 1
}
