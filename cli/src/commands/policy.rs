//! `policy list | show | set | remove`.

use clap::{Args, Subcommand};
use polity_client::Result;
use polity_client::ledger::form;
use polity_client::ledger::judge::power::UNIT_DEPTH_MAX;
use polity_client::ledger::state::keys::List as Lists;
use polity_client::session::{View, lettered, roles_named};
use polity_client::v1::{
    Capability, ObjectKind, Policy as PolicyState, RemovePolicy, SetPolicy, Unit, action::Kind,
};
use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::usage;
use crate::names::{self, Names};
use crate::output::{Table, facts};
use crate::{tier, time, word};

/// Policies: how a unit decides what nobody may do alone.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity policy list acme/dev\n  \
    polity policy set acme/dev spend --tier 'up to 500.00 EUR: role holders: alone' --tier 'else: role holders: approve 1 by lead'\n  \
    polity policy show acme/dev:spend")]
pub struct Policy {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    List(List),
    Show(Show),
    Set(SetVerb),
    Remove(Remove),
}

impl Policy {
    /// Runs the verb.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::List(verb) => verb.run(context).await,
            Verb::Show(verb) => verb.run(context).await,
            Verb::Set(verb) => verb.run(context).await,
            Verb::Remove(verb) => verb.run(context).await,
        }
    }
}

/// Lists the policies by which a unit decides: its own, and those of the units above it that hold below too.
#[derive(Args, Debug)]
struct List {
    /// The unit.
    unit: String,
    /// Only those that the unit has itself.
    #[arg(long)]
    own: bool,
}

impl List {
    async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let view = context.view().await?;
        let unit = session.unit(&self.unit).await?.number;
        let units = if self.own {
            vec![unit]
        } else {
            lineage(&view, unit).await?
        };
        let mut policies: Vec<PolicyState> = view.listed(Lists::Policies, &units).await?;
        policies.retain(|policy| policy.unit == unit || policy.recursive);
        let names = names_of(&view, &policies).await?;

        let mut table = Table::new(["policy", "set in", "about", "tiers"]);
        for policy in &policies {
            let below = if policy.recursive { " and below" } else { "" };
            table.row([
                lettered(ObjectKind::Policy, policy.number),
                format!("{}{below}", names.shown(ObjectKind::Unit, policy.unit)),
                word::word(policy.capability()),
                tiers_shown(policy, &names)?.join("\n"),
            ]);
        }
        let rows = policies.iter().map(|one| as_json(one, &names));
        let rows: Vec<Value> = rows.collect::<Result<_>>()?;
        context.answer(&view, json!({"policies": rows}), || table.to_string());
        Ok(())
    }
}

/// Shows a policy, also one that was replaced.
#[derive(Args, Debug)]
struct Show {
    /// The policy: y3, or a unit and what it decides about, `acme/dev:spend`.
    policy: String,
}

impl Show {
    async fn run(self, context: &Context) -> Result<()> {
        let view = context.view().await?;
        let number = context.policy_number(&self.policy).await?;
        let policy = view.get::<PolicyState>(number).await?;
        let policy = policy.ok_or_else(|| usage(format!("there is no policy {}", self.policy)))?;
        let names = names_of(&view, std::slice::from_ref(&policy)).await?;
        let tiers = tiers_shown(&policy, &names)?;
        context.answer(&view, as_json(&policy, &names)?, || {
            let mut text = facts(&[
                ("policy", lettered(ObjectKind::Policy, policy.number)),
                ("unit", names.shown(ObjectKind::Unit, policy.unit)),
                ("about", word::word(policy.capability())),
                (
                    "below",
                    if policy.recursive {
                        "holds below too".into()
                    } else {
                        String::new()
                    },
                ),
                ("words", policy.words.clone()),
                ("set", time::shown(policy.set_at)),
                (
                    "replaces",
                    names::letter(ObjectKind::Policy, policy.replaces),
                ),
                (
                    "replaced by",
                    names::letter(ObjectKind::Policy, policy.replaced_by),
                ),
                ("ended", time::shown(policy.ended_at)),
            ]);
            for tier in tiers {
                text.push_str(&format!("  {tier}\n"));
            }
            text
        });
        Ok(())
    }
}

/// Sets how a unit decides about a capability, in place of what it has.
#[derive(Args, Debug)]
#[command(after_help = tier::HELP)]
struct SetVerb {
    /// The unit.
    unit: String,
    /// What is decided.
    #[arg(value_parser = word::parser::<Capability>())]
    capability: Capability,
    /// One tier; repeated for more, smallest amount first. See below.
    #[arg(long = "tier", value_name = "TIER", required = true)]
    tiers: Vec<String>,
    /// It holds for the units below too: they may only be stricter.
    #[arg(long)]
    recursive: bool,
    /// The policy in words. Stands on the chain for good.
    #[arg(long, default_value = "")]
    words: String,
}

impl SetVerb {
    async fn run(self, context: &Context) -> Result<()> {
        let (tiers, asset) = context.tiers(&self.tiers).await?;
        let set = SetPolicy {
            unit: context.unit_ref(&self.unit).await?,
            capability: self.capability as i32,
            asset: asset.and_then(|asset| form::numbered(asset.number)),
            tiers,
            recursive: self.recursive,
            words: self.words,
            ..SetPolicy::default()
        };
        context.act(vec![Kind::SetPolicy(set)]).await
    }
}

/// Removes a policy; what it decided is decided by the next one up the tree.
#[derive(Args, Debug)]
struct Remove {
    /// The policy: y3 or `acme/dev:spend`.
    policy: String,
}

impl Remove {
    async fn run(self, context: &Context) -> Result<()> {
        let policy = form::numbered(context.policy_number(&self.policy).await?);
        context
            .act(vec![Kind::RemovePolicy(RemovePolicy { policy })])
            .await
    }
}

/// A unit and those above it.
async fn lineage(view: &View<'_>, unit: u64) -> Result<Vec<u64>> {
    let mut units = vec![unit];
    while units.len() < UNIT_DEPTH_MAX {
        let last = units.last().copied().unwrap_or_default();
        let parent = view.get::<Unit>(last).await?;
        let parent = parent.map_or(0, |unit| unit.parent);
        if parent == 0 {
            break;
        }
        units.push(parent);
    }
    Ok(units)
}

async fn names_of<'s>(view: &'s View<'s>, policies: &[PolicyState]) -> Result<Names<'s>> {
    let mut names = Names::new(view);
    names
        .load_units(policies.iter().map(|policy| policy.unit))
        .await?;
    names
        .load_assets(policies.iter().map(|policy| policy.asset))
        .await?;
    let roles = policies
        .iter()
        .flat_map(|policy| roles_named(&policy.tiers))
        .map(|role| role.number);
    names.load_roles(roles).await?;
    Ok(names)
}

fn tiers_shown(policy: &PolicyState, names: &Names<'_>) -> Result<Vec<String>> {
    let asset = names.asset(policy.asset);
    policy
        .tiers
        .iter()
        .map(|one| tier::shown(one, &asset, names))
        .collect()
}

fn as_json(policy: &PolicyState, names: &Names<'_>) -> Result<Value> {
    let asset = names.asset(policy.asset);
    let tiers = policy.tiers.iter();
    let tiers = tiers.map(|one| tier::json(one, &asset, names));
    let tiers: Vec<Value> = tiers.collect::<Result<_>>()?;
    Ok(json!({
        "policy": lettered(ObjectKind::Policy, policy.number),
        "unit": lettered(ObjectKind::Unit, policy.unit),
        "unit_name": names.unit(policy.unit),
        "capability": word::word(policy.capability()),
        "asset": match policy.asset { 0 => Value::Null, number => names.asset(number).code.into() },
        "tiers": tiers,
        "recursive": policy.recursive,
        "words": policy.words,
        "set_at": time::json(policy.set_at),
        "replaces": names::json(ObjectKind::Policy, policy.replaces),
        "replaced_by": names::json(ObjectKind::Policy, policy.replaced_by),
        "ended_at": time::json(policy.ended_at),
    }))
}
