//! `budget list | show | plan | move | allocate | return | close`.

mod allocate;
mod plan;
mod read;

use clap::{Args, Subcommand};
use polity_client::Result;

use crate::context::Context;

/// Budgets: lines that say what a unit may spend, and money that units pass to units.
///
/// A line is written `b7`, or `acme/dev:travel`, with its first day where the category has several periods:
/// `acme/dev:travel@2026-01-01`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity budget plan acme/dev travel 12000.00 EUR --period 2026 --hard\n  \
    polity budget allocate acme:main acme/dev:main 250000.00 EUR\n  \
    polity budget list acme/dev")]
pub struct Budget {
    #[command(subcommand)]
    verb: Verb,
}

impl Budget {
    /// Runs the verb.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::List(verb) => verb.run(context).await,
            Verb::Show(verb) => verb.run(context).await,
            Verb::Plan(verb) => verb.run(context).await,
            Verb::Move(verb) => verb.run(context).await,
            Verb::Allocate(verb) => verb.run(context).await,
            Verb::Return(verb) => verb.run(context).await,
            Verb::Close(verb) => verb.run(context).await,
        }
    }
}

#[derive(Subcommand, Debug)]
enum Verb {
    List(read::List),
    Show(read::Show),
    Plan(plan::Plan),
    Move(plan::Move),
    Allocate(allocate::Allocate),
    Return(allocate::Return),
    Close(plan::Close),
}
