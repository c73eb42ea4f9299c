//! `tx show | draft | sign | submit | refusals`.

mod draft;
mod refusals;
mod show;
mod sign;
mod submit;

use clap::{Args, Subcommand};
use polity_client::Result;

use crate::context::Context;

pub(super) use show::{id, sent, show_unrecorded};

/// Transactions: drafts that several people sign, and what became of those that were sent.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity --draft swap.draft transfer send finn:hours ada:hours 3 HOURS\n  \
    polity --member ada --draft swap.draft transfer send ada:main finn:main 90.00 EUR\n  \
    polity tx show swap.draft\n  \
    polity tx sign swap.draft\n  \
    polity tx submit swap.draft\n  \
    polity tx show 5f0c…\n  \
    polity tx refusals acme/dev")]
pub struct Tx {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    Show(show::Show),
    Draft(draft::MakeDraft),
    Sign(sign::Sign),
    Submit(submit::Submit),
    Refusals(refusals::Refusals),
}

impl Tx {
    /// Runs the verb.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::Show(verb) => verb.run(context).await,
            Verb::Draft(verb) => verb.run(context).await,
            Verb::Sign(verb) => verb.run(context).await,
            Verb::Submit(verb) => verb.run(context).await,
            Verb::Refusals(verb) => verb.run(context).await,
        }
    }
}
