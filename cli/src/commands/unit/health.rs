//! `unit health`: what a unit lacks. Warnings refuse nothing.

use std::collections::BTreeSet;

use clap::Args;
use polity_client::Result;
use polity_client::ledger::time::DAY;
use polity_client::session::{View, lettered};
use polity_client::v1::{ObjectKind, Warning, WarningKind};
use serde_json::{Value, json};

use super::tree::root;
use crate::context::Context;
use crate::names::{self, Names};
use crate::output::Table;
use crate::{time, word};

/// Terms that end so soon are warned of, in seconds: two weeks.
pub(super) const WITHIN: u64 = 14 * DAY;

/// Shows what units lack: members, a product owner, holders of roles, terms that end, room.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity unit health\n  \
    polity unit health acme/player --within 30d\n  \
    polity unit health acme/player --alone -o json")]
pub(super) struct Health {
    /// The unit, with all below it; without it, the whole organisation.
    unit: Option<String>,
    /// The unit alone.
    #[arg(long)]
    alone: bool,
    /// Terms that end within this time are warned of.
    #[arg(long, value_name = "DURATION", default_value = "14d")]
    within: String,
}

impl Health {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let view = context.view().await?;
        let unit = match &self.unit {
            Some(unit) => session.unit(unit).await?.number,
            None => root(&view).await?,
        };
        let within = time::parse_seconds(&self.within)?;
        let answer = session.health(unit, !self.alone, within, view.at()).await?;
        let names = names_of(&view, &answer.warnings).await?;

        let mut table = Table::new(["unit", "about", "warning"]);
        let mut rows: Vec<Value> = Vec::new();
        for warning in &answer.warnings {
            let about = names.shown(ObjectKind::Role, warning.role);
            let unit = names.shown(ObjectKind::Unit, warning.unit);
            table.row([unit, about, words(warning, &names)]);
            rows.push(as_json(warning));
        }
        let value =
            json!({"height": answer.height, "warnings": rows, "truncated": answer.truncated});
        context.hearsay(view.at(), value, || {
            let mut text = if answer.warnings.is_empty() {
                "Nothing is amiss.\n".to_owned()
            } else {
                table.to_string()
            };
            if answer.truncated {
                text.push_str("More units were there than were looked at.\n");
            }
            text
        });
        Ok(())
    }
}

/// Reads the names that warnings speak of.
pub(super) async fn names_of<'s>(view: &'s View<'s>, warnings: &[Warning]) -> Result<Names<'s>> {
    let mut names = Names::new(view);
    let units: BTreeSet<u64> = warnings.iter().map(|one| one.unit).collect();
    names.load_units(units).await?;
    let roles = warnings.iter().flat_map(|one| [one.role, one.falls_to]);
    names.load_roles(roles).await?;
    let people = warnings
        .iter()
        .flat_map(|one| one.falls_to_members.iter().copied());
    names.load_members(people).await?;
    Ok(names)
}

/// A warning in words.
pub(super) fn words(warning: &Warning, names: &Names<'_>) -> String {
    let (found, bound) = (warning.found, warning.bound);
    match warning.kind() {
        WarningKind::None => String::new(),
        WarningKind::UnderStrength => {
            format!("under strength: {found} of at least {bound} members")
        }
        WarningKind::ProductOwnerVacant if warning.role == 0 => "no role of product owner".into(),
        WarningKind::ProductOwnerVacant => format!("no product owner{}", falls_to(warning, names)),
        WarningKind::RoleUnfilled if found == 0 => {
            format!("unfilled{}", falls_to(warning, names))
        }
        WarningKind::RoleUnfilled => format!("{found} of at least {bound} holders"),
        WarningKind::TermEnding => {
            let assignment = lettered(ObjectKind::Assignment, warning.assignment);
            format!(
                "the term of {assignment} ends {}",
                time::shown(warning.until)
            )
        }
        WarningKind::CeilingNear => format!("nearly full: {found} of {bound} members"),
    }
}

/// To whom the accountabilities of an unfilled role fall.
fn falls_to(warning: &Warning, names: &Names<'_>) -> String {
    if warning.falls_to == 0 {
        return String::new();
    }
    let people: Vec<String> = warning
        .falls_to_members
        .iter()
        .map(|one| names.member(*one))
        .collect();
    let lead = names.shown(ObjectKind::Role, warning.falls_to);
    if people.is_empty() {
        format!(", falls to {lead}, which is unfilled too")
    } else {
        format!(", falls to {} as {lead}", people.join(", "))
    }
}

fn as_json(warning: &Warning) -> Value {
    json!({
        "warning": word::word(warning.kind()),
        "unit": names::json(ObjectKind::Unit, warning.unit),
        "role": names::json(ObjectKind::Role, warning.role),
        "assignment": names::json(ObjectKind::Assignment, warning.assignment),
        "found": warning.found,
        "bound": warning.bound,
        "until": time::json(warning.until),
        "falls_to": names::json(ObjectKind::Role, warning.falls_to),
        "falls_to_members": warning.falls_to_members.iter()
            .map(|one| lettered(ObjectKind::Member, *one)).collect::<Vec<_>>(),
    })
}
