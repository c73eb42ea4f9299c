//! Assignments as they are shown: who holds what, from when until when.

use clap::{ArgGroup, Args};
use polity_client::Result;
use polity_client::ledger::state::keys::List as Lists;
use polity_client::session::{View, lettered};
use polity_client::v1::{Assignment as AssignmentState, ObjectKind};
use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::usage;
use crate::names::{self, Names};
use crate::output::{Table, facts};
use crate::{event, time, word};

/// Lists the open assignments of a member, a role or a unit; without a name, yours.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("whose").args(["of_member", "role", "unit"])))]
pub(super) struct List {
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
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let view = context.view().await?;
        let (set, owners) = if let Some(role) = &self.role {
            (Lists::Holders, vec![session.role(role).await?.number])
        } else if let Some(unit) = &self.unit {
            let unit = session.unit(unit).await?.number;
            (
                Lists::Holders,
                view.lists(Lists::Roles, &[unit]).await?.concat(),
            )
        } else if let Some(member) = &self.of_member {
            (
                Lists::Assignments,
                vec![session.member(member).await?.number],
            )
        } else {
            (Lists::Assignments, vec![context.member().await?.number])
        };
        let held: Vec<AssignmentState> = view.listed(set, &owners).await?;
        let names = names_of(&view, &held).await?;

        let mut table = Table::new([
            "assignment",
            "member",
            "role",
            "from",
            "until",
            "manner",
            "percentage",
        ]);
        for one in &held {
            table.row([
                lettered(ObjectKind::Assignment, one.number),
                names.shown(ObjectKind::Member, one.member),
                names.shown(ObjectKind::Role, one.role),
                time::shown(one.from),
                time::shown(one.until),
                word::word(one.manner()),
                shown_percentage(one.percentage),
            ]);
        }
        let rows: Vec<Value> = held.iter().map(|one| as_json(one, &names)).collect();
        context.answer(&view, json!({"assignments": rows}), || table.to_string());
        Ok(())
    }
}

/// Shows an assignment, also one that ended.
#[derive(Args, Debug)]
pub(super) struct Show {
    /// The assignment.
    assignment: String,
}

impl Show {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let view = context.view().await?;
        let number = context
            .assignment_ref(&self.assignment)
            .await?
            .map_or(0, |one| one.number);
        let found = view.get::<AssignmentState>(number).await?;
        let one =
            found.ok_or_else(|| usage(format!("there is no assignment {}", self.assignment)))?;
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
                ("basis", event::basis_words(one.basis)),
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
        "basis": event::basis_words(one.basis),
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
