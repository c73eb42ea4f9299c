//! A node's two keys: one signs blocks, the other names the node among its peers.
//!
//! Each lies in a file of its own, `keys/consensus.key` and `keys/node.key`: the Ed25519 seed as 64
//! hexadecimal digits, readable by the owner alone. A file that exists is never written again.

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;
use polity_engine::cometbft::{address, node_id};
use polity_engine::embedded::guard::{Guard, GuardError};
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;
use zeroize::Zeroizing;

use crate::fault::{Fault, FaultKind};
use crate::whole_file;

/// A node's keys.
#[derive(Clone)]
pub struct NodeKeys {
    /// Signs votes and proposals, in the department's name.
    pub consensus: SigningKey,
    /// Names the node among its peers.
    pub node: SigningKey,
}

/// Why keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file or its directory cannot be read or written.
    #[error("{path}: {source}", path = .0.display(), source = .1)]
    Io(PathBuf, io::Error),
    /// The file does not hold a seed.
    #[error("{path}: is not 64 hexadecimal digits", path = .0.display())]
    Form(PathBuf),
    /// The guard against signing twice cannot be made.
    #[error(transparent)]
    Guard(GuardError),
    /// Others than the owner can read the file.
    #[error("{path}: others can read it; run: chmod 600 {path}", path = .0.display())]
    Open(PathBuf),
}

impl From<KeyError> for Fault {
    fn from(error: KeyError) -> Fault {
        let words = format!("the node's keys: {error}");
        match &error {
            KeyError::Io(path, source) if source.kind() != io::ErrorKind::NotFound => {
                Fault::from_io(&path.display().to_string(), source)
            }
            // The operator gave no key, or what is none.
            KeyError::Io(..) | KeyError::Form(_) | KeyError::Open(_) => {
                Fault::new(FaultKind::Usage, words)
            }
            KeyError::Guard(_) => Fault::new(FaultKind::Io, words),
        }
    }
}

impl NodeKeys {
    /// Reads the keys; makes the ones that are not there. Answers whether any was made.
    pub fn create(directory: &Path) -> Result<(NodeKeys, bool), KeyError> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(|error| KeyError::Io(directory.to_owned(), error))?;

        let made_consensus = make_if_absent(&directory.join(CONSENSUS))?;
        // Only now is it certain that the key signed nothing yet.
        if made_consensus {
            Guard::create(&directory.join(GUARD)).map_err(KeyError::Guard)?;
        }
        let made = make_if_absent(&directory.join(NODE))? || made_consensus;
        Ok((NodeKeys::load(directory)?, made))
    }

    /// Reads the keys.
    pub fn load(directory: &Path) -> Result<NodeKeys, KeyError> {
        Ok(NodeKeys {
            consensus: read(&directory.join(CONSENSUS))?,
            node: read(&directory.join(NODE))?,
        })
    }

    /// The public key that signs blocks, in lower-case hexadecimal digits.
    pub fn consensus_public_key(&self) -> String {
        hex::encode(self.consensus.verifying_key().as_bytes())
    }

    /// The public key that names the node, in lower-case hexadecimal digits.
    pub fn node_public_key(&self) -> String {
        hex::encode(self.node.verifying_key().as_bytes())
    }

    /// The guard's file of the consensus key: it lies beside the key and belongs to it.
    pub fn guard_file(directory: &Path) -> PathBuf {
        directory.join(GUARD)
    }

    /// The file that says that CometBFT has used the consensus key: it lies beside the key, since CometBFT's guard does not.
    pub fn mark_file(directory: &Path) -> PathBuf {
        directory.join(MARK)
    }

    /// The validator's address: 40 hexadecimal digits.
    pub fn consensus_address(&self) -> String {
        hex::encode(address(self.consensus.verifying_key().as_bytes()))
    }

    /// The node's id among its peers: 40 hexadecimal digits.
    pub fn node_id(&self) -> String {
        node_id(self.node.verifying_key().as_bytes())
    }
}

const CONSENSUS: &str = "consensus.key";
const NODE: &str = "node.key";
const GUARD: &str = "consensus.guard";
const MARK: &str = "consensus.cometbft";

fn make_if_absent(path: &Path) -> Result<bool, KeyError> {
    let trouble = |error| KeyError::Io(path.to_owned(), error);
    if path.try_exists().map_err(trouble)? {
        return Ok(false);
    }

    let key = SigningKey::generate(&mut UnwrapErr(SysRng));
    let digits = Zeroizing::new(hex::encode(key.as_bytes()));
    let line = Zeroizing::new(format!("{}\n", *digits));
    whole_file::put_new(path, 0o600, line.as_bytes()).map_err(trouble)?;
    Ok(true)
}

fn read(path: &Path) -> Result<SigningKey, KeyError> {
    let trouble = |error| KeyError::Io(path.to_owned(), error);
    let file = fs::File::open(path).map_err(trouble)?;
    if file.metadata().map_err(trouble)?.permissions().mode() & 0o077 != 0 {
        return Err(KeyError::Open(path.to_owned()));
    }

    // One byte more than a seed and a line's end can be: longer files are refused by their form.
    let mut text = Zeroizing::new(Vec::with_capacity(67));
    file.take(67).read_to_end(&mut text).map_err(trouble)?;
    let mut seed = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text.trim_ascii_end(), seed.as_mut_slice())
        .map_err(|_| KeyError::Form(path.to_owned()))?;
    Ok(SigningKey::from_bytes(&seed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_directory(test: impl FnOnce(&Path)) {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let directory =
            std::env::temp_dir().join(format!("polity-keys-{}-{number}", std::process::id()));
        test(&directory);
        fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn keys_are_made_once_for_the_owner_alone() {
        in_directory(|directory| {
            let (made, first) = NodeKeys::create(directory).unwrap();
            let (kept, second) = NodeKeys::create(directory).unwrap();

            assert!(first && !second);
            assert_eq!(made.consensus_public_key(), kept.consensus_public_key());
            assert_eq!(made.node_id(), kept.node_id());
            assert_ne!(made.node_id(), made.consensus_address());
            for file in [CONSENSUS, NODE] {
                let mode = fs::metadata(directory.join(file))
                    .unwrap()
                    .permissions()
                    .mode();
                assert_eq!(mode & 0o777, 0o600);
            }
            assert!(NodeKeys::guard_file(directory).exists());
            assert_eq!(fs::read_dir(directory).unwrap().count(), 3);
        });
    }

    #[test]
    fn keys_are_made_where_a_crash_left_half_of_one() {
        in_directory(|directory| {
            fs::create_dir(directory).unwrap();
            let left = directory.join(format!("{CONSENSUS}.0123456789abcdef.new"));
            fs::write(&left, "half").unwrap();
            let (made, _) = NodeKeys::create(directory).unwrap();
            assert!(!left.exists());
            let kept = NodeKeys::load(directory).unwrap();
            assert_eq!(made.consensus_public_key(), kept.consensus_public_key());
        });
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        in_directory(|directory| {
            NodeKeys::create(directory).unwrap();
            let path = directory.join(NODE);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
            assert!(matches!(NodeKeys::load(directory), Err(KeyError::Open(_))));
        });
    }

    #[test]
    fn a_file_that_is_not_a_seed_is_refused() {
        let seed = "ab".repeat(32);
        for text in [
            "",
            "xyz",
            &seed[1..],
            &format!("{seed}00"),
            &format!("{seed} x"),
        ] {
            in_directory(|directory| {
                NodeKeys::create(directory).unwrap();
                fs::write(directory.join(CONSENSUS), text).unwrap();
                assert!(
                    matches!(NodeKeys::load(directory), Err(KeyError::Form(_))),
                    "{text:?}"
                );
            });
        }
    }

    #[test]
    fn an_address_is_the_one_that_cometbft_gives() {
        // A node key written by CometBFT, and the id that it showed for it.
        let seed = "e1256c499545a8d235d5871b8e72d415c303dd60cbb6185467d4d6f65c34ec70";
        let mut bytes = [0; 32];
        hex::decode_to_slice(seed, &mut bytes).unwrap();
        let id = node_id(SigningKey::from_bytes(&bytes).verifying_key().as_bytes());
        assert_eq!(id, "15fa1c0d4528174c50f4fef7c74cfab404d3ca36");
    }
}
