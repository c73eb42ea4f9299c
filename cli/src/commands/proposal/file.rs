//! The decision file: everything that was said and done about a proposal, for somebody who was not there.

use polity_client::Result;
use polity_client::ledger::decisions::versions;
use polity_client::ledger::state::keys::List as Lists;
use polity_client::session::{View, lettered, visible};
use polity_client::v1::{
    Claim, ObjectKind, Objection, ObjectionState, Proposal, ProposalVersion, Response,
};
use serde_json::{Value, json};

use super::events::{self, Events};
use super::read::sentences;
use crate::names::{self, Names};
use crate::{time, word};

/// What a decision file is made of, beside the proposal.
pub(super) struct File {
    replaced: Vec<Replaced>,
    objections: Vec<Objection>,
    events: Events,
}

/// A version that another one replaced, and what it would have done.
struct Replaced {
    version: ProposalVersion,
    would: Vec<String>,
}

/// Reads it: each version and objection proven, the history whole, each event by its receipt.
pub(super) async fn read(view: &View<'_>, proposal: &Proposal) -> Result<File> {
    let session = view.session();
    let mut replaced = Vec::new();
    for version in 1..proposal.version {
        // A version that was replaced stays as it was: the newest state has it.
        let key = versions::key(proposal.number, version);
        if let Some(version) = session.value::<ProposalVersion>(key).await? {
            let would = sentences(session, proposal.proposer, &version.actions).await?;
            replaced.push(Replaced { version, would });
        }
    }
    Ok(File {
        replaced,
        objections: view.listed(Lists::Objections, &[proposal.number]).await?,
        events: events::read(view, proposal.number).await?,
    })
}

impl File {
    /// Members who appear in it, for their names to be read.
    pub(super) fn members(&self) -> impl Iterator<Item = u64> {
        let versions = self.replaced.iter().map(|one| &one.version);
        let answered = versions.flat_map(|version| &version.responses);
        let objections = self.objections.iter();
        let objected = objections.flat_map(|one| [one.objector, one.tested_by]);
        answered.map(|response| response.member).chain(objected)
    }

    /// The file in words.
    pub(super) fn shown(&self, proposal: &Proposal, names: &Names<'_>) -> String {
        let mut text = reasons(proposal);
        text.push_str(&deciders(proposal, names));
        for one in &self.replaced {
            let version = &one.version;
            text.push_str(&format!(
                "Version {}, opened {}, was replaced. It would have done:\n",
                version.version,
                time::shown(version.opened_at)
            ));
            for (index, action) in one.would.iter().enumerate() {
                text.push_str(&format!("  {}. {action}.\n", index + 1));
            }
            if version.explanation != proposal.explanation {
                text.push_str(&stated("Explanation", &version.explanation));
            }
            text.push_str(&answers(&version.responses, names));
        }
        text.push_str(&format!(
            "Version {}, opened {}, is the last. What was answered to it:\n",
            proposal.version,
            time::shown(proposal.version_at)
        ));
        text.push_str(&answers(&proposal.responses, names));
        for objection in &self.objections {
            text.push_str(&objected(objection, names));
        }
        text.push_str(&escalated(proposal, names));
        text.push_str(&self.events.shown());
        for (index, bytes) in proposal.actions.iter().enumerate() {
            text.push_str(&format!(
                "Action {} as it is encoded: {}\n",
                index + 1,
                hex::encode(bytes)
            ));
        }
        text
    }

    /// The file's stable JSON.
    pub(super) fn json(&self) -> Value {
        let replaced = self.replaced.iter().map(|one| {
            json!({
                "version": one.version.version,
                "opened_at": time::json(one.version.opened_at),
                "explanation": one.version.explanation,
                "sentences": one.would,
                "responses": one.version.responses.iter().map(answer_json).collect::<Vec<_>>(),
            })
        });
        let objections = self.objections.iter().map(objection_json);
        json!({
            "replaced_versions": replaced.collect::<Vec<_>>(),
            "objections": objections.collect::<Vec<_>>(),
            "effects": self.events.effects,
            "events": self.events.json(),
        })
    }
}

/// Why it was proposed.
pub(super) fn reasons(proposal: &Proposal) -> String {
    let document = hex::encode(&proposal.document);
    let mut text = String::new();
    for (name, words) in [
        ("Tension", &proposal.tension),
        ("Example", &proposal.example),
        ("Explanation", &proposal.explanation),
        ("Document", &document),
    ] {
        text.push_str(&stated(name, words));
    }
    text
}

fn stated(name: &str, words: &str) -> String {
    if words.is_empty() {
        String::new()
    } else {
        format!("{name}: {}\n", visible(words))
    }
}

/// Who decides, as it was when the proposal was opened.
fn deciders(proposal: &Proposal, names: &Names<'_>) -> String {
    let mut text = String::new();
    if !proposal.electorate.is_empty() {
        let people = names.members(&proposal.electorate);
        text.push_str(&format!("Electorate: {people}\n"));
    }
    for seat in &proposal.seats {
        let unit = names.shown(ObjectKind::Unit, seat.unit);
        text.push_str(&format!("Seat: {unit}, power {}\n", seat.power));
    }
    text
}

fn answers(responses: &[Response], names: &Names<'_>) -> String {
    if responses.is_empty() {
        return "  nobody answered\n".to_owned();
    }
    let lines = responses.iter().map(|response| {
        format!(
            "  {} {} {}{}\n",
            time::shown(response.at),
            names.shown(ObjectKind::Member, response.member),
            word::word(response.answer()),
            why(&response.explanation)
        )
    });
    lines.collect()
}

/// A claim's word, and what was argued for it.
fn claims(objection: &Objection) -> [(&'static str, &str); 5] {
    [
        ("harms", &objection.harms),
        ("limits my role", &objection.limits_my_role),
        ("caused by the proposal", &objection.caused_by_proposal),
        ("no time to adapt", &objection.no_time_to_adapt),
        ("breaks a rule", &objection.breaks_a_rule),
    ]
}

pub(super) fn objected(objection: &Objection, names: &Names<'_>) -> String {
    let mut text = format!(
        "Objection {} of {} to version {}, {}, is {}.\n",
        lettered(ObjectKind::Objection, objection.number),
        names.shown(ObjectKind::Member, objection.objector),
        objection.version,
        time::shown(objection.raised_at),
        word::word(objection.state())
    );
    for (claim, words) in claims(objection) {
        if !words.is_empty() {
            text.push_str(&format!("  {claim}: {}\n", visible(words)));
        }
    }
    if objection.tested_by != 0 {
        let who = names.shown(ObjectKind::Member, objection.tested_by);
        let found = match objection.unargued() {
            Claim::None => "each claim argued".to_owned(),
            claim => format!("no argument for {}", word::word(claim)),
        };
        text.push_str(&format!(
            "  {} {who} found {found}{}\n",
            time::shown(objection.tested_at),
            why(&objection.test_explanation)
        ));
    }
    if objection.state() == ObjectionState::Integrated {
        text.push_str(&format!(
            "  both signed version {} as integrating it\n",
            objection.objector_signed
        ));
    }
    text
}

pub(super) fn escalated(proposal: &Proposal, names: &Names<'_>) -> String {
    let mut text = String::new();
    for one in &proposal.escalations {
        let who = names.shown(ObjectKind::Member, one.member);
        let at = time::shown(one.at);
        text.push_str(&format!("{at} {who} escalated{}\n", why(&one.explanation)));
        if one.reversed_by != 0 {
            let who = names.shown(ObjectKind::Member, one.reversed_by);
            let at = time::shown(one.reversed_at);
            let why = why(&one.reversed_why);
            text.push_str(&format!("{at} {who} took that back{why}\n"));
        }
    }
    text
}

fn why(words: &str) -> String {
    if words.is_empty() {
        String::new()
    } else {
        format!(": {}", visible(words))
    }
}

/// An answer's stable JSON.
pub(super) fn answer_json(response: &Response) -> Value {
    json!({
        "member": names::json(ObjectKind::Member, response.member),
        "role": names::json(ObjectKind::Role, response.role),
        "version": response.version,
        "answer": word::word(response.answer()),
        "at": time::json(response.at),
        "explanation": response.explanation,
    })
}

pub(super) fn objection_json(objection: &Objection) -> Value {
    json!({
        "objection": lettered(ObjectKind::Objection, objection.number),
        "version": objection.version,
        "member": names::json(ObjectKind::Member, objection.objector),
        "role": names::json(ObjectKind::Role, objection.role),
        "state": word::word(objection.state()),
        "raised_at": time::json(objection.raised_at),
        "harms": objection.harms,
        "limits_my_role": objection.limits_my_role,
        "caused_by_proposal": objection.caused_by_proposal,
        "no_time_to_adapt": objection.no_time_to_adapt,
        "breaks_a_rule": objection.breaks_a_rule,
        "tested_by": names::json(ObjectKind::Member, objection.tested_by),
        "tested_at": time::json(objection.tested_at),
        "unargued": word::word(objection.unargued()),
        "test_explanation": objection.test_explanation,
        "objector_signed": objection.objector_signed,
        "proposer_signed": objection.proposer_signed,
        "ended_at": time::json(objection.ended_at),
    })
}
