//! CometBFT's home directory.
//!
//! ```text
//! config/config.toml               settings, written again at each start
//! config/genesis.json              written once
//! config/node_key.json             the node's name in the network, written once
//! config/priv_validator_key.json   its vote, written once
//! guard/priv_validator_state.json  what it signed last, from then on CometBFT's
//! cometbft.pid                     the process that was started last
//! data/                            blocks and CometBFT's own state; can be wiped, then the node catches up
//! ```

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::ops::RangeInclusive;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::{Genesis, GenesisError, Key, KeyError, Settings};

/// What a guard holds where nothing above this height has been signed.
fn fresh_guard(height: u64) -> String {
    format!("{{\n  \"height\": \"{height}\",\n  \"round\": 0,\n  \"step\": 0\n}}\n")
}

/// Far above any key file.
const KEY_FILE_BYTES_MAX: u64 = 64 * 1024;

/// A home directory, whether it exists yet or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home(PathBuf);

/// Why a home directory was not written or read.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// The file system refused.
    #[error("{path}: {source}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file that is written once has another content already.
    #[error("{path} exists with another content; it is never overwritten")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// What the key signed last is not known any more.
    #[error(
        "{guard} is gone, which tells what the key signed last: put it back, or, once the other validators decide \
         blocks without this one, move {mark} and {key} away, and it is made anew",
        guard = .guard.display(), mark = .mark.display(), key = .key.display()
    )]
    GuardLost {
        /// The guard's file.
        guard: PathBuf,
        /// The file beside the key that says that it was in use.
        mark: PathBuf,
        /// The key's file in this home, which says so too.
        key: PathBuf,
    },
    /// The genesis content is not one.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    /// The key file is not one.
    #[error("{path}: {source}")]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: KeyError,
    },
}

impl Home {
    /// The home directory at a path.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The directory itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where the genesis file is.
    #[must_use]
    pub fn genesis_path(&self) -> PathBuf {
        self.0.join("config/genesis.json")
    }

    /// Makes the directories, for the owner alone, and writes what must be written once: guard, keys, genesis.
    /// Repeating it with the same content changes nothing; another content is refused, because a second key or
    /// genesis is a mistake. `mark` lies where the validator's key does, outside of this directory, and says that the key
    /// was in use, as does the key's file in here, which is written after the guard: where one of them does and the guard
    /// is gone, that is refused too, since one that forgets can sign twice.
    pub fn create(
        &self,
        node_key: &Key,
        validator_key: &Key,
        genesis: &Genesis,
        mark: &Path,
    ) -> Result<(), HomeError> {
        let genesis = genesis.to_json()?;
        self.create_directories()?;
        let key = format!("{}\n", hex::encode(validator_key.public_key()));
        let validator_key = validator_key.to_validator_key_json();
        let is_marked = holds(mark, &key)?;
        if !exists(&self.guard_path())? {
            if is_marked || holds(&self.validator_key_path(), &validator_key)? {
                return Err(HomeError::GuardLost {
                    guard: self.guard_path(),
                    mark: mark.to_owned(),
                    key: self.validator_key_path(),
                });
            }
            replace(&self.guard_path(), fresh_guard(0).as_bytes(), 0o600)?;
        }
        write_once(&self.node_key_path(), &node_key.to_node_key_json(), 0o600)?;
        write_once(&self.validator_key_path(), &validator_key, 0o600)?;
        write_once(&self.genesis_path(), &genesis, 0o644)?;
        if is_marked {
            Ok(())
        } else {
            replace(mark, key.as_bytes(), 0o600)
        }
    }

    /// The chain goes on as another one, and these heights are the new chain's: what the guard, where there is one, knows
    /// of them was said of the ended one, and contradicts nothing there.
    pub fn forget_ended(&self, heights: &RangeInclusive<u64>) -> Result<(), HomeError> {
        let path = self.guard_path();
        let guard = match fs::read(&path) {
            Ok(guard) => guard,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(io_error(&path, error)),
        };
        let guard: serde_json::Value = serde_json::from_slice(&guard).unwrap_or_default();
        let signed = guard["height"].as_str().and_then(|it| it.parse().ok());
        if !signed.is_some_and(|height| heights.contains(&height)) {
            return Ok(());
        }
        let fresh = fresh_guard(heights.start().saturating_sub(1));
        replace(&path, fresh.as_bytes(), 0o600)
    }

    /// Writes the settings, over those of the last start.
    pub fn write_settings(&self, settings: &Settings) -> Result<(), HomeError> {
        self.create_directories()?;
        replace(
            &self.0.join("config/config.toml"),
            settings.to_toml().as_bytes(),
            0o600,
        )
    }

    /// The key that names this node in the network.
    pub fn node_key(&self) -> Result<Key, HomeError> {
        read_key(&self.node_key_path())
    }

    /// The key with which this node votes.
    pub fn validator_key(&self) -> Result<Key, HomeError> {
        read_key(&self.validator_key_path())
    }

    fn node_key_path(&self) -> PathBuf {
        self.0.join("config/node_key.json")
    }

    fn validator_key_path(&self) -> PathBuf {
        self.0.join("config/priv_validator_key.json")
    }

    fn guard_path(&self) -> PathBuf {
        self.0.join("guard/priv_validator_state.json")
    }

    fn create_directories(&self) -> Result<(), HomeError> {
        for name in ["config", "data", "guard"] {
            let path = self.0.join(name);
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&path)
                .map_err(|source| io_error(&path, source))?;
        }
        Ok(())
    }
}

fn exists(path: &Path) -> Result<bool, HomeError> {
    path.try_exists().map_err(|source| io_error(path, source))
}

/// Whether the file is there with this content, and no other.
fn holds(path: &Path, content: &str) -> Result<bool, HomeError> {
    match fs::read(path) {
        Ok(found) => Ok(found == content.as_bytes()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(io_error(path, error)),
    }
}

fn write_once(path: &Path, content: &str, mode: u32) -> Result<(), HomeError> {
    match (holds(path, content)?, exists(path)?) {
        (true, _) => Ok(()),
        (false, true) => Err(HomeError::Exists {
            path: path.to_owned(),
        }),
        (false, false) => replace(path, content.as_bytes(), mode),
    }
}

/// Writes beside the path and renames, so that a crash leaves the old file or the new one and no half of either.
fn replace(path: &Path, content: &[u8], mode: u32) -> Result<(), HomeError> {
    let fresh = path.with_extension("new");
    let written = match fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => write_synced(&fresh, content, mode),
    };
    written
        .and_then(|()| fs::rename(&fresh, path))
        .and_then(|()| {
            path.parent()
                .map_or(Ok(()), |parent| File::open(parent)?.sync_all())
        })
        .map_err(|source| io_error(path, source))
}

fn write_synced(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

fn read_key(path: &Path) -> Result<Key, HomeError> {
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(KEY_FILE_BYTES_MAX).read_to_string(&mut text))
        .map_err(|source| io_error(path, source))?;
    Key::from_json(&text).map_err(|source| HomeError::Key {
        path: path.to_owned(),
        source,
    })
}

fn io_error(path: &Path, source: io::Error) -> HomeError {
    HomeError::Io {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::abci::Endpoint;
    use crate::application::Timestamp;
    use crate::cometbft::GenesisValidator;

    fn genesis(chain_id: &str) -> Genesis {
        let validator = GenesisValidator {
            public_key: [1; 32],
            power: 10,
            name: String::new(),
        };
        Genesis::new(
            chain_id,
            Timestamp {
                seconds: 1_700_000_000,
                nanos: 0,
            },
            vec![validator],
            Vec::new(),
        )
    }

    fn fresh() -> (tempfile::TempDir, Home, [Key; 2]) {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::new(directory.path().join("cometbft"));
        (
            directory,
            home,
            [Key::from_seed(&[1; 32]), Key::from_seed(&[2; 32])],
        )
    }

    fn create(home: &Home, node: &Key, validator: &Key, chain_id: &str) -> Result<(), HomeError> {
        home.create(node, validator, &genesis(chain_id), &mark(home))
    }

    fn mark(home: &Home) -> PathBuf {
        home.path().with_file_name("mark")
    }

    #[test]
    fn a_home_is_for_its_owner_and_can_be_made_twice() {
        let (_directory, home, [node_key, validator_key]) = fresh();
        for _ in 0..2 {
            create(&home, &node_key, &validator_key, "a").unwrap();
        }
        let mode = |path: &str| {
            fs::metadata(home.path().join(path))
                .unwrap()
                .permissions()
                .mode()
                & 0o777
        };
        assert_eq!(["config", "data", "guard"].map(mode), [0o700; 3]);
        let secrets = [
            "config/node_key.json",
            "config/priv_validator_key.json",
            "guard/priv_validator_state.json",
        ];
        assert_eq!(secrets.map(mode), [0o600; 3]);
        assert_eq!(home.node_key().unwrap().public_key(), node_key.public_key());
        assert_eq!(
            home.validator_key().unwrap().public_key(),
            validator_key.public_key()
        );
    }

    #[test]
    fn neither_key_nor_genesis_nor_guard_is_overwritten() {
        let (_directory, home, [node_key, validator_key]) = fresh();
        create(&home, &node_key, &validator_key, "a").unwrap();
        fs::write(home.guard_path(), "signed").unwrap();
        for (node, validator, chain_id) in [
            (&validator_key, &validator_key, "a"),
            (&node_key, &node_key, "a"),
            (&node_key, &validator_key, "b"),
        ] {
            let error = create(&home, node, validator, chain_id).unwrap_err();
            assert!(matches!(error, HomeError::Exists { .. }), "{error}");
        }
        create(&home, &node_key, &validator_key, "a").unwrap();
        assert_eq!(fs::read_to_string(home.guard_path()).unwrap(), "signed");
        let used = fs::read_to_string(mark(&home)).unwrap();
        assert_eq!(used.trim(), hex::encode(validator_key.public_key()));
        assert_eq!(home.node_key().unwrap().public_key(), node_key.public_key());
    }

    #[test]
    fn a_key_that_was_in_use_gets_no_fresh_guard_and_another_key_does() {
        let (_directory, home, [node_key, validator_key]) = fresh();
        let create = |validator: &Key| create(&home, &node_key, validator, "a");
        let losses: [fn(&Home) -> io::Result<()>; 3] = [
            |home| fs::remove_file(home.guard_path()),
            |home| fs::remove_dir_all(home.path()),
            // A home in which nobody has left a mark yet.
            |home| fs::remove_file(home.guard_path()).and(fs::remove_file(mark(home))),
        ];
        for lose in losses {
            create(&validator_key).unwrap();
            lose(&home).unwrap();
            let error = create(&validator_key).unwrap_err();
            assert!(matches!(error, HomeError::GuardLost { .. }), "{error}");
            assert!(!home.guard_path().exists());

            for witness in [mark(&home), home.validator_key_path()] {
                let _ = fs::remove_file(witness);
            }
            create(&validator_key).unwrap();
            assert_eq!(
                fs::read_to_string(home.guard_path()).unwrap(),
                fresh_guard(0)
            );
        }
        fs::remove_dir_all(home.path()).unwrap();
        create(&node_key).unwrap();
    }

    #[test]
    fn what_was_said_of_an_ended_chain_binds_nobody_on_the_one_that_goes_on() {
        let (_directory, home, [node_key, validator_key]) = fresh();
        home.forget_ended(&(7..=9)).unwrap();
        assert!(!home.guard_path().exists());
        create(&home, &node_key, &validator_key, "a").unwrap();
        let signed = |height| format!("{{\"height\": \"{height}\", \"round\": 1, \"step\": 3}}");
        for height in [6, 7, 9, 10] {
            fs::write(home.guard_path(), signed(height)).unwrap();
            home.forget_ended(&(7..=9)).unwrap();
            let kept = match (7..=9).contains(&height) {
                true => fresh_guard(6),
                false => signed(height),
            };
            assert_eq!(fs::read_to_string(home.guard_path()).unwrap(), kept);
        }
    }

    #[test]
    fn settings_follow_the_last_start() {
        let (_directory, home, _) = fresh();
        let address = "127.0.0.1:1".parse().unwrap();
        for moniker in ["first", "second"] {
            let endpoint = Endpoint::Unix("/a".into());
            home.write_settings(&Settings::new(endpoint, moniker, address, address))
                .unwrap();
        }
        let text = fs::read_to_string(home.path().join("config/config.toml")).unwrap();
        assert!(text.contains("moniker = \"second\""));
    }
}
