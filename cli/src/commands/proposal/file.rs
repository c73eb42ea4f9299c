//! The decision file: everything that was said and done about a proposal, for somebody who was not there.

use polity_client::Result;
use polity_client::ledger::decisions::versions;
use polity_client::ledger::state::keys::List as Set;
use polity_client::session::{Session, lettered};
use polity_client::v1::{
    Claim, ObjectKind, Objection, ObjectionState, Proposal, ProposalVersion, Response,
};

use crate::names::Names;
use crate::{time, word};

/// What a decision file is made of, beside the proposal.
pub(super) struct File {
    replaced: Vec<ProposalVersion>,
    objections: Vec<Objection>,
    /// Height, time and transaction of every event about the proposal.
    events: Vec<String>,
}

/// Reads it: each version and objection proven, the history whole.
pub(super) async fn read(session: &Session, proposal: &Proposal) -> Result<File> {
    let mut replaced = Vec::new();
    for version in 1..proposal.version {
        let key = versions::key(proposal.number, version);
        replaced.extend(session.value::<ProposalVersion>(key).await?);
    }
    let numbers = session.list(Set::Objections, proposal.number).await?;
    let objections = session.get_all(&numbers).await?;
    let history = session
        .history(ObjectKind::Proposal, proposal.number)
        .await?;
    let events = history.items.iter().map(|item| {
        let event = item.context.event.clone().unwrap_or_default();
        let transaction = match item.context.transaction_id.is_empty() {
            true => "by time".to_owned(),
            false => hex::encode(&item.context.transaction_id),
        };
        format!(
            "{} block {} {} {transaction}",
            time::shown(item.context.time),
            item.entry.height,
            lettered(event.object(), event.number),
        )
    });
    Ok(File {
        replaced,
        objections,
        events: events.collect(),
    })
}

impl File {
    /// Members who appear in it, for their names to be read.
    pub(super) fn members(&self) -> impl Iterator<Item = u64> {
        let answered = self.replaced.iter().flat_map(|version| &version.responses);
        let objected = self
            .objections
            .iter()
            .flat_map(|one| [one.objector, one.tested_by]);
        answered.map(|response| response.member).chain(objected)
    }

    /// The file in words.
    pub(super) fn shown(&self, proposal: &Proposal, names: &Names<'_>) -> String {
        let mut text = String::new();
        for version in &self.replaced {
            text.push_str(&format!(
                "Version {}, opened {}, was replaced.\n",
                version.version,
                time::shown(version.opened_at)
            ));
            for response in &version.responses {
                text.push_str(&answer(response, names));
            }
        }
        text.push_str(&format!(
            "Version {}, opened {}, is the last.\n",
            proposal.version,
            time::shown(proposal.version_at)
        ));
        for response in &proposal.responses {
            text.push_str(&answer(response, names));
        }
        for objection in &self.objections {
            text.push_str(&objected(objection, names));
        }
        for one in &proposal.escalations {
            let who = names.shown(ObjectKind::Member, one.member);
            let at = time::shown(one.at);
            text.push_str(&format!("{at} {who} escalated{}\n", why(&one.explanation)));
            if one.reversed_by != 0 {
                let who = names.shown(ObjectKind::Member, one.reversed_by);
                let at = time::shown(one.reversed_at);
                text.push_str(&format!(
                    "{at} {who} took that back{}\n",
                    why(&one.reversed_why)
                ));
            }
        }
        text.push_str("Events:\n");
        for event in &self.events {
            text.push_str(&format!("  {event}\n"));
        }
        text
    }
}

fn answer(response: &Response, names: &Names<'_>) -> String {
    format!(
        "  {} {} {}{}\n",
        time::shown(response.at),
        names.shown(ObjectKind::Member, response.member),
        word::word(response.answer()),
        why(&response.explanation)
    )
}

fn objected(objection: &Objection, names: &Names<'_>) -> String {
    let mut text = format!(
        "Objection {} of {} to version {}, {}, is {}.\n",
        lettered(ObjectKind::Objection, objection.number),
        names.shown(ObjectKind::Member, objection.objector),
        objection.version,
        time::shown(objection.raised_at),
        word::word(objection.state())
    );
    for (claim, words) in [
        ("harms", &objection.harms),
        ("limits my role", &objection.limits_my_role),
        ("caused by the proposal", &objection.caused_by_proposal),
        ("no time to adapt", &objection.no_time_to_adapt),
        ("breaks a rule", &objection.breaks_a_rule),
    ] {
        if !words.is_empty() {
            text.push_str(&format!("  {claim}: {words}\n"));
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

fn why(words: &str) -> String {
    match words.is_empty() {
        true => String::new(),
        false => format!(": {words}"),
    }
}
