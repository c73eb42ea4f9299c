//! Where a passphrase comes from: a file descriptor, the environment, or the person at the terminal.

use std::fs::File;
use std::io::{ErrorKind, IsTerminal, Read};
use std::sync::{Mutex, Once, OnceLock};

use polity_client::keys::Passphrase;
use polity_client::{Error, Result};
use tokio::signal::unix::{SignalKind, signal};

/// The variable that services set.
pub(crate) const VARIABLE: &str = "POLITY_PASSPHRASE";
/// No passphrase is longer.
const BYTES_MAX: u64 = 4096;

/// Where the passphrases of a command come from.
#[derive(Debug)]
pub struct Passphrases {
    descriptor: Option<u32>,
    /// What the descriptor gave: a pipe is read once, and a command may need it twice.
    read: OnceLock<Passphrase>,
}

impl Passphrases {
    /// From a descriptor; without one, from the environment or the person at the terminal.
    #[must_use]
    pub fn new(descriptor: Option<u32>) -> Passphrases {
        Passphrases {
            descriptor,
            read: OnceLock::new(),
        }
    }

    /// The passphrase of a key that exists.
    pub fn of_existing(&self, key: &str) -> Result<Passphrase> {
        match self.given()? {
            Some(passphrase) => Ok(passphrase),
            None => prompt(&format!("Passphrase of the key {key}: ")).map(Passphrase::new),
        }
    }

    /// A passphrase for a key that is written now; a person types it twice.
    pub fn of_new(&self, key: &str) -> Result<Passphrase> {
        if let Some(passphrase) = self.given()? {
            return Ok(passphrase);
        }
        let first = prompt(&format!("New passphrase for the key {key}: "))?;
        if first != prompt("The same again: ")? {
            return Err(trouble("the two passphrases differ"));
        }
        Ok(Passphrase::new(first))
    }

    fn given(&self) -> Result<Option<Passphrase>> {
        if let Some(descriptor) = self.descriptor {
            if self.read.get().is_none() {
                let _ = self.read.set(read(descriptor)?);
            }
            return Ok(self.read.get().cloned());
        }
        match std::env::var(VARIABLE) {
            Ok(text) => Ok(Some(Passphrase::new(text))),
            Err(std::env::VarError::NotPresent) => Ok(None),
            Err(std::env::VarError::NotUnicode(_)) => Err(trouble("POLITY_PASSPHRASE is not text")),
        }
    }
}

fn read(descriptor: u32) -> Result<Passphrase> {
    let mut text = String::with_capacity(BYTES_MAX as usize);
    File::open(format!("/dev/fd/{descriptor}"))
        .and_then(|file| file.take(BYTES_MAX).read_to_string(&mut text))
        .map_err(|error| {
            trouble("the passphrase's file descriptor cannot be read").with_source(error)
        })?;
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    Ok(Passphrase::new(text))
}

fn prompt(question: &str) -> Result<String> {
    if !std::io::stdin().is_terminal() {
        return Err(trouble(
            "no terminal to ask for the passphrase: set POLITY_PASSPHRASE or use --passphrase-fd",
        ));
    }
    end_after_prompt();
    let Ok(asking) = ASKING.lock() else {
        return Err(trouble("an earlier question failed"));
    };
    let typed = rpassword::prompt_password(question);
    drop(asking);
    match typed {
        Err(error) if error.kind() == ErrorKind::Interrupted => std::process::exit(INTERRUPTED),
        typed => typed.map_err(|error| trouble("the passphrase cannot be read").with_source(error)),
    }
}

/// Held while the terminal hides what is typed.
static ASKING: Mutex<()> = Mutex::new(());

/// How shells tell of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// From now on Ctrl-C ends the program only once the terminal shows again what is typed.
fn end_after_prompt() {
    static LISTENING: Once = Once::new();

    LISTENING.call_once(|| {
        // Where nobody can listen, the signal ends the program at once, as without us.
        let Ok(mut interrupted) = signal(SignalKind::interrupt()) else {
            return;
        };
        tokio::spawn(async move {
            interrupted.recv().await;
            let _shown = ASKING.lock();
            std::process::exit(INTERRUPTED);
        });
    });
}

fn trouble(words: &str) -> Error {
    Error::new(polity_client::ErrorKind::Key, words)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::fd::AsRawFd;

    use super::*;

    #[test]
    fn a_pipe_gives_the_same_passphrase_to_whoever_asks_twice() {
        let (reader, mut writer) = std::io::pipe().expect("a pipe");
        writer.write_all(b"secret\n").expect("written");
        drop(writer);
        let descriptor = u32::try_from(reader.as_raw_fd()).expect("a number");

        let passphrases = Passphrases::new(Some(descriptor));

        assert!(!passphrases.of_existing("theirs").expect("read").is_empty());
        assert!(!passphrases.of_new("ours").expect("remembered").is_empty());
    }
}
