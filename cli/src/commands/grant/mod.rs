//! `grant list | show | give | revoke | delegate`.

mod delegate;
mod give;
mod read;

use clap::{Args, Subcommand};
use polity_client::Result;

use crate::context::Context;

/// Grants: what the holders of a role may do alone, inside a scope and limits.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity grant list --role acme/dev#buyer\n  \
    polity grant give acme/dev#buyer spend --unit acme/dev --per-transfer '500.00 EUR' --per-period '5000.00 EUR per month'\n  \
    polity grant give acme#lead govern --unit acme --below\n  \
    polity grant delegate g41 gia --until 14d --per-transfer '200.00 EUR'")]
pub struct Grant {
    #[command(subcommand)]
    verb: Verb,
}

impl Grant {
    /// Runs the verb.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::List(verb) => verb.run(context).await,
            Verb::Show(verb) => verb.run(context).await,
            Verb::Give(verb) => verb.run(context).await,
            Verb::Revoke(verb) => verb.run(context).await,
            Verb::Delegate(verb) => verb.run(context).await,
        }
    }
}

#[derive(Subcommand, Debug)]
enum Verb {
    List(read::List),
    Show(read::Show),
    Give(give::Give),
    Revoke(delegate::Revoke),
    Delegate(delegate::Hand),
}
