//! Roles as they are shown: what they are for, and who holds them.

use clap::Args;
use polity_client::Result;
use polity_client::ledger::state::keys::List as Lists;
use polity_client::session::{lettered, number_of, visible};
use polity_client::v1::{Assignment, ObjectKind, Role as RoleState, RoleKind};
use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::usage;
use crate::names::{self, Names};
use crate::output::{Table, facts};
use crate::{time, word};

/// Lists the roles of a unit and who holds them.
#[derive(Args, Debug)]
pub(super) struct List {
    /// The unit.
    unit: String,
}

impl List {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let view = context.view().await?;
        let unit = session.unit(&self.unit).await?.number;
        let numbers = view.list(Lists::Roles, unit).await?;
        let roles: Vec<RoleState> = view.existing(&numbers).await?;
        let held: Vec<Assignment> = view.listed(Lists::Holders, &numbers).await?;
        let mut names = Names::new(&view);
        names
            .load_members(held.iter().map(|one| one.member))
            .await?;
        names.load_roles(numbers).await?;

        let mut table = Table::new(["role", "name", "kind", "holders"]);
        let mut rows = Vec::new();
        for role in roles {
            let holders: Vec<&Assignment> =
                held.iter().filter(|one| one.role == role.number).collect();
            let people: Vec<String> = holders
                .iter()
                .map(|one| names.shown(ObjectKind::Member, one.member))
                .collect();
            table.row([
                lettered(ObjectKind::Role, role.number),
                names.role(role.number),
                word::word(role.kind()),
                people.join(", "),
            ]);
            rows.push(role_json(&role, &holders, &names));
        }
        context.answer(&view, json!({"roles": rows}), || table.to_string());
        Ok(())
    }
}

/// Shows a role: what it is for, who holds it, what it may do alone.
#[derive(Args, Debug)]
pub(super) struct Show {
    /// The role; one that is removed, by its number.
    role: String,
}

impl Show {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let view = context.view().await?;
        let number = match number_of(ObjectKind::Role, &self.role) {
            Some(number) => number,
            None => session.role(&self.role).await?.number,
        };
        let role = view.get::<RoleState>(number).await?;
        let role = role.ok_or_else(|| usage(format!("there is no role {}", self.role)))?;
        let held: Vec<Assignment> = view.listed(Lists::Holders, &[number]).await?;
        let grants = view.lists(Lists::Grants, &[number]).await?;
        let mut names = Names::new(&view);
        names.load_roles([number]).await?;
        names
            .load_members(held.iter().map(|one| one.member))
            .await?;

        let grants: Vec<String> = grants
            .concat()
            .iter()
            .map(|one| lettered(ObjectKind::Grant, *one))
            .collect();
        let mut value = role_json(&role, &held.iter().collect::<Vec<_>>(), &names);
        value["grants"] = grants.clone().into();
        context.answer(&view, value, || {
            let mut text = facts(&[
                ("role", names.shown(ObjectKind::Role, number)),
                ("kind", word::word(role.kind())),
                ("purpose", role.purpose.clone()),
                ("domains", role.domains.join("; ")),
                ("external id", role.external_id.clone()),
                ("holders", bounds(&role)),
                ("term", length(role.term)),
                (
                    "elected",
                    if role.elected {
                        "yes".into()
                    } else {
                        String::new()
                    },
                ),
                ("removed", time::shown(role.removed_at)),
                ("grants", grants.join(", ")),
            ]);
            for accountability in &role.accountabilities {
                let accountability = visible(accountability);
                text.push_str(&format!("accountable for {accountability}\n"));
            }
            for one in &held {
                text.push_str(&format!(
                    "held by {} since {}{} ({})\n",
                    names.shown(ObjectKind::Member, one.member),
                    time::shown(one.from),
                    match one.until {
                        0 => String::new(),
                        until => format!(" until {}", time::shown(until)),
                    },
                    lettered(ObjectKind::Assignment, one.number),
                ));
            }
            if held.is_empty() && role.removed_at == 0 {
                text.push_str(&format!("{}\n", vacant(role.kind())));
            }
            text
        });
        Ok(())
    }
}

/// That nobody holds a role, and to whom its accountabilities fall.
pub(in crate::commands) fn vacant(kind: RoleKind) -> &'static str {
    match kind {
        RoleKind::Lead => {
            "vacant: its accountabilities fall to the lead of the unit above, where there is one"
        }
        RoleKind::Ordinary
        | RoleKind::Facilitator
        | RoleKind::Secretary
        | RoleKind::Representative
        | RoleKind::ProductOwner => {
            "vacant: its accountabilities fall to the lead of its unit, where there is one"
        }
    }
}

fn role_json(role: &RoleState, holders: &[&Assignment], names: &Names<'_>) -> Value {
    json!({
        "role": lettered(ObjectKind::Role, role.number),
        "name": names.role(role.number),
        "unit": lettered(ObjectKind::Unit, role.unit),
        "kind": word::word(role.kind()),
        "handle": role.handle,
        "purpose": role.purpose,
        "domains": role.domains,
        "accountabilities": role.accountabilities,
        "holders_min": role.holders_min,
        "holders_max": role.holders_max,
        "term_seconds": role.term,
        "elected": role.elected,
        "external_id": role.external_id,
        "effective_at": time::json(role.effective_at),
        "removed_at": time::json(role.removed_at),
        "holders": holders.iter().map(|one| json!({
            "assignment": lettered(ObjectKind::Assignment, one.number),
            "member": names::json(ObjectKind::Member, one.member),
            "handle": names.member(one.member),
        })).collect::<Vec<_>>(),
    })
}

fn bounds(role: &RoleState) -> String {
    match (role.holders_min, role.holders_max) {
        (0, 0) => String::new(),
        (min, 0) => format!("{min} or more"),
        (min, max) if min == max => min.to_string(),
        (min, max) => format!("{min} to {max}"),
    }
}

fn length(seconds: u64) -> String {
    match seconds {
        0 => String::new(),
        seconds => time::length(seconds),
    }
}
