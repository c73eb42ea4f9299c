//! `grant list | show | give | revoke | delegate`.

use clap::{ArgGroup, Args, Subcommand};
use polity_client::ledger::Amount;
use polity_client::ledger::state::keys::List as Set;
use polity_client::session::{AsOf, Session, lettered, object};
use polity_client::v1::{
    Capability, Delegate, GiveGrant, Grant as GrantState, ObjectKind, RevokeGrant, ScopeKind,
    ScopeRef, action::Kind,
};
use polity_client::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use crate::context::Context;
use crate::names::{self, Names};
use crate::output::{Table, facts};
use crate::{amount, limits, time, word};

/// Grants: what the holders of a role may do alone, inside a scope and limits.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity grant list --role acme/dev#buyer\n  \
    polity grant give acme/dev#buyer spend --unit acme/dev --per-transfer '500.00 EUR' --per-period '5000.00 EUR per month'\n  \
    polity grant give acme#lead govern --unit acme --below\n  \
    polity grant delegate g41 gia --until 14d --per-transfer '200.00 EUR'")]
pub struct Grant {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    List(List),
    Show(Show),
    Give(Give),
    Revoke(Revoke),
    Delegate(Hand),
}

impl Grant {
    /// Runs the verb.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::List(verb) => verb.run(context).await,
            Verb::Show(verb) => verb.run(context).await,
            Verb::Give(verb) => verb.run(context).await,
            Verb::Revoke(verb) => verb.run(context).await,
            Verb::Delegate(verb) => verb.run(context).await,
        }
    }
}

/// Lists grants to a role, over a unit, or delegated to a member; without a name, those of your roles.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("whose").args(["role", "unit", "delegated_to"])))]
struct List {
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
    async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let at = context.as_of().await?;
        let (lists, moment) = if let Some(role) = &self.role {
            let role = session.role(role).await?.number;
            session.lists(Set::Grants, &[role], at).await?
        } else if let Some(unit) = &self.unit {
            let unit = session.unit(unit).await?.number;
            session.lists(Set::GrantsOver, &[unit], at).await?
        } else if let Some(member) = &self.delegated_to {
            let member = session.member(member).await?.number;
            session.lists(Set::Delegations, &[member], at).await?
        } else {
            let roles = roles_of(context, session, at).await?;
            let member = context.member().await?.number;
            let (mut lists, moment) = session.lists(Set::Grants, &roles, at).await?;
            lists.extend(session.lists(Set::Delegations, &[member], at).await?.0);
            (lists, moment)
        };
        let (grants, _) = session
            .get_all_at::<GrantState>(&lists.concat(), at)
            .await?;
        let grants: Vec<GrantState> = grants.into_iter().flatten().collect();
        let names = names_of(session, at, &grants).await?;

        let mut table = Table::new(["grant", "to", "may", "scope", "limits", "until"]);
        for grant in &grants {
            table.row([
                lettered(ObjectKind::Grant, grant.number),
                receiver(grant, &names),
                word::word(grant.capability()),
                scope_shown(grant, &names),
                limits_shown(grant, &names),
                time::shown(grant.until),
            ]);
        }
        let rows: Vec<Value> = grants.iter().map(|grant| as_json(grant, &names)).collect();
        context.answer(moment, json!({"grants": rows}), || table.to_string());
        Ok(())
    }
}

/// Shows a grant, also one that ended.
#[derive(Args, Debug)]
struct Show {
    /// The grant: g41.
    grant: String,
}

impl Show {
    async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let at = context.as_of().await?;
        let number = super::numbered(ObjectKind::Grant, &self.grant)?;
        let (grant, moment) = session.get_at::<GrantState>(number, at).await?;
        let grant = grant.ok_or_else(|| usage(format!("there is no grant {}", self.grant)))?;
        let (delegations, _) = session.lists(Set::DelegationsOf, &[number], at).await?;
        let names = names_of(session, at, std::slice::from_ref(&grant)).await?;
        let delegations: Vec<String> = delegations
            .concat()
            .iter()
            .map(|one| lettered(ObjectKind::Grant, *one))
            .collect();
        let mut value = as_json(&grant, &names);
        value["delegations"] = delegations.clone().into();
        context.answer(moment, value, || {
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
                ("limits", limits_shown(&grant, &names)),
                ("towards", counterparties.join(", ")),
                ("from", time::shown(grant.from)),
                ("until", time::shown(grant.until)),
                ("given by", names.shown(ObjectKind::Member, grant.given_by)),
                ("source", shown_source(&grant)),
                ("delegated", delegations.join(", ")),
                ("ended", time::shown(grant.ended_at)),
            ])
        });
        Ok(())
    }
}

/// Gives a capability to a role. Spending and trading need a limit per period.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("scope").args(["unit", "object"]).required(true)))]
struct Give {
    /// The role: `acme/dev#buyer`, r9 or `new(1)`.
    role: String,
    /// What its holders may do.
    #[arg(value_parser = word::parser::<Capability>())]
    capability: Capability,
    /// Where: this unit.
    #[arg(long)]
    unit: Option<String>,
    /// And all units below it.
    #[arg(long, requires = "unit")]
    below: bool,
    /// Where: one account, one budget line (b7), or one asset by its code.
    #[arg(long, value_name = "ACCOUNT|LINE|ASSET")]
    object: Option<String>,
    /// Only this asset; where a limit is given, the limit's.
    #[arg(long, value_name = "CODE")]
    asset: Option<String>,
    /// At most so much in a transaction: `500.00 EUR`.
    #[arg(long, value_name = "AMOUNT")]
    per_transfer: Option<String>,
    /// At most so much in a period: `5000.00 EUR per month`, `2000.00 EUR per 30 days`.
    #[arg(long, value_name = "LIMIT")]
    per_period: Option<String>,
    /// Only towards this unit, member or party; can be repeated.
    #[arg(long = "counterparty", value_name = "OWNER")]
    counterparties: Vec<String>,
    /// When it begins.
    #[arg(long, value_name = "TIME|DURATION")]
    from: Option<String>,
    /// When it ends.
    #[arg(long, value_name = "TIME|DURATION")]
    until: Option<String>,
}

impl Give {
    async fn run(self, context: &Context) -> Result<()> {
        let limits = context
            .limits(self.per_transfer.as_deref(), self.per_period.as_deref())
            .await?;
        let asset = match (&self.asset, &limits.asset) {
            (Some(code), Some(spoken)) if spoken.code != *code => {
                return Err(usage(format!(
                    "the limits speak of {}, not of {code}",
                    spoken.code
                )));
            }
            (Some(code), _) => context.asset_ref(code).await?,
            (None, Some(spoken)) => super::reference(spoken.number),
            (None, None) => None,
        };
        let mut counterparties = Vec::new();
        for owner in &self.counterparties {
            counterparties.push(context.owner_ref(owner).await?);
        }
        let give = GiveGrant {
            role: context.role_ref(&self.role).await?,
            capability: self.capability as i32,
            scope: Some(self.scope(context).await?),
            asset,
            per_transfer: limits.per_transfer,
            per_period: limits.per_period,
            counterparties,
            from: moment(self.from.as_deref())?,
            until: moment(self.until.as_deref())?,
        };
        context.act(vec![Kind::GiveGrant(give)]).await
    }

    async fn scope(&self, context: &Context) -> Result<ScopeRef> {
        let Some(text) = &self.object else {
            let kind = match self.below {
                true => ScopeKind::UnitAndBelow,
                false => ScopeKind::Unit,
            };
            return Ok(ScopeRef {
                kind: kind as i32,
                unit: context
                    .unit_ref(self.unit.as_deref().unwrap_or_default())
                    .await?,
                ..ScopeRef::default()
            });
        };
        let line = object(text).is_some_and(|(kind, _)| kind == ObjectKind::BudgetLine);
        let (kind, object) = if line {
            (ObjectKind::BudgetLine, context.line_ref(text).await?)
        } else if is_asset_code(text) {
            (ObjectKind::Asset, context.asset_ref(text).await?)
        } else {
            (ObjectKind::Account, context.account_ref(text).await?)
        };
        Ok(ScopeRef {
            kind: ScopeKind::Object as i32,
            object_kind: kind as i32,
            object,
            unit: None,
        })
    }
}

/// Takes a grant or a delegation back.
#[derive(Args, Debug)]
struct Revoke {
    /// The grant: g41.
    grant: String,
}

impl Revoke {
    async fn run(self, context: &Context) -> Result<()> {
        let grant = context.numbered_ref(ObjectKind::Grant, &self.grant)?;
        context
            .act(vec![Kind::RevokeGrant(RevokeGrant { grant })])
            .await
    }
}

/// Hands a part of one of your grants to another member for an absence.
#[derive(Args, Debug)]
struct Hand {
    /// The grant: g41.
    grant: String,
    /// Who acts for you.
    to: String,
    /// When it begins; without it, now.
    #[arg(long, value_name = "TIME|DURATION")]
    from: Option<String>,
    /// When it ends.
    #[arg(long, value_name = "TIME|DURATION")]
    until: String,
    /// At most so much in a transaction; without it, the grant's.
    #[arg(long, value_name = "AMOUNT")]
    per_transfer: Option<String>,
    /// At most so much in a period; without it, the grant's.
    #[arg(long, value_name = "LIMIT")]
    per_period: Option<String>,
}

impl Hand {
    async fn run(self, context: &Context) -> Result<()> {
        let limits = context
            .limits(self.per_transfer.as_deref(), self.per_period.as_deref())
            .await?;
        let delegate = Delegate {
            grant: context.numbered_ref(ObjectKind::Grant, &self.grant)?,
            member: context.member_ref(&self.to).await?,
            per_transfer: limits.per_transfer,
            per_period: limits.per_period,
            from: moment(self.from.as_deref())?,
            until: time::parse_until(&self.until)?,
        };
        context.act(vec![Kind::Delegate(delegate)]).await
    }
}

async fn roles_of(context: &Context, session: &Session, at: AsOf) -> Result<Vec<u64>> {
    let member = context.member().await?.number;
    let (held, _) = session.lists(Set::Assignments, &[member], at).await?;
    let (held, _) = session
        .get_all_at::<polity_client::v1::Assignment>(&held.concat(), at)
        .await?;
    Ok(held.into_iter().flatten().map(|one| one.role).collect())
}

async fn names_of<'s>(session: &'s Session, at: AsOf, grants: &[GrantState]) -> Result<Names<'s>> {
    let mut names = Names::new(session, at);
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
    match grant.role {
        0 => names.shown(ObjectKind::Member, grant.member),
        role => names.shown(ObjectKind::Role, role),
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

fn limits_shown(grant: &GrantState, names: &Names<'_>) -> String {
    let asset = names.asset(grant.asset);
    let mut parts = Vec::new();
    if !grant.per_transfer.is_empty() {
        let amount = Amount::from_bytes(&grant.per_transfer).unwrap_or(Amount::ZERO);
        parts.push(format!("{} a transfer", amount::shown(amount, &asset)));
    }
    if let Some(limit) = &grant.per_period {
        parts.push(limits::shown(limit, &asset));
    }
    if parts.is_empty() && !asset.code.is_empty() {
        parts.push(asset.code);
    }
    parts.join(", ")
}

fn shown_source(grant: &GrantState) -> String {
    match grant.source {
        0 => String::new(),
        source => lettered(ObjectKind::Grant, source),
    }
}

fn as_json(grant: &GrantState, names: &Names<'_>) -> Value {
    let scope = grant.scope.unwrap_or_default();
    let asset = names.asset(grant.asset);
    let money = |bytes: &[u8]| match bytes.is_empty() {
        true => Value::Null,
        false => amount::json(Amount::from_bytes(bytes).unwrap_or(Amount::ZERO), &asset),
    };
    let period = grant.per_period.as_ref().map(|limit| {
        let days = (limit.days != 0).then_some(limit.days);
        json!({"amount": money(&limit.amount), "rolling_days": days})
    });
    json!({
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
        "per_transfer": money(&grant.per_transfer),
        "per_period": period,
        "counterparties": grant.counterparties.iter().map(|one| names::owner_json(*one)).collect::<Vec<_>>(),
        "from": time::json(grant.from),
        "until": time::json(grant.until),
        "given_by": names::json(ObjectKind::Member, grant.given_by),
        "ended_at": time::json(grant.ended_at),
    })
}

fn moment(text: Option<&str>) -> Result<u64> {
    text.map_or(Ok(0), time::parse_until)
}

fn is_asset_code(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

fn usage(words: String) -> Error {
    Error::new(ErrorKind::Usage, words)
}
