//! `unit list` and `unit show`.

use clap::Args;
use polity_client::Result;
use polity_client::ledger::state::keys::List as Lists;
use polity_client::session::{lettered, number_of};
use polity_client::v1::{Assignment, ObjectKind, Role, RoleKind, Unit, UnitKind};
use serde_json::{Value, json};

use super::tree::{Forest, root};
use crate::context::Context;
use crate::failure::usage;
use crate::names::{self, Names};
use crate::output::{Table, facts};
use crate::{time, word};

/// A squad with fewer members is seen as unhealthy; no rule forbids it.
const SQUAD_MIN: usize = 3;

/// Lists units with their numbers.
#[derive(Args, Debug)]
pub(super) struct List {
    /// Of this unit and below; without it, all.
    unit: Option<String>,
}

impl List {
    /// Lists.
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let view = context.view().await?;
        let top = match &self.unit {
            Some(unit) => session.unit(unit).await?.number,
            None => root(&view).await?,
        };
        let forest = Forest::read(&view, top, u32::MAX).await?;
        let mut names = Names::new(&view);
        names.load_units(forest.units.keys().copied()).await?;
        let mut table = Table::new(["unit", "name", "kind", "label", "external id"]);
        let mut rows = Vec::new();
        let mut units: Vec<&Unit> = forest.units.values().collect();
        units.sort_by_cached_key(|unit| names.unit(unit.number));
        for unit in units {
            table.row([
                lettered(ObjectKind::Unit, unit.number),
                names.unit(unit.number),
                word::word(unit.kind()),
                unit.label.clone(),
                unit.external_id.clone(),
            ]);
            rows.push(unit_json(unit, &names));
        }
        context.answer(&view, json!({"units": rows}), || table.to_string());
        Ok(())
    }
}

/// Shows a unit: its words, what it may, its roles, who joined.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  polity unit show acme/dev\n  polity unit show u4 --at 1200 -o json"
)]
pub(super) struct Show {
    /// The unit; one that is dissolved, by its number.
    unit: String,
}

impl Show {
    /// Shows.
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let view = context.view().await?;
        let number = match number_of(ObjectKind::Unit, &self.unit) {
            Some(number) => number,
            None => session.unit(&self.unit).await?.number,
        };
        let unit = view.get::<Unit>(number).await?;
        let unit = unit.ok_or_else(|| usage(format!("there is no unit {}", self.unit)))?;
        let listed = async |list: Lists| -> Result<Vec<u64>> {
            Ok(view.lists(list, &[number]).await?.concat())
        };
        let (children, joined, roles) = (
            listed(Lists::Children).await?,
            listed(Lists::Joined).await?,
            listed(Lists::Roles).await?,
        );
        let holders = view.lists(Lists::Holders, &roles).await?;
        let roles = view.get_all::<Role>(&roles).await?;
        let roles: Vec<Role> = roles.into_iter().flatten().collect();
        let assignments = view.get_all::<Assignment>(&holders.concat()).await?;
        let assignments: Vec<Assignment> = assignments.into_iter().flatten().collect();

        let mut names = Names::new(&view);
        names
            .load_units(children.iter().copied().chain([number, unit.succeeds]))
            .await?;
        let people = assignments
            .iter()
            .map(|one| one.member)
            .chain(joined.iter().copied());
        names.load_members(people).await?;
        names
            .load_roles(roles.iter().map(|role| role.number))
            .await?;

        let warnings = warnings(&unit, &roles, &assignments, joined.len(), &names);
        let mut value = unit_json(&unit, &names);
        value["joined"] = numbers(ObjectKind::Member, &joined);
        value["units"] = numbers(ObjectKind::Unit, &children);
        value["roles"] = roles
            .iter()
            .map(|role| role_json(role, &assignments))
            .collect();
        value["warnings"] = warnings.clone().into();
        context.answer(&view, value, || {
            let people: Vec<String> = joined
                .iter()
                .map(|one| names.shown(ObjectKind::Member, *one))
                .collect();
            let below: Vec<String> = children
                .iter()
                .map(|one| names.shown(ObjectKind::Unit, *one))
                .collect();
            let mut text = facts(&[
                ("unit", names.shown(ObjectKind::Unit, number)),
                ("kind", word::word(unit.kind())),
                ("label", unit.label.clone()),
                ("purpose", unit.purpose.clone()),
                ("external id", unit.external_id.clone()),
                ("may", word::capabilities(&unit.confers).join(", ")),
                ("ceiling", shown_unless_zero(unit.ceiling)),
                ("succeeds", names.shown(ObjectKind::Unit, unit.succeeds)),
                ("created", time::shown(unit.created_at)),
                ("happened", time::shown(unit.effective_at)),
                ("dissolved", time::shown(unit.dissolved_at)),
                ("joined", people.join(", ")),
                ("below", below.join(", ")),
            ]);
            for role in &roles {
                let held = assignments.iter().filter(|one| one.role == role.number);
                let held: Vec<String> = held
                    .map(|one| names.shown(ObjectKind::Member, one.member))
                    .collect();
                let letter = lettered(ObjectKind::Role, role.number);
                let holders = if held.is_empty() {
                    "vacant".into()
                } else {
                    held.join(", ")
                };
                text.push_str(&format!("#{} {letter}: {holders}\n", role.handle));
            }
            for warning in &warnings {
                let yellow = anstyle::AnsiColor::Yellow.on_default();
                text.push_str(&format!("{yellow}health:{yellow:#} {warning}\n"));
            }
            text
        });
        Ok(())
    }
}

/// Minima are no rules: who reads about a unit sees what is missing.
fn warnings(
    unit: &Unit,
    roles: &[Role],
    assignments: &[Assignment],
    joined: usize,
    names: &Names<'_>,
) -> Vec<String> {
    let mut warnings = Vec::new();
    if unit.kind() == UnitKind::Squad && joined < SQUAD_MIN {
        warnings.push(format!(
            "the squad has {joined} members, fewer than {SQUAD_MIN}"
        ));
    }
    let owned = roles
        .iter()
        .any(|role| role.kind() == RoleKind::ProductOwner);
    if unit.kind() == UnitKind::Squad && !owned {
        warnings.push("the squad has no product owner".to_owned());
    }
    for role in roles {
        let held = assignments
            .iter()
            .filter(|one| one.role == role.number)
            .count();
        let name = names.role(role.number);
        if held == 0 {
            warnings.push(format!(
                "{name} is vacant: its accountabilities fall to the lead of the containing unit"
            ));
        } else if held < role.holders_min as usize {
            let least = role.holders_min;
            warnings.push(format!("{name} has {held} holders, fewer than {least}"));
        }
    }
    warnings
}

fn unit_json(unit: &Unit, names: &Names<'_>) -> Value {
    json!({
        "unit": lettered(ObjectKind::Unit, unit.number),
        "name": names.unit(unit.number),
        "parent": names::json(ObjectKind::Unit, unit.parent),
        "kind": word::word(unit.kind()),
        "handle": unit.handle,
        "label": unit.label,
        "purpose": unit.purpose,
        "external_id": unit.external_id,
        "confers": word::capabilities(&unit.confers),
        "ceiling": unit.ceiling,
        "succeeds": names::json(ObjectKind::Unit, unit.succeeds),
        "created_at": time::json(unit.created_at),
        "effective_at": time::json(unit.effective_at),
        "dissolved_at": time::json(unit.dissolved_at),
    })
}

fn role_json(role: &Role, assignments: &[Assignment]) -> Value {
    let held = assignments.iter().filter(|one| one.role == role.number);
    json!({
        "role": lettered(ObjectKind::Role, role.number),
        "handle": role.handle,
        "holders": held
            .map(|one| lettered(ObjectKind::Member, one.member))
            .collect::<Vec<_>>(),
    })
}

fn numbers(kind: ObjectKind, numbers: &[u64]) -> Value {
    numbers
        .iter()
        .map(|number| lettered(kind, *number))
        .collect::<Vec<_>>()
        .into()
}

fn shown_unless_zero(number: u32) -> String {
    match number {
        0 => String::new(),
        number => number.to_string(),
    }
}
