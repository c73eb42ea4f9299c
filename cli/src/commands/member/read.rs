//! `member list | show`.

use clap::Args;
use polity_client::Result;
use polity_client::ledger::state::keys::List as Lists;
use polity_client::session::lettered;
use polity_client::v1::{Assignment, Member as MemberObject, MemberKind, MemberState, ObjectKind};
use serde_json::{Value, json};

use crate::commands::seconds_paused;
use crate::context::Context;
use crate::failure::usage;
use crate::names::{self, Names};
use crate::output::{Table, facts};
use crate::time;

/// Lists members: all of the organisation, or those who joined a unit.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    polity member list --unit acme/dev")]
pub(super) struct List {
    /// Only members who joined this unit.
    #[arg(long)]
    unit: Option<String>,
}

impl List {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let view = context.view().await?;
        let (list, owner) = match &self.unit {
            Some(unit) => (Lists::Joined, session.unit(unit).await?.number),
            None => (Lists::Members, 0),
        };
        let members = view.listed::<MemberObject>(list, &[owner]).await?;
        let paused = seconds_paused(&view).await?;
        let members: Vec<MemberObject> = members
            .into_iter()
            .map(|member| on_the_clock(member, paused))
            .collect();
        let mut names = Names::new(&view);
        names.load_units(members.iter().map(|one| one.unit)).await?;

        let mut table = Table::new(["member", "handle", "state", "admitted by unit", "keys"]);
        for member in &members {
            table.row([
                lettered(ObjectKind::Member, member.number),
                member.handle.clone(),
                state(member).to_owned(),
                names.unit(member.unit),
                active_keys(member).to_string(),
            ]);
        }
        let json: Vec<Value> = members.iter().map(|one| member_json(&names, one)).collect();
        context.answer(&view, json!({ "members": json }), || table.to_string());
        Ok(())
    }
}

/// Shows a member: state, keys, roles and units.
#[derive(Args, Debug)]
pub(super) struct Show {
    /// Number or handle; without it, yourself.
    who: Option<String>,
}

impl Show {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let view = context.view().await?;
        let number = match &self.who {
            Some(text) => session.member(text).await?.number,
            None => context.member().await?.number,
        };
        let member = view.get::<MemberObject>(number).await?;
        let member = member.ok_or_else(|| usage(format!("m{number} was not there then")))?;
        let member = on_the_clock(member, seconds_paused(&view).await?);
        let assignments: Vec<Assignment> = view.listed(Lists::Assignments, &[number]).await?;
        let units = view.list(Lists::JoinedBy, number).await?;
        let mut names = Names::new(&view);
        names
            .load_units(units.iter().copied().chain([member.unit]))
            .await?;
        names
            .load_roles(assignments.iter().map(|one| one.role))
            .await?;
        names.load_members([member.admitted_by]).await?;

        let mut json = member_json(&names, &member);
        json["roles"] = assignments
            .iter()
            .map(|one| {
                json!({
                    "assignment": lettered(ObjectKind::Assignment, one.number),
                    "role": names::json(ObjectKind::Role, one.role),
                    "name": names.role(one.role),
                    "from": time::json(one.from),
                    "until": time::json(one.until),
                })
            })
            .collect();
        json["units"] = units
            .iter()
            .map(|unit| json!({"unit": lettered(ObjectKind::Unit, *unit), "name": names.unit(*unit)}))
            .collect();
        context.answer(&view, json, || told(&names, &member, &assignments, &units));
        Ok(())
    }
}

/// The member as people read it.
fn told(
    names: &Names<'_>,
    member: &MemberObject,
    assignments: &[Assignment],
    units: &[u64],
) -> String {
    let mut text = facts(&[
        ("member", names_of(member)),
        ("state", state(member).to_owned()),
        ("kind", kind(member).to_owned()),
        (
            "admitted by unit",
            names.shown(ObjectKind::Unit, member.unit),
        ),
        (
            "admitted by",
            names.shown(ObjectKind::Member, member.admitted_by),
        ),
        ("joined", time::shown(member.joined_at)),
        ("sleeps until", time::shown(member.sleeps_until)),
        (
            "open recovery",
            names::letter(ObjectKind::Recovery, member.recovery),
        ),
        ("external id", member.external_id.clone()),
    ]);
    for key in &member.keys {
        let revoked = match key.revoked_at {
            0 => String::new(),
            at => format!(", revoked {}", time::shown(at)),
        };
        text.push_str(&format!(
            "key   {} since {}{revoked}\n",
            hex::encode(&key.public),
            time::shown(key.added_at)
        ));
    }
    for one in assignments {
        let until = match one.until {
            0 => String::new(),
            until => format!(" until {}", time::shown(until)),
        };
        text.push_str(&format!(
            "role  {} ({}){until}\n",
            names.shown(ObjectKind::Role, one.role),
            lettered(ObjectKind::Assignment, one.number)
        ));
    }
    for unit in units {
        text.push_str(&format!("unit  {}\n", names.shown(ObjectKind::Unit, *unit)));
    }
    text
}

/// A member as the clock on the wall says it: what sleeps does so for as much longer as outages since the recovery lasted.
fn on_the_clock(member: MemberObject, paused: u64) -> MemberObject {
    let since = paused.saturating_sub(member.recovered_paused);
    MemberObject {
        sleeps_until: match member.sleeps_until {
            0 => 0,
            until => until.saturating_add(since),
        },
        ..member
    }
}

fn member_json(names: &Names<'_>, member: &MemberObject) -> Value {
    json!({
        "member": lettered(ObjectKind::Member, member.number),
        "handle": member.handle,
        "external_id": member.external_id,
        "kind": kind(member),
        "state": state(member),
        "unit": names::json(ObjectKind::Unit, member.unit),
        "unit_name": names.unit(member.unit),
        "admitted_by": names::json(ObjectKind::Member, member.admitted_by),
        "joined": time::json(member.joined_at),
        "sleeps_until": time::json(member.sleeps_until),
        "recovery": names::json(ObjectKind::Recovery, member.recovery),
        "home_squad": names::json(ObjectKind::Unit, member.home_squad),
        "keys": member.keys.iter().map(|key| json!({
            "public_key": hex::encode(&key.public),
            "added": time::json(key.added_at),
            "revoked": time::json(key.revoked_at),
        })).collect::<Vec<_>>(),
    })
}

fn names_of(member: &MemberObject) -> String {
    format!(
        "{} {}",
        lettered(ObjectKind::Member, member.number),
        member.handle
    )
}

fn active_keys(member: &MemberObject) -> usize {
    member.keys.iter().filter(|key| key.revoked_at == 0).count()
}

fn state(member: &MemberObject) -> &'static str {
    match member.state() {
        MemberState::None => "none",
        MemberState::Invited => "invited",
        MemberState::Active => "active",
        MemberState::Suspended => "suspended",
        MemberState::Departed => "departed",
        MemberState::Imported => "imported",
    }
}

fn kind(member: &MemberObject) -> &'static str {
    match member.kind() {
        MemberKind::Person => "person",
        MemberKind::Service => "service",
    }
}
