//! One file a noun: the doc comment of an argument struct is its help.

pub mod asset;
pub mod assignment;
pub mod auditor;
pub mod budget;
pub mod can;
pub mod document;
pub mod external;
pub mod grant;
pub mod hold;
#[cfg(test)]
mod lines;
pub mod party;
pub mod policy;
pub mod proposal;
pub mod role;
pub mod sod;
pub mod transfer;
pub mod unit;

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
    /// The organisation's tree of departments, circles, squads, teams.
    Unit(unit::Unit),
    /// Named seats in a unit.
    Role(role::Role),
    /// Who holds which role.
    Assignment(assignment::Assignment),
    /// What a role may do alone.
    Grant(grant::Grant),
    /// How a unit decides the rest.
    Policy(policy::Policy),
    /// Duties that are kept apart.
    Sod(sod::Sod),

    /// Actions that wait for a unit's decision.
    Proposal(proposal::Proposal),

    /// Money, hours, points, goods.
    Asset(asset::Asset),
    /// External counterparties of a unit.
    Party(party::Party),
    /// What units may spend, and money that they pass on.
    Budget(budget::Budget),
    /// Transfers that are reserved.
    Hold(hold::Hold),
    /// Money from and to the world outside.
    External(external::External),
    /// Value between two accounts.
    Transfer(transfer::Transfer),

    /// Documents whose hashes are recorded.
    Document(document::Document),
    /// Who may read records for an audit.
    Auditor(auditor::Auditor),

    /// May I do this? Takes the words of a command.
    Can(can::Can),
    /// Who may do this? Takes the words of a command.
    WhoCan(can::WhoCan),
}

impl Command {
    /// Runs the command.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self {
            Command::Unit(noun) => noun.run(context).await,
            Command::Role(noun) => noun.run(context).await,
            Command::Assignment(noun) => noun.run(context).await,
            Command::Grant(noun) => noun.run(context).await,
            Command::Policy(noun) => noun.run(context).await,
            Command::Sod(noun) => noun.run(context).await,
            Command::Proposal(noun) => noun.run(context).await,
            Command::Asset(noun) => noun.run(context).await,
            Command::Party(noun) => noun.run(context).await,
            Command::Budget(noun) => noun.run(context).await,
            Command::Hold(noun) => noun.run(context).await,
            Command::External(noun) => noun.run(context).await,
            Command::Document(noun) => noun.run(context).await,
            Command::Auditor(noun) => noun.run(context).await,
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

/// A document's hash, or none.
pub fn optional_document(text: Option<&str>) -> Result<Vec<u8>> {
    text.map_or(Ok(Vec::new()), document_hash)
}
