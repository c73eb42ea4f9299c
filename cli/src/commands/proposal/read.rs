//! `proposal list` and `proposal show`.

use clap::Args;
use polity_client::ledger::state::keys::{self, List as Set};
use polity_client::session::{AsOf, Session, lettered, proposed_action};
use polity_client::v1::{ObjectKind, Organisation, Paused, Proposal, ProposalState, Signer};
use polity_client::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use super::file;
use crate::context::Context;
use crate::names::{self, Names};
use crate::output::{Table, facts};
use crate::{failure, mode, time, word};

/// Lists the open proposals of a unit, or those that you opened.
#[derive(Args, Debug)]
pub(super) struct List {
    /// The unit; without it, all units.
    unit: Option<String>,
    /// Those that you opened.
    #[arg(long, conflicts_with = "unit")]
    mine: bool,
}

impl List {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let at = context.as_of().await?;
        let (lists, moment) = if self.mine {
            let member = context.member().await?.number;
            session.lists(Set::ProposalsBy, &[member], at).await?
        } else {
            let units = match &self.unit {
                Some(unit) => vec![session.unit(unit).await?.number],
                None => every_unit(session, at).await?,
            };
            session.lists(Set::Proposals, &units, at).await?
        };
        let (proposals, _) = session.get_all_at::<Proposal>(&lists.concat(), at).await?;
        let proposals: Vec<Proposal> = proposals.into_iter().flatten().collect();
        let names = names_of(session, at, &proposals).await?;

        let mut table = Table::new([
            "proposal", "unit", "by", "title", "mode", "answers", "lapses",
        ]);
        let mut rows = Vec::new();
        for proposal in &proposals {
            let mode = proposal.mode.clone().unwrap_or_default();
            let answers = answers(proposal).count();
            table.row([
                lettered(ObjectKind::Proposal, proposal.number),
                names.shown(ObjectKind::Unit, proposal.unit),
                names.shown(ObjectKind::Member, proposal.proposer),
                proposal.title.clone(),
                mode::shown(&mode, &names),
                answers.to_string(),
                time::shown(proposal.lapses_at),
            ]);
            rows.push(as_json(proposal, &names));
        }
        context.answer(moment, json!({"proposals": rows}), || table.to_string());
        Ok(())
    }
}

/// Shows a proposal: what it would do, who decides, who answered what.
#[derive(Args, Debug)]
pub(super) struct Show {
    /// The proposal: p7.
    proposal: String,
    /// The whole file of the decision: all texts, who decides, every version, answer, objection and event, and the
    /// actions as they are encoded.
    #[arg(long)]
    full: bool,
}

impl Show {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let session = context.session().await?;
        let at = context.as_of().await?;
        let number = super::super::numbered(ObjectKind::Proposal, &self.proposal)?;
        let (found, moment) = session.get_at::<Proposal>(number, at).await?;
        let proposal = found.ok_or_else(|| absent(number))?;
        let paused: Paused = session
            .value(keys::key(keys::PAUSED, &[]))
            .await?
            .unwrap_or_default();
        let proposal = on_the_clock(proposal, paused.seconds);
        let mut names = names_of(session, at, std::slice::from_ref(&proposal)).await?;
        let actions = sentences(session, &proposal).await?;
        let mut file = None;
        if self.full {
            let read = file::read(session, &proposal).await?;
            names.load_members(read.members()).await?;
            file = Some(read);
        }

        let mut value = as_json(&proposal, &names);
        value["sentences"] = actions.clone().into();
        context.answer(moment, value, || {
            let mut text = shown(&proposal, &names, &actions, file.is_some());
            match &file {
                Some(file) => text.push_str(&file.shown(&proposal, &names)),
                None => text.push_str(&answered(&proposal, &names)),
            }
            text
        });
        Ok(())
    }
}

/// Waits and deadlines as the clock will show them: the ledger counts them without outages.
fn on_the_clock(proposal: Proposal, paused: u64) -> Proposal {
    let shift = |at: u64| {
        if at == 0 {
            0
        } else {
            at.saturating_add(paused)
        }
    };
    Proposal {
        deadline: shift(proposal.deadline),
        executable_at: shift(proposal.executable_at),
        lapses_at: shift(proposal.lapses_at),
        ..proposal
    }
}

/// A proposal of the newest state.
pub(super) async fn proposal(session: &Session, number: u64) -> Result<Proposal> {
    session.get(number).await?.ok_or_else(|| absent(number))
}

fn absent(number: u64) -> Error {
    let words = format!(
        "there is no proposal {}",
        lettered(ObjectKind::Proposal, number)
    );
    Error::new(ErrorKind::Usage, words)
}

/// What the actions would do, in words.
async fn sentences(session: &Session, proposal: &Proposal) -> Result<Vec<String>> {
    let signers = [Signer {
        member: proposal.proposer,
        key: Vec::new(),
    }];
    let words = session.words();
    let mut sentences = Vec::new();
    for bytes in &proposal.actions {
        let action = proposed_action(bytes)?;
        sentences.push(words.sentence(&signers, &action, None, 0).await?);
    }
    Ok(sentences)
}

async fn every_unit(session: &Session, at: AsOf) -> Result<Vec<u64>> {
    let (organisation, _) = session.get_at::<Organisation>(0, at).await?;
    let root = organisation.map_or(0, |organisation| organisation.root_unit);
    let mut units = vec![root];
    let mut level = vec![root];
    while !level.is_empty() {
        level = session.lists(Set::Children, &level, at).await?.0.concat();
        level.retain(|unit| !units.contains(unit));
        units.extend(&level);
    }
    Ok(units)
}

async fn names_of<'s>(session: &'s Session, at: AsOf, proposals: &[Proposal]) -> Result<Names<'s>> {
    let mut names = Names::new(session, at);
    let seats = proposals
        .iter()
        .flat_map(|one| one.seats.iter().map(|seat| seat.unit));
    names
        .load_units(proposals.iter().map(|one| one.unit).chain(seats))
        .await?;
    let people = proposals.iter().flat_map(|one| {
        let responses = one.responses.iter().map(|response| response.member);
        let named = one.electorate.iter().chain(&one.beneficiaries).copied();
        let escalated = one.escalations.iter();
        let named = named.chain(escalated.flat_map(|made| [made.member, made.reversed_by]));
        responses.chain(named).chain([one.proposer])
    });
    names.load_members(people).await?;
    let approvers = proposals
        .iter()
        .filter_map(|one| one.mode.as_ref()?.approver.as_ref()?.role)
        .map(|role| role.number);
    names
        .load_roles(approvers.chain(proposals.iter().map(|one| one.role)))
        .await?;
    Ok(names)
}

/// The answers to the present version.
fn answers(proposal: &Proposal) -> impl Iterator<Item = &polity_client::v1::Response> {
    let version = proposal.version;
    proposal
        .responses
        .iter()
        .filter(move |one| one.version == version)
}

fn shown(proposal: &Proposal, names: &Names<'_>, actions: &[String], full: bool) -> String {
    let mode = proposal.mode.clone().unwrap_or_default();
    let people = |numbers: &[u64]| {
        let shown = numbers
            .iter()
            .map(|one| names.shown(ObjectKind::Member, *one));
        shown.collect::<Vec<_>>().join(", ")
    };
    let is_closed = proposal.closed_at != 0;
    // What would have happened later no longer will.
    let ahead = |time| match is_closed {
        true => String::new(),
        false => time::shown(time),
    };
    let mut text = facts(&[
        (
            "proposal",
            format!(
                "{} {}",
                lettered(ObjectKind::Proposal, proposal.number),
                proposal.title
            ),
        ),
        ("state", word::word(proposal.state())),
        ("unit", names.shown(ObjectKind::Unit, proposal.unit)),
        ("by", names.shown(ObjectKind::Member, proposal.proposer)),
        ("as", names.shown(ObjectKind::Role, proposal.role)),
        ("version", proposal.version.to_string()),
        ("decided by", mode::shown(&mode, names)),
        (
            "policy",
            match proposal.policy {
                0 => String::new(),
                number => lettered(ObjectKind::Policy, number),
            },
        ),
        ("opened", time::shown(proposal.opened_at)),
        ("deadline", ahead(proposal.deadline)),
        ("lapses", ahead(proposal.lapses_at)),
        ("executable", time::shown(proposal.executable_at)),
        ("closed", time::shown(proposal.closed_at)),
        ("benefits", people(&proposal.beneficiaries)),
        (
            "failed",
            match proposal.failed_code {
                0 => String::new(),
                code => format!("{code} {}", failure::rejection_name(code)),
            },
        ),
    ]);
    text.push_str(match (proposal.state(), is_closed) {
        (ProposalState::Adopted, _) => "It did:\n",
        (_, true) => "It would have done:\n",
        (_, false) => "It would do:\n",
    });
    for (index, action) in actions.iter().enumerate() {
        text.push_str(&format!("  {}. {action}.\n", index + 1));
    }
    if full {
        for (name, words) in [
            ("Tension", &proposal.tension),
            ("Example", &proposal.example),
            ("Explanation", &proposal.explanation),
        ] {
            if !words.is_empty() {
                text.push_str(&format!("{name}: {words}\n"));
            }
        }
        if !proposal.document.is_empty() {
            text.push_str(&format!("Document: {}\n", hex::encode(&proposal.document)));
        }
        if !proposal.electorate.is_empty() {
            text.push_str(&format!("Electorate: {}\n", people(&proposal.electorate)));
        }
        for seat in &proposal.seats {
            let unit = names.shown(ObjectKind::Unit, seat.unit);
            text.push_str(&format!("Seat: {unit}, power {}\n", seat.power));
        }
        for (index, bytes) in proposal.actions.iter().enumerate() {
            text.push_str(&format!("Action {}: {}\n", index + 1, hex::encode(bytes)));
        }
    }
    text
}

/// The answers to the present version.
fn answered(proposal: &Proposal, names: &Names<'_>) -> String {
    let mut text = String::new();
    for one in &proposal.responses {
        let why = match one.explanation.as_str() {
            "" => String::new(),
            words => format!(": {words}"),
        };
        text.push_str(&format!(
            "{} {} {}{why}\n",
            time::shown(one.at),
            names.shown(ObjectKind::Member, one.member),
            word::word(one.answer()),
        ));
    }
    if !proposal.open_objections.is_empty() {
        let objections = proposal.open_objections.iter();
        let objections: Vec<String> = objections
            .map(|number| lettered(ObjectKind::Objection, *number))
            .collect();
        text.push_str(&format!(
            "Objections that stand: {}\n",
            objections.join(", ")
        ));
    }
    text
}

fn as_json(proposal: &Proposal, names: &Names<'_>) -> Value {
    let mode = proposal.mode.clone().unwrap_or_default();
    let numbers = |kind: ObjectKind, numbers: &[u64]| -> Vec<Value> {
        numbers.iter().map(|one| names::json(kind, *one)).collect()
    };
    json!({
        "proposal": lettered(ObjectKind::Proposal, proposal.number),
        "unit": lettered(ObjectKind::Unit, proposal.unit),
        "unit_name": names.unit(proposal.unit),
        "kind": word::word(proposal.kind()),
        "state": word::word(proposal.state()),
        "title": proposal.title,
        "tension": proposal.tension,
        "example": proposal.example,
        "explanation": proposal.explanation,
        "document": match proposal.document.is_empty() {
            true => Value::Null,
            false => hex::encode(&proposal.document).into(),
        },
        "proposer": names::json(ObjectKind::Member, proposal.proposer),
        "role": names::json(ObjectKind::Role, proposal.role),
        "version": proposal.version,
        "mode": word::word(mode.kind()),
        "mode_words": mode::shown(&mode, names),
        "policy": names::json(ObjectKind::Policy, proposal.policy),
        "capability": word::word(proposal.capability()),
        "beneficiaries": numbers(ObjectKind::Member, &proposal.beneficiaries),
        "electorate": numbers(ObjectKind::Member, &proposal.electorate),
        "seats": proposal.seats.iter().map(|seat| json!({
            "unit": names::json(ObjectKind::Unit, seat.unit),
            "power": seat.power,
        })).collect::<Vec<_>>(),
        "actions": proposal.actions.iter().map(hex::encode).collect::<Vec<_>>(),
        "responses": proposal.responses.iter().map(|one| json!({
            "member": names::json(ObjectKind::Member, one.member),
            "role": names::json(ObjectKind::Role, one.role),
            "version": one.version,
            "answer": word::word(one.answer()),
            "at": time::json(one.at),
            "explanation": one.explanation,
        })).collect::<Vec<_>>(),
        "escalations": proposal.escalations.iter().map(|one| json!({
            "member": names::json(ObjectKind::Member, one.member),
            "at": time::json(one.at),
            "explanation": one.explanation,
            "reversed_by": names::json(ObjectKind::Member, one.reversed_by),
            "reversed_at": time::json(one.reversed_at),
            "reversed_why": one.reversed_why,
        })).collect::<Vec<_>>(),
        "open_objections": numbers(ObjectKind::Objection, &proposal.open_objections),
        "opened_at": time::json(proposal.opened_at),
        "deadline": time::json(proposal.deadline),
        "lapses_at": time::json(proposal.lapses_at),
        "decided_at": time::json(proposal.decided_at),
        "executable_at": time::json(proposal.executable_at),
        "closed_at": time::json(proposal.closed_at),
        "failed": match proposal.failed_code {
            0 => Value::Null,
            code => json!({"code": code, "rejection": failure::rejection_name(code)}),
        },
    })
}
