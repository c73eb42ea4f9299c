//! The key files of one home: `HOME/keys/NAME.key`, and beside it `NAME.pub` for anyone to read.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rand::TryRng;
use rand::rngs::SysRng;
use rustix::fs::{FlockOperation, flock};
use zeroize::Zeroizing;

use super::file::{self, FILE_BYTES_MAX, Seed, WORK_FACTOR_DEFAULT};
use super::{Passphrase, Signer};
use crate::{Error, Result, files};

/// The longest name of a key.
const NAME_BYTES_MAX: usize = 64;

/// The keys of one home.
#[derive(Clone, Debug)]
pub struct KeyStore {
    directory: PathBuf,
    work_factor: u8,
}

/// The public part of a key that the store holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    /// The name of its file.
    pub name: String,
    /// The Ed25519 public key.
    pub public_key: [u8; 32],
}

/// What is imported.
#[derive(Clone, Copy, Debug)]
pub enum ImportForm<'a> {
    /// A seed as 64 hexadecimal digits, or an unencrypted key as [`KeyStore::export`] writes it.
    Plain(&'a [u8]),
    /// A file that `age` encrypted by this passphrase.
    Encrypted(&'a [u8], &'a Passphrase),
}

impl ImportForm<'_> {
    /// Whether bytes from a file are encrypted, so that the caller knows to ask for a passphrase.
    #[must_use]
    pub fn is_encrypted(bytes: &[u8]) -> bool {
        file::is_encrypted(bytes)
    }
}

impl KeyStore {
    /// The keys of a home directory; nothing is made before the first key.
    #[must_use]
    pub fn in_home(home: &Path) -> Self {
        Self {
            directory: home.join("keys"),
            work_factor: WORK_FACTOR_DEFAULT,
        }
    }

    /// The same store, writing with another scrypt work factor (1 to
    /// [`WORK_FACTOR_MAX`](super::WORK_FACTOR_MAX)).
    #[must_use]
    pub fn with_work_factor(mut self, work_factor: u8) -> Self {
        self.work_factor = work_factor;
        self
    }

    /// Whether a new key can have this name, before anybody thinks of a passphrase for it.
    ///
    /// # Errors
    /// `Usage` for what is no name, `Key` where the name is taken.
    pub fn check_free(&self, name: &str) -> Result<()> {
        let path = self.path(name, "key")?;
        match path.symlink_metadata() {
            Ok(_) => Err(Error::key(format!("{} exists already", path.display()))),
            Err(_) => Ok(()),
        }
    }

    /// Makes a new key from the system's randomness. A name that is taken is an error.
    pub fn create(&self, name: &str, passphrase: &Passphrase) -> Result<StoredKey> {
        let mut seed = Seed::default();
        SysRng
            .try_fill_bytes(seed.as_mut_slice())
            .map_err(|error| Error::trouble("the system gave no randomness").with_source(error))?;

        self.write(name, &seed, passphrase)
    }

    /// Takes in a key made elsewhere and encrypts it under `passphrase`.
    pub fn import(
        &self,
        name: &str,
        form: ImportForm<'_>,
        passphrase: &Passphrase,
    ) -> Result<StoredKey> {
        let seed = match form {
            ImportForm::Plain(bytes) => file::parse_plain(bytes)?,
            ImportForm::Encrypted(bytes, theirs) => file::decrypt(bytes, theirs)?,
        };

        self.write(name, &seed, passphrase)
    }

    /// The bytes of a key to take elsewhere: encrypted under `other`, or, where there is none,
    /// readable by whoever holds them.
    pub fn export(
        &self,
        name: &str,
        passphrase: &Passphrase,
        other: Option<&Passphrase>,
    ) -> Result<Zeroizing<Vec<u8>>> {
        let seed = self.seed(name, passphrase)?;

        match other {
            Some(other) => file::encrypt(&seed, other, self.work_factor).map(Zeroizing::new),
            None => Ok(Zeroizing::new(file::plain(&seed).as_bytes().to_vec())),
        }
    }

    /// Opens a key for signing.
    pub fn open(&self, name: &str, passphrase: &Passphrase) -> Result<Signer> {
        Ok(Signer::from_seed(&*self.seed(name, passphrase)?))
    }

    /// The public part of one key; needs no passphrase.
    pub fn public(&self, name: &str) -> Result<StoredKey> {
        if !self.path(name, "key")?.exists() {
            return Err(Error::key(format!(
                "no key is called {name} in {}",
                self.directory.display()
            )));
        }
        let path = self.path(name, "pub")?;
        if !path.exists() {
            return Err(Error::key(format!(
                "the public part of the key `{name}` is missing: exporting the key makes it again"
            )));
        }
        parse_public(name, &read_bounded(&path)?)
    }

    /// All keys, by name: the public part of each, or why it cannot be read.
    pub fn list(&self) -> Result<Vec<(String, Result<StoredKey>)>> {
        let entries = match fs::read_dir(&self.directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(unreadable(&self.directory, error)),
        };

        let mut keys = Vec::new();
        for entry in entries {
            let path = entry
                .map_err(|error| unreadable(&self.directory, error))?
                .path();
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            if let Some(name) = stem.filter(|_| path.extension().is_some_and(|e| e == "key")) {
                keys.push((name.to_owned(), self.public(name)));
            }
        }
        keys.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(keys)
    }

    fn seed(&self, name: &str, passphrase: &Passphrase) -> Result<Seed> {
        let bytes = read_bounded(&self.path(name, "key")?)?;
        let seed = file::decrypt(&bytes, passphrase)?;
        let key = public_part(name, &seed);

        let public_path = self.path(name, "pub")?;
        if !public_path.exists() {
            let _lock = lock(&self.directory)?;
            put(&public_path, 0o644, public_line(&key).as_bytes())?;
        }
        // The public file is not authenticated: a swapped one would have us enrol another's key.
        if self.public(name)? != key {
            return Err(Error::key(format!(
                "the public part beside the key `{name}` belongs to another key"
            )));
        }
        Ok(seed)
    }

    fn write(&self, name: &str, seed: &Seed, passphrase: &Passphrase) -> Result<StoredKey> {
        let key_path = self.path(name, "key")?;
        let public_path = self.path(name, "pub")?;
        let bytes = file::encrypt(seed, passphrase, self.work_factor)?;
        let key = public_part(name, seed);

        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.directory)
            .and_then(|()| files::sync_parent(&self.directory))
            .map_err(|error| cannot("make", &self.directory, error))?;
        // Of two who take the same name at once, one is told so.
        let _lock = lock(&self.directory)?;
        self.check_free(name)?;
        // The key comes last, so there is none without its public part; a public part without its key is a leftover,
        // and is replaced.
        put(&public_path, 0o644, public_line(&key).as_bytes())?;
        put(&key_path, 0o600, &bytes)?;
        Ok(key)
    }

    fn path(&self, name: &str, extension: &str) -> Result<PathBuf> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(allowed) {
            return Err(Error::usage(format!(
                "a key's name is 1 to {NAME_BYTES_MAX} of a-z, 0-9 and -"
            )));
        }

        Ok(self.directory.join(format!("{name}.{extension}")))
    }
}

fn public_part(name: &str, seed: &Seed) -> StoredKey {
    StoredKey {
        name: name.to_owned(),
        public_key: Signer::from_seed(seed).public_key(),
    }
}

fn public_line(key: &StoredKey) -> String {
    format!("ed25519 {} {}\n", hex::encode(key.public_key), key.name)
}

fn parse_public(name: &str, bytes: &[u8]) -> Result<StoredKey> {
    let damaged = || Error::key(format!("the public part of the key `{name}` is damaged"));
    let text = std::str::from_utf8(bytes).map_err(|_| damaged())?;
    let mut words = text.split_ascii_whitespace();
    if words.next() != Some("ed25519") {
        return Err(damaged());
    }

    let mut public_key = [0; 32];
    hex::decode_to_slice(words.next().ok_or_else(damaged)?, &mut public_key)
        .map_err(|_| damaged())?;
    Ok(StoredKey {
        name: name.to_owned(),
        public_key,
    })
}

fn read_bounded(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    OpenOptions::new()
        .read(true)
        .open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes))
        .map_err(|error| unreadable(path, error))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Error::key(format!(
            "{} is too large for a key",
            path.display()
        )));
    }
    Ok(bytes)
}

fn put(path: &Path, mode: u32, bytes: &[u8]) -> Result<()> {
    files::put(path, &path.with_extension("new"), mode, bytes)
        .map_err(|error| cannot("write", path, error))
}

/// Held until it is dropped: there is one writer at a time. It is a file because a network's file system locks no
/// directories.
fn lock(directory: &Path) -> Result<File> {
    let path = directory.join("lock");
    let locked = || {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)?;
        flock(&file, FlockOperation::LockExclusive)?;
        Ok(file)
    };
    locked().map_err(|error| cannot("lock", &path, error))
}

fn unreadable(path: &Path, error: io::Error) -> Error {
    Error::key(format!("cannot read {}", path.display())).with_source(error)
}

/// The key is not at fault, nor its passphrase.
fn cannot(verb: &str, path: &Path, error: io::Error) -> Error {
    Error::trouble(format!("cannot {verb} {}", path.display())).with_source(error)
}

#[cfg(test)]
mod tests;
