//! Files that people write or pass around: the charter and the genesis.

use std::path::Path;

use polity_ledger::invariants;
use polity_ledger::judge::Now;
use polity_node::charter::Charter;
use polity_node::genesis_file::GenesisFile;
use polity_tests::charter;
use polity_tests::fuzz::{Form, Outcome};
use polity_tests::keys;

/// Unix seconds of the founding.
const FOUNDED: u64 = 1_767_571_200;

/// Two departments that describe themselves whole.
fn whole_charter() -> String {
    let mut text = charter::charter(2, "we decide together");
    for department in 0..2 {
        let name = format!("validator {department}");
        let key = keys::public(&name);
        let possession = keys::sign(
            &name,
            &polity_ledger::check::founding_possession_bytes(charter::CHAIN_ID, &key),
        );
        text.push_str(&format!(
            "[[validators]]\nunit = \"root/{}\"\nkey = \"{}\"\npossession = \"{}\"\npower = 10\n",
            charter::handle(department),
            hex::encode(key),
            hex::encode(possession),
        ));
    }
    text
}

/// Whatever a charter says, it founds a sound organisation or is refused by name.
#[test]
fn charters() {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let path = directory.path().join("organisation.toml");
    let corpus = [whole_charter().into_bytes()];
    crate::check("charters", Form::Text, &corpus, 600, |bytes| {
        write(&path, bytes)?;
        let genesis = Charter::read(&path).and_then(|charter| charter.genesis(FOUNDED));
        let Ok(genesis) = genesis else {
            return Ok(Outcome::Refused);
        };
        let (founded, _) = genesis.found().map_err(|error| error.to_string())?;
        let now = Now {
            time: genesis.time().map_err(|error| error.to_string())?,
            paused: 0,
        };
        let sound = invariants::check(&founded.state(), now);
        sound
            .map(|()| Outcome::Accepted)
            .map_err(|broken| broken.to_string())
    });
}

/// A genesis that verifies is the one that the departments signed.
#[test]
fn genesis_files() {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let path = directory.path().join("genesis.json");
    write(&path, whole_charter().as_bytes()).expect("the charter can be written");
    let charter = Charter::read(&path).expect("the charter is good");
    let mut signed = charter.genesis(FOUNDED).expect("the charter founds");
    for department in 0..2 {
        signed
            .sign(&charter::key(department))
            .expect("the lead operates the validator");
    }
    let corpus = [signed.to_json().into_bytes()];
    crate::check("genesis_files", Form::Text, &corpus, 600, |bytes| {
        write(&path, bytes)?;
        let Ok(read) = GenesisFile::read(&path) else {
            return Ok(Outcome::Refused);
        };
        match read.verify() {
            Err(_) => Ok(Outcome::Refused),
            Ok(_) if read.digest().ok() == signed.digest().ok() => Ok(Outcome::Accepted),
            Ok(_) => Err("a founding that nobody signed is accepted".into()),
        }
    });
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    std::fs::write(path, bytes).map_err(|error| error.to_string())
}
