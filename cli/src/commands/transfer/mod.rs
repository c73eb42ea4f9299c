//! `transfer send | show | correct`.

mod correct;
mod find;
mod remarks;
mod send;
mod show;

use clap::{Args, Subcommand};
use polity_client::Result;

pub(crate) use show::transfer_kind_name;

use crate::context::Context;

pub use send::Send;

/// Moves value between two accounts, and shows what moved.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity transfer send acme/dev:main finn:main 480.00 EUR\n  \
    polity transfer send acme/dev:main acme/ops:main 20.00 EUR --for reimbursement --reference INV-7\n  \
    polity transfer show t501 --account acme/dev:main\n  \
    polity transfer correct t501 --account finn:main 80.00 EUR")]
pub struct Transfer {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    Send(Send),
    Show(show::Show),
    Correct(correct::Correct),
}

impl Transfer {
    /// Runs the verb.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::Send(verb) => verb.run(context).await,
            Verb::Show(verb) => verb.run(context).await,
            Verb::Correct(verb) => verb.run(context).await,
        }
    }
}
