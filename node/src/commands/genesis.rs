mod create;
mod prove;
mod show;
mod sign;

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::{Common, Trouble};
use crate::genesis_file::GenesisFile;

/// Found an organisation together with the other departments.
///
/// Each department proves its keys (`prove`) for the charter: one readable file with departments,
/// people, units, roles, grants, policies and assets. Somebody makes the genesis from it (`create`);
/// every founding department reads it (`show`) and signs it (`sign`). A node starts only when all
/// signatures hold (`verify`); put the signed file into its home directory as genesis.json.
///
/// Example:
///   polityd genesis create charter.toml --out genesis.json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Genesis {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Create(create::Create),
    Prove(prove::Prove),
    Show(show::Show),
    Sign(sign::Sign),
    Verify(Verify),
}

/// Check the founding actions and every founding department's signature
#[derive(Debug, Args)]
struct Verify {
    /// The genesis file
    file: PathBuf,
}

impl Genesis {
    pub(super) fn run(self, common: &Common) -> Result<(), Trouble> {
        match self.action {
            Action::Create(command) => command.run(),
            Action::Prove(command) => command.run(common),
            Action::Show(command) => command.run(common.output),
            Action::Sign(command) => command.run(),
            Action::Verify(command) => command.run(),
        }
    }
}

impl Verify {
    fn run(self) -> Result<(), Trouble> {
        let genesis = GenesisFile::read(&self.file)?;
        genesis.verify()?;
        let (_, organisation) = genesis.found()?;
        println!(
            "every founding department has signed organisation {}",
            hex::encode(organisation)
        );
        Ok(())
    }
}

/// Writes a file that is not there yet.
fn write_new(path: &Path, text: &str) -> Result<(), Trouble> {
    let trouble = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o644)
        .open(path)
        .map_err(trouble)?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(trouble)?;
    Ok(())
}

/// Writes a file anew: beside it first, so that a crash leaves the old one or the new one.
fn replace(path: &Path, text: &str) -> Result<(), Trouble> {
    let fresh = path.with_extension(format!("{}.new", std::process::id()));
    write_new(&fresh, text)?;
    fs::rename(&fresh, path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(())
}
