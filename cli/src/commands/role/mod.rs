//! `role list | show | create | amend | move | remove | assign`.

mod change;
mod read;

use clap::{Args, Subcommand};
use polity_client::Result;

pub(super) use read::vacant;

use super::assignment;
use crate::context::Context;

/// Roles: named seats in a unit, with purpose, domains and accountabilities.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity role list acme/dev\n  \
    polity role create acme/dev#guide --purpose 'answers newcomers' --accountability 'welcoming' --term 180d\n  \
    polity role assign acme/dev#guide finn")]
pub struct Role {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    List(read::List),
    Show(read::Show),
    Create(change::Create),
    Amend(change::Amend),
    Move(change::Move),
    Remove(change::Remove),
    Assign(assignment::Assign),
}

impl Role {
    /// Runs the verb.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::List(verb) => verb.run(context).await,
            Verb::Show(verb) => verb.run(context).await,
            Verb::Create(verb) => verb.run(context).await,
            Verb::Amend(verb) => verb.run(context).await,
            Verb::Move(verb) => verb.run(context).await,
            Verb::Remove(verb) => verb.run(context).await,
            Verb::Assign(verb) => verb.run(context).await,
        }
    }
}
