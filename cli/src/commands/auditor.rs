//! `auditor grant | list`.

use clap::{Args, Subcommand};
use polity_client::Result;
use polity_client::ledger::state::keys::List as Lists;
use polity_client::session::lettered;
use polity_client::v1::{Auditor as AuditorState, GrantAuditor, ObjectKind, action::Kind};
use serde_json::{Value, json};

use crate::context::Context;
use crate::names::{self, Names};
use crate::output::Table;
use crate::time;

/// Auditors: who audits which units' records of which time, and until when.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity auditor grant eve --unit acme/dev --from 2026-01-01 --to 2026-07-01 --until 90d\n  \
    polity auditor list")]
pub struct Auditor {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    Grant(Grant),
    List(List),
}

impl Auditor {
    /// Runs the verb.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::Grant(verb) => verb.run(context).await,
            Verb::List(verb) => verb.run(context).await,
        }
    }
}

/// Records that a member audits, for at most 180 days. Whoever reaches a gateway reads all that is on the chain.
#[derive(Args, Debug)]
struct Grant {
    /// Who audits.
    auditor: String,
    /// Units whose records may be read; can be repeated.
    #[arg(long = "unit", value_name = "UNIT", required = true)]
    units: Vec<String>,
    /// Records from this day on.
    #[arg(long, value_name = "DAY")]
    from: String,
    /// Records before this day.
    #[arg(long, value_name = "DAY")]
    to: String,
    /// When the grant itself ends: a time, or a duration from now.
    #[arg(long, value_name = "TIME|DURATION")]
    until: String,
}

impl Grant {
    async fn run(self, context: &Context) -> Result<()> {
        let mut units = Vec::new();
        for unit in &self.units {
            units.extend(context.unit_ref(unit).await?);
        }
        let grant = GrantAuditor {
            member: context.member_ref(&self.auditor).await?,
            units,
            window_from: time::parse(&self.from)?,
            window_until: time::parse(&self.to)?,
            until: time::parse_until(&self.until)?,
        };
        context.act(vec![Kind::GrantAuditor(grant)]).await
    }
}

/// Lists the grants of auditors, also those that ended.
#[derive(Args, Debug)]
struct List {}

impl List {
    async fn run(self, context: &Context) -> Result<()> {
        let view = context.view().await?;
        let auditors: Vec<AuditorState> = view.listed(Lists::Auditors, &[0]).await?;
        let mut names = Names::new(&view);
        names
            .load_members(auditors.iter().map(|one| one.member))
            .await?;
        names
            .load_units(auditors.iter().flat_map(|one| one.units.clone()))
            .await?;

        let mut table = Table::new([
            "grant",
            "auditor",
            "units",
            "records from",
            "records to",
            "until",
        ]);
        let mut rows = Vec::new();
        for one in &auditors {
            let units: Vec<String> = one
                .units
                .iter()
                .map(|unit| names.shown(ObjectKind::Unit, *unit))
                .collect();
            table.row([
                lettered(ObjectKind::Auditor, one.number),
                names.shown(ObjectKind::Member, one.member),
                units.join("\n"),
                time::shown(one.window_from),
                time::shown(one.window_until),
                time::shown(one.until),
            ]);
            let units: Vec<Value> = one
                .units
                .iter()
                .map(|unit| names::json(ObjectKind::Unit, *unit))
                .collect();
            rows.push(json!({
                "auditor": lettered(ObjectKind::Auditor, one.number),
                "member": lettered(ObjectKind::Member, one.member),
                "units": units,
                "window_from": time::json(one.window_from),
                "window_until": time::json(one.window_until),
                "from": time::json(one.from),
                "until": time::json(one.until),
            }));
        }
        context.answer(&view, json!({"auditors": rows}), || table.to_string());
        Ok(())
    }
}
