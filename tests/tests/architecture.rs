//! The walls of the house: which crate may know which, where the big libraries have their one home,
//! and what the sources of the rules may name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use polity_tests::bench::ROWS;

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
        for file in files_naming(library) {
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

#[test]
fn every_script_says_its_usage_and_stops_at_the_first_failure() {
    let root = root();
    let mut scripts = Vec::new();
    collect(&root.join("scripts"), &mut scripts);
    collect(&root.join(".ci"), &mut scripts);

    for script in scripts {
        let text = read(&script);
        let name = script.strip_prefix(&root).unwrap().display();
        if !text.lines().take(4).any(|line| line.contains("bash")) {
            continue;
        }
        assert!(
            text.lines()
                .take(3)
                .any(|line| line.starts_with("# usage: ")),
            "{name}: no usage"
        );
        assert!(
            text.lines().any(|line| line == "set -euo pipefail"),
            "{name}: goes on after a failure"
        );
        let parsed = Command::new("bash")
            .arg("-n")
            .arg(&script)
            .status()
            .unwrap();
        assert!(parsed.success(), "{name}: bash does not read it");
    }
}

#[test]
fn a_script_says_what_was_wrong_before_it_does_anything() {
    let rows: Vec<String> = ROWS.iter().map(|row| row.number.to_string()).collect();
    let unknown = format!("bench: there is no row 99; there are {}", rows.join(" "));
    for (script, word, expected) in [
        ("bench", "--foo", "bench: unknown: --foo"),
        ("bench", "1x", "bench: a row is a number, not 1x"),
        ("bench", "99", unknown.as_str()),
        ("test", "--foo", "test: unknown: --foo"),
        ("localnet", "--foo", "localnet: unknown: --foo"),
        ("replay", "--foo", "replay: unknown: --foo"),
    ] {
        let path = root().join("scripts").join(script);
        let output = Command::new(path).arg(word).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        let usage = format!("usage: scripts/{script}");
        assert_eq!(output.status.code(), Some(2), "{script} {word}: {told}");
        assert!(told.starts_with(&format!("{expected}\n{usage}")), "{told}");
        assert!(output.stdout.is_empty(), "{script} {word} did something");
    }
}

#[test]
fn what_is_no_localnet_is_neither_stopped_nor_taken_for_one() {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("nodes")).unwrap();

    let mut localnet = Command::new(root().join("scripts/localnet"));
    let output = localnet.args(["down", "--home"]).arg(home.path()).output();

    let told = String::from_utf8(output.unwrap().stdout).unwrap();
    assert!(told.contains("there is no network in"), "{told}");
    assert!(!home.path().join("localnet.env").exists());
}

#[test]
fn comments_strings_and_tests_are_not_read_as_names() {
    let source = "use std::{fmt, collections::BTreeMap};\n\
                  // HashMap in words\n/* f64 /* nested */ too */\n\
                  const A: &str = \"unsafe \\\" env\"; const B: &str = r#\"async \" \"#; const C: char = '\"';\n\
                  fn f<'a>(x: &'a u8) {}\n\
                  #[cfg(test)]\nmod tests { use std::time::Instant; }";

    let tokens = tokens(&without_tests(source));

    for hidden in [
        "HashMap", "f64", "nested", "unsafe", "env", "async", "Instant",
    ] {
        assert!(
            !tokens.iter().any(|token| token == hidden),
            "{hidden} was read"
        );
    }
    assert_eq!(modules_of_std(&tokens), ["fmt", "collections"]);
    assert!(tokens.iter().any(|token| token == "f"));
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
        .current_dir(root())
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
        .map(|file| file.strip_prefix(root()).unwrap().to_owned())
        .collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn sources(under: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    collect(&root().join(under), &mut files);
    files.retain(|file| file.extension().is_some_and(|extension| extension == "rs"));
    files
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
    files.sort();
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

/// Tests stand last in a file, so everything from `#[cfg(test)] mod … {` on is theirs.
fn without_tests(source: &str) -> String {
    match source.find("\n#[cfg(test)]\nmod tests {") {
        Some(at) => source[..at].to_owned(),
        None => source.to_owned(),
    }
}

/// The modules that follow `std::`, also those in braces.
fn modules_of_std(tokens: &[String]) -> Vec<String> {
    let mut modules = Vec::new();
    for (at, window) in tokens.windows(3).enumerate() {
        if window[0] != "std" || window[1] != "::" {
            continue;
        }
        if window[2] != "{" {
            modules.push(window[2].clone());
            continue;
        }
        let mut depth = 0;
        let mut first = false;
        for token in &tokens[at + 2..] {
            match token.as_str() {
                "{" => (depth, first) = (depth + 1, true),
                "}" => depth -= 1,
                "," => first = true,
                name => {
                    if depth == 1 && first {
                        modules.push(name.to_owned());
                    }
                    first = false;
                }
            }
            if depth == 0 {
                break;
            }
        }
    }
    modules
}

/// Words and punctuation of Rust source, without comments and without the insides of strings.
fn tokens(source: &str) -> Vec<String> {
    let text: Vec<char> = source.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        at += match rest {
            ['/', '/', ..] => rest.iter().position(|c| *c == '\n').unwrap_or(rest.len()),
            ['/', '*', ..] => block_comment(rest),
            ['r', '"' | '#', ..] if raw_string(rest).is_some() => raw_string(rest).unwrap(),
            ['"', ..] => string(rest),
            ['\'', '\\', ..] => {
                2 + rest[2..]
                    .iter()
                    .skip(1)
                    .position(|c| *c == '\'')
                    .unwrap_or(0)
                    + 2
            }
            ['\'', _, '\'', ..] => 3,
            [':', ':', ..] => {
                tokens.push("::".to_owned());
                2
            }
            [c, ..] if c.is_alphanumeric() || *c == '_' => {
                let word = rest
                    .iter()
                    .take_while(|c| c.is_alphanumeric() || **c == '_');
                let word: String = word.collect();
                let length = word.chars().count();
                tokens.push(word);
                length
            }
            [c, ..] => {
                if !c.is_whitespace() {
                    tokens.push(c.to_string());
                }
                1
            }
            [] => break,
        };
    }
    tokens
}

fn block_comment(text: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        match &text[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn string(text: &[char]) -> usize {
    let mut at = 1;
    while at < text.len() && text[at] != '"' {
        at += if text[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// The length of `r"…"` or `r#"…"#` at the beginning of the text, if one stands there.
fn raw_string(text: &[char]) -> Option<usize> {
    let hashes = text[1..].iter().take_while(|c| **c == '#').count();
    if text.get(1 + hashes) != Some(&'"') {
        return None;
    }
    let mut at = 2 + hashes;
    while at < text.len() {
        let closed = text[at] == '"'
            && text[at + 1..]
                .iter()
                .take(hashes)
                .filter(|c| **c == '#')
                .count()
                == hashes;
        if closed {
            return Some(at + 1 + hashes);
        }
        at += 1;
    }
    None
}
