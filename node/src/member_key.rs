//! A member's key as operators meet it: a file that `age` encrypted under a passphrase, holding one
//! line with the seed. `polity` reads and writes the same form.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use age::scrypt::{Identity, Recipient};
use age::secrecy::{ExposeSecret, SecretString};
use age::{Decryptor, Encryptor};
use ed25519_dalek::SigningKey;
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;
use rustix::fs::{FlockOperation, flock};
use tokio::signal::unix::{SignalKind, signal};
use zeroize::Zeroizing;

use crate::whole_file::{put, sync_directory};

/// Why a member's key cannot be used or made.
#[derive(Debug, thiserror::Error)]
pub enum MemberKeyError {
    /// The file cannot be read or written.
    #[error("{path}: {source}", path = .0.display(), source = .1)]
    Io(PathBuf, io::Error),
    /// The file is not a key.
    #[error("{path}: {words}", path = .0.display(), words = .1)]
    Form(PathBuf, &'static str),
    /// Others than the owner can read an unencrypted seed.
    #[error("{path}: others can read it; run: chmod 600 {path}", path = .0.display())]
    Open(PathBuf),
    /// The passphrase does not open the file, or there is none.
    #[error("{0}")]
    Passphrase(String),
}

/// Where a passphrase comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PassphraseSource {
    /// The environment variable `POLITY_PASSPHRASE`, or else the terminal.
    EnvironmentOrTerminal,
    /// A file descriptor that the caller opened; its first line.
    Descriptor(u32),
}

/// The variable of the environment that holds a passphrase.
pub const PASSPHRASE_VARIABLE: &str = "POLITY_PASSPHRASE";

/// A key file is far smaller; anything larger is something else.
const FILE_BYTES_MAX: u64 = 16 * 1024;
/// scrypt's work factor of new files, as a power of two: 64 MiB and about a third of a second.
const WORK_FACTOR: u8 = 16;
/// The largest work factor that is read, so that a file from a stranger cannot ask for more.
const WORK_FACTOR_MAX: u8 = 20;
/// How shells tell of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;
const PLAIN_PREFIX: &str = "polity-key-ed25519 ";

/// Makes the key `NAME.key` and, for anyone to read, `NAME.pub` in a directory. Once this returns, both outlive a power
/// cut.
///
/// # Errors
/// `Io` where the name is taken or nothing can be written.
pub fn create(
    directory: &Path,
    name: &str,
    passphrase: &SecretString,
) -> Result<SigningKey, MemberKeyError> {
    let key = SigningKey::generate(&mut UnwrapErr(SysRng));
    let path = directory.join(format!("{name}.key"));
    let at = |path: &Path| {
        let path = path.to_owned();
        move |error| MemberKeyError::Io(path, error)
    };
    let public = directory.join(format!("{name}.pub"));
    let public_line = format!("ed25519 {} {name}\n", hex::encode(key.verifying_key()));
    let sealed = seal(&key, passphrase).map_err(at(&path))?;

    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .and_then(|()| sync_directory(directory))
        .map_err(at(directory))?;
    // Of two who take the same name at once, one is told so: `polity` locks the same file.
    let _lock = lock(&directory.join("lock")).map_err(at(directory))?;
    if path.symlink_metadata().is_ok() {
        return Err(at(&path)(io::ErrorKind::AlreadyExists.into()));
    }
    // The key comes last, so there is none without its public part; a public part without its key is a leftover, and is
    // replaced.
    put(&public, 0o644, public_line.as_bytes()).map_err(at(&public))?;
    put(&path, 0o600, &sealed).map_err(at(&path))?;
    Ok(key)
}

/// Opens an encrypted key file.
///
/// # Errors
/// `Io`, `Form`, and `Passphrase` where it does not open the file.
pub fn open(path: &Path, passphrase: &SecretString) -> Result<SigningKey, MemberKeyError> {
    let bytes = read_bounded(path)?;
    let mut identity = Identity::new(passphrase.clone());
    identity.set_max_work_factor(WORK_FACTOR_MAX);
    let refused =
        |_| MemberKeyError::Passphrase("the passphrase does not open this key".to_owned());
    let decryptor = Decryptor::new_buffered(&bytes[..])
        .map_err(|_| MemberKeyError::Form(path.to_owned(), "is not an encrypted key"))?;
    let mut reader = decryptor
        .decrypt(std::iter::once(&identity as _))
        .map_err(refused)?;

    let mut text = Zeroizing::new(Vec::with_capacity(256));
    reader
        .by_ref()
        .take(256)
        .read_to_end(&mut text)
        .map_err(|_| MemberKeyError::Form(path.to_owned(), "is damaged"))?;
    seed(&text).ok_or(MemberKeyError::Form(path.to_owned(), "does not hold a key"))
}

/// Reads a seed that lies unencrypted, 64 hexadecimal digits, in a file for the owner alone.
///
/// # Errors
/// `Open` where others can read it; `Io` and `Form`.
pub fn read_seed(path: &Path) -> Result<SigningKey, MemberKeyError> {
    let trouble = |error| MemberKeyError::Io(path.to_owned(), error);
    let mode = std::fs::metadata(path)
        .map_err(trouble)?
        .permissions()
        .mode();
    if mode & 0o077 != 0 {
        return Err(MemberKeyError::Open(path.to_owned()));
    }
    seed(&read_bounded(path)?).ok_or(MemberKeyError::Form(
        path.to_owned(),
        "is not 64 hexadecimal digits",
    ))
}

impl PassphraseSource {
    /// Obtains the passphrase; a terminal is asked with these words.
    ///
    /// # Errors
    /// `Passphrase` where there is none.
    pub fn obtain(&self, question: &str) -> Result<SecretString, MemberKeyError> {
        self.obtain_asking(&[question])
    }

    /// The same for a new key: a person types it twice.
    ///
    /// # Errors
    /// `Passphrase` where there is none, or where the two differ.
    pub fn obtain_new(&self, question: &str) -> Result<SecretString, MemberKeyError> {
        self.obtain_asking(&[question, "the same again"])
    }

    fn obtain_asking(&self, questions: &[&str]) -> Result<SecretString, MemberKeyError> {
        let none = |words: String| MemberKeyError::Passphrase(words);
        let text = match self {
            PassphraseSource::Descriptor(number) => {
                let mut text = Zeroizing::new(String::new());
                File::open(format!("/dev/fd/{number}"))
                    .and_then(|file| file.take(FILE_BYTES_MAX).read_to_string(&mut text))
                    .map_err(|error| none(format!("file descriptor {number}: {error}")))?;
                SecretString::from(text.lines().next().unwrap_or_default())
            }
            PassphraseSource::EnvironmentOrTerminal => match std::env::var(PASSPHRASE_VARIABLE) {
                Ok(text) => SecretString::from(text),
                Err(_) => ask(questions)?,
            },
        };
        if text.expose_secret().is_empty() {
            return Err(none("the passphrase is empty".into()));
        }
        Ok(text)
    }
}

/// Asks a person, who answers all questions alike.
fn ask(questions: &[&str]) -> Result<SecretString, MemberKeyError> {
    let mut answer: Option<SecretString> = None;
    for question in questions {
        let text = typed(&format!("{question}: ")).map_err(|error| {
            MemberKeyError::Passphrase(format!(
                "no passphrase: {PASSPHRASE_VARIABLE} is not set, and there is no terminal to ask ({error})"
            ))
        })?;
        let text = SecretString::from(text);
        if answer.is_some_and(|first| first.expose_secret() != text.expose_secret()) {
            return Err(MemberKeyError::Passphrase(
                "the two passphrases differ".into(),
            ));
        }
        answer = Some(text);
    }
    Ok(answer.unwrap_or_default())
}

/// What a person types behind these words.
fn typed(words: &str) -> io::Result<String> {
    end_after_prompt()?;
    let asking = ASKING.lock().unwrap_or_else(PoisonError::into_inner);
    let typed = rpassword::prompt_password(words);
    drop(asking);
    match typed {
        Err(error) if error.kind() == io::ErrorKind::Interrupted => std::process::exit(INTERRUPTED),
        typed => typed,
    }
}

/// Held while the terminal hides what is typed.
static ASKING: Mutex<()> = Mutex::new(());

/// From now on Ctrl-C ends the program only once the terminal shows again what is typed.
fn end_after_prompt() -> io::Result<()> {
    static LISTENING: OnceLock<()> = OnceLock::new();

    if LISTENING.set(()).is_err() {
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    let mut interrupted = {
        let _entered = runtime.enter();
        signal(SignalKind::interrupt())?
    };
    std::thread::spawn(move || {
        runtime.block_on(interrupted.recv());
        let _shown = ASKING.lock();
        std::process::exit(INTERRUPTED);
    });
    Ok(())
}

fn seal(key: &SigningKey, passphrase: &SecretString) -> io::Result<Vec<u8>> {
    let mut recipient = Recipient::new(passphrase.clone());
    recipient.set_work_factor(WORK_FACTOR);
    let encryptor =
        Encryptor::with_recipients(std::iter::once(&recipient as _)).map_err(io::Error::other)?;
    let digits = Zeroizing::new(hex::encode(key.as_bytes()));
    let line = Zeroizing::new(format!("{PLAIN_PREFIX}{}\n", *digits));

    let mut bytes = Vec::new();
    let mut writer = encryptor.wrap_output(&mut bytes)?;
    writer.write_all(line.as_bytes())?;
    writer.finish()?;
    Ok(bytes)
}

fn seed(text: &[u8]) -> Option<SigningKey> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let mut seed = Zeroizing::new([0; 32]);
    let digits = text.strip_prefix(PLAIN_PREFIX).unwrap_or(text);
    hex::decode_to_slice(digits, seed.as_mut_slice()).ok()?;
    Some(SigningKey::from_bytes(&seed))
}

fn read_bounded(path: &Path) -> Result<Zeroizing<Vec<u8>>, MemberKeyError> {
    let mut bytes = Zeroizing::new(Vec::new());
    File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes))
        .map_err(|error| MemberKeyError::Io(path.to_owned(), error))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(MemberKeyError::Form(
            path.to_owned(),
            "is too large for a key",
        ));
    }
    Ok(bytes)
}

/// Held until it is dropped: there is one writer at a time.
fn lock(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)?;
    flock(&file, FlockOperation::LockExclusive)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_new_key_opens_under_its_passphrase_only() {
        let directory = tempfile::tempdir().unwrap();
        let right = SecretString::from("right");
        let key = create(directory.path(), "finn", &right).unwrap();

        let path = directory.path().join("finn.key");
        let opened = open(&path, &right).unwrap();
        assert_eq!(opened.verifying_key(), key.verifying_key());
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let public = fs::read_to_string(directory.path().join("finn.pub")).unwrap();
        assert_eq!(
            public,
            format!("ed25519 {} finn\n", hex::encode(key.verifying_key()))
        );
        let refused = open(&path, &SecretString::from("wrong"));
        assert!(matches!(refused, Err(MemberKeyError::Passphrase(_))));
        assert!(create(directory.path(), "finn", &right).is_err());
    }

    #[test]
    fn a_key_that_never_got_its_file_leaves_its_name_free() {
        let directory = tempfile::tempdir().unwrap();
        let place = |extension: &str| directory.path().join("finn").with_extension(extension);
        fs::write(place("pub"), "of no key").unwrap();
        let left = place("key.0123456789abcdef.new");
        fs::write(&left, "half").unwrap();

        let passphrase = SecretString::from("p");
        let key = create(directory.path(), "finn", &passphrase).unwrap();

        let opened = open(&place("key"), &passphrase).unwrap();
        assert_eq!(opened.verifying_key(), key.verifying_key());
        let public = fs::read_to_string(place("pub")).unwrap();
        assert!(public.contains(&hex::encode(key.verifying_key())));
        assert!(!left.exists());
    }

    #[test]
    fn an_unencrypted_seed_is_for_its_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("seed");
        fs::write(&path, format!("{}\n", "ab".repeat(32))).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(read_seed(&path), Err(MemberKeyError::Open(_))));

        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(read_seed(&path).unwrap().as_bytes(), &[0xab; 32]);
        fs::write(&path, "short").unwrap();
        assert!(matches!(read_seed(&path), Err(MemberKeyError::Form(..))));
    }

    #[test]
    fn what_is_not_a_key_file_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        for bytes in [&b""[..], b"x", b"age-encryption.org/v1\n", &[0; 20_000]] {
            fs::write(&path, bytes).unwrap();
            assert!(open(&path, &SecretString::from("p")).is_err());
        }
    }
}
