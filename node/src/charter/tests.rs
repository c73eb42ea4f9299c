//! A whole charter founds an organisation; what is wrong with one is named.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use polity_ledger::check::founding_possession_bytes;
use polity_ledger::state::keys::{self, List};
use polity_ledger::state::{lists, objects};
use polity_proto::v1::{Genesis, OwnerKind, Party};
use prost::Message as _;

use super::*;

mod demonstration;

const CHAIN: &str = "acme-1";

pub(super) fn key(name: &str) -> SigningKey {
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

pub(super) fn genesis_of(text: &str) -> Result<GenesisFile, CharterError> {
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
    let refused = |change: &dyn Fn(&mut GenesisFile), words: &str| {
        let mut file = signed();
        change(&mut file);
        let found = file.verify().unwrap_err().to_string();
        assert!(found.contains(words), "{words}: {found}");
    };

    refused(&|file| file.chain_id.push('x'), "another organisation");
    refused(&|file| file.initial_height = "2".into(), "height 1");
    refused(&|file| file.initial_height = "01".into(), "height 1");
    refused(&|file| file.genesis_time = "soon".into(), "RFC 3339");
    refused(
        &|file| file.genesis_time = "2026-11-23T09:00:00.5Z".into(),
        "whole seconds",
    );
    refused(&|file| file.app_state.push('A'), "base64");
    refused(
        &|file| file.signatures[0].signature = "00".repeat(64),
        "verify",
    );
    refused(&|file| file.signatures[0].member = 2, "not this member's");
    refused(
        &|file| file.signatures[0].department = "ops".into(),
        "another department",
    );
    refused(&|file| drop(file.signatures.pop()), "has not signed");
}

#[test]
fn a_file_that_would_show_a_signer_something_else_than_it_says_is_not_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("genesis.json");
    let read = |change: fn(&mut GenesisFile)| {
        let mut file = signed();
        change(&mut file);
        fs::write(&path, file.to_json()).unwrap();
        GenesisFile::read(&path).map(|_| ())
    };
    read(|_| {}).unwrap();

    let changes: [fn(&mut GenesisFile); 6] = [
        |file| file.chain_id.push_str("\norganisation  42d5"),
        |file| file.chain_id.push('\u{202e}'),
        |file| file.chain_id = "x".repeat(51),
        |file| file.signatures[0].department = "ops\u{1b}[2J".into(),
        |file| file.validators[0].name.push('\n'),
        |file| {
            let mut ended = file.clone();
            ended.chain_id.clear();
            file.continues = Some(Box::new(ended));
        },
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let refused = read(change).unwrap_err().to_string();
        assert!(refused.contains("plain text"), "change {index}: {refused}");
    }
    let broken = acme().replace(CHAIN, "acme\\nsigned by  ops");
    let refused = genesis_of(&broken).unwrap_err().to_string();
    assert!(refused.contains("plain text"), "{refused}");
}

#[test]
fn the_departments_sign_everything_that_the_chain_begins_with() {
    type Change = fn(&mut GenesisFile);
    let changes: [Change; 8] = [
        |file| file.genesis_time = "2026-11-23T09:00:01Z".into(),
        |file| file.validators[0].power = "11".into(),
        |file| file.validators[0].pub_key.value = file.validators[1].pub_key.value.clone(),
        |file| file.validators[0].pub_key.sort = "tendermint/PubKeySecp256k1".into(),
        |file| file.validators[0].name.push('x'),
        |file| change_actions(file, |genesis| genesis.constitution[0] ^= 1),
        |file| {
            change_actions(file, |genesis| {
                let parameters = genesis.parameters.get_or_insert_default();
                parameters.recovery_wait += 1;
            });
        },
        |file| change_actions(file, |genesis| drop(genesis.actions.pop())),
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let mut file = signed();
        change(&mut file);
        assert!(file.verify().is_err(), "change {index} is accepted");
    }

    // Everything again under another name: the proofs of possession are of the chain that it was signed as.
    let mut renamed = signed();
    renamed.chain_id = "acme-2".into();
    change_actions(&mut renamed, |genesis| genesis.chain_id = "acme-2".into());
    assert!(renamed.verify().is_err());
}

fn signed() -> GenesisFile {
    let mut file = genesis_of(&acme()).unwrap();
    for lead in ["ada", "ben"] {
        file.sign(&key(lead)).unwrap();
    }
    file
}

fn change_actions(file: &mut GenesisFile, change: fn(&mut Genesis)) {
    let mut genesis = Genesis::decode(&file.app_state().unwrap()[..]).unwrap();
    change(&mut genesis);
    file.app_state = STANDARD.encode(genesis.encode_to_vec());
}

#[test]
fn parties_are_registered_with_accounts_of_their_own() {
    let vendor = "[[parties]]\nparty = \"acme/dev/@vendor\"\nexternal_id = \"V-7\"\n";
    let account = "[[accounts]]\naccount = \"acme/dev/@vendor:main\"\nasset = \"EUR\"\n";
    let text = format!("{}\n{vendor}\n{account}", acme());
    let (founded, _) = genesis_of(&text).unwrap().found().unwrap();

    let party: Party = objects::get(&founded.state(), 1).unwrap();
    assert_eq!((&*party.handle, &*party.external_id), ("vendor", "V-7"));
    let owner = keys::owner_number(OwnerKind::Party, party.number);
    assert_eq!(lists::all(&founded.state(), List::Accounts, owner).len(), 1);

    for (wrong, words) in [
        (
            account.to_owned(),
            "neither a unit nor a member nor a party",
        ),
        (vendor.replace("/@", "/"), "is not of the form unit/@handle"),
        (
            vendor.replace("V-7\"", "V-7\"\ncommitment = \"00\""),
            "64 hexadecimal digits",
        ),
    ] {
        let error = genesis_of(&format!("{}\n{wrong}", acme())).unwrap_err();
        assert!(error.to_string().contains(words), "{words}: {error}");
    }
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
    let node = |address: &str| {
        let id = "ab".repeat(20);
        format!("{acme}\n[[nodes]]\nunit = \"acme/dev\"\nid = \"{id}\"\naddress = \"{address}\"\n")
    };
    let cases = [
        (node("0.0.0.0:26656"), "rule 814, address_malformed"),
        (node("foo"), "nodes \"acme/dev\": the address"),
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
            acme.replace(
                "per_transfer = \"500.00 EUR\"",
                "below = true\nper_transfer = \"500.00 EUR\"",
            ),
            "\"spend\" is over value",
        ),
        (
            acme.replace(
                "per_transfer = \"500.00 EUR\"",
                "per_transfer = \"0.00 EUR\"",
            ),
            "\"0.00 EUR\" is nothing",
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
        (
            acme.replace("recovery_wait = \"24h\"", "recovery_wait = \"0s\""),
            "parameters \"recovery_wait\": nothing is no value",
        ),
        (
            acme.replace("recovery_wait = \"24h\"", "recovery_wait = \"9000d\""),
            "parameters \"recovery_wait\": a parameter is out of its bounds",
        ),
        (
            acme.replace("recovery_wait = \"24h\"", "idle_interval = \"400s\""),
            "parameters \"outage_gap and idle_interval\"",
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

    let own = mixed
        .replace("role = \"acme/ops#guide\"", "role = \"acme/ops#lead\"")
        .replace(
            "roles = [\"acme/ops#lead\", \"acme/ops#guide\"]",
            "roles = [\"acme/ops#lead\"]",
        );
    assert_ne!(own, mixed);
    genesis_of(&own).unwrap();
    for (said, why) in [
        ("kind = \"secretary\"", "which says what kind it is"),
        ("elected = true", "which has it assigned and not elected"),
    ] {
        let seat = format!("role = \"acme/ops#lead\"\n{said}");
        let other = own.replace("role = \"acme/ops#lead\"", &seat);
        let error = genesis_of(&other).unwrap_err().to_string();
        assert!(error.contains(why), "{said}: {error}");
    }
    let twice = format!("{own}\n[[roles]]\nrole = \"acme/ops#lead\"\n");
    let error = genesis_of(&twice).unwrap_err().to_string();
    assert!(error.contains("is described twice"), "{error}");

    let unfit = mixed.replace("kind = \"circle\"", "kind = \"squad\"");
    let error = genesis_of(&unfit).unwrap_err().to_string();
    assert!(error.contains("is not for a squad"), "{error}");
    let unknown = mixed.replace("\"holacracy\"", "\"anarchy\"");
    let error = genesis_of(&unknown).unwrap_err().to_string();
    assert!(error.contains("is not a profile"), "{error}");
}
