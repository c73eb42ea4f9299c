//! `election list`.

use clap::Args;
use polity_client::Result;
use polity_client::ledger::state::keys::List as Lists;
use polity_client::session::lettered;
use polity_client::v1::{Election, ObjectKind};
use serde_json::json;

use crate::context::Context;
use crate::names::Names;
use crate::output::Table;
use crate::{time, word};

/// Lists the open elections of a unit.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    polity election list acme/dev")]
pub(super) struct List {
    /// The unit.
    unit: String,
}

impl List {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let view = context.view().await?;
        let unit = session.unit(&self.unit).await?.number;
        let elections: Vec<Election> = view.listed(Lists::Elections, &[unit]).await?;
        let mut names = Names::new(&view);
        names
            .load_roles(elections.iter().map(|one| one.role))
            .await?;

        let mut table = Table::new(["election", "role", "step", "until", "ballots"]);
        let mut rows = Vec::new();
        for one in &elections {
            let ballots = format!("{} of {}", one.ballots.len(), one.electorate.len());
            table.row([
                lettered(ObjectKind::Election, one.number),
                names.role(one.role),
                word::word(one.step()),
                time::shown(one.step_until),
                ballots,
            ]);
            let hands = super::show::hands(&view, one).await?;
            rows.push(super::show::as_json(one, &hands));
        }
        context.answer(&view, json!({"elections": rows}), || table.to_string());
        Ok(())
    }
}
