//! `role list | show | create | amend | remove | assign`.

use clap::{Args, Subcommand};
use polity_client::ledger::state::keys::List as Set;
use polity_client::session::{lettered, number_of};
use polity_client::v1::{
    AmendRole, Assignment, CreateRole, ObjectKind, RemoveRole, Role as RoleState, RoleKind,
    action::Kind,
};
use polity_client::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use super::assignment;
use crate::context::Context;
use crate::names::{self, Names};
use crate::output::{Table, facts};
use crate::{time, word};

/// Roles: named seats in a unit, with purpose, domains and accountabilities.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity role list acme/dev\n  \
    polity role create acme/dev#guide --purpose 'answers newcomers' --accountability 'welcoming' --term 180d\n  \
    polity role assign acme/dev#guide finn")]
pub struct Role {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    List(List),
    Show(Show),
    Create(Create),
    Amend(Amend),
    Remove(Remove),
    Assign(assignment::Assign),
}

impl Role {
    /// Runs the verb.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::List(verb) => verb.run(context).await,
            Verb::Show(verb) => verb.run(context).await,
            Verb::Create(verb) => verb.run(context).await,
            Verb::Amend(verb) => verb.run(context).await,
            Verb::Remove(verb) => verb.run(context).await,
            Verb::Assign(verb) => verb.run(context).await,
        }
    }
}

/// Lists the roles of a unit and who holds them.
#[derive(Args, Debug)]
struct List {
    /// The unit.
    unit: String,
}

impl List {
    async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let view = context.view().await?;
        let unit = session.unit(&self.unit).await?.number;
        let lists = view.lists(Set::Roles, &[unit]).await?;
        let numbers = lists.concat();
        let roles = view.get_all::<RoleState>(&numbers).await?;
        let held = view.lists(Set::Holders, &numbers).await?;
        let held = view.get_all::<Assignment>(&held.concat()).await?;
        let held: Vec<Assignment> = held.into_iter().flatten().collect();
        let mut names = Names::new(&view);
        names
            .load_members(held.iter().map(|one| one.member))
            .await?;
        names.load_roles(numbers).await?;

        let mut table = Table::new(["role", "name", "kind", "holders"]);
        let mut rows = Vec::new();
        for role in roles.into_iter().flatten() {
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
struct Show {
    /// The role; one that is removed, by its number.
    role: String,
}

impl Show {
    async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let view = context.view().await?;
        let number = match number_of(ObjectKind::Role, &self.role) {
            Some(number) => number,
            None => session.role(&self.role).await?.number,
        };
        let role = view.get::<RoleState>(number).await?;
        let role = role.ok_or_else(|| {
            Error::new(ErrorKind::Usage, format!("there is no role {}", self.role))
        })?;
        let held = view.lists(Set::Holders, &[number]).await?;
        let held = view.get_all::<Assignment>(&held.concat()).await?;
        let held: Vec<Assignment> = held.into_iter().flatten().collect();
        let grants = view.lists(Set::Grants, &[number]).await?;
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
            if held.is_empty() {
                text.push_str(
                    "vacant: its accountabilities fall to the lead of the containing unit\n",
                );
            }
            text
        });
        Ok(())
    }
}

/// Creates a role in a unit.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity role create acme/dev#guide --purpose 'answers newcomers' --accountability 'welcoming' --term 180d\n  \
    polity role create acme/dev#facilitator --kind facilitator --elected --term 180d")]
struct Create {
    /// Where it stands and how it is called: `acme/dev#guide`, `u4#guide`, `new(1)#guide`.
    #[arg(value_name = "UNIT#HANDLE")]
    role: String,
    /// `lead` and the other kinds have a meaning in the rules.
    #[arg(long, value_parser = word::parser::<RoleKind>(), default_value = "ordinary")]
    kind: RoleKind,
    #[command(flatten)]
    words: Words,
    /// Filled by election alone.
    #[arg(long)]
    elected: bool,
    /// Its name in another system.
    #[arg(long, default_value = "", value_name = "ID")]
    external_id: String,
}

/// What a role says about itself.
#[derive(Args, Debug)]
struct Words {
    /// What the role is for. Stands on the chain for good.
    #[arg(long)]
    purpose: Option<String>,
    /// What the role alone controls; can be repeated.
    #[arg(long = "domain", value_name = "DOMAIN")]
    domains: Vec<String>,
    /// What the role answers for; can be repeated.
    #[arg(long = "accountability", value_name = "ACCOUNTABILITY")]
    accountabilities: Vec<String>,
    /// Fewer holders are a health warning.
    #[arg(long)]
    holders_min: Option<u32>,
    /// More holders are refused; 0: no maximum.
    #[arg(long)]
    holders_max: Option<u32>,
    /// How long an assignment lasts by itself: 180d; 0s: without end.
    #[arg(long, value_name = "DURATION")]
    term: Option<String>,
}

impl Words {
    fn term(&self) -> Result<Option<u64>> {
        let term = self.term.as_deref().map(time::parse_duration).transpose()?;
        Ok(term.map(|term| term.as_secs()))
    }
}

impl Create {
    async fn run(self, context: &Context) -> Result<()> {
        let (unit, handle) = place(&self.role)?;
        let create = CreateRole {
            unit: context.unit_ref(unit).await?,
            kind: self.kind as i32,
            handle: handle.to_owned(),
            term: self.words.term()?.unwrap_or(0),
            purpose: self.words.purpose.unwrap_or_default(),
            domains: self.words.domains,
            accountabilities: self.words.accountabilities,
            holders_min: self.words.holders_min.unwrap_or(0),
            holders_max: self.words.holders_max.unwrap_or(0),
            elected: self.elected,
            external_id: self.external_id,
        };
        context.act(vec![Kind::CreateRole(create)]).await
    }
}

/// Changes a role; what is not named stays as it is. Domains and accountabilities replace those there.
#[derive(Args, Debug)]
struct Amend {
    /// The role.
    role: String,
    /// New handle.
    #[arg(long)]
    handle: Option<String>,
    #[command(flatten)]
    words: Words,
}

impl Amend {
    async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let number = session.role(&self.role).await?.number;
        let role: RoleState = session.get(number).await?.unwrap_or_default();
        let amend = AmendRole {
            role: super::reference(number),
            handle: self.handle.unwrap_or(role.handle),
            term: self.words.term()?.unwrap_or(role.term),
            purpose: self.words.purpose.unwrap_or(role.purpose),
            domains: given_or(self.words.domains, role.domains),
            accountabilities: given_or(self.words.accountabilities, role.accountabilities),
            holders_min: self.words.holders_min.unwrap_or(role.holders_min),
            holders_max: self.words.holders_max.unwrap_or(role.holders_max),
        };
        context.act(vec![Kind::AmendRole(amend)]).await
    }
}

/// Removes a role; assignments to it end.
#[derive(Args, Debug)]
struct Remove {
    /// The role.
    role: String,
}

impl Remove {
    async fn run(self, context: &Context) -> Result<()> {
        let role = context.role_ref(&self.role).await?;
        context
            .act(vec![Kind::RemoveRole(RemoveRole { role })])
            .await
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

fn given_or(given: Vec<String>, present: Vec<String>) -> Vec<String> {
    if given.is_empty() { present } else { given }
}

/// Splits `acme/dev#guide` into where it stands and how it is called.
fn place(text: &str) -> Result<(&str, &str)> {
    text.split_once('#').ok_or_else(|| {
        let words = format!("a new role is written UNIT#HANDLE, like acme/dev#guide, not {text}");
        Error::new(ErrorKind::Usage, words)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_role_stands_in_its_unit() {
        assert_eq!(
            place("acme/dev#guide").expect("a place"),
            ("acme/dev", "guide")
        );
        assert!(place("guide").is_err());
    }

    #[test]
    fn an_amendment_keeps_what_it_does_not_name() {
        let present = vec!["one".to_owned()];
        assert_eq!(given_or(Vec::new(), present.clone()), present);
        assert_eq!(given_or(vec!["two".into()], present), ["two"]);
    }
}
