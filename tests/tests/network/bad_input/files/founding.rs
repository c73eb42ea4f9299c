//! What an organisation is founded from: the charter, and the genesis that it became.

use std::fs;

use polity_tests::charter;
use serde_json::{Value, json};

use super::Home;
use crate::trial::{GENESIS_MISMATCH, USAGE};

pub(super) fn genesis_files(home: &Home) -> usize {
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

pub(super) fn charters(home: &Home) -> usize {
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
