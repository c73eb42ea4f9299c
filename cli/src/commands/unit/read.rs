//! `unit list` and `unit show`.

use clap::Args;
use polity_client::Result;
use polity_client::ledger::health::SQUAD_MEMBERS_MIN;
use polity_client::ledger::state::keys::{self, List as Lists};
use polity_client::session::{AsOf, View, lettered, number_of, visible};
use polity_client::v1::{Assignment, ClosedPeriod, ObjectKind, Role, RoleKind, Unit, UnitKind};
use serde_json::{Value, json};

use super::super::role::vacant;
use super::tree::{Forest, root};
use crate::context::Context;
use crate::failure::usage;
use crate::names::{self, Names};
use crate::output::{Table, facts};
use crate::word::counted;
use crate::{time, word};

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
        let shown = Shown::read(&view, number).await?;
        let shown = shown.ok_or_else(|| usage(format!("there is no unit {}", self.unit)))?;
        let names = shown.names(&view).await?;
        let warnings = shown.warnings(&names);

        let value = shown.json(&names, &warnings);
        context.answer(&view, value, || shown.text(&names, &warnings));
        Ok(())
    }
}

/// A unit with what belongs to it.
struct Shown {
    unit: Unit,
    children: Vec<u64>,
    joined: Vec<u64>,
    roles: Vec<Role>,
    assignments: Vec<Assignment>,
    /// Until when its books are closed, Unix seconds; 0: they never were. Of the past nothing proves it: none.
    closed_until: Option<u64>,
}

impl Shown {
    async fn read(view: &View<'_>, number: u64) -> Result<Option<Shown>> {
        let Some(unit) = view.get::<Unit>(number).await? else {
            return Ok(None);
        };
        let numbers = view.list(Lists::Roles, number).await?;
        let roles = view.existing(&numbers).await?;
        let assignments = view.listed(Lists::Holders, &numbers).await?;
        let closed_until = match view.at() {
            AsOf::Newest => {
                let key = keys::key(keys::CLOSED_PERIOD, &[number]);
                let closed = view.value::<ClosedPeriod>(key).await?;
                Some(closed.unwrap_or_default().until)
            }
            AsOf::Height(_) => None,
        };
        Ok(Some(Shown {
            unit,
            children: view.list(Lists::Children, number).await?,
            joined: view.list(Lists::Joined, number).await?,
            roles,
            assignments,
            closed_until,
        }))
    }

    async fn names<'v>(&self, view: &'v View<'v>) -> Result<Names<'v>> {
        let mut names = Names::new(view);
        let units = self.children.iter().copied();
        names
            .load_units(units.chain([self.unit.number, self.unit.succeeds]))
            .await?;
        let holders = self.assignments.iter().map(|one| one.member);
        names
            .load_members(holders.chain(self.joined.iter().copied()))
            .await?;
        names
            .load_roles(self.roles.iter().map(|role| role.number))
            .await?;
        Ok(names)
    }

    fn holders(&self, role: &Role) -> impl Iterator<Item = u64> {
        let held = self.assignments.iter();
        let held = held.filter(|one| one.role == role.number);
        held.map(|one| one.member)
    }

    fn json(&self, names: &Names<'_>, warnings: &[String]) -> Value {
        let mut value = unit_json(&self.unit, names);
        value["joined"] = numbers(ObjectKind::Member, &self.joined);
        value["units"] = numbers(ObjectKind::Unit, &self.children);
        let roles = self.roles.iter().map(|role| {
            json!({
                "role": lettered(ObjectKind::Role, role.number),
                "handle": role.handle,
                "holders": self
                    .holders(role)
                    .map(|member| lettered(ObjectKind::Member, member))
                    .collect::<Vec<_>>(),
            })
        });
        value["roles"] = roles.collect();
        if let Some(closed_until) = self.closed_until {
            value["closed_until"] = time::json(closed_until);
        }
        value["warnings"] = warnings.into();
        value
    }

    fn text(&self, names: &Names<'_>, warnings: &[String]) -> String {
        let unit = &self.unit;
        let shown = |kind: ObjectKind, numbers: &[u64]| {
            let shown = numbers.iter().map(|one| names.shown(kind, *one));
            shown.collect::<Vec<_>>().join(", ")
        };
        let mut text = facts(&[
            ("unit", names.shown(ObjectKind::Unit, unit.number)),
            ("kind", word::word(unit.kind())),
            ("label", unit.label.clone()),
            ("purpose", unit.purpose.clone()),
            ("external id", unit.external_id.clone()),
            ("conferred", word::capabilities(&unit.confers).join(", ")),
            ("ceiling", shown_unless_zero(unit.ceiling)),
            ("succeeds", names.shown(ObjectKind::Unit, unit.succeeds)),
            ("created", time::shown(unit.created_at)),
            ("happened", time::shown(unit.effective_at)),
            ("dissolved", time::shown(unit.dissolved_at)),
            (
                "books closed until",
                time::shown(self.closed_until.unwrap_or_default()),
            ),
            ("joined", shown(ObjectKind::Member, &self.joined)),
            ("below", shown(ObjectKind::Unit, &self.children)),
        ]);
        for role in &self.roles {
            let holders: Vec<u64> = self.holders(role).collect();
            let holders = if holders.is_empty() {
                "vacant".to_owned()
            } else {
                shown(ObjectKind::Member, &holders)
            };
            let letter = lettered(ObjectKind::Role, role.number);
            let handle = visible(&role.handle);
            text.push_str(&format!("#{handle} {letter}: {holders}\n"));
        }
        for warning in warnings {
            let yellow = anstyle::AnsiColor::Yellow.on_default();
            text.push_str(&format!("{yellow}health:{yellow:#} {warning}\n"));
        }
        text
    }

    /// Minima are not rules: whoever reads about a unit sees what is missing.
    fn warnings(&self, names: &Names<'_>) -> Vec<String> {
        let (unit, joined) = (&self.unit, self.joined.len() as u64);
        let mut warnings = Vec::new();
        if unit.kind() == UnitKind::Squad && joined < SQUAD_MEMBERS_MIN {
            let members = counted(joined, "member");
            warnings.push(format!(
                "the squad has {members}, fewer than {SQUAD_MEMBERS_MIN}"
            ));
        }
        let mut kinds = self.roles.iter().map(Role::kind);
        if unit.kind() == UnitKind::Squad && !kinds.any(|kind| kind == RoleKind::ProductOwner) {
            warnings.push("the squad has no product owner".to_owned());
        }
        for role in &self.roles {
            let held = self.holders(role).count();
            let name = names.role(role.number);
            if held == 0 {
                warnings.push(format!("{name} is {}", vacant(role.kind())));
            } else if held < role.holders_min as usize {
                let (holders, least) = (counted(held as u64, "holder"), role.holders_min);
                warnings.push(format!("{name} has {holders}, fewer than {least}"));
            }
        }
        warnings
    }
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
