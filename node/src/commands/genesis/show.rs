//! `polityd genesis show`: the organisation that a genesis founds, for people to read.

mod document;

use std::fmt::Write;
use std::rc::Rc;

use clap::Args;
use polity_ledger::state::keys::{self, List};
use polity_ledger::state::{Read, lists, objects};
use polity_ledger::{Amount, judge, parameters};
use polity_proto::v1::{
    Account, Asset, Assignment, Capability, Grant, Member, Mode, Node, Organisation, OwnerKind,
    Party, PeriodKind, Policy, Role, ScopeKind, SodRule, Unit, Validator, Who, WhoKind,
};
use serde_json::json;

use super::{Common, File, Trouble, digest_to_compare};
use crate::commands::Output;
use crate::genesis_file::GenesisFile;

/// Print the organisation that the genesis founds, readably, with the digest to compare
#[derive(Debug, Args)]
pub(super) struct Show {
    #[command(flatten)]
    file: File,
}

impl Show {
    pub(super) fn run(self, common: &Common) -> Result<(), Trouble> {
        let genesis = GenesisFile::read(&self.file.path(common)?)?;
        let (founded, _) = genesis.found()?;
        let digest = genesis.digest()?;
        match common.output {
            Output::Text => {
                let state = founded.state();
                print!("{}", head(&genesis, &state, &digest)?);
                print!("{}", Tree(&state).text());
            }
            Output::Json => {
                let whole = json!({
                    "chain_id": genesis.chain_id,
                    "genesis_time": genesis.genesis_time,
                    "organisation": hex::encode(digest),
                    "validators": genesis.validators,
                    "signatures": genesis.signatures,
                    "founded": Tree(&founded.state()).document(),
                });
                println!("{whole:#}");
            }
        }
        Ok(())
    }
}

fn head(genesis: &GenesisFile, state: &dyn Read, digest: &[u8; 32]) -> Result<String, Trouble> {
    let organisation: Organisation = objects::get(state, 0).unwrap_or_default();
    let mut text = String::new();
    writeln!(text, "chain         {}", genesis.chain_id)?;
    match &genesis.continues {
        None => writeln!(text, "founded       {}", genesis.genesis_time)?,
        Some(ended) => {
            let continuation = genesis.continuation()?;
            writeln!(
                text,
                "goes on from  {} after height {}",
                ended.chain_id, continuation.height
            )?;
            writeln!(
                text,
                "with state    {}",
                hex::encode(&continuation.app_hash)
            )?;
            writeln!(text, "since         {}", genesis.genesis_time)?;
            for validator in &genesis.validators {
                writeln!(
                    text,
                    "validator     {} with power {}, consensus key {}",
                    validator.name,
                    validator.power,
                    hex::encode(validator.public_key()?)
                )?;
            }
        }
    }
    let constitution = hex::encode(organisation.constitution);
    writeln!(text, "constitution  SHA-256 {constitution}")?;
    writeln!(text, "organisation  {}", digest_to_compare(digest))?;
    let signed = genesis.signatures.iter().map(|one| one.department.as_str());
    let signed: Vec<&str> = signed.collect();
    let signed = if signed.is_empty() {
        "nobody yet".to_owned()
    } else {
        signed.join(", ")
    };
    writeln!(text, "signed by     {signed}\n")?;
    if genesis.continues.is_some() {
        writeln!(
            text,
            "As it was founded. What has become of it is the state above, which each department's node holds: `polity` reads it \
             while the node serves the chain that ends.\n"
        )?;
    }
    Ok(text)
}

/// The units below each other, with what each has.
struct Tree<'s>(&'s dyn Read);

impl Tree<'_> {
    fn text(&self) -> String {
        let mut lines = Vec::new();
        self.unit(1, 0, &mut lines);
        for (name, value, usual) in self.parameters() {
            if value != usual {
                lines.push(format!("parameter {name} is {value}, and not {usual}"));
            }
        }
        let assets = self.list::<Asset>(List::Assets, 0);
        for asset in &assets {
            lines.push(format!(
                "asset {} with {} decimals, issued {}",
                asset.code,
                asset.scale,
                self.balance(asset.issuance)
            ));
        }
        for member in self.list::<Member>(List::Members, 0) {
            let key = member.keys.first().map(|key| hex::encode(&key.public));
            let number = keys::owner_number(OwnerKind::Member, member.number);
            let accounts = self.accounts(number);
            lines.push(format!(
                "member m{} {}, key {}{accounts}",
                member.number,
                member.handle,
                key.unwrap_or_default()
            ));
        }
        for rule in self.list::<SodRule>(List::SodRules, 0) {
            lines.push(format!(
                "nobody holds both {} and {} in u{} and below",
                word(rule.first()),
                word(rule.second()),
                rule.unit
            ));
        }
        lines.push(String::new());
        lines.join("\n")
    }

    fn unit(&self, number: u64, depth: usize, lines: &mut Vec<String>) {
        let Some(unit) = objects::get::<Unit>(self.0, number) else {
            return;
        };
        let indent = "  ".repeat(depth);
        let kind = lower(unit.kind().as_str_name(), "UNIT_KIND_");
        lines.push(format!("{indent}{} ({kind}, u{number})", unit.handle));
        let mut say = |text: String| lines.push(format!("{indent}    {text}"));

        if !unit.purpose.is_empty() {
            say(format!("purpose: {}", unit.purpose));
        }
        let validator: Option<Validator> =
            objects::value(self.0, &keys::key(keys::VALIDATOR, &[number]));
        if let Some(validator) = validator {
            say(format!(
                "validator with power {}, consensus key {}",
                validator.power,
                hex::encode(validator.key)
            ));
        }
        for node in self.list::<Node>(List::Nodes, number) {
            say(format!("node {} at {}", hex::encode(node.id), node.address));
        }
        say(format!("may give: {}", Self::confers(&unit)));
        for account in
            self.list::<Account>(List::Accounts, keys::owner_number(OwnerKind::Unit, number))
        {
            say(format!(
                "account {} holds {}",
                account.handle,
                self.balance(account.number)
            ));
        }
        for party in self.list::<Party>(List::Parties, number) {
            let accounts = self.accounts(keys::owner_number(OwnerKind::Party, party.number));
            say(format!(
                "party @{} (x{}){accounts}",
                party.handle, party.number
            ));
        }
        for policy in self.list::<Policy>(List::Policies, number) {
            let reach = if policy.recursive { ", also below" } else { "" };
            say(format!(
                "policy for {}{reach}: {}",
                word(policy.capability()),
                self.tiers(&policy)
            ));
        }
        for role in self.list::<Role>(List::Roles, number) {
            let holders = self.holders(role.number);
            let holders = if holders.is_empty() {
                "nobody".into()
            } else {
                holders.join(", ")
            };
            say(format!(
                "role {} (r{}): {holders}",
                role.handle, role.number
            ));
            for line in self.grants(&role) {
                say(format!("    {line}"));
            }
        }
        for child in lists::all(self.0, List::Children, number) {
            self.unit(child, depth + 1, lines);
        }
    }

    fn list<T: objects::Object>(&self, list: List, owner: u64) -> Vec<T> {
        let objects = lists::objects(self.0, list, owner);
        objects.map(Rc::unwrap_or_clone).collect()
    }

    fn holders(&self, role: u64) -> Vec<String> {
        self.list::<Assignment>(List::Holders, role)
            .into_iter()
            .filter_map(|assignment| objects::get::<Member>(self.0, assignment.member))
            .map(|member| member.handle)
            .collect()
    }

    /// One line for all grants of a role that differ in nothing but the capability.
    fn grants(&self, role: &Role) -> Vec<String> {
        let mut lines: Vec<(String, Vec<String>)> = Vec::new();
        for grant in self.list::<Grant>(List::Grants, role.number) {
            let bounds = self.bounds(&grant);
            let capability = word(grant.capability());
            match lines.iter_mut().find(|(known, _)| *known == bounds) {
                Some((_, capabilities)) => capabilities.push(capability),
                None => lines.push((bounds, vec![capability])),
            }
        }
        let lines = lines.into_iter();
        lines
            .map(|(bounds, capabilities)| format!("can {}{bounds}", capabilities.join(", ")))
            .collect()
    }

    fn bounds(&self, grant: &Grant) -> String {
        let scope = grant.scope.unwrap_or_default();
        let mut text = match scope.kind() {
            ScopeKind::Unit => format!(" in {}", self.path(scope.unit)),
            ScopeKind::UnitAndBelow => format!(" in {} and below", self.path(scope.unit)),
            ScopeKind::Object | ScopeKind::None => format!(" over a{}", scope.object),
        };
        if !grant.per_transfer.is_empty() {
            let amount = self.amount(&grant.per_transfer, grant.asset);
            text.push_str(&format!(", up to {amount} each"));
        }
        if let Some(limit) = &grant.per_period {
            let amount = self.amount(&limit.amount, grant.asset);
            let period = match limit.kind() {
                PeriodKind::CalendarMonth => "a month".into(),
                PeriodKind::RollingDays | PeriodKind::None => format!("in {} days", limit.days),
            };
            text.push_str(&format!(", up to {amount} {period}"));
        }
        if !grant.counterparties.is_empty() {
            text.push_str(&format!(", to {} owners only", grant.counterparties.len()));
        }
        text
    }

    fn tiers(&self, policy: &Policy) -> String {
        let tiers = policy.tiers.iter().map(|tier| {
            let mut text = Self::mode(judge::policies::mode_of(tier));
            if let Some(by) = &tier.by {
                text.push_str(&format!(", begun by {}", Self::who(by)));
            }
            if tier.up_to.is_empty() {
                text
            } else {
                format!("up to {} {text}", self.amount(&tier.up_to, policy.asset))
            }
        });
        tiers.collect::<Vec<_>>().join("; else ")
    }

    fn mode(mode: &Mode) -> String {
        let mut text = lower(mode.kind().as_str_name(), "MODE_KIND_");
        if mode.count > 0 {
            text.push_str(&format!(" by {}", mode.count));
        }
        if let Some(approver) = &mode.approver {
            text.push_str(&format!(" of {}", Self::who(approver)));
        }
        if mode.quorum > 0 {
            text.push_str(&format!(" of {} %, {} % yes", mode.quorum, mode.pass));
        }
        if mode.silence_is_consent {
            text.push_str(", silence is consent");
        }
        for (what, seconds) in [("deadline", mode.deadline), ("wait", mode.wait)] {
            if seconds > 0 {
                text.push_str(&format!(", {what} {seconds} s"));
            }
        }
        if let Some(mode) = &mode.escalates_to {
            text.push_str(&format!(", after an objection {}", Self::mode(mode)));
        }
        text
    }

    fn who(who: &Who) -> String {
        match who.kind() {
            WhoKind::None => "nobody".into(),
            WhoKind::JoinedMembers => "joined members".into(),
            WhoKind::RoleHolders => "role holders".into(),
            WhoKind::Role => format!("role r{}", who.role.unwrap_or_default().number),
            WhoKind::RoleKind => lower(who.role_kind().as_str_name(), "ROLE_KIND_"),
            WhoKind::Capability => format!("who can {}", word(who.capability())),
        }
    }

    fn confers(unit: &Unit) -> String {
        let capabilities: Vec<String> = unit.confers().map(word).collect();
        if capabilities.is_empty() {
            "nothing".into()
        } else {
            capabilities.join(", ")
        }
    }

    /// The parameters by name, each with the value that holds and its default, in seconds and in milliseconds (`_ms`).
    fn parameters(&self) -> impl Iterator<Item = (&'static str, u64, u64)> {
        let (set, usual) = (parameters::get(self.0), parameters::defaults());
        parameters::ALL
            .iter()
            .map(move |parameter| (parameter.name, parameter.get(&set), parameter.get(&usual)))
    }

    fn accounts(&self, owner: u64) -> String {
        let accounts = self.list::<Account>(List::Accounts, owner).into_iter();
        accounts
            .map(|account| {
                format!(
                    ", account {} holds {}",
                    account.handle,
                    self.balance(account.number)
                )
            })
            .collect()
    }

    /// What an account holds, and of which asset; of an issuance account, what it gave.
    fn held(&self, number: u64) -> Option<(Amount, u64)> {
        let account = objects::get::<Account>(self.0, number)?;
        let debits = Amount::from_state(&account.debits_posted).0;
        let credits = Amount::from_state(&account.credits_posted).0;
        Some((Amount(credits.abs_diff(debits)), account.asset))
    }

    fn balance(&self, number: u64) -> String {
        match self.held(number) {
            Some((amount, asset)) => self.amount(&amount.to_bytes(), asset),
            None => "nothing".into(),
        }
    }

    fn amount(&self, bytes: &[u8], asset: u64) -> String {
        let amount = Amount::from_state(bytes);
        match objects::get::<Asset>(self.0, asset) {
            Some(asset) => format!("{} {}", amount.in_decimals(asset.scale), asset.code),
            None => amount.0.to_string(),
        }
    }

    fn path(&self, unit: u64) -> String {
        let mut handles: Vec<String> = judge::power::lineage(self.0, unit)
            .into_iter()
            .map(|unit| unit.handle.clone())
            .collect();
        handles.reverse();
        handles.join("/")
    }
}

fn word(capability: Capability) -> String {
    lower(capability.as_str_name(), "CAPABILITY_")
}

fn lower(name: &str, prefix: &str) -> String {
    name.trim_start_matches(prefix).to_ascii_lowercase()
}
