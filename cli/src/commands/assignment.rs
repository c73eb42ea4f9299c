//! `assignment list | show | assign | accept | resign | revoke | renew`.

use clap::{ArgGroup, Args, Subcommand};
use polity_client::ledger::state::keys::List as Set;
use polity_client::session::{View, lettered};
use polity_client::v1::{
    AcceptAssignment, AssignRole, Assignment as AssignmentState, Manner, ObjectKind, Ref,
    RenewAssignment, ResignRole, RevokeAssignment, action::Kind,
};
use polity_client::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use crate::context::Context;
use crate::names::{self, Names};
use crate::output::{Table, facts};
use crate::{receipt, time, word};

/// Assignments: who holds which role, from when until when.
///
/// An assignment is written `n31`, or who holds what: `finn@acme/dev#lead`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity assignment list --member finn\n  \
    polity assignment assign acme/dev#guide finn --until 180d\n  \
    polity assignment resign finn@acme/dev#guide")]
pub struct Assignment {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    List(List),
    Show(Show),
    Assign(Assign),
    Accept(Accept),
    Resign(Resign),
    Revoke(Revoke),
    Renew(Renew),
}

impl Assignment {
    /// Runs the verb.
    pub async fn run(self, context: &Context) -> Result<()> {
        match self.verb {
            Verb::List(verb) => verb.run(context).await,
            Verb::Show(verb) => verb.run(context).await,
            Verb::Assign(verb) => verb.run(context).await,
            Verb::Accept(verb) => verb.run(context).await,
            Verb::Resign(verb) => verb.run(context).await,
            Verb::Revoke(verb) => verb.run(context).await,
            Verb::Renew(verb) => verb.run(context).await,
        }
    }
}

/// Lists the open assignments of a member, a role or a unit; without a name, yours.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("whose").args(["of_member", "role", "unit"])))]
struct List {
    /// What this member holds.
    #[arg(long = "of", value_name = "MEMBER")]
    of_member: Option<String>,
    /// Who holds this role.
    #[arg(long)]
    role: Option<String>,
    /// Who holds the roles of this unit.
    #[arg(long)]
    unit: Option<String>,
}

impl List {
    async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let view = context.view().await?;
        let (set, owners) = if let Some(role) = &self.role {
            (Set::Holders, vec![session.role(role).await?.number])
        } else if let Some(unit) = &self.unit {
            let unit = session.unit(unit).await?.number;
            (
                Set::Holders,
                view.lists(Set::Roles, &[unit]).await?.concat(),
            )
        } else if let Some(member) = &self.of_member {
            (Set::Assignments, vec![session.member(member).await?.number])
        } else {
            (Set::Assignments, vec![context.member().await?.number])
        };
        let lists = view.lists(set, &owners).await?;
        let held = view.get_all::<AssignmentState>(&lists.concat()).await?;
        let held: Vec<AssignmentState> = held.into_iter().flatten().collect();
        let names = names_of(&view, &held).await?;

        let mut table = Table::new(["assignment", "member", "role", "from", "until", "manner"]);
        for one in &held {
            table.row([
                lettered(ObjectKind::Assignment, one.number),
                names.shown(ObjectKind::Member, one.member),
                names.shown(ObjectKind::Role, one.role),
                time::shown(one.from),
                time::shown(one.until),
                word::word(one.manner()),
            ]);
        }
        let rows: Vec<Value> = held.iter().map(|one| as_json(one, &names)).collect();
        context.answer(&view, json!({"assignments": rows}), || table.to_string());
        Ok(())
    }
}

/// Shows an assignment, also one that ended.
#[derive(Args, Debug)]
struct Show {
    /// The assignment.
    assignment: String,
}

impl Show {
    async fn run(self, context: &Context) -> Result<()> {
        let view = context.view().await?;
        let number = context
            .assignment_ref(&self.assignment)
            .await?
            .map_or(0, |one| one.number);
        let found = view.get::<AssignmentState>(number).await?;
        let one = found.ok_or_else(|| {
            let words = format!("there is no assignment {}", self.assignment);
            Error::new(ErrorKind::Usage, words)
        })?;
        let names = names_of(&view, std::slice::from_ref(&one)).await?;
        context.answer(&view, as_json(&one, &names), || {
            facts(&[
                ("assignment", lettered(ObjectKind::Assignment, one.number)),
                ("member", names.shown(ObjectKind::Member, one.member)),
                ("role", names.shown(ObjectKind::Role, one.role)),
                ("manner", word::word(one.manner())),
                ("from", time::shown(one.from)),
                ("until", time::shown(one.until)),
                ("focus", one.focus.clone()),
                ("percentage", shown_percentage(one.percentage)),
                (
                    "assigned by",
                    names.shown(ObjectKind::Member, one.assigned_by),
                ),
                ("basis", receipt::basis_words(one.basis)),
                ("accepted", time::shown(one.accepted_at)),
                ("ended", time::shown(one.ended_at)),
                (
                    "follows",
                    names::json(ObjectKind::Assignment, one.follows)
                        .as_str()
                        .unwrap_or("")
                        .to_owned(),
                ),
            ])
        });
        Ok(())
    }
}

/// Gives a role to a member, effective at once.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity role assign acme/dev#guide finn\n  \
    polity role assign acme/dev#guide finn --until 180d --percentage 40 --focus onboarding")]
pub struct Assign {
    /// The role: `acme/dev#guide`, r9 or `new(1)`.
    role: String,
    /// Who shall hold it.
    holder: String,
    /// When it ends: a time, or a duration from now; without it, after the role's own term.
    #[arg(long, value_name = "TIME|DURATION")]
    until: Option<String>,
    /// `surrogate` for an elected role, `imported` for a record of another system.
    #[arg(long, value_parser = word::parser::<Manner>(), default_value = "assigned")]
    manner: Manner,
    /// On what the holder works inside the role.
    #[arg(long, default_value = "")]
    focus: String,
    /// Percent of the holder's time.
    #[arg(long, default_value_t = 0)]
    percentage: u32,
}

impl Assign {
    /// Assigns.
    pub async fn run(self, context: &Context) -> Result<()> {
        let assign = AssignRole {
            role: context.role_ref(&self.role).await?,
            member: context.member_ref(&self.holder).await?,
            until: until(self.until.as_deref())?,
            manner: self.manner as i32,
            focus: self.focus,
            percentage: self.percentage,
        };
        context.act(vec![Kind::AssignRole(assign)]).await
    }
}

/// Records that you accept an assignment.
#[derive(Args, Debug)]
struct Accept {
    /// The assignment.
    assignment: String,
}

impl Accept {
    async fn run(self, context: &Context) -> Result<()> {
        let assignment = found(context, &self.assignment).await?;
        let accept = AcceptAssignment { assignment };
        context.act(vec![Kind::AcceptAssignment(accept)]).await
    }
}

/// Gives a role back that you hold.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    polity assignment resign n31")]
struct Resign {
    /// The assignment.
    assignment: String,
}

impl Resign {
    async fn run(self, context: &Context) -> Result<()> {
        let assignment = found(context, &self.assignment).await?;
        context
            .act(vec![Kind::ResignRole(ResignRole { assignment })])
            .await
    }
}

/// Takes a role away; the holder's delegations and open spending proposals from it are void.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    polity assignment revoke n31")]
struct Revoke {
    /// The assignment.
    assignment: String,
}

impl Revoke {
    async fn run(self, context: &Context) -> Result<()> {
        let assignment = found(context, &self.assignment).await?;
        let revoke = RevokeAssignment { assignment };
        context.act(vec![Kind::RevokeAssignment(revoke)]).await
    }
}

/// Renews term, focus and percentage of an assignment; what is not named stays as it is.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    polity assignment renew n31 --until 180d\n  \
    polity assignment renew n31 --percentage 60")]
struct Renew {
    /// The assignment.
    assignment: String,
    /// When it ends: a time, or a duration from now; without it, after the role's own term.
    #[arg(long, value_name = "TIME|DURATION")]
    until: Option<String>,
    /// On what the holder works inside the role.
    #[arg(long)]
    focus: Option<String>,
    /// Percent of the holder's time.
    #[arg(long)]
    percentage: Option<u32>,
}

impl Renew {
    async fn run(self, context: &Context) -> Result<()> {
        let assignment = found(context, &self.assignment).await?;
        let number = assignment.map_or(0, |one| one.number);
        let present = context
            .session()
            .await?
            .get::<AssignmentState>(number)
            .await?;
        let present = present.unwrap_or_default();
        let renew = RenewAssignment {
            assignment,
            until: until(self.until.as_deref())?,
            focus: self.focus.unwrap_or(present.focus),
            percentage: self.percentage.unwrap_or(present.percentage),
        };
        context.act(vec![Kind::RenewAssignment(renew)]).await
    }
}

async fn found(context: &Context, text: &str) -> Result<Option<Ref>> {
    context.assignment_ref(text).await
}

fn until(text: Option<&str>) -> Result<u64> {
    text.map_or(Ok(0), time::parse_until)
}

async fn names_of<'s>(view: &'s View<'s>, held: &[AssignmentState]) -> Result<Names<'s>> {
    let mut names = Names::new(view);
    names.load_roles(held.iter().map(|one| one.role)).await?;
    let people = held.iter().flat_map(|one| [one.member, one.assigned_by]);
    names.load_members(people).await?;
    Ok(names)
}

fn as_json(one: &AssignmentState, names: &Names<'_>) -> Value {
    json!({
        "assignment": lettered(ObjectKind::Assignment, one.number),
        "member": lettered(ObjectKind::Member, one.member),
        "member_handle": names.member(one.member),
        "role": lettered(ObjectKind::Role, one.role),
        "role_name": names.role(one.role),
        "manner": word::word(one.manner()),
        "from": time::json(one.from),
        "until": time::json(one.until),
        "focus": one.focus,
        "percentage": one.percentage,
        "assigned_by": names::json(ObjectKind::Member, one.assigned_by),
        "basis": receipt::basis_words(one.basis),
        "accepted_at": time::json(one.accepted_at),
        "ended_at": time::json(one.ended_at),
        "effective_at": time::json(one.effective_at),
        "ended_effective_at": time::json(one.ended_effective_at),
        "follows": names::json(ObjectKind::Assignment, one.follows),
    })
}

fn shown_percentage(percentage: u32) -> String {
    match percentage {
        0 => String::new(),
        percentage => format!("{percentage}%"),
    }
}
