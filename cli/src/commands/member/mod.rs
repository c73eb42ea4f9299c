//! `member list | show | invite | withdraw | join | leave | suspend | reinstate | recover | stop-recovery | import |
//! add-key | revoke-key`.

mod enter;
mod keys;
mod read;
mod suspend;

use clap::{Args, Subcommand};
use polity_client::Result;

use crate::context::Context;

/// People and services of the organisation, and their keys.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity member list\n  \
    polity member show finn\n  \
    polity member invite finn --unit acme/dev --public-key 5f0c…\n  \
    polity member join --member finn\n  \
    polity member suspend finn --with ada=acme/ops#lead --draft suspend.draft")]
pub struct Member {
    #[command(subcommand)]
    verb: Verb,
}

impl Member {
    /// Runs the verb.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::List(verb) => verb.run(context).await,
            Verb::Show(verb) => verb.run(context).await,
            Verb::Invite(verb) => verb.run(context).await,
            Verb::Withdraw(verb) => verb.run(context).await,
            Verb::Join(verb) => verb.run(context).await,
            Verb::Leave(verb) => verb.run(context).await,
            Verb::Suspend(verb) => verb.run(context).await,
            Verb::Reinstate(verb) => verb.run(context).await,
            Verb::Recover(verb) => verb.run(context).await,
            Verb::StopRecovery(verb) => verb.run(context).await,
            Verb::Import(verb) => verb.run(context).await,
            Verb::AddKey(verb) => verb.run(context).await,
            Verb::RevokeKey(verb) => verb.run(context).await,
        }
    }
}

#[derive(Subcommand, Debug)]
enum Verb {
    List(read::List),
    Show(read::Show),
    Invite(enter::Invite),
    Withdraw(enter::Withdraw),
    Join(enter::Join),
    Leave(enter::Leave),
    Suspend(suspend::Suspend),
    Reinstate(suspend::Reinstate),
    Recover(keys::Recover),
    StopRecovery(keys::StopRecovery),
    Import(enter::Import),
    AddKey(keys::AddKey),
    RevokeKey(keys::RevokeKey),
}
