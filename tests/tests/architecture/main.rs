//! The walls of the house: which crate may know which, where the big libraries have their one home,
//! and what the sources of the rules may name.

mod tokens;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use polity_tests::checkout;

use self::tokens::{modules_of_std, tokens, without_tests};

type Dependencies = BTreeMap<String, BTreeSet<String>>;

#[test]
fn crates_know_only_the_crates_below_them() {
    let allowed: &[(&str, &[&str])] = &[
        ("polity-proto", &[]),
        ("polity-ledger", &["polity-proto"]),
        ("polity-engine", &[]),
        (
            "polity-node",
            &["polity-proto", "polity-ledger", "polity-engine"],
        ),
        ("polity-client", &["polity-proto", "polity-ledger"]),
        ("polity-cli", &["polity-client"]),
        (
            "polity-tests",
            &[
                "polity-proto",
                "polity-ledger",
                "polity-engine",
                "polity-node",
                "polity-client",
            ],
        ),
    ];
    let allowed: BTreeMap<&str, BTreeSet<&str>> = allowed
        .iter()
        .map(|(name, below)| (*name, below.iter().copied().collect()))
        .collect();

    for (name, dependencies) in direct_dependencies() {
        let Some(below) = allowed.get(name.as_str()) else {
            panic!("{name} has no place in the direction of crates: give it one in this test");
        };
        for dependency in dependencies
            .iter()
            .filter(|name| name.starts_with("polity-"))
        {
            assert!(
                below.contains(dependency.as_str()),
                "{name} must not depend on {dependency}"
            );
        }
    }
}

#[test]
fn the_ledger_depends_on_these_crates_only() {
    let expected = [
        "ed25519-dalek",
        "ed25519-zebra",
        "rand_core",
        "polity-proto",
        "prost",
        "sha2",
        "thiserror",
    ];

    let dependencies = direct_dependencies().remove("polity-ledger").unwrap();

    assert_eq!(dependencies, expected.map(String::from).into());
}

#[test]
fn rocksdb_is_named_in_one_file_of_the_node_one_that_measures_it_and_one_that_spoils_it() {
    let homes = [
        "node/src/store/rocks.rs",
        "tests/src/bench/bare.rs",
        "tests/src/damage.rs",
    ];

    assert_eq!(files_naming("rocksdb"), homes.map(PathBuf::from));
}

#[test]
fn big_libraries_stay_in_their_homes() {
    let homes: &[(&str, &[&str])] = &[
        (
            "tendermint",
            &["client", "tests", "engine/src/embedded/canonical/tests.rs"],
        ),
        ("tendermint_proto", &["engine", "client", "tests"]),
        ("tendermint_abci", &["engine", "tests"]),
        (
            "tendermint_light_client_verifier",
            &["client", "tests", "engine/src/embedded/canonical/tests.rs"],
        ),
        ("malachitebft_app_channel", &["engine/src/embedded"]),
        ("malachitebft_signing", &["engine/src/embedded/consensus"]),
        ("malachitebft_sync", &["engine/src/embedded/consensus"]),
        ("tokio", &["engine", "node", "client", "cli", "tests"]),
        (
            "clap",
            &[
                "cli",
                "node/src/bin",
                "node/src/commands",
                "node/src/commands.rs",
            ],
        ),
        ("axum", &["node"]),
        ("reqwest", &["client", "node", "tests"]),
    ];
    for (library, homes) in homes {
        let files = files_naming(library);
        assert!(!files.is_empty(), "nobody names {library} any more");
        for file in files {
            assert!(
                homes.iter().any(|home| file.starts_with(home)),
                "{} names {library}, whose home is {homes:?}",
                file.display()
            );
        }
    }
}

#[test]
fn the_rules_name_no_clock_no_environment_no_thread_and_no_float() {
    let banned = [
        "HashMap",
        "HashSet",
        "RandomState",
        "DefaultHasher",
        "TypeId",
        "type_name",
        "f32",
        "f64",
        "Instant",
        "SystemTime",
        "async",
        "await",
        "unsafe",
        "tokio",
        "rand",
        "env",
        "option_env",
        "println",
        "eprintln",
        "print",
        "eprint",
        "thread_local",
        "Mutex",
        "RwLock",
    ];
    // What the standard library offers without a hidden input.
    let allowed_of_std = [
        "any",
        "array",
        "borrow",
        "boxed",
        "cell",
        "char",
        "clone",
        "cmp",
        "collections",
        "convert",
        "default",
        "error",
        "fmt",
        "hash",
        "iter",
        "marker",
        "mem",
        "num",
        "ops",
        "option",
        "rc",
        "result",
        "slice",
        "str",
        "string",
        "sync",
        "vec",
    ];

    let files = sources("ledger/src");
    let of_tests: Vec<PathBuf> = files.iter().flat_map(|file| test_modules(file)).collect();
    let is_of_tests = |file: &Path| {
        of_tests
            .iter()
            .any(|module| file.starts_with(module) || file.with_extension("") == *module)
    };
    for file in files.iter().filter(|file| !is_of_tests(file)) {
        let tokens = tokens(&without_tests(&read(file)));
        for token in &tokens {
            assert!(
                !banned.contains(&token.as_str()),
                "{} names {token}",
                file.display()
            );
        }
        for module in modules_of_std(&tokens) {
            let known = allowed_of_std.contains(&module.as_str());
            assert!(known, "{} names std::{module}", file.display());
        }
    }
}

/// Normal and build dependencies of each crate of the workspace, by name.
fn direct_dependencies() -> Dependencies {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(checkout::root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();

    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"].as_array().unwrap().iter();
            let names = dependencies
                .filter(|dependency| dependency["kind"] != "dev")
                .map(|dependency| dependency["name"].as_str().unwrap().to_owned());
            (
                package["name"].as_str().unwrap().to_owned(),
                names.collect(),
            )
        })
        .collect()
}

/// Files of the workspace, relative to its root, whose code names `library`.
fn files_naming(library: &str) -> Vec<PathBuf> {
    let crates = [
        "proto", "ledger", "engine", "node", "client", "cli", "tests",
    ];
    let files = crates.iter().flat_map(|name| sources(name));
    files
        .filter(|file| tokens(&read(file)).iter().any(|token| token == library))
        .map(|file| file.strip_prefix(checkout::root()).unwrap().to_owned())
        .collect()
}

fn sources(under: &str) -> Vec<PathBuf> {
    let mut files = checkout::files(under);
    files.retain(|file| file.extension().is_some_and(|extension| extension == "rs"));
    files
}

fn read(file: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned()
}

/// The modules that a file declares for tests alone, as paths without extension.
fn test_modules(file: &Path) -> Vec<PathBuf> {
    let holds_children = ["lib.rs", "mod.rs"].iter().any(|name| file.ends_with(name));
    let directory = if holds_children {
        file.parent().unwrap().to_owned()
    } else {
        file.with_extension("")
    };
    let source = read(file);
    let mut modules = Vec::new();
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        if line == "#[cfg(test)]" {
            let next = lines.find(|line| !line.starts_with("//") && !line.starts_with("#["));
            let name = next.and_then(declared_module);
            modules.extend(name.map(|name| directory.join(name)));
        }
    }
    modules
}

fn declared_module(line: &str) -> Option<&str> {
    let line = line
        .trim_start_matches("pub(crate) ")
        .strip_prefix("mod ")?;
    line.strip_suffix(';')
}
