//! `assignment list | show | assign | accept | resign | revoke | renew`.

mod change;
mod read;

use clap::{Args, Subcommand};
use polity_client::Result;

use crate::context::Context;

pub use change::Assign;

/// Assignments: who holds which role, from when until when.
///
/// An assignment is written `n31`, or who holds what: `finn@acme/dev#lead`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity assignment list --member finn\n  \
    polity assignment assign acme/dev#guide finn --until 180d\n  \
    polity assignment resign finn@acme/dev#guide")]
pub struct Assignment {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    List(read::List),
    Show(read::Show),
    Assign(Assign),
    Accept(change::Accept),
    Resign(change::Resign),
    Revoke(change::Revoke),
    Renew(change::Renew),
}

impl Assignment {
    /// Runs the verb.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::List(verb) => verb.run(context).await,
            Verb::Show(verb) => verb.run(context).await,
            Verb::Assign(verb) => verb.run(context).await,
            Verb::Accept(verb) => verb.run(context).await,
            Verb::Resign(verb) => verb.run(context).await,
            Verb::Revoke(verb) => verb.run(context).await,
            Verb::Renew(verb) => verb.run(context).await,
        }
    }
}
