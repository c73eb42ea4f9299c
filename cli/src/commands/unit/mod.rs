//! `unit tree | list | show | health | create | amend | work | move | dissolve | join | leave | change-squad`.

mod belonging;
mod change;
mod health;
mod profile;
mod read;
mod tree;

use clap::{Args, Subcommand};
use polity_client::Result;
use polity_client::v1::Ref;

use crate::context::Context;

/// Units: the organisation's tree of departments, circles, squads, teams.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity unit tree\n  \
    polity unit show acme/dev\n  \
    polity unit create acme/dev/api --kind team --purpose 'keeps the interface' --confers spend,approve\n  \
    polity unit move acme/dev/api acme/ops")]
pub struct Unit {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    Tree(tree::Tree),
    List(read::List),
    Show(read::Show),
    Health(health::Health),
    Create(change::Create),
    Amend(change::Amend),
    Work(profile::Work),
    Move(change::Move),
    Dissolve(change::Dissolve),
    Join(belonging::Join),
    Leave(belonging::Leave),
    ChangeSquad(belonging::ChangeSquad),
}

impl Unit {
    /// Runs the verb.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::Tree(verb) => verb.run(context).await,
            Verb::List(verb) => verb.run(context).await,
            Verb::Show(verb) => verb.run(context).await,
            Verb::Health(verb) => verb.run(context).await,
            Verb::Create(verb) => verb.run(context).await,
            Verb::Amend(verb) => verb.run(context).await,
            Verb::Work(verb) => verb.run(context).await,
            Verb::Move(verb) => verb.run(context).await,
            Verb::Dissolve(verb) => verb.run(context).await,
            Verb::Join(verb) => verb.run(context).await,
            Verb::Leave(verb) => verb.run(context).await,
            Verb::ChangeSquad(verb) => verb.run(context).await,
        }
    }
}

async fn optional(context: &Context, unit: Option<&str>) -> Result<Option<Ref>> {
    match unit {
        Some(unit) => context.unit_ref(unit).await,
        None => Ok(None),
    }
}
