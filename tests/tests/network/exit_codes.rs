//! Every exit code of a fault is provoked once, and the operators' guide names each.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use polity_node::config::Config;
use polity_node::crash_point;
use polity_node::fault::FaultKind;
use polity_node::store::{Commit, LeafChange, Store, StoreOptions};
use polity_tests::cluster::{Cluster, Founding, START_PATIENCE};
use polity_tests::engine::{self, Engine};
use polity_tests::{binaries, wait};

use crate::trial::{BLOCK, pay};

pub(crate) fn every_exit_code_is_provoked_and_told_in_words(engine: Engine) {
    // The second department has no node here: it is paid.
    let founding = Founding {
        engine,
        founders: 1,
        guests: 1,
        settings: &[],
        charter: "",
    };
    let mut cluster = Cluster::found(&founding);
    cluster.start_founders();
    pay(&cluster, 0, 1);
    let mut provoked: BTreeMap<u8, String> = BTreeMap::new();

    // While the node runs.
    let words = command(&cluster, FaultKind::StoreLocked, &["verify"], &[]);
    provoked.insert(FaultKind::StoreLocked.exit_code(), words);
    let words = break_engine(&mut cluster);
    provoked.insert(FaultKind::Engine.exit_code(), words);

    // A directory that is in use is no place for a backup.
    let home = cluster.nodes[0].home().display().to_string();
    let words = command(&cluster, FaultKind::Usage, &["backup", &home], &[]);
    provoked.insert(FaultKind::Usage.exit_code(), words);

    // At its start.
    let address = cluster.nodes[0].gateway();
    let taken = TcpListener::bind(address).expect("the address is free");
    cluster.nodes[0].start();
    let words = ends(&mut cluster, FaultKind::Io);
    provoked.insert(FaultKind::Io.exit_code(), words);
    drop(taken);

    let other = Cluster::found(&founding);
    let genesis = cluster.nodes[0].home().join("genesis.json");
    fs::copy(other.genesis_file(), &genesis).expect("the genesis can be exchanged");
    cluster.nodes[0].start();
    let words = ends(&mut cluster, FaultKind::GenesisMismatch);
    provoked.insert(FaultKind::GenesisMismatch.exit_code(), words);
    fs::copy(cluster.genesis_file(), &genesis).expect("the genesis can be put back");

    // Anything else that is told as internal would be an error of ours.
    let order = [(crash_point::ENVIRONMENT_VARIABLE, "nowhere")];
    let words = command(&cluster, FaultKind::Internal, &["verify"], &order);
    provoked.insert(FaultKind::Internal.exit_code(), words);

    // At its next commit.
    cluster.nodes[0].start_with(&[("POLITY_STORE_FREE_BYTES_MIN", "1000000000000000")]);
    let payment = cluster.leads().payment(0);
    // A block may come before it: then the node has ended already.
    wait::until("a payment is let in", START_PATIENCE, || {
        (cluster.send(0, &payment).is_ok() || !cluster.nodes[0].runs()).then_some(())
    });
    let words = ends(&mut cluster, FaultKind::DiskFull);
    assert!(
        words.contains("less free than store.free_bytes_min"),
        "{words}"
    );
    provoked.insert(FaultKind::DiskFull.exit_code(), words);

    // By its own check.
    let data = cluster.nodes[0].home().join("data");
    commit_what_nobody_decided(&data);
    let words = command(&cluster, FaultKind::Divergence, &["verify"], &[]);
    provoked.insert(FaultKind::Divergence.exit_code(), words);
    fs::write(data.join("CURRENT"), "MANIFEST-999999\n").expect("the store can be spoilt");
    let words = command(&cluster, FaultKind::StoreDamaged, &["verify"], &[]);
    provoked.insert(FaultKind::StoreDamaged.exit_code(), words);

    let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operators.md");
    let guide = fs::read_to_string(guide).expect("the guide is there");
    for kind in FaultKind::ALL {
        let code = kind.exit_code();
        let words = provoked
            .get(&code)
            .unwrap_or_else(|| panic!("{code} was not provoked"));
        assert!(
            words.contains(&format!("{}: ", kind.name())),
            "{code}: {words}"
        );
        assert!(
            words.contains(&format!("what to do: {}", kind.advice())),
            "{code}: {words}"
        );
        assert!(
            guide.contains(&format!("| {code} |")),
            "{code} is not in the guide"
        );
    }
}

/// One department on the embedded engine, whose node has not been started.
fn founded_alone() -> Cluster {
    Cluster::found(&Founding {
        engine: Engine::Embedded,
        founders: 1,
        guests: 0,
        settings: &[],
        charter: "",
    })
}

#[test]
fn a_node_raises_how_many_files_it_may_open_or_says_that_it_may_open_too_few() {
    let mut cluster = founded_alone();
    let node = &mut cluster.nodes[0];

    node.start_allowed("-n 1024");
    let refused = node.ended(BLOCK).code();
    let log = node.log();
    assert_eq!(refused, Some(FaultKind::Usage.exit_code().into()), "{log}");
    assert!(log.contains("may have 1024 files and connections"), "{log}");
    assert!(log.contains("gateway.limits.connections_max"), "{log}");

    node.start_allowed("-S -n 1024");
    node.wait_for_height(1, START_PATIENCE);
    let process = node.process_id().expect("the node runs");
    let limits = fs::read_to_string(format!("/proc/{process}/limits"));
    let limits = limits.expect("the system shows a process's limits");
    let allowed = limits.lines().find_map(|line| {
        let numbers = line.strip_prefix("Max open files")?;
        numbers.split_whitespace().next()?.parse::<u64>().ok()
    });
    assert!(allowed.is_some_and(|allowed| allowed > 1_024), "{limits}");
}

#[test]
fn a_node_that_is_told_to_stop_while_it_starts_stops() {
    let mut cluster = founded_alone();
    let node = &mut cluster.nodes[0];
    // A start waits for a guard that is in use, and ends with a fault where that lasts.
    let guard = fs::File::open(node.home().join("keys/consensus.guard"));
    let guard = guard.expect("a new key has a guard");
    guard.lock().expect("nobody uses it");

    node.start();
    let store = node.home().join("data/CURRENT");
    wait::until("the store is made", START_PATIENCE, || {
        store.exists().then_some(())
    });
    let ended = node.stop();
    assert!(ended.success(), "{ended}: {}", node.log());
}

#[test]
fn a_node_that_is_told_to_stop_while_it_opens_its_store_leaves_none_that_is_half_open() {
    let cluster = founded_alone();
    let config = Config {
        home: cluster.nodes[0].home().into(),
        ..Config::default()
    };
    let store = config.store_directory();

    let runtime = tokio::runtime::Runtime::new().expect("threads");
    let ended = runtime.block_on(polity_node::serve::run(config, std::future::ready(())));
    ended.expect("whoever is told to stop stops");
    assert!(store.join("CURRENT").exists());
    Store::open(&store, StoreOptions::of_the_ledger()).expect("nobody has it open");
}

#[test]
fn a_fault_has_its_exit_code_also_where_its_words_cannot_be_written() {
    let cluster = Cluster::found(&Founding {
        engine: Engine::Embedded,
        founders: 1,
        guests: 0,
        settings: &[],
        charter: "",
    });
    let full = fs::OpenOptions::new().write(true).open("/dev/full");
    let ended = Command::new(binaries::path("polityd"))
        .arg("--home")
        .arg(cluster.nodes[0].home())
        .arg("start")
        .env("POLITY_STORE_FREE_BYTES_MIN", "1000000000000000")
        .stderr(full.expect("the system has a full device"))
        .status();
    let code = ended.expect("polityd can be run").code();
    assert_eq!(code, Some(FaultKind::DiskFull.exit_code().into()));
}

/// Runs a command that must end by this kind of fault; answers what it said.
#[track_caller]
fn command(
    cluster: &Cluster,
    kind: FaultKind,
    arguments: &[&str],
    environment: &[(&str, &str)],
) -> String {
    let output = cluster.nodes[0].try_polityd_with(arguments, environment);
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    let code = i32::from(kind.exit_code());
    assert_eq!(output.status.code(), Some(code), "{kind}: {words}");
    words
}

/// The engine's process dies; where it is none, its guard is not readable at the next start.
#[track_caller]
fn break_engine(cluster: &mut Cluster) -> String {
    let node = &mut cluster.nodes[0];
    if engine::is_a_process(node.engine()) {
        node.kill_engine();
        return ends(cluster, FaultKind::Engine);
    }
    assert!(node.stop().success());
    let guard = node.home().join("keys/consensus.guard");
    let good = fs::read(&guard).expect("the guard can be read");
    fs::write(&guard, "noise").expect("the guard can be spoilt");
    node.start();
    let words = ends(cluster, FaultKind::Engine);
    fs::write(&guard, good).expect("the guard can be put back");
    words
}

/// Waits until the node has ended by this kind of fault; answers its log.
#[track_caller]
fn ends(cluster: &mut Cluster, kind: FaultKind) -> String {
    let ended = cluster.nodes[0].ended(BLOCK);
    let log = cluster.nodes[0].log();
    let code = i32::from(kind.exit_code());
    assert_eq!(ended.code(), Some(code), "{kind}: {log}");
    log
}

/// A height in the store that no block made: whole as files go, and not what the rules compute.
fn commit_what_nobody_decided(data: &Path) {
    let options = StoreOptions {
        free_bytes_min: 0,
        ..StoreOptions::default()
    };
    let store = Store::open(data, options).expect("the store opens");
    let key = b"\x01nobody decided this".to_vec();
    let commit = Commit {
        height: store.height() + 1,
        leaves: vec![LeafChange::of(&key, Some(b"this"))],
        changes: BTreeMap::from([(key, Some(b"this".to_vec()))]),
        ..Commit::default()
    };
    store.commit(commit).expect("the store takes it");
}
