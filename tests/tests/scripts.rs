//! What every script of the repository promises whoever calls it.

use std::process::Command;

use polity_tests::bench::ROWS;
use polity_tests::checkout;

#[test]
fn every_script_says_its_usage_and_stops_at_the_first_failure() {
    let root = checkout::root();
    for script in [checkout::files("scripts"), checkout::files(".ci")].concat() {
        let text = std::fs::read_to_string(&script).unwrap();
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
        ("power-cuts", "--foo", "power-cuts: unknown: --foo"),
        ("replay", "--foo", "replay: unknown: --foo"),
        ("lib/install.sh", "foo", "install: unknown: foo"),
    ] {
        let path = checkout::root().join("scripts").join(script);
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

    let mut localnet = Command::new(checkout::root().join("scripts/localnet"));
    let output = localnet.args(["down", "--home"]).arg(home.path()).output();

    let told = String::from_utf8(output.unwrap().stdout).unwrap();
    assert!(told.contains("there is no network in"), "{told}");
    assert!(!home.path().join("localnet.env").exists());
}

#[test]
fn whoever_asks_about_a_network_that_is_not_there_leaves_nothing_behind() {
    let above = tempfile::tempdir().unwrap();
    for command in ["status", "down", "reset"] {
        let mut localnet = Command::new(checkout::root().join("scripts/localnet"));
        let home = above.path().join("a b/network");
        let output = localnet.args([command, "--home"]).arg(home).output();

        let told = String::from_utf8(output.unwrap().stdout).unwrap();
        assert!(told.contains("there is no network in"), "{told}");
        assert_eq!(std::fs::read_dir(above.path()).unwrap().count(), 0);
    }
}
