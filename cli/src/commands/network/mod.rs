//! `network status | verify`, the changes of who validates and of nodes, and `set-parameters`.

mod change;
mod parameters;
mod status;

use clap::{Args, Subcommand};
use polity_client::Result;
use serde_json::json;

use crate::context::Context;
use crate::output::facts;
use crate::time;

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
    Verify(Verify),
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

/// Verifies headers from the root of trust to the newest one, and shows a checkpoint to hand on.
#[derive(Args, Debug)]
struct Verify {}

impl Verify {
    async fn run(self, context: &Context) -> Result<()> {
        context.only_now()?;
        let session = context.session().await?;
        let header = session.light().newest().await?;
        let root = session.light().root();
        let from = match &context.options.checkpoint {
            Some(_) => format!("the checkpoint at height {}", root.height()),
            None => "the genesis file".to_owned(),
        };
        let checkpoint = format!("{}:{}", header.height(), hex::encode(header.hash()));
        let power: u64 = header.validators().iter().map(|one| one.power).sum();
        let json = json!({
            "organisation": header.chain_id(),
            "root_height": root.height(),
            "height": header.height(),
            "time": time::json(time::seconds(header.time())),
            "app_hash": hex::encode(header.app_hash()),
            "checkpoint": checkpoint,
            "validators": header.validators().len(),
            "power": power,
        });
        context.output.show(&json, || {
            facts(&[
                ("organisation", header.chain_id().to_owned()),
                ("believed", from.clone()),
                (
                    "verified",
                    format!(
                        "to height {} of {}",
                        header.height(),
                        time::shown(time::seconds(header.time()))
                    ),
                ),
                (
                    "signed by",
                    format!(
                        "more than two thirds of power {power} of {} validators",
                        header.validators().len()
                    ),
                ),
                ("checkpoint", checkpoint.clone()),
            ])
        });
        context.tell_age(header.time());
        Ok(())
    }
}
