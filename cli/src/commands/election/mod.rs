//! `election list | show | call | ballot | reveal | change`.

mod ballot;
mod call;
mod change;
mod list;
mod reveal;
mod show;

use clap::{Args, Subcommand};
use polity_client::session::lettered;
use polity_client::v1::ObjectKind;
use polity_client::{Error, Result};

use crate::context::Context;
use crate::failure::usage;

pub(in crate::commands) use show::step_words;

/// Elections: who holds the roles that nobody assigns.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity election call acme/dev#facilitator --term 180d\n  \
    polity election ballot j3 lea\n  \
    polity election reveal j3\n  \
    polity election show j3")]
pub struct Election {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    List(list::List),
    Show(show::Show),
    Call(call::Call),
    Ballot(ballot::SealBallot),
    Reveal(reveal::Reveal),
    Change(change::Change),
}

impl Election {
    /// Runs the verb.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::List(verb) => verb.run(context).await,
            Verb::Show(verb) => verb.run(context).await,
            Verb::Call(verb) => verb.run(context).await,
            Verb::Ballot(verb) => verb.run(context).await,
            Verb::Reveal(verb) => verb.run(context).await,
            Verb::Change(verb) => verb.run(context).await,
        }
    }
}

fn absent(number: u64) -> Error {
    let letter = lettered(ObjectKind::Election, number);
    usage(format!("there is no election {letter}"))
}
