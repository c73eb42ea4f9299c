use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use polity_ledger::Amount;
use polity_ledger::judge::policies;
use polity_ledger::state::keys::List;
use polity_ledger::state::{lists, objects};
use polity_proto::v1::{Asset, Assignment, Grant, Member, Policy, Role, ScopeKind, Unit};
use serde_json::{Value, json};

use super::Trouble;
use crate::commands::Output;
use crate::genesis_file::{GenesisFile, state_of};

/// Show what a genesis file founds, in words, before signing it
#[derive(Debug, Args)]
pub(super) struct Show {
    /// The genesis file
    file: PathBuf,
}

type State = BTreeMap<Vec<u8>, Vec<u8>>;

impl Show {
    pub(super) fn run(self, output: Output) -> Result<(), Trouble> {
        let genesis = GenesisFile::read(&self.file)?;
        let (founded, organisation) = genesis.found()?;
        let whole = describe(&genesis, &state_of(&founded), &hex::encode(organisation));
        match output {
            Output::Text => print!("{}", text(&whole)),
            Output::Json => println!("{whole:#}"),
        }
        Ok(())
    }
}

fn describe(genesis: &GenesisFile, state: &State, organisation: &str) -> Value {
    json!({
        "chain_id": genesis.chain_id,
        "genesis_time": genesis.genesis_time,
        "organisation": organisation,
        "units": all::<Unit>(state).iter().map(|unit| format!(
            "u{} {} ({})", unit.number, path(state, unit.number), word(unit.kind().as_str_name(), "UNIT_KIND_"),
        )).collect::<Vec<_>>(),
        "members": all::<Member>(state).iter().map(|member| format!(
            "m{} {} with key {}", member.number, member.handle,
            member.keys.first().map(|key| hex::encode(&key.public)).unwrap_or_default(),
        )).collect::<Vec<_>>(),
        "roles": all::<Role>(state).iter().map(|role| format!(
            "r{} {} held by {}", role.number, role_path(state, role.number), holders(state, role.number),
        )).collect::<Vec<_>>(),
        "grants": all::<Grant>(state).iter().map(|grant| describe_grant(state, grant)).collect::<Vec<_>>(),
        "policies": all::<Policy>(state).iter().map(|policy| format!(
            "y{} {} in {}{}: {} tiers", policy.number,
            word(policy.capability().as_str_name(), "CAPABILITY_"), path(state, policy.unit),
            if policy.recursive { " and below" } else { "" }, policy.tiers.len(),
        )).collect::<Vec<_>>(),
        "assets": all::<Asset>(state).iter().map(|asset| format!(
            "{} with {} decimals", asset.code, asset.scale,
        )).collect::<Vec<_>>(),
        "validators": policies::validators(state).iter().map(|validator| format!(
            "{} with key {} and power {}", path(state, validator.unit), hex::encode(&validator.key), validator.power,
        )).collect::<Vec<_>>(),
        "signed": genesis.signatures.iter().map(|signature| format!(
            "{} by m{}", signature.department, signature.member,
        )).collect::<Vec<_>>(),
    })
}

/// Simple values as one line, lists under their name.
fn text(whole: &Value) -> String {
    let Some(fields) = whole.as_object() else {
        return String::new();
    };
    let mut text = String::new();
    for (name, value) in fields {
        match value.as_array() {
            None => text.push_str(&format!("{name}: {}\n", value.as_str().unwrap_or_default())),
            Some(lines) => {
                text.push_str(&format!("{name}: {}\n", lines.len()));
                for line in lines {
                    text.push_str(&format!("  {}\n", line.as_str().unwrap_or_default()));
                }
            }
        }
    }
    text
}

fn all<T: objects::Object>(state: &State) -> Vec<T> {
    (1..)
        .map_while(|number| objects::get::<T>(state, number))
        .collect()
}

fn path(state: &State, unit: u64) -> String {
    let Some(unit) = objects::get::<Unit>(state, unit) else {
        return String::new();
    };
    match unit.parent {
        0 => unit.handle,
        parent => format!("{}/{}", path(state, parent), unit.handle),
    }
}

fn role_path(state: &State, role: u64) -> String {
    let role: Option<Role> = objects::get(state, role);
    role.map(|role| format!("{}#{}", path(state, role.unit), role.handle))
        .unwrap_or_default()
}

fn holders(state: &State, role: u64) -> String {
    let handles: Vec<String> = lists::all(state, List::Holders, role)
        .into_iter()
        .filter_map(|assignment| objects::get::<Assignment>(state, assignment))
        .filter_map(|assignment| objects::get::<Member>(state, assignment.member))
        .map(|member| member.handle)
        .collect();
    if handles.is_empty() {
        "nobody".into()
    } else {
        handles.join(", ")
    }
}

fn describe_grant(state: &State, grant: &Grant) -> String {
    let capability = word(grant.capability().as_str_name(), "CAPABILITY_");
    let mut text = format!(
        "g{} {} may {capability}",
        grant.number,
        role_path(state, grant.role)
    );
    if let Some(scope) = &grant.scope {
        match scope.kind() {
            ScopeKind::Unit => text.push_str(&format!(" in {}", path(state, scope.unit))),
            ScopeKind::UnitAndBelow => {
                text.push_str(&format!(" in {} and below", path(state, scope.unit)));
            }
            ScopeKind::Object => text.push_str(" on one account or budget line"),
            ScopeKind::None => {}
        }
    }
    if !grant.per_transfer.is_empty() {
        let asset: Option<Asset> = objects::get(state, grant.asset);
        let amount = Amount::from_state(&grant.per_transfer);
        text.push_str(&format!(
            ", up to {} a transfer",
            written(amount, asset.as_ref())
        ));
    }
    if let Some(limit) = &grant.per_period {
        let asset: Option<Asset> = objects::get(state, grant.asset);
        let amount = written(Amount::from_state(&limit.amount), asset.as_ref());
        let period = if limit.days == 0 {
            "month".to_owned()
        } else {
            format!("{} days", limit.days)
        };
        text.push_str(&format!(", up to {amount} in a {period}"));
    }
    text
}

fn written(amount: Amount, asset: Option<&Asset>) -> String {
    let Some(asset) = asset else {
        return format!("{} minor units", amount.0);
    };
    let scale = asset.scale as usize;
    let digits = format!("{:0>width$}", amount.0, width = scale + 1);
    let (whole, decimals) = digits.split_at(digits.len() - scale);
    let point = if scale == 0 { "" } else { "." };
    format!("{whole}{point}{decimals} {}", asset.code)
}

fn word(name: &str, prefix: &str) -> String {
    name.trim_start_matches(prefix).to_ascii_lowercase()
}
