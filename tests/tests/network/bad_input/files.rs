//! Files that an operator hands to `polityd`: keys, configuration, genesis, charter, backup. Each bad
//! one is refused by its name, with an exit code that says whose it is, and leaves everything as it was.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use polity_tests::cluster::Cluster;
use polity_tests::{binaries, charter};
use serde_json::{Value, json};

use super::{patient_node, state, tell};

/// Trouble of the one who called.
const USAGE: i32 = 2;
const STORE_DAMAGED: i32 = 71;
const GENESIS_MISMATCH: i32 = 75;

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

#[test]
fn every_bad_file_is_refused_by_name_and_changes_nothing() {
    let mut cluster = patient_node();
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

fn genesis_files(home: &Home) -> usize {
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut genesis = home.genesis.clone();
        change(&mut genesis);
        genesis.to_string().into_bytes()
    };
    let set = |pointer: &'static str, value: Value| {
        changed(&|genesis| *genesis.pointer_mut(pointer).expect("it is there") = value.clone())
    };
    let whole = home.genesis.to_string().into_bytes();
    let other_signature = "00".repeat(64);
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("empty", Vec::new(), "genesis.json"),
        ("noise", vec![0xff; 64], "genesis.json"),
        (
            "half of it",
            whole[..whole.len() / 2].to_vec(),
            "genesis.json",
        ),
        ("a list", b"[]".to_vec(), "genesis.json"),
        ("deep", b"[".repeat(100_000), "genesis.json"),
        (
            "an unknown field",
            changed(&|one| one["more"] = json!(1)),
            "unknown field",
        ),
        ("another chain", set("/chain_id", json!("other")), "genesis"),
        (
            "a time that is none",
            set("/genesis_time", json!("now")),
            "genesis_time",
        ),
        (
            "a time before 1970",
            set("/genesis_time", json!("1969-01-01T00:00:00Z")),
            "genesis_time",
        ),
        (
            "another first height",
            set("/initial_height", json!("7")),
            "height 1",
        ),
        (
            "founding actions that are no base64",
            set("/app_state", json!("!")),
            "base64",
        ),
        (
            "founding actions that are noise",
            set("/app_state", json!("////")),
            "genesis",
        ),
        (
            "no founding actions",
            set("/app_state", json!("")),
            "genesis",
        ),
        (
            "no validators",
            set("/validators", json!([])),
            "other validators",
        ),
        (
            "another power",
            set("/validators/0/power", json!("11")),
            "other validators",
        ),
        (
            "nobody signed",
            set("/signatures", json!([])),
            "has not signed",
        ),
        (
            "a changed signature",
            set("/signatures/0/signature", json!(other_signature)),
            "does not verify",
        ),
        (
            "a signature that is no hex",
            set("/signatures/0/signature", json!("x")),
            "64 bytes in hex",
        ),
        (
            "another member's",
            set("/signatures/0/member", json!(2)),
            "not this member's",
        ),
        (
            "nobody's",
            set("/signatures/0/member", json!(99)),
            "no such member",
        ),
        (
            "a key that is no hex",
            set("/signatures/0/key", json!("x")),
            "not hex",
        ),
    ];
    for (name, content, words) in &cases {
        home.refuses(
            "genesis.json",
            (name, content, words),
            &["start"],
            GENESIS_MISMATCH,
        );
    }
    cases.len()
}

fn charters(home: &Home) -> usize {
    let whole = charter::charter(1, "we decide together");
    let path = home.directory.join("charter.toml").display().to_string();
    let made = home.directory.join("made.json");
    let command = [
        "genesis",
        "create",
        &path,
        "--file",
        &made.display().to_string(),
    ];
    fs::write(&path, &whole).expect("the charter can be written");
    let replaced = |from: &str, to: &str| {
        assert!(whole.contains(from), "{from}");
        whole.replace(from, to).into_bytes()
    };
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("empty", Vec::new(), "chain_id"),
        ("noise", vec![0xff; 64], "charter.toml"),
        (
            "half a line",
            whole.as_bytes()[..14].to_vec(),
            "charter.toml",
        ),
        ("too large", vec![b'#'; (16 << 20) + 1], "charter.toml"),
        (
            "an unknown key",
            replaced("[parameters]", "colour = 1\n[parameters]"),
            "colour",
        ),
        (
            "no name",
            replaced("chain_id = \"cluster\"", "chain_id = \"\""),
            "chain",
        ),
        (
            "an unknown kind of unit",
            replaced("kind = \"company\"", "kind = \"firm\""),
            "firm",
        ),
        (
            "a unit below nothing",
            replaced(
                "unit = \"root/department-0\"\nkind",
                "unit = \"top/department-0\"\nkind",
            ),
            "top",
        ),
        (
            "a handle in capitals",
            replaced("handle = \"department-0\"", "handle = \"Ada\""),
            "Ada",
        ),
        (
            "an unknown capability",
            replaced("\"spend\"", "\"steal\""),
            "steal",
        ),
        (
            "an amount with too many decimals",
            replaced("\"100000.00 EUR\"", "\"1.001 EUR\""),
            "1.001",
        ),
        (
            "an unknown asset",
            replaced("\"100000.00 EUR\"", "\"1.00 USD\""),
            "USD",
        ),
        (
            "a key that is none",
            replaced("key = \"", "key = \"00"),
            "is not 64 hexadecimal digits",
        ),
        (
            "a proof that proves nothing",
            replaced("possession = \"", "possession = \"00"),
            "hexadecimal digits",
        ),
        (
            "no constitution",
            replaced("constitution_sha256", "# constitution_sha256"),
            "constitution",
        ),
    ];
    for (name, content, words) in &cases {
        home.refuses("charter.toml", (name, content, words), &command, USAGE);
        assert!(!made.exists(), "{name}: a genesis was made");
    }
    cases.len()
}

fn backups(home: &Home, cluster: &mut Cluster) -> usize {
    assert!(cluster.nodes[0].stop().success());
    let whole = cluster.path("backup");
    cluster.nodes[0].polityd(&["backup", &whole.display().to_string()]);
    cluster.nodes[0].start();
    cluster.nodes[0].wait_for_height(1, polity_tests::cluster::START_PATIENCE);

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

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory can be made");
    for entry in fs::read_dir(from).expect("the backup can be listed") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        match entry.file_type().expect("a type").is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).expect("a file can be copied")),
        }
    }
}
