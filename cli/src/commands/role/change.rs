//! Roles as they are made, changed, moved and removed.

use clap::Args;
use polity_client::Result;
use polity_client::ledger::form;
use polity_client::v1::{
    AmendRole, CreateRole, MoveRole, RemoveRole, Role as RoleState, RoleKind, action::Kind,
};

use crate::context::Context;
use crate::failure::usage;
use crate::{time, word};

/// Creates a role in a unit.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity role create acme/dev#guide --purpose 'answers newcomers' --accountability 'welcoming' --term 180d\n  \
    polity role create acme/dev#facilitator --kind facilitator --elected --term 180d")]
pub(super) struct Create {
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
        self.term.as_deref().map(time::parse_seconds).transpose()
    }
}

impl Create {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
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
pub(super) struct Amend {
    /// The role.
    role: String,
    /// New handle.
    #[arg(long)]
    handle: Option<String>,
    #[command(flatten)]
    words: Words,
}

impl Amend {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let number = session.role(&self.role).await?.number;
        let role: RoleState = session.get(number).await?.unwrap_or_default();
        let amend = AmendRole {
            role: form::numbered(number),
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

/// Moves a role that nobody holds into a unit below, or out into one above; its grants end.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    polity role move acme/dev#guide --to acme/dev/api")]
pub(super) struct Move {
    /// The role.
    role: String,
    /// The unit where it shall stand.
    #[arg(long, value_name = "UNIT")]
    to: String,
}

impl Move {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let act = MoveRole {
            role: context.role_ref(&self.role).await?,
            unit: context.unit_ref(&self.to).await?,
        };
        context.act(vec![Kind::MoveRole(act)]).await
    }
}

/// Removes a role; assignments to it end.
#[derive(Args, Debug)]
pub(super) struct Remove {
    /// The role.
    role: String,
}

impl Remove {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let role = context.role_ref(&self.role).await?;
        context
            .act(vec![Kind::RemoveRole(RemoveRole { role })])
            .await
    }
}

fn given_or(given: Vec<String>, present: Vec<String>) -> Vec<String> {
    if given.is_empty() { present } else { given }
}

/// Splits `acme/dev#guide` into where it stands and how it is called.
fn place(text: &str) -> Result<(&str, &str)> {
    text.split_once('#').ok_or_else(|| {
        usage(format!(
            "a new role is written UNIT#HANDLE, like acme/dev#guide, not {text}"
        ))
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
