//! The events of a decision, each proven: what was done, by whom, by which authority, and where it stands.

use polity_client::Result;
use polity_client::session::{AsOf, ProvenEvent, Session, Source, View};
use polity_client::v1::{ObjectKind, action::Kind};
use serde_json::{Value, json};

use crate::event::Told;
use crate::names::Names;
use crate::{event, time};

/// What happened to a proposal, and what came of it.
pub(super) struct Events {
    steps: Vec<Step>,
    /// What its adoption did, an event a line.
    pub(super) effects: Vec<String>,
}

#[derive(PartialEq)]
struct Step {
    height: u64,
    time: u64,
    what: String,
    basis: String,
    /// The transaction that did it, in hexadecimal; of what happened by time, none.
    id: Option<String>,
}

/// Reads and proves them, as far as the moment that is asked for.
pub(super) async fn read(view: &View<'_>, proposal: u64) -> Result<Events> {
    let session = view.session();
    let history = session
        .history_as_of(ObjectKind::Proposal, proposal, view.at())
        .await?;
    let mut evidence = session.evidence();
    let mut steps: Vec<Step> = Vec::new();
    let mut effects: Vec<Told> = Vec::new();
    for item in &history.items {
        let proven = evidence.event(item).await?;
        let step = step(session, item.entry.height, &proven).await?;
        // The last answer also decides: one act, two events.
        if steps.last() != Some(&step) {
            steps.push(step);
        }
        if event::is_adoption(&proven.event) {
            let basis = proven.event.basis;
            for event in evidence.beside(item) {
                if event.basis == basis && !event::is_adoption(event) {
                    let alike_before = effects.iter().filter(|told| told.event == *event).count();
                    let told = Told::of(session, event, alike_before, None, &[]).await?;
                    effects.push(told);
                }
            }
        }
    }
    let mut names = Names::new(view);
    event::load_names(&mut names, &effects).await?;
    let effects = effects.iter().map(|event| event::line(&names, event));
    Ok(Events {
        steps,
        effects: effects.collect(),
    })
}

async fn step(session: &Session, height: u64, proven: &ProvenEvent) -> Result<Step> {
    Ok(Step {
        height,
        time: proven.time,
        what: what(session, proven).await?,
        basis: event::basis_words(proven.event.basis),
        id: match &proven.source {
            Source::Transaction(id) => Some(hex::encode(id)),
            Source::Genesis | Source::Timer => None,
        },
    })
}

/// What was done and by whom, in a sentence where a person did it.
async fn what(session: &Session, proven: &ProvenEvent) -> Result<String> {
    let is_adoption = event::is_adoption(&proven.event);
    let view = session.view(AsOf::Newest);
    let told = Told::of_proven(session, proven).await?;
    let line = event::line(&Names::new(&view), &told);
    let Some(action) = &proven.action else {
        return Ok(line);
    };
    // An answer that decides has an event of its own; an execution has none but the adoption.
    if is_adoption && !matches!(action.kind, Some(Kind::ExecuteProposal(_))) {
        return Ok(line);
    }
    // Nobody is "you" in a record that others read.
    let words = session.words();
    let sentence = words.sentence(&proven.signers, action, None, 0).await?;
    Ok(if is_adoption {
        format!("{sentence}: {line}")
    } else {
        sentence
    })
}

impl Events {
    /// What came of it, then every event.
    pub(super) fn shown(&self) -> String {
        let mut text = String::new();
        if !self.effects.is_empty() {
            text.push_str("What came of it:\n");
        }
        for effect in &self.effects {
            text.push_str(&format!("  {effect}\n"));
        }
        text.push_str("Events, each proven (polity tx show ID):\n");
        for step in &self.steps {
            let id = step.id.as_deref().unwrap_or("none, its time came");
            text.push_str(&format!(
                "  {} block {}: {}\n    basis {}, transaction {id}\n",
                time::shown(step.time),
                step.height,
                step.what,
                step.basis,
            ));
        }
        text
    }

    /// The events' stable JSON.
    pub(super) fn json(&self) -> Value {
        let steps = self.steps.iter().map(|step| {
            json!({
                "height": step.height,
                "time": time::json(step.time),
                "what": step.what,
                "basis": step.basis,
                "id": step.id,
            })
        });
        steps.collect::<Vec<_>>().into()
    }
}
