//! `network status | verify`, the changes of who validates and of nodes, and `set-parameters`.

mod change;
mod parameters;

use clap::{Args, Subcommand};
use polity_client::ledger::state::keys::{self, List};
use polity_client::session::{AsOf, View};
use polity_client::v1::{Counter, Node, ObjectKind, Validator};
use polity_client::{Error, Result};
use serde_json::json;

use crate::context::Context;
use crate::names::Names;
use crate::output::{Table, facts};
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
    Status(Status),
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

/// Shows a verified header, the newest or that of `--at`, who validates, and which nodes are registered. Needs no key.
#[derive(Args, Debug)]
struct Status {}

impl Status {
    async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let view = context.view().await?;
        let told = session.node_status().await?;
        let header = match view.at() {
            AsOf::Newest => session.light().newest().await?,
            AsOf::Height(height) => session.light().verified_header(height).await?,
        };
        let units = validator_units(&view).await?;
        let nodes = view.get_all::<Node>(&all_nodes(&view).await?).await?;
        let nodes: Vec<Node> = nodes
            .into_iter()
            .flatten()
            .filter(|node| node.removed_at == 0)
            .collect();
        let mut names = Names::new(&view);
        let wanted = units
            .iter()
            .map(|one| one.unit)
            .chain(nodes.iter().map(|one| one.unit));
        names.load_units(wanted.collect::<Vec<_>>()).await?;

        let mut validators = Vec::new();
        let mut table = Table::new(["validator", "power", "address"]);
        for validator in header.validators() {
            let of = units.iter().find(|one| one.key == validator.public_key);
            let unit = of.map_or_else(String::new, |one| names.unit(one.unit));
            let address = hex::encode(validator.address);
            validators.push(json!({
                "unit": unit,
                "power": validator.power,
                "address": address,
                "leaving": of.is_none(),
            }));
            // A key that was taken away signs two more heights, and the state no longer says whose it was.
            let shown = if of.is_some() {
                unit
            } else {
                "(leaving)".into()
            };
            table.row([shown, validator.power.to_string(), address]);
        }
        let mut node_table = Table::new(["node", "unit", "address"]);
        let mut node_list = Vec::new();
        for node in &nodes {
            let (id, unit) = (hex::encode(&node.id), names.unit(node.unit));
            node_list.push(json!({"id": id, "unit": unit, "address": node.address}));
            node_table.row([id, unit, node.address.clone()]);
        }
        let seconds = seconds(header.time());
        let idle_interval = session.parameters().await?.idle_interval;
        let stands =
            view.at() == AsOf::Newest && stands_still(seconds, time::now()?, idle_interval);
        let json = json!({
            "organisation": header.chain_id(),
            "organisation_digest": hex::encode(session.organisation()),
            "engine": told.engine,
            "height": header.height(),
            "time": time::json(seconds),
            "stands_still": stands,
            "app_hash": hex::encode(header.app_hash()),
            "validators": validators,
            "nodes": node_list,
            "history_base_height": told.history_base_height,
            "proven": view.moment().is_proven,
        });
        context.output.show(&json, || {
            let top = facts(&[
                ("organisation", header.chain_id().to_owned()),
                ("engine", told.engine.clone()),
                (
                    "height",
                    format!("{} of {}, verified", header.height(), time::shown(seconds)),
                ),
                (
                    "stands still",
                    match stands {
                        true => STANDING.to_owned(),
                        false => String::new(),
                    },
                ),
                ("app hash", hex::encode(header.app_hash())),
            ]);
            match nodes.is_empty() {
                true => format!("{top}\n{table}"),
                false => format!("{top}\n{table}\n{node_table}"),
            }
        });
        if view.at() != AsOf::Newest {
            context.tell(view.moment(), &view.kinds());
        }
        Ok(())
    }
}

/// What is missing where no block is made.
const STANDING: &str = "no block since then: a third of the power or more takes no part, or the node that answers is \
                        cut off; polityd status at each department tells which";

/// A block that is this much too late is missing: clocks differ by less.
const LATE_SECONDS: u64 = 30;

/// CometBFT makes a block in so many seconds, whatever the parameter says.
const COMETBFT_IDLE_SECONDS: u64 = 60;

/// Whether a network that makes a block in each interval made none for long.
fn stands_still(newest: u64, now: u64, idle_interval: u64) -> bool {
    let interval = idle_interval.max(COMETBFT_IDLE_SECONDS);
    now > newest
        .saturating_add(interval.saturating_mul(2))
        .saturating_add(LATE_SECONDS)
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
            "time": time::json(seconds(header.time())),
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
                        time::shown(seconds(header.time()))
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

/// The validators' entries in the state: unit and consensus key.
async fn validator_units(view: &View<'_>) -> Result<Vec<Validator>> {
    let units = view.list(List::Validators, 0).await?;
    let mut validators = Vec::new();
    for unit in units {
        let found: Option<Validator> = view.value(keys::key(keys::VALIDATOR, &[unit])).await?;
        validators.push(found.ok_or_else(|| {
            Error::trouble(format!(
                "the validator of u{unit} changed while it was read"
            ))
        })?);
    }
    Ok(validators)
}

async fn all_nodes(view: &View<'_>) -> Result<Vec<u64>> {
    let key = keys::key(keys::COUNTER, &[ObjectKind::Node as u64]);
    let counter: Option<Counter> = view.value(key).await?;
    Ok((1..=counter.map_or(0, |counter| counter.last)).collect())
}

fn seconds(time: std::time::SystemTime) -> u64 {
    time.duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_stands_still_where_a_block_is_missing() {
        assert!(!stands_still(1_000, 900, 60));
        assert!(!stands_still(1_000, 1_150, 60));
        assert!(stands_still(1_000, 1_151, 60));
    }
}
