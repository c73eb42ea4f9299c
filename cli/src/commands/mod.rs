//! One file a noun: the doc comment of an argument struct is its help.

pub mod can;
pub mod transfer;

use clap::Subcommand;
use polity_client::session::{kind_name, lettered, number_of};
use polity_client::v1::{ObjectKind, Ref};
use polity_client::{Error, ErrorKind, Result};

use crate::context::Context;

pub use can::actions_of;

/// What to do.
#[derive(Subcommand, Debug)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub enum Command {
    /// Value between two accounts.
    Transfer(transfer::Transfer),

    /// May I do this? Takes the words of a command.
    Can(can::Can),
    /// Who may do this? Takes the words of a command.
    WhoCan(can::WhoCan),
}

impl Command {
    /// Runs the command.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self {
            Command::Transfer(noun) => noun.run(context).await,
            Command::Can(command) => command.run(context).await,
            Command::WhoCan(command) => command.run(context).await,
        }
    }
}

/// A reference to an object by its number.
#[must_use]
pub fn reference(number: u64) -> Option<Ref> {
    Some(Ref { number, new: 0 })
}

/// Reads a number with its letter, where the kind has no handles: `g41`.
pub fn numbered(kind: ObjectKind, text: &str) -> Result<u64> {
    number_of(kind, text).ok_or_else(|| {
        let words = format!(
            "a {} is written {}, not {text}",
            kind_name(kind),
            lettered(kind, 7)
        );
        Error::new(ErrorKind::Usage, words)
    })
}

/// A document's hash: 64 hexadecimal digits, or a file that is hashed here and goes nowhere.
pub fn document_hash(text: &str) -> Result<Vec<u8>> {
    match hex::decode(text) {
        Ok(hash) if hash.len() == 32 => Ok(hash),
        _ => polity_client::session::hash_of_file(std::path::Path::new(text)),
    }
}
