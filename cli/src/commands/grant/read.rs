//! `grant list | show`.

use clap::{ArgGroup, Args};
use polity_client::Result;
use polity_client::ledger::state::keys::List as Lists;
use polity_client::session::{View, lettered};
use polity_client::v1::{Assignment, Grant as GrantState, ObjectKind, ScopeKind};
use serde_json::{Value, json};

use crate::amount::counted;
use crate::commands::parse_number;
use crate::context::Context;
use crate::failure::usage;
use crate::names::{self, Names};
use crate::output::{Table, facts};
use crate::{amount, limits, time, word};

/// Lists grants to a role, over a unit, or delegated to a member; without a name, those of your roles.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity grant list\n  \
    polity grant list --role acme/dev#buyer\n  \
    polity grant list --unit acme/dev --at 2026-03-01")]
#[command(group(ArgGroup::new("whose").args(["role", "unit", "delegated_to"])))]
pub(super) struct List {
    /// Grants to this role.
    #[arg(long)]
    role: Option<String>,
    /// Grants whose scope is this unit or something of it.
    #[arg(long)]
    unit: Option<String>,
    /// Delegations to this member.
    #[arg(long, value_name = "MEMBER")]
    delegated_to: Option<String>,
}

impl List {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let view = context.view().await?;
        let lists = if let Some(role) = &self.role {
            let role = session.role(role).await?.number;
            view.lists(Lists::Grants, &[role]).await?
        } else if let Some(unit) = &self.unit {
            let unit = session.unit(unit).await?.number;
            view.lists(Lists::GrantsOver, &[unit]).await?
        } else if let Some(member) = &self.delegated_to {
            let member = session.member(member).await?.number;
            view.lists(Lists::Delegations, &[member]).await?
        } else {
            let roles = roles_of(context, &view).await?;
            let member = context.member().await?.number;
            let mut lists = view.lists(Lists::Grants, &roles).await?;
            lists.extend(view.lists(Lists::Delegations, &[member]).await?);
            lists
        };
        let grants: Vec<GrantState> = view.existing(&lists.concat()).await?;
        let names = names_of(&view, &grants).await?;

        let mut table = Table::new(["grant", "to", "may", "scope", "limits", "until"]);
        for grant in &grants {
            table.row([
                lettered(ObjectKind::Grant, grant.number),
                receiver(grant, &names),
                word::word(grant.capability()),
                scope_shown(grant, &names),
                limits_shown(grant, &names)?,
                time::shown(grant.until),
            ]);
        }
        let rows = grants.iter().map(|grant| as_json(grant, &names));
        let rows: Vec<Value> = rows.collect::<Result<_>>()?;
        context.answer(&view, json!({"grants": rows}), || table.to_string());
        Ok(())
    }
}

/// Shows a grant, also one that ended.
#[derive(Args, Debug)]
pub(super) struct Show {
    /// The grant: g41.
    grant: String,
}

impl Show {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let view = context.view().await?;
        let number = parse_number(ObjectKind::Grant, &self.grant)?;
        let grant = view.get::<GrantState>(number).await?;
        let grant = grant.ok_or_else(|| usage(format!("there is no grant {}", self.grant)))?;
        let delegations = view.lists(Lists::DelegationsOf, &[number]).await?;
        let names = names_of(&view, std::slice::from_ref(&grant)).await?;
        let delegations: Vec<String> = delegations
            .concat()
            .iter()
            .map(|one| lettered(ObjectKind::Grant, *one))
            .collect();
        let mut value = as_json(&grant, &names)?;
        let limits = limits_shown(&grant, &names)?;
        value["delegations"] = delegations.clone().into();
        context.answer(&view, value, || {
            let counterparties: Vec<String> = grant
                .counterparties
                .iter()
                .map(|owner| names.owner(*owner))
                .collect();
            facts(&[
                ("grant", lettered(ObjectKind::Grant, number)),
                ("to", receiver(&grant, &names)),
                ("may", word::word(grant.capability())),
                ("scope", scope_shown(&grant, &names)),
                ("limits", limits),
                ("towards", counterparties.join(", ")),
                ("from", time::shown(grant.from)),
                ("until", time::shown(grant.until)),
                ("given by", names.shown(ObjectKind::Member, grant.given_by)),
                ("source", names::letter(ObjectKind::Grant, grant.source)),
                ("delegated", delegations.join(", ")),
                ("ended", time::shown(grant.ended_at)),
            ])
        });
        Ok(())
    }
}

async fn roles_of(context: &Context, view: &View<'_>) -> Result<Vec<u64>> {
    let member = context.member().await?.number;
    let held: Vec<Assignment> = view.listed(Lists::Assignments, &[member]).await?;
    Ok(held.into_iter().map(|one| one.role).collect())
}

async fn names_of<'s>(view: &'s View<'s>, grants: &[GrantState]) -> Result<Names<'s>> {
    let mut names = Names::new(view);
    names.load_roles(grants.iter().map(|one| one.role)).await?;
    names
        .load_members(grants.iter().flat_map(|one| [one.member, one.given_by]))
        .await?;
    let scopes = grants.iter().filter_map(|one| one.scope);
    names
        .load_units(scopes.clone().map(|scope| scope.unit))
        .await?;
    let objects = |kind: ObjectKind| {
        let scopes = scopes
            .clone()
            .filter(move |scope| scope.object_kind() == kind);
        scopes.map(|scope| scope.object)
    };
    names.load_accounts(objects(ObjectKind::Account)).await?;
    names.load_assets(objects(ObjectKind::Asset)).await?;
    names
        .load_assets(grants.iter().map(|one| one.asset))
        .await?;
    let owners: Vec<_> = grants
        .iter()
        .flat_map(|one| one.counterparties.clone())
        .collect();
    names.load_owners(&owners).await?;
    Ok(names)
}

fn receiver(grant: &GrantState, names: &Names<'_>) -> String {
    let member = names.shown(ObjectKind::Member, grant.member);
    let role = names.shown(ObjectKind::Role, grant.role);
    match (grant.member, grant.role) {
        (0, _) => role,
        (_, 0) => member,
        // Lent out of a role.
        (_, _) => format!("{member}, as {role}"),
    }
}

fn scope_shown(grant: &GrantState, names: &Names<'_>) -> String {
    let scope = grant.scope.unwrap_or_default();
    match scope.kind() {
        ScopeKind::None => String::new(),
        ScopeKind::Unit => names.shown(ObjectKind::Unit, scope.unit),
        ScopeKind::UnitAndBelow => {
            format!("{} and below", names.shown(ObjectKind::Unit, scope.unit))
        }
        ScopeKind::Object => names.shown(scope.object_kind(), scope.object),
    }
}

fn limits_shown(grant: &GrantState, names: &Names<'_>) -> Result<String> {
    let asset = names.asset(grant.asset);
    let mut parts = Vec::new();
    if !grant.per_transfer.is_empty() {
        let amount = counted(&grant.per_transfer)?;
        parts.push(format!("{} a transfer", amount::shown(amount, &asset)));
    }
    if let Some(limit) = &grant.per_period {
        parts.push(limits::shown(limit, &asset)?);
    }
    if parts.is_empty() && !asset.code.is_empty() {
        parts.push(asset.code);
    }
    Ok(parts.join(", "))
}

fn as_json(grant: &GrantState, names: &Names<'_>) -> Result<Value> {
    let scope = grant.scope.unwrap_or_default();
    let asset = names.asset(grant.asset);
    let money = |bytes: &[u8]| {
        if bytes.is_empty() {
            Ok(Value::Null)
        } else {
            counted(bytes).map(|amount| amount::json(amount, &asset))
        }
    };
    let period = match &grant.per_period {
        None => Value::Null,
        Some(limit) => {
            let days = (limit.days != 0).then_some(limit.days);
            json!({"amount": money(&limit.amount)?, "rolling_days": days})
        }
    };
    Ok(json!({
        "grant": lettered(ObjectKind::Grant, grant.number),
        "role": names::json(ObjectKind::Role, grant.role),
        "role_name": names.role(grant.role),
        "member": names::json(ObjectKind::Member, grant.member),
        "source": names::json(ObjectKind::Grant, grant.source),
        "capability": word::word(grant.capability()),
        "scope": {
            "unit": names::json(ObjectKind::Unit, scope.unit),
            "below": scope.kind() == ScopeKind::UnitAndBelow,
            "object": match scope.object {
                0 => Value::Null,
                number => names.shown(scope.object_kind(), number)
                    .split(' ').next().unwrap_or_default().into(),
            },
        },
        "asset": match grant.asset { 0 => Value::Null, _ => asset.code.clone().into() },
        "per_transfer": money(&grant.per_transfer)?,
        "per_period": period,
        "counterparties": grant.counterparties.iter().map(|one| names::owner_json(*one)).collect::<Vec<_>>(),
        "from": time::json(grant.from),
        "until": time::json(grant.until),
        "given_by": names::json(ObjectKind::Member, grant.given_by),
        "ended_at": time::json(grant.ended_at),
    }))
}
