//! Where a passphrase comes from: a file descriptor, the environment, or the person at the terminal.

use std::fs::File;
use std::io::{IsTerminal, Read};

use polity_client::keys::Passphrase;
use polity_client::{Error, ErrorKind, Result};

/// The variable that services set.
pub(crate) const VARIABLE: &str = "POLITY_PASSPHRASE";
/// No passphrase is longer.
const BYTES_MAX: u64 = 4096;

/// The passphrase of a key that exists.
pub fn existing(key: &str, descriptor: Option<u32>) -> Result<Passphrase> {
    match given(descriptor)? {
        Some(passphrase) => Ok(passphrase),
        None => ask(&format!("Passphrase of the key {key}: ")),
    }
}

/// A passphrase for a key that is written now; a person types it twice.
pub fn new(key: &str, descriptor: Option<u32>) -> Result<Passphrase> {
    if let Some(passphrase) = given(descriptor)? {
        return Ok(passphrase);
    }
    let first = prompt(&format!("New passphrase for the key {key}: "))?;
    if first != prompt("The same again: ")? {
        return Err(trouble("the two passphrases differ"));
    }
    Ok(Passphrase::new(first))
}

/// Asks at the terminal alone: for a second passphrase beside the one that a service may have set.
pub fn ask(question: &str) -> Result<Passphrase> {
    prompt(question).map(Passphrase::new)
}

fn given(descriptor: Option<u32>) -> Result<Option<Passphrase>> {
    if let Some(descriptor) = descriptor {
        let mut text = String::new();
        File::open(format!("/dev/fd/{descriptor}"))
            .and_then(|file| file.take(BYTES_MAX).read_to_string(&mut text))
            .map_err(|error| {
                trouble("the passphrase's file descriptor cannot be read").with_source(error)
            })?;
        let text = text.trim_end_matches(['\r', '\n']);
        return Ok(Some(Passphrase::new(text.to_owned())));
    }
    match std::env::var(VARIABLE) {
        Ok(text) => Ok(Some(Passphrase::new(text))),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(trouble("POLITY_PASSPHRASE is not text")),
    }
}

fn prompt(question: &str) -> Result<String> {
    if !std::io::stdin().is_terminal() {
        return Err(trouble(
            "no terminal to ask for the passphrase: set POLITY_PASSPHRASE or use --passphrase-fd",
        ));
    }
    rpassword::prompt_password(question)
        .map_err(|error| trouble("the passphrase cannot be read").with_source(error))
}

fn trouble(words: &str) -> Error {
    Error::new(ErrorKind::Key, words)
}
