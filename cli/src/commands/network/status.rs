//! `network status`: who validates, which nodes there are, and whether the network goes on.

use clap::Args;
use polity_client::ledger::state::keys::{self, List};
use polity_client::session::{AsOf, View};
use polity_client::v1::{Counter, Node, ObjectKind, Validator};
use polity_client::{Error, Result};
use serde_json::json;

use crate::context::Context;
use crate::names::Names;
use crate::output::{Table, facts};
use crate::time;

/// Shows a verified header, the newest or that of `--at`, who validates, and which nodes are registered. Needs no key.
#[derive(Args, Debug)]
pub(super) struct Status {}

impl Status {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
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
        let seconds = time::seconds(header.time());
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

/// So much later than it should be, a block is missing: clocks differ by less.
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
