//! `network status`: who validates, which nodes are registered, and whether blocks are made.

use clap::Args;
use polity_client::ledger::state::keys::{self, List};
use polity_client::session::{AsOf, View};
use polity_client::trust::VerifiedHeader;
use polity_client::v1::{Node, ObjectKind, StatusAnswer, Validator};
use polity_client::{Error, Result};
use serde_json::{Value, json};

use crate::context::Context;
use crate::names::Names;
use crate::output::{Table, facts};
use crate::time;

/// What is missing where no block is made.
const STANDING: &str = "no block since then: a third of the power or more takes no part, or the node that answers is \
                        cut off; polityd status at each department tells which";

/// A block that is this much too late is missing: clocks differ by less.
const LATE_SECONDS: u64 = 30;

/// CometBFT makes a block in so many seconds, whatever the parameter says.
const COMETBFT_IDLE_SECONDS: u64 = 60;

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
        let shown = Shown::read(&view, told, header).await?;
        let names = shown.names(&view).await?;

        let json = shown.json(&names, &view);
        context.output.show(&json, || shown.text(&names));
        if view.at() != AsOf::Newest {
            context.tell(view.moment(), &view.kinds());
        }
        Ok(())
    }
}

/// Of these the answer says what a node says of itself; nothing proves it.
const SAID: [&str; 2] = ["engine", "history_base_height"];

/// A node's word of itself.
fn said(word: &str) -> String {
    match word {
        "" => String::new(),
        word => format!("{word}, as the node says"),
    }
}

/// A header with what the state says about those who signed it.
struct Shown {
    told: StatusAnswer,
    header: VerifiedHeader,
    seconds: u64,
    stands_still: bool,
    validators: Vec<Validator>,
    nodes: Vec<Node>,
}

impl Shown {
    async fn read(view: &View<'_>, told: StatusAnswer, header: VerifiedHeader) -> Result<Shown> {
        let validators = validators(view).await?;
        let all = view.every(ObjectKind::Node).await?;
        let nodes = view.get_all::<Node>(&all).await?;
        let nodes = nodes.into_iter().flatten();
        let seconds = time::seconds(header.time());
        let idle_interval = view.session().parameters().await?.idle_interval;
        Ok(Shown {
            told,
            stands_still: view.at() == AsOf::Newest
                && stands_still(seconds, time::now()?, idle_interval),
            header,
            seconds,
            validators,
            nodes: nodes.filter(|node| node.removed_at == 0).collect(),
        })
    }

    async fn names<'v>(&self, view: &'v View<'v>) -> Result<Names<'v>> {
        let mut names = Names::new(view);
        let validators = self.validators.iter().map(|one| one.unit);
        let nodes = self.nodes.iter().map(|one| one.unit);
        names
            .load_units(validators.chain(nodes).collect::<Vec<_>>())
            .await?;
        Ok(names)
    }

    /// The validators that signed: unit, power, address. A key that was taken away signs two more heights, and the state no
    /// longer says whose it was.
    fn signers(&self, names: &Names<'_>) -> Vec<(Option<String>, u64, String)> {
        let signers = self.header.validators().iter();
        signers
            .map(|signer| {
                let mut validators = self.validators.iter();
                let of = validators.find(|one| one.key == signer.public_key);
                let unit = of.map(|one| names.unit(one.unit));
                (unit, signer.power, hex::encode(signer.address))
            })
            .collect()
    }

    fn json(&self, names: &Names<'_>, view: &View<'_>) -> Value {
        let validators = self.signers(names).into_iter();
        let validators = validators.map(|(unit, power, address)| {
            let is_leaving = unit.is_none();
            json!({
                "unit": unit.unwrap_or_default(),
                "power": power,
                "address": address,
                "leaving": is_leaving,
            })
        });
        let nodes = self.nodes.iter().map(|node| {
            json!({
                "id": hex::encode(&node.id),
                "unit": names.unit(node.unit),
                "address": node.address,
            })
        });
        json!({
            "organisation": self.header.chain_id(),
            "organisation_digest": hex::encode(view.session().organisation()),
            "engine": self.told.engine,
            "height": self.header.height(),
            "time": time::json(self.seconds),
            "stands_still": self.stands_still,
            "app_hash": hex::encode(self.header.app_hash()),
            "validators": validators.collect::<Vec<_>>(),
            "nodes": nodes.collect::<Vec<_>>(),
            "history_base_height": self.told.history_base_height,
            "proven": view.moment().is_proven,
            "said": SAID,
        })
    }

    fn text(&self, names: &Names<'_>) -> String {
        let header = &self.header;
        let (height, time) = (header.height(), time::shown(self.seconds));
        let standing = if self.stands_still { STANDING } else { "" };
        let top = facts(&[
            ("organisation", header.chain_id().to_owned()),
            ("engine", said(&self.told.engine)),
            ("height", format!("{height} of {time}, verified")),
            ("stands still", standing.to_owned()),
            ("app hash", hex::encode(header.app_hash())),
        ]);
        let mut validators = Table::new(["validator", "power", "address"]);
        for (unit, power, address) in self.signers(names) {
            let unit = unit.unwrap_or_else(|| "(leaving)".to_owned());
            validators.row([unit, power.to_string(), address]);
        }
        if self.nodes.is_empty() {
            return format!("{top}\n{validators}");
        }
        let mut nodes = Table::new(["node", "unit", "address"]);
        for node in &self.nodes {
            let id = hex::encode(&node.id);
            nodes.row([id, names.unit(node.unit), node.address.clone()]);
        }
        format!("{top}\n{validators}\n{nodes}")
    }
}

/// Whether a network that makes a block in each interval made none for long.
fn stands_still(newest: u64, now: u64, idle_interval: u64) -> bool {
    let interval = idle_interval.max(COMETBFT_IDLE_SECONDS);
    now > newest
        .saturating_add(interval.saturating_mul(2))
        .saturating_add(LATE_SECONDS)
}

/// The validators' entries in the state: unit and consensus key.
async fn validators(view: &View<'_>) -> Result<Vec<Validator>> {
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
