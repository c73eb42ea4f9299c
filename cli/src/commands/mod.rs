//! One file a noun: the doc comment of an argument struct is its help.

pub mod account;
pub mod acts;
pub mod asset;
pub mod assignment;
pub mod audit;
pub mod auditor;
pub mod budget;
pub mod can;
pub mod document;
pub mod election;
pub mod explain;
pub mod export;
pub mod external;
pub mod grant;
#[cfg(test)]
mod guides;
pub mod history;
pub mod hold;
pub mod import;
pub mod inbox;
pub mod key;
#[cfg(test)]
mod lines;
pub mod member;
pub mod network;
pub mod party;
pub mod policy;
pub mod proposal;
pub mod role;
pub mod shell;
pub mod sod;
pub mod transfer;
pub mod tx;
pub mod unit;
pub mod watch;
pub mod why;

use clap::Subcommand;
use polity_client::Result;
use polity_client::ledger::state::keys;
use polity_client::session::{View, kind_name, lettered, number_of};
use polity_client::v1::{ObjectKind, Paused};

use crate::context::Context;
use crate::failure::usage;

pub use can::{actions_of, collect, inner};

/// What to do. The help of each is the doc comment of its struct.
#[allow(missing_docs)]
#[derive(Subcommand, Debug)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub enum Command {
    Network(network::Network),
    Key(key::Key),

    Unit(unit::Unit),
    Member(member::Member),
    Role(role::Role),
    Assignment(assignment::Assignment),
    Grant(grant::Grant),
    Policy(policy::Policy),
    Sod(sod::Sod),
    Proposal(proposal::Proposal),
    Election(election::Election),

    Asset(asset::Asset),
    Account(account::Account),
    Party(party::Party),
    Transfer(transfer::Transfer),
    Hold(hold::Hold),
    Budget(budget::Budget),
    External(external::External),

    Document(document::Document),
    Auditor(auditor::Auditor),
    Import(import::Import),
    Export(export::Export),

    Tx(tx::Tx),
    Can(can::Can),
    WhoCan(can::WhoCan),
    Why(why::Why),
    Explain(explain::Explain),
    Inbox(inbox::Inbox),
    History(history::History),
    Audit(audit::Audit),
    Watch(watch::Watch),

    Completions(shell::Completions),
    Man(shell::Man),
}

impl Command {
    /// Runs the command.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self {
            Command::Network(one) => one.run(context).await,
            Command::Key(one) => one.run(context).await,
            Command::Unit(one) => one.run(context).await,
            Command::Member(one) => one.run(context).await,
            Command::Role(one) => one.run(context).await,
            Command::Assignment(one) => one.run(context).await,
            Command::Grant(one) => one.run(context).await,
            Command::Policy(one) => one.run(context).await,
            Command::Sod(one) => one.run(context).await,
            Command::Proposal(one) => one.run(context).await,
            Command::Election(one) => one.run(context).await,
            Command::Asset(one) => one.run(context).await,
            Command::Account(one) => one.run(context).await,
            Command::Party(one) => one.run(context).await,
            Command::Transfer(one) => one.run(context).await,
            Command::Hold(one) => one.run(context).await,
            Command::Budget(one) => one.run(context).await,
            Command::External(one) => one.run(context).await,
            Command::Document(one) => one.run(context).await,
            Command::Auditor(one) => one.run(context).await,
            Command::Import(one) => one.run(context).await,
            Command::Export(one) => one.run(context).await,
            Command::Tx(one) => one.run(context).await,
            Command::Can(one) => one.run(context).await,
            Command::WhoCan(one) => one.run(context).await,
            Command::Why(one) => one.run(context).await,
            Command::Explain(one) => one.run(context),
            Command::Inbox(one) => one.run(context).await,
            Command::History(one) => one.run(context).await,
            Command::Audit(one) => one.run(context).await,
            Command::Watch(one) => one.run(context).await,
            Command::Completions(one) => one.run(context),
            Command::Man(one) => one.run(context),
        }
    }
}

/// Reads a number with its letter, where the kind has no handles: `g41`.
pub fn parse_number(kind: ObjectKind, text: &str) -> Result<u64> {
    number_of(kind, text).ok_or_else(|| {
        let words = format!(
            "{text} names no {}: one is written {}",
            kind_name(kind),
            lettered(kind, 7)
        );
        usage(words)
    })
}

/// The sum of all outages, in seconds.
async fn seconds_paused(view: &View<'_>) -> Result<u64> {
    let paused = view.value::<Paused>(keys::key(keys::PAUSED, &[])).await?;
    Ok(paused.unwrap_or_default().seconds)
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
