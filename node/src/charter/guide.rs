//! `docs/charter.md` tells what a charter can say: its examples found organisations, it names every key, and the
//! defaults in it are the ledger's.

use std::fs;
use std::path::PathBuf;

use ed25519_dalek::Signer as _;
use polity_ledger::check::founding_possession_bytes;
use polity_ledger::parameters;

use super::tests::{genesis_of, key};
use super::*;

fn guide() -> String {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/charter.md"));
    fs::read_to_string(path).unwrap()
}

/// The blocks of the page that are TOML.
fn blocks(guide: &str) -> impl Iterator<Item = &str> {
    let after = guide.split("```toml\n").skip(1);
    after.filter_map(|rest| rest.split("```").next())
}

/// The examples that are a whole charter.
fn examples(guide: &str) -> impl Iterator<Item = &str> {
    blocks(guide).filter(|block| block.starts_with("chain_id"))
}

/// An example with keys where it says whose belongs there, and without its second file.
fn filled_in(example: &str) -> String {
    let chain = example.split('"').nth(1).unwrap();
    let public = |name: &str| key(name).verifying_key().to_bytes();
    let node_id = &Sha256::digest(public("key"))[..20];
    let values = example.split('"').map(|part| {
        let (word, name) = part.split_once(' ').unwrap_or((part, ""));
        match (word, name) {
            ("KEY", name) | ("NODE", name @ "key") => hex::encode(public(name)),
            ("NODE", _) => hex::encode(node_id),
            ("POSSESSION", name) => {
                let message = founding_possession_bytes(chain, &public(name));
                hex::encode(key(name).sign(&message).to_bytes())
            }
            _ => part.to_owned(),
        }
    });
    let text = values.collect::<Vec<String>>().join("\"");
    let hash = format!("constitution_sha256 = \"{}\"", "ab".repeat(32));
    text.replace("constitution = \"constitution.md\"", &hash)
}

#[test]
fn every_example_founds_an_organisation() {
    let guide = guide();
    let founded: Vec<String> = examples(&guide)
        .map(|example| match genesis_of(&filled_in(example)) {
            Ok(file) => file.chain_id,
            Err(error) => panic!("{error}"),
        })
        .collect();
    assert_eq!(founded, ["lumen-1", "harbor-1", "acme-1"]);
}

#[test]
fn the_defaults_are_the_ledger_s() {
    let guide = guide();
    let block = blocks(&guide).find(|block| block.starts_with("[parameters]"));
    let block = block.unwrap().trim_start_matches("[parameters]");
    let told = network::parameters(&toml::from_str(block).unwrap()).unwrap();
    assert_eq!(told, parameters::defaults());
}

/// What the reader expects it says itself, where it is given a key that it does not know.
#[test]
fn every_key_is_named() {
    let guide = guide();
    let tables = [
        "",
        "[parameters]",
        "[[units]]",
        "[[roles]]",
        "[[roles]]\nrole = \"a#b\"\n[[roles.grants]]",
        "[[people]]",
        "[[assignments]]",
        "[[assets]]",
        "[[parties]]",
        "[[accounts]]",
        "[[policies]]",
        "[[policies]]\nunit = \"a\"\ncapability = \"b\"\n[[policies.tiers]]",
        "[[policies]]\nunit = \"a\"\ncapability = \"b\"\n[[policies.tiers]]\n[policies.tiers.mode]",
        "[[duties_apart]]",
        "[[validators]]",
        "[[nodes]]",
    ];
    for table in tables {
        let text = format!("{table}\nnothing = 1\n");
        let error = toml::from_str::<form::Charter>(&text).unwrap_err();
        let words = error.message();
        let (_, expected) = words.split_once("expected").expect(words);
        let named = expected.split('`').skip(1).step_by(2);
        for name in named {
            let is_told =
                guide.contains(&format!("`{name}`")) || guide.contains(&format!("\n{name} = "));
            assert!(is_told, "{table} {name}");
        }
    }
}
