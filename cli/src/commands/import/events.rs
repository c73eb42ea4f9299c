//! `import events` and `import check`: units, members and who held what, from a file of events.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use polity_client::import::events;
use polity_client::import::roster::{Difference, Roster};
use polity_client::import::run::Imported;
use polity_client::import::story::Story;
use polity_client::import::structure::Structure;
use polity_client::ledger::form;
use polity_client::v1::{CreateRole, action::Kind};
use polity_client::{Error, Result};
use serde_json::{Value, json};

use super::{acting_as, confirm, role_for, tell_tried};
use crate::context::Context;
use crate::progress::Progress;
use crate::time;
use crate::word::counted;

/// Imports organisational events in their order: units, members, assignments, each with its own date.
///
/// A line of the file is one event in JSON: `n`, its number; `at`, when it happened; and `type`, one of
/// `unit_created {unit, kind, parent}`, `unit_moved {unit, parent}`, `unit_dissolved {unit}`, `member_added {member}`,
/// `assigned {unit, role, member}`, `unassigned {unit, role, member}`. A unit without a parent stands below UNIT.
/// The whole file is checked before anything is sent; with --dry-run the ledger is asked about its beginning. Names of the source are kept as external ids.
#[derive(Args, Debug)]
pub(super) struct Events {
    /// The file of events.
    file: PathBuf,
    /// The unit below which everything is imported.
    #[arg(long, value_name = "UNIT")]
    into: String,
    /// Import the events from 1 to this one, which must end an instant.
    #[arg(long, value_name = "N")]
    until: Option<u64>,
    /// Compare parents and holders with this roster afterwards.
    #[arg(long, value_name = "ROSTER")]
    expect: Option<PathBuf>,
}

/// Compares parents and holders below a unit with a roster, by external ids, read with proofs. Exit code 1 where they
/// differ.
#[derive(Args, Debug)]
pub(super) struct Check {
    /// The roster: `{"units": {UNIT: {"parent": UNIT or null, "roles": {ROLE: [MEMBER]}}}}`.
    roster: PathBuf,
    /// The unit below which everything was imported.
    #[arg(long, value_name = "UNIT")]
    into: String,
}

impl Events {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let begun = Instant::now();
        let all = events::read(&self.file)?;
        let until = self.until.unwrap_or(all.len() as u64);
        let taken = events::up_to(&all, until)?;
        events::check_happened(taken, time::now()?)?;
        let story = Story::of(taken)?;
        let roster = self.expect.as_deref().map(Roster::read).transpose()?;

        let session = context.session().await?;
        let into = session.unit(&self.into).await?;
        let who = context.actor().await?;
        let role = role_for(context, who.member.number, probe(into.number)).await?;
        let registrar = acting_as(&who, role);
        let plan = session
            .plan_story(registrar.role, &story, into.number)
            .await?;
        let before = plan.recorded();
        let actions = plan.actions() - before;
        if context.options.dry_run {
            session.rehearse_story(&registrar, plan).await?;
            let value = json!({
                "events": until,
                "actions": actions,
                "recorded_before": before,
            });
            let left = (actions > 0).then(|| {
                let (events, actions) = (counted(until, "event"), counted(actions, "action"));
                format!("{events} can be imported, as {actions}")
            });
            tell_tried(context, value, left);
            return Ok(());
        }
        let mut imported = Imported {
            recorded_before: before,
            ..Imported::default()
        };
        if actions > 0 {
            context.output.note(format!(
                "You import {} of {} below {}, as {}{}.",
                counted(until, "event"),
                self.file.display(),
                into.shown,
                counted(actions, "action"),
                there_before(before)
            ));
            confirm(context).await?;
            let signer = context.open_key(&who)?;
            let progress = Progress::new("importing");
            imported = session
                .import_story(&registrar, &signer, plan, &mut |done, of| {
                    progress.at(done, of);
                })
                .await?;
        }

        let mut value = as_json(until, &imported);
        let mut text = as_text(until, &imported, begun);
        value["seconds"] = json!(begun.elapsed().as_secs_f64());
        let Some(roster) = roster else {
            context.output.show(&value, || text);
            return Ok(());
        };
        let compared = Compared::new(context, &roster, into.number).await?;
        value["comparison"] = compared.as_json();
        text.push_str(&compared.as_text(self.expect.as_deref()));
        context.output.show(&value, || text);
        compared.verdict()
    }
}

/// An action by which the importer's role is found.
fn probe(into: u64) -> Kind {
    Kind::CreateRole(CreateRole {
        unit: form::numbered(into),
        handle: "imported".into(),
        ..CreateRole::default()
    })
}

impl Check {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let roster = Roster::read(&self.roster)?;
        let into = context.session().await?.unit(&self.into).await?;
        let compared = Compared::new(context, &roster, into.number).await?;
        context
            .output
            .show(&compared.as_json(), || compared.as_text(Some(&self.roster)));
        compared.verdict()
    }
}

/// A roster beside what the chain proves.
struct Compared {
    height: u64,
    units: usize,
    holders: usize,
    differences: Vec<Difference>,
}

impl Compared {
    async fn new(context: &Context, roster: &Roster, into: u64) -> Result<Compared> {
        let session = context.session().await?;
        let (structure, height) = Structure::read_of_one_height(session).await?;
        let chain = Roster::of_chain(&structure, into, time::now()?);
        Ok(Compared {
            height,
            units: chain.units.len(),
            holders: chain.holders(),
            differences: roster.differences(&chain),
        })
    }

    fn as_json(&self) -> Value {
        let differences: Vec<String> = self.differences.iter().map(ToString::to_string).collect();
        json!({
            "equal": differences.is_empty(),
            "height": self.height,
            "proven": true,
            "units": self.units,
            "holders": self.holders,
            "differences": differences,
        })
    }

    fn as_text(&self, roster: Option<&Path>) -> String {
        let mut text = String::new();
        for difference in &self.differences {
            text.push_str(&format!("{difference}\n"));
        }
        let roster = roster.map_or_else(String::new, |path| path.display().to_string());
        let result = match self.differences.len() {
            0 => "equal to".to_owned(),
            count => format!("{} from", counted(count as u64, "difference")),
        };
        text.push_str(&format!(
            "{} and {} at height {}, proven: {result} {roster}\n",
            counted(self.units as u64, "unit"),
            counted(self.holders as u64, "holder"),
            self.height
        ));
        text
    }

    fn verdict(&self) -> Result<()> {
        match self.differences.len() {
            0 => Ok(()),
            count => Err(Error::trouble(format!(
                "the chain and the roster differ in {}",
                counted(count as u64, "place")
            ))),
        }
    }
}

fn as_json(events: u64, imported: &Imported) -> Value {
    json!({
        "events": events,
        "actions": imported.actions,
        "recorded_before": imported.recorded_before,
        "transactions": imported.transactions,
    })
}

fn as_text(events: u64, imported: &Imported, begun: Instant) -> String {
    let events = counted(events, "event");
    if imported.actions == 0 {
        return format!("nothing is left to import: {events} were imported before\n");
    }
    format!(
        "{events} imported: {} in {}, all accepted and proven, in {:.1} s{}\n",
        counted(imported.actions, "action"),
        counted(imported.transactions, "transaction"),
        begun.elapsed().as_secs_f64(),
        there_before(imported.recorded_before)
    )
}

fn there_before(actions: u64) -> String {
    match actions {
        0 => String::new(),
        actions => format!("; there before: {}", counted(actions, "action")),
    }
}
