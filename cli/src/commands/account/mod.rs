//! `account list | show | open | close | freeze | unfreeze | credit`.

mod change;
mod read;

use clap::{Args, Subcommand};
use polity_client::Result;

use crate::context::Context;

/// Accounts: each holds one asset for a unit, a member or an external party.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity account list acme/dev\n  \
    polity account show acme/dev:main\n  \
    polity account open acme/dev:travel EUR\n  \
    polity account freeze finn:main --with ada=acme/ops#lead --draft freeze.draft\n  \
    polity account credit acme/dev:main 500.00 EUR")]
pub struct Account {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    List(read::List),
    Show(read::Show),
    Open(change::Open),
    Close(change::Close),
    Freeze(change::Freeze),
    Unfreeze(change::Unfreeze),
    Credit(change::Credit),
}

impl Account {
    /// Runs the verb.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::List(verb) => verb.run(context).await,
            Verb::Show(verb) => verb.run(context).await,
            Verb::Open(verb) => verb.run(context).await,
            Verb::Close(verb) => verb.run(context).await,
            Verb::Freeze(verb) => verb.run(context).await,
            Verb::Unfreeze(verb) => verb.run(context).await,
            Verb::Credit(verb) => verb.run(context).await,
        }
    }
}
