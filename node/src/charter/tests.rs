//! A whole charter founds an organisation; what is wrong with one is named.

use ed25519_dalek::{Signer as _, SigningKey};
use polity_ledger::check::founding_possession_bytes;

use super::*;

const CHAIN: &str = "acme-1";

fn key(name: &str) -> SigningKey {
    SigningKey::from_bytes(&Sha256::digest(name).into())
}

fn public(name: &str) -> String {
    hex::encode(key(name).verifying_key())
}

fn possession(name: &str) -> String {
    let message = founding_possession_bytes(CHAIN, key(name).verifying_key().as_bytes());
    hex::encode(key(name).sign(&message).to_bytes())
}

/// Two departments, a lead for each, euros.
fn acme() -> String {
    let mut text = format!(
        r#"
chain_id = "{CHAIN}"
time = "2026-11-23T09:00:00Z"
constitution_sha256 = "{constitution}"

[parameters]
validators_min = 2
recovery_wait = "24h"

[[units]]
unit = "acme"
kind = "company"

[[assets]]
code = "EUR"
decimals = 2
kind = "money"
unit = "acme"

[[accounts]]
account = "acme:main"
asset = "EUR"
issue = "1000.00 EUR"
"#,
        constitution = "ab".repeat(32)
    );
    for (unit, lead) in [("dev", "ada"), ("ops", "ben")] {
        text.push_str(&format!(
            r#"
[[units]]
unit = "acme/{unit}"
kind = "department"
keeps_back = ["issue"]

[[roles]]
role = "acme/{unit}#lead"
kind = "lead"

[[roles.grants]]
can = ["govern", "operate_validator"]

[[roles.grants]]
can = ["spend"]
per_transfer = "500.00 EUR"
per_month = "5000.00 EUR"
counterparties = ["acme", "ada"]

[[people]]
handle = "{lead}"
key = "{key}"
possession = "{possession}"
unit = "acme/{unit}"
roles = ["acme/{unit}#lead"]

[[accounts]]
account = "{lead}:main"
asset = "EUR"

[[validators]]
unit = "acme/{unit}"
key = "{validator}"
possession = "{validator_possession}"
power = 10
"#,
            key = public(lead),
            possession = possession(lead),
            validator = public(unit),
            validator_possession = possession(unit),
        ));
    }
    text
}

fn genesis_of(text: &str) -> Result<GenesisFile, CharterError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("organisation.toml");
    fs::write(&path, text).unwrap();
    Charter::read(&path)?.genesis(0)
}

#[test]
fn a_charter_founds_an_organisation_that_every_department_signs() {
    let mut file = genesis_of(&acme()).unwrap();
    assert_eq!(file.genesis_time, "2026-11-23T09:00:00Z");
    assert_eq!(file.validators.len(), 2);

    let unsigned = file.verify().unwrap_err().to_string();
    assert_eq!(unsigned, "department dev has not signed");
    assert_eq!(file.sign(&key("ada")).unwrap(), "dev");
    assert!(file.verify().unwrap_err().to_string().contains("ops"));
    assert_eq!(file.sign(&key("ben")).unwrap(), "ops");
    assert_eq!(file.sign(&key("ben")).unwrap(), "ops");
    assert_eq!(file.signatures.len(), 2);
    file.verify().unwrap();

    let written: GenesisFile = serde_json::from_str(&file.to_json()).unwrap();
    assert_eq!(written, file);
}

#[test]
fn a_changed_genesis_is_refused_by_name() {
    let mut signed = genesis_of(&acme()).unwrap();
    for lead in ["ada", "ben"] {
        signed.sign(&key(lead)).unwrap();
    }
    let refused = |change: &dyn Fn(&mut GenesisFile)| {
        let mut file = signed.clone();
        change(&mut file);
        file.verify().unwrap_err().to_string()
    };

    assert!(refused(&|file| file.chain_id.push('x')).contains("another organisation"));
    assert!(refused(&|file| file.validators[0].power = "11".into()).contains("other validators"));
    assert!(refused(&|file| file.initial_height = "2".into()).contains("height 1"));
    assert!(refused(&|file| file.app_state.push('A')).contains("base64"));
    assert!(refused(&|file| file.signatures[0].signature = "00".repeat(64)).contains("verify"));
    assert!(refused(&|file| file.signatures[0].member = 2).contains("not this member's"));
    assert!(refused(&|file| drop(file.signatures.pop())).contains("has not signed"));
}

#[test]
fn a_key_that_operates_nothing_does_not_sign() {
    let mut file = genesis_of(&acme()).unwrap();
    let stranger = file.sign(&key("stranger")).unwrap_err().to_string();
    assert!(stranger.contains("belongs to no member"), "{stranger}");
}

#[test]
fn a_wrong_entry_is_named_with_the_rule() {
    let acme = acme();
    let cases = [
        (
            acme.replace("kind = \"company\"", "kind = \"club\""),
            "units \"acme\": \"club\" is not",
        ),
        (
            acme.replace("1000.00 EUR", "1000.001 EUR"),
            "accounts \"acme:main\"",
        ),
        (
            acme.replace("1000.00 EUR", "1000.00 USD"),
            "asset \"USD\" is not described",
        ),
        (
            acme.replace("\"acme\", \"ada\"", "\"acme\", \"zoe\""),
            "neither a unit nor a member",
        ),
        (
            acme.replace("unit = \"acme/ops\"\nkind", "unit = \"acme/a/b\"\nkind"),
            "not described before",
        ),
        (
            acme.replace("per_month = \"5000.00 EUR\"", ""),
            "grant_needs_period",
        ),
        (
            acme.replace(&possession("ops"), &possession("dev")),
            "validators \"acme/ops\"",
        ),
        (
            acme.replace(&possession("ben"), &possession("ada")),
            "possession_unproven",
        ),
        (
            acme.replace("keeps_back = [\"issue\"]", "keeps_back = [\"spend\"]"),
            "grant_exceeds_giver",
        ),
        (
            acme.replace("validators_min = 2", "validators_min = 3"),
            "validators_min",
        ),
        (
            acme.replace("recovery_wait = \"24h\"", "recovery_wait = \"soon\""),
            "not a duration",
        ),
        (acme.replace("chain_id", "chain"), "unknown field"),
        (
            acme.replace("constitution_sha256", "constitution"),
            "No such file",
        ),
        (
            acme.replace("handle = \"ben\"", "handle = \"ada\""),
            "people \"ada\": is described twice",
        ),
    ];
    for (text, expected) in cases {
        assert_ne!(text, acme, "the case {expected} changes nothing");
        let error = genesis_of(&text).unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

#[test]
fn units_are_founded_with_profiles_and_their_seats_have_names() {
    let mixed = acme()
        .replace(
            "unit = \"acme/ops\"\nkind = \"department\"",
            "unit = \"acme/ops\"\nprofile = \"holacracy\"\nkind = \"circle\"",
        )
        .replace(
            "role = \"acme/ops#lead\"\nkind = \"lead\"",
            "role = \"acme/ops#guide\"",
        )
        .replace(
            "roles = [\"acme/ops#lead\"]",
            "roles = [\"acme/ops#lead\", \"acme/ops#guide\"]",
        )
        .replace(
            "can = [\"govern\", \"operate_validator\"]",
            "can = [\"operate_validator\"]",
        );
    let file = genesis_of(&mixed).unwrap();
    assert_eq!(file.validators.len(), 2);

    let unfit = mixed.replace("kind = \"circle\"", "kind = \"squad\"");
    let error = genesis_of(&unfit).unwrap_err().to_string();
    assert!(error.contains("is not for a squad"), "{error}");
    let unknown = mixed.replace("\"holacracy\"", "\"anarchy\"");
    let error = genesis_of(&unknown).unwrap_err().to_string();
    assert!(error.contains("is not a profile"), "{error}");
}
