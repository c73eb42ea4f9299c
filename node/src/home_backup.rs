//! A backup of a node's whole home, its keys excepted, and the way back.
//!
//! ```text
//! store/            the ledger, see `store::backup`
//! cometbft/data     CometBFT's blocks, without which it could not follow the ledger
//! cometbft/guard    what the validator signed last under CometBFT
//! genesis.json, config.toml
//! backup.json       the list of all files but the store's, which has its own
//! ```
//!
//! The embedded engine keeps its blocks in the store, and trusts no guard that was copied.
//!
//! Keys are not in it: a backup may be kept where a key must not be.

mod list;

use std::fs;
use std::io;
use std::path::Path;

use crate::config::{CONFIG_FILE, Config};
use crate::fault::{Fault, FaultKind};
use crate::serve::store_options;
use crate::store::{
    self, BackupSummary, Store, put_in_place, remove_tree, require_empty, restoring, sync,
};
use crate::whole_file::sync_directory;

const STORE: &str = "store";
const COMETBFT: &str = "cometbft";
const DATA: &str = "data";
const GUARD: &str = "guard";
const GENESIS_FILE: &str = "genesis.json";
const ENGINE_GENESIS: &str = "config/genesis.json";

/// What to do where a backup is not as it was written: the store, if there is one, has nothing to do with it.
const DAMAGED_BACKUP_ADVICE: &str =
    "restore another backup, or start without one and let the node catch up from its peers";

/// Writes a backup of a stopped node into `target`, which must not exist or be empty.
///
/// # Errors
/// `StoreLocked` while the node runs, `Usage` where the target is not empty or there is nothing to save; `Io` or
/// `DiskFull`, then what was written can be deleted.
pub fn back_up(config: &Config, target: &Path) -> Result<BackupSummary, Fault> {
    require_empty(target)?;
    // Held to the end, so that no node starts while the engine's files are copied.
    let store = Store::open(&config.store_directory(), store_options(config))?;
    if store.snapshot().organisation()?.is_none() {
        let words = format!("{} holds no organisation yet", config.home.display());
        return Err(Fault::new(FaultKind::Usage, words));
    }
    fs::create_dir_all(target).map_err(at("making", target))?;
    // The store's part comes last: without its list nothing here can be restored.
    let engine = config.cometbft_home();
    for part in [DATA, GUARD] {
        copy_directory(&engine.join(part), &target.join(COMETBFT).join(part))?;
    }
    for name in [GENESIS_FILE, CONFIG_FILE] {
        copy_file(&config.home.join(name), &target.join(name))?;
    }
    list::write(target, &config.home)?;
    store.back_up(&target.join(STORE))
}

/// Brings a backup back into a home without a ledger. Configuration, genesis and guard stay where the
/// home has its own: the guard of the home is never older than the backup's. Can be repeated where it was broken off.
///
/// # Errors
/// `StoreDamaged` where the backup is not as it was written; `Usage` where the home has a ledger already.
pub fn restore(config: &Config, backup: &Path) -> Result<BackupSummary, Fault> {
    // After a restore that was broken off, the engine's data are what it left.
    if !restoring(&config.store_directory()).exists() {
        require_empty(&config.cometbft_home().join(DATA))?;
    }
    require_empty(&config.store_directory())?;
    verify_and_bring(config, backup).map_err(|fault| match fault.kind() {
        FaultKind::StoreDamaged => fault.with_advice(DAMAGED_BACKUP_ADVICE),
        _ => fault,
    })
}

fn verify_and_bring(config: &Config, backup: &Path) -> Result<BackupSummary, Fault> {
    list::verify(backup)?;
    // The store comes last: a home that has one has all that belongs to it.
    let (summary, _) = store::restore_after(
        &backup.join(STORE),
        &config.store_directory(),
        store_options(config),
        || bring_all_but_the_store(config, backup),
    )?;
    Ok(summary)
}

fn bring_all_but_the_store(config: &Config, backup: &Path) -> Result<(), Fault> {
    let engine = config.cometbft_home();
    sync_name(&restoring(&config.store_directory()))?;
    remove_tree(&engine.join(DATA))?;
    // It is made of the home's own, which may be that of another chain meanwhile.
    remove_file(&engine.join(ENGINE_GENESIS))?;
    // A log that is left there goes on from another store than this one will be.
    remove_tree(&config.embedded_home())?;
    for part in [DATA, GUARD] {
        bring_directory(&backup.join(COMETBFT).join(part), &engine.join(part))?;
    }
    for name in [GENESIS_FILE, CONFIG_FILE] {
        bring_file(&backup.join(name), &config.home.join(name))?;
    }
    Ok(())
}

/// Copies a directory under another name and then gives it its own, so that there is never half of it. One that the home
/// has is kept, and one that the backup has not is not made.
fn bring_directory(from: &Path, to: &Path) -> Result<(), Fault> {
    if to.exists() || !from.exists() {
        return Ok(());
    }
    let partial = restoring(to);
    remove_tree(&partial)?;
    copy_directory(from, &partial)?;
    put_in_place(&partial, to)
}

/// The same with a file.
fn bring_file(from: &Path, to: &Path) -> Result<(), Fault> {
    if to.exists() || !from.exists() {
        return Ok(());
    }
    let partial = restoring(to);
    copy_file(from, &partial)?;
    put_in_place(&partial, to)
}

fn remove_file(path: &Path) -> Result<(), Fault> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at("removing", path)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn sync_name(path: &Path) -> Result<(), Fault> {
    sync_directory(path).map_err(at("syncing", path))
}

/// Copies files and directories; what is absent stays absent.
fn copy_directory(from: &Path, to: &Path) -> Result<(), Fault> {
    let entries = match fs::read_dir(from) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(at("reading", from)(error)),
    };
    fs::create_dir_all(to).map_err(at("making", to))?;
    for entry in entries {
        let entry = entry.map_err(at("reading", from))?;
        let (path, copy) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().map_err(at("reading", &path))?.is_dir() {
            copy_directory(&path, &copy)?;
        } else {
            copy_file(&path, &copy)?;
        }
    }
    sync(to)
}

fn copy_file(from: &Path, to: &Path) -> Result<(), Fault> {
    if !from.exists() {
        return Ok(());
    }
    fs::copy(from, to).map_err(at("writing", to))?;
    sync(to)
}

fn at<'a>(doing: &'a str, path: &'a Path) -> impl Fn(io::Error) -> Fault + 'a {
    move |error| Fault::from_io(&format!("{doing} {}", path.display()), &error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(home: &Path) -> Config {
        let mut config = Config {
            home: home.to_owned(),
            ..Config::default()
        };
        config.store.free_bytes_min = 0;
        config
    }

    fn found(config: &Config) {
        let store = Store::open(&config.store_directory(), store_options(config)).unwrap();
        let genesis = store::Genesis {
            organisation: [7; 32],
            ..store::Genesis::default()
        };
        store.begin(genesis).unwrap();
    }

    #[test]
    fn a_home_without_an_organisation_is_nothing_to_save() {
        let directory = tempfile::tempdir().unwrap();
        let config = config(&directory.path().join("home"));
        drop(Store::open(&config.store_directory(), store_options(&config)).unwrap());
        let target = directory.path().join("backup");

        assert_eq!(
            back_up(&config, &target).unwrap_err().kind(),
            FaultKind::Usage
        );
        assert!(!target.exists());
    }

    #[test]
    fn a_home_without_an_engine_s_own_files_is_its_store_and_its_papers() {
        let directory = tempfile::tempdir().unwrap();
        let old = config(&directory.path().join("old"));
        let new = config(&directory.path().join("new"));
        let target = directory.path().join("backup");
        found(&old);
        fs::write(old.home.join("genesis.json"), "genesis").unwrap();
        fs::create_dir_all(new.embedded_home()).unwrap();
        let ended = new.cometbft_home().join(ENGINE_GENESIS);
        fs::create_dir_all(ended.parent().unwrap()).unwrap();
        fs::write(&ended, "of a chain that has ended").unwrap();

        let saved = back_up(&old, &target).unwrap();

        assert_eq!(restore(&new, &target).unwrap(), saved);
        let genesis = fs::read_to_string(new.home.join("genesis.json")).unwrap();
        assert_eq!(genesis, "genesis");
        assert!(!new.embedded_home().exists(), "a log of another past");
        assert!(!ended.exists(), "CometBFT would keep another chain's");
    }

    #[test]
    fn a_restore_that_was_broken_off_is_begun_anew_and_leaves_no_half() {
        let directory = tempfile::tempdir().unwrap();
        let old = config(&directory.path().join("old"));
        let new = config(&directory.path().join("new"));
        let target = directory.path().join("backup");
        found(&old);
        for (name, text) in [("data/1", "block"), ("guard/state", "signed")] {
            let path = old.cometbft_home().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        fs::write(old.home.join(GENESIS_FILE), "genesis").unwrap();
        let saved = back_up(&old, &target).unwrap();
        let obstacle = restoring(&new.home.join(GENESIS_FILE));
        fs::create_dir_all(&obstacle).unwrap();

        // Everything but the store is there when it ends, as after a full disk.
        restore(&new, &target).unwrap_err();
        assert!(!new.store_directory().exists());
        fs::write(new.cometbft_home().join("data/2"), "stray").unwrap();
        fs::create_dir(new.cometbft_home().join("guard.restoring")).unwrap();
        fs::remove_dir(&obstacle).unwrap();

        assert_eq!(restore(&new, &target).unwrap(), saved);
        let read = |name: &str| fs::read_to_string(new.cometbft_home().join(name)).ok();
        assert_eq!(read("data/1").as_deref(), Some("block"));
        assert_eq!(read("data/2"), None);
        assert_eq!(read("guard/state").as_deref(), Some("signed"));
        assert!(!restoring(&new.store_directory()).exists());
    }

    #[test]
    fn a_backup_in_which_any_file_is_not_as_it_was_written_is_not_restored() {
        let directory = tempfile::tempdir().unwrap();
        let old = config(&directory.path().join("old"));
        let new = config(&directory.path().join("new"));
        found(&old);
        let names = ["genesis.json", "config.toml", "cometbft/data/blocks.db/1"];
        for name in names {
            let path = old.home.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        }
        let target = directory.path().join("backup");
        back_up(&old, &target).unwrap();
        let refused = |what: &str| {
            let fault = restore(&new, &target).unwrap_err();
            assert_eq!(fault.kind(), FaultKind::StoreDamaged, "{what}");
            assert_eq!(fault.advice(), DAMAGED_BACKUP_ADVICE, "{what}");
            assert!(!new.home.join(GENESIS_FILE).exists(), "{what}");
        };

        for name in names {
            let path = target.join(name);
            fs::write(&path, name.to_uppercase()).unwrap();
            refused("a changed file");
            fs::remove_file(&path).unwrap();
            refused("a missing file");
            fs::write(&path, name).unwrap();
        }
        let stray = target.join("cometbft/data/2");
        fs::write(&stray, "").unwrap();
        refused("a file too many");
        fs::remove_file(&stray).unwrap();
        let list = target.join(STORE).join("backup.json");
        let whole = fs::read(&list).unwrap();
        fs::write(&list, "").unwrap();
        refused("the store's list");
        fs::write(&list, whole).unwrap();
        restore(&new, &target).unwrap();
    }

    #[test]
    fn a_home_comes_back_with_everything_but_its_keys() {
        let directory = tempfile::tempdir().unwrap();
        let (old, new) = (
            config(&directory.path().join("old")),
            config(&directory.path().join("new")),
        );
        let target = directory.path().join("backup");
        found(&old);
        for (name, text) in [
            ("genesis.json", "genesis"),
            ("config.toml", "old"),
            ("keys/node.key", "secret"),
            ("cometbft/data/blocks.db/1", "block"),
            ("cometbft/guard/state", "older"),
        ] {
            let path = old.home.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        for (name, text) in [("config.toml", "new"), ("cometbft/guard/state", "newer")] {
            let path = new.home.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        let saved = back_up(&old, &target).unwrap();
        let restored = restore(&new, &target).unwrap();

        assert_eq!(saved, restored);
        let read = |name: &str| fs::read_to_string(new.home.join(name)).ok();
        assert_eq!(read("genesis.json").as_deref(), Some("genesis"));
        assert_eq!(read("cometbft/data/blocks.db/1").as_deref(), Some("block"));
        assert_eq!(read("config.toml").as_deref(), Some("new"));
        assert_eq!(read("cometbft/guard/state").as_deref(), Some("newer"));
        assert_eq!(read("keys/node.key"), None);
        for (refused, what) in [
            (restore(&new, &target), "over a ledger that is there"),
            (back_up(&old, &target), "over a backup that is there"),
            (restore(&old, &old.home), "from what is no backup"),
        ] {
            assert_eq!(refused.unwrap_err().kind(), FaultKind::Usage, "{what}");
        }
    }
}
