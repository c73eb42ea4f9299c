//! The founding of an organisation, step by step.

mod continue_chain;
mod create;
mod show;
mod sign;
mod verify;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::{Common, Trouble, read_store};
use crate::continuation::Stand;
use crate::genesis_file::GenesisFile;
use crate::whole_file;

/// Found an organisation: describe it in one file, sign it, check it.
///
/// Each department makes its keys alone (`polityd init`, `polityd keys show --chain`). One file
/// describes the organisation; `create` turns it into the genesis, which the ledger's own rules
/// judge at once. The genesis is passed around: each founding department's operator signs it, all
/// compare its digest by telephone, and every node verifies it before it starts.
///
/// Example:
///   polityd genesis create organisation.toml --file genesis.json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Genesis {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Create(create::Create),
    Continue(continue_chain::Continue),
    Sign(sign::Sign),
    Verify(verify::Verify),
    Show(show::Show),
}

impl Genesis {
    pub(super) fn run(self, common: &Common) -> Result<(), Trouble> {
        match self.action {
            Action::Create(command) => command.run(common),
            Action::Continue(command) => command.run(common),
            Action::Sign(command) => command.run(common),
            Action::Verify(command) => command.run(common),
            Action::Show(command) => command.run(common),
        }
    }
}

/// Which genesis file is meant.
#[derive(Debug, Args)]
struct File {
    /// The genesis file [default: genesis.json in the home directory]
    #[arg(long = "file", value_name = "FILE")]
    path: Option<PathBuf>,
}

impl File {
    fn path(&self, common: &Common) -> Result<PathBuf, Trouble> {
        match &self.path {
            Some(path) => Ok(path.clone()),
            None => Ok(common.load_home()?.config.genesis_file()),
        }
    }
}

/// What departments compare and sign: everything that the network is founded with, in one hash.
fn digest_to_compare(digest: &[u8; 32]) -> String {
    let digits = hex::encode(digest);
    let groups = digits.as_bytes().chunks(4);
    let groups = groups.map(|group| String::from_utf8_lossy(group).into_owned());
    groups.collect::<Vec<_>>().join(" ")
}

/// Where this home's stopped node stands.
fn stand(common: &Common) -> Result<Stand, Trouble> {
    let config = common.load_home()?.config;
    let store = read_store(&config)?;
    Ok(Stand::of(&store.snapshot())?)
}

/// A crash leaves the former file, with the signatures that it had.
fn write(path: &Path, file: &GenesisFile) -> Result<(), Trouble> {
    whole_file::put(path, 0o644, file.to_json().as_bytes())
        .map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(())
}
