//! `proposal list`.

use std::collections::BTreeSet;

use clap::Args;
use polity_client::Result;
use polity_client::ledger::judge::power::UNIT_DEPTH_MAX;
use polity_client::ledger::state::keys::{self, List as Lists};
use polity_client::session::{View, lettered};
use polity_client::v1::{ObjectKind, Organisation, Paused, Proposal};
use serde_json::json;

use super::read::{as_json, names_of};
use super::show::on_the_clock;
use crate::context::Context;
use crate::output::Table;
use crate::{mode, time};

/// Lists the open proposals of a unit, or those that you opened.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity proposal list\n  \
    polity proposal list acme/dev\n  \
    polity proposal list --mine")]
pub(super) struct List {
    /// The unit; without it, all units.
    unit: Option<String>,
    /// Those that you opened.
    #[arg(long, conflicts_with = "unit")]
    mine: bool,
}

impl List {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let view = context.view().await?;
        let lists = if self.mine {
            let member = context.member().await?.number;
            view.lists(Lists::ProposalsBy, &[member]).await?
        } else {
            let units = match &self.unit {
                Some(unit) => vec![session.unit(unit).await?.number],
                None => every_unit(&view).await?,
            };
            view.lists(Lists::Proposals, &units).await?
        };
        let proposals = view.get_all::<Proposal>(&lists.concat()).await?;
        let paused = view.value::<Paused>(keys::key(keys::PAUSED, &[])).await?;
        let paused = paused.unwrap_or_default().seconds;
        let proposals: Vec<Proposal> = proposals
            .into_iter()
            .flatten()
            .map(|proposal| on_the_clock(proposal, paused))
            .collect();
        let names = names_of(&view, &proposals).await?;

        let mut table = Table::new([
            "proposal", "unit", "by", "title", "mode", "answers", "lapses",
        ]);
        let mut rows = Vec::new();
        for proposal in &proposals {
            let mode = proposal.mode.clone().unwrap_or_default();
            let answers = answers(proposal).count();
            table.row([
                lettered(ObjectKind::Proposal, proposal.number),
                names.shown(ObjectKind::Unit, proposal.unit),
                names.shown(ObjectKind::Member, proposal.proposer),
                proposal.title.clone(),
                mode::shown(&mode, &names),
                answers.to_string(),
                time::shown(proposal.lapses_at),
            ]);
            rows.push(as_json(proposal, &names));
        }
        context.answer(&view, json!({"proposals": rows}), || table.to_string());
        Ok(())
    }
}

async fn every_unit(view: &View<'_>) -> Result<Vec<u64>> {
    let organisation = view.get::<Organisation>(0).await?;
    let root = organisation.map_or(0, |organisation| organisation.root_unit);
    let mut units = BTreeSet::from([root]);
    let mut level = vec![root];
    for _ in 0..UNIT_DEPTH_MAX {
        level = view.lists(Lists::Children, &level).await?.concat();
        level.retain(|unit| units.insert(*unit));
    }
    Ok(units.into_iter().collect())
}

/// The answers to the present version.
fn answers(proposal: &Proposal) -> impl Iterator<Item = &polity_client::v1::Response> {
    let version = proposal.version;
    proposal
        .responses
        .iter()
        .filter(move |one| one.version == version)
}
