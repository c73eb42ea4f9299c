//! `network status | verify`, the changes of who validates and of nodes, and `set-parameters`.

mod change;
mod parameters;
mod status;
mod verify;

use clap::{Args, Subcommand};
use polity_client::Result;

use crate::context::Context;

/// The departments' validators and nodes, and what this program believes of them.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity network status\n  \
    polity network status -o json\n  \
    polity network status --at 2026-03-01\n  \
    polity network verify\n  \
    polity network register-node acme/lab --node-key 5f…c2 --address lab.example:26656 --as acme/lab#lead\n  \
    polity proposal open acme --title 'Lab validates' --expect departments -- network add-validator acme/lab --consensus-key 3b…91 --possession 07…aa\n  \
    polity proposal open acme --title 'More time' --expect departments -- network set-parameters --recovery-wait 72h")]
pub struct Network {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    Status(status::Status),
    Verify(verify::Verify),
    RegisterNode(change::RegisterNodeVerb),
    RemoveNode(change::RemoveNodeVerb),
    AddValidator(change::AddValidatorVerb),
    RemoveValidator(change::RemoveValidatorVerb),
    RotateKey(change::RotateKeyVerb),
    SetParameters(parameters::SetParametersVerb),
}

impl Network {
    /// Runs the verb.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::Status(verb) => verb.run(context).await,
            Verb::Verify(verb) => verb.run(context).await,
            Verb::RegisterNode(verb) => verb.run(context).await,
            Verb::RemoveNode(verb) => verb.run(context).await,
            Verb::AddValidator(verb) => verb.run(context).await,
            Verb::RemoveValidator(verb) => verb.run(context).await,
            Verb::RotateKey(verb) => verb.run(context).await,
            Verb::SetParameters(verb) => verb.run(context).await,
        }
    }
}
