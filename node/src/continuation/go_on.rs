//! Binding a stopped node's home to the chain that goes on from where it stands.

use std::fs;
use std::io;
use std::iter;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use polity_engine::cometbft::Home;
use polity_engine::embedded::guard::Guard;
use polity_ledger::genesis::organisation_digest;
use prost::Message;

use super::Stand;
use super::ended::archive;
use crate::app::{ChainRecord, GenesisRecord};
use crate::config::Config;
use crate::fault::{Fault, FaultKind};
use crate::genesis_file::GenesisFile;
use crate::keys::NodeKeys;
use crate::serve::store_options;
use crate::store::Store;
use crate::whole_file::{self, sync_directory};

/// What an engine of the ended chain leaves in the home: its blocks and its log, not its guard.
const LEFT: [&str; 3] = ["cometbft/data", "cometbft/config/genesis.json", "consensus"];

/// Checks the file against the store, archives the blocks of the ended chain, binds the store to the new one, puts
/// away what the ended chain's engine left, lets the guards forget it, and puts the file in its place. Can be repeated where it was broken off.
/// Answers the first height. `progress` is told each height that is archived.
///
/// # Errors
/// `GenesisMismatch` where the file does not go on from here or a department has not signed: then nothing is changed.
pub async fn go_on(
    config: &Config,
    file: &GenesisFile,
    progress: impl FnMut(u64),
) -> Result<u64, Fault> {
    let store = Arc::new(Store::open(
        &config.store_directory(),
        store_options(config),
    )?);
    let snapshot = store.snapshot();
    let record = GenesisRecord::read(&snapshot)?.ok_or_else(|| {
        let words = "the store holds no organisation: restore a backup of a department's node";
        Fault::new(FaultKind::GenesisMismatch, words)
    })?;
    file.verify()?;
    let first = file.initial_height()?;
    let newest = record.newest();
    if organisation_digest(&newest) != file.digest()? {
        let stand = Stand::of(&snapshot)?;
        file.verify_continuation(&stand)?;
        let ended_first = newest.initial_height.max(1);
        archive(config, &store, ended_first, stand.height, progress).await?;
        store.go_on(&with(record, file)?.encode_to_vec())?;
    }
    let own = config.genesis_file();
    // Once there is a block of the new chain, what an engine has in the home is that chain's.
    if let Some(ended) = &file.continues
        && store.height() < first
    {
        let ended = ended.digest()?;
        put_away(config, &ended)?;
        // No node starts before the file is in its place; after that, the guards may know words of the new chain.
        if GenesisFile::read(&own)
            .and_then(|own| own.digest())
            .is_ok_and(|own| own == ended)
        {
            forget_ended(config, &(first..=first + store.options().undo_heights))?;
        }
    }
    whole_file::put(&own, 0o644, file.to_json().as_bytes()).map_err(at("writing", &own))?;
    Ok(first)
}

fn with(mut record: GenesisRecord, file: &GenesisFile) -> Result<GenesisRecord, Fault> {
    record.continued.push(ChainRecord {
        chain_id: file.chain_id.clone(),
        time: file.time()?,
        initial_height: file.initial_height()?,
        app_state: file.app_state()?,
    });
    Ok(record)
}

/// Moves what is left of the ended chain's engine into a directory of its own, where it can be looked at or deleted.
fn put_away(config: &Config, digest: &[u8; 32]) -> Result<(), Fault> {
    let away = config.home.join("ended").join(hex::encode(&digest[..8]));
    for name in LEFT {
        let (from, to) = (
            config.home.join(name),
            unused(&away, &name.replace('/', "-")),
        );
        fs::create_dir_all(&away).map_err(at("making", &away))?;
        match fs::rename(&from, &to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(at("moving", &from)(error));
            }
            Ok(()) => {
                // The genesis file that follows says that all of this is done.
                for moved in [&to, &from] {
                    sync_directory(moved).map_err(at("syncing", moved))?;
                }
            }
            Err(_) => {}
        }
    }
    Ok(())
}

/// What this node's validator said of heights above the last one, which were begun, or decided and taken back, it said of
/// the ended chain.
fn forget_ended(config: &Config, heights: &RangeInclusive<u64>) -> Result<(), Fault> {
    let fault = |error: &dyn std::fmt::Display| Fault::new(FaultKind::Engine, error.to_string());
    let guard = NodeKeys::guard_file(&config.keys_directory());
    if guard.try_exists().map_err(at("looking at", &guard))? {
        let guard = Guard::open(&guard).map_err(|error| fault(&error))?;
        guard.forget_ended(heights).map_err(|error| fault(&error))?;
    }
    let home = Home::new(config.cometbft_home());
    home.forget_ended(heights).map_err(|error| fault(&error))
}

/// A place for this name where nothing is. A home that went on and was restored from an older backup goes on again.
fn unused(directory: &Path, name: &str) -> PathBuf {
    let numbered = (2..).map(|number: u32| directory.join(format!("{name}.{number}")));
    let mut places = iter::once(directory.join(name)).chain(numbered);
    let free = places.find(|place| place.symlink_metadata().is_err());
    free.unwrap_or_else(|| directory.join(name))
}

fn at<'a>(doing: &'a str, path: &'a Path) -> impl Fn(io::Error) -> Fault + 'a {
    move |error| Fault::from_io(&format!("{doing} {}", path.display()), &error)
}

#[cfg(test)]
mod tests {
    use polity_engine::embedded::canonical::BlockId;
    use polity_engine::embedded::guard::{Step, Word};

    use super::*;

    #[test]
    fn what_a_validator_said_of_heights_that_were_taken_back_binds_it_no_more() {
        let home = tempfile::tempdir().unwrap();
        let config = Config {
            home: home.path().to_owned(),
            ..Config::default()
        };
        forget_ended(&config, &(8..=24)).unwrap();
        let file = NodeKeys::guard_file(&config.keys_directory());
        assert!(!file.exists(), "a guard is made together with its key");

        NodeKeys::create(&config.keys_directory()).unwrap();
        let permits = |said| {
            let word = Word {
                height: 8,
                round: 1,
                step: Step::Precommit,
                said: [said; BlockId::BYTES],
                pol_round: None,
            };
            Guard::open(&file).unwrap().permit(&word).unwrap()
        };
        assert!(permits(1));
        assert!(!permits(2));
        forget_ended(&config, &(8..=24)).unwrap();
        assert!(permits(2));
    }

    #[test]
    fn a_home_that_was_restored_from_an_older_backup_goes_on_again() {
        let home = tempfile::tempdir().unwrap();
        let config = Config {
            home: home.path().to_owned(),
            ..Config::default()
        };
        let data = home.path().join("cometbft/data");
        for text in ["of the first time", "of the second time"] {
            fs::create_dir_all(&data).unwrap();
            fs::write(data.join("blocks"), text).unwrap();
            put_away(&config, &[7; 32]).unwrap();
            assert!(!data.exists());
        }
        let away = home.path().join("ended/0707070707070707");
        let read = |name: &str| fs::read_to_string(away.join(name).join("blocks")).unwrap();
        assert_eq!(read("cometbft-data"), "of the first time");
        assert_eq!(read("cometbft-data.2"), "of the second time");
    }
}
