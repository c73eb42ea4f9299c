//! Reading proposals: proven, with the names that they speak of, and as JSON.

use polity_client::session::{Session, View, lettered, proposed_action};
use polity_client::v1::{ObjectKind, Proposal, Signer};
use polity_client::{Error, Result};
use serde_json::{Value, json};

use super::file::answer_json;
use crate::failure::usage;
use crate::names::{self, Names};
use crate::{digits, failure, mode, time, word};

/// No proposal has this number.
pub(super) fn absent(number: u64) -> Error {
    let words = format!(
        "there is no proposal {}",
        lettered(ObjectKind::Proposal, number)
    );
    usage(words)
}

/// What a proposer's actions would do, in words.
pub(super) async fn sentences(
    session: &Session,
    proposer: u64,
    actions: &[Vec<u8>],
) -> Result<Vec<String>> {
    let signers = [Signer {
        member: proposer,
        key: Vec::new(),
    }];
    let words = session.words();
    let mut sentences = Vec::new();
    for bytes in actions {
        let action = proposed_action(bytes)?;
        sentences.push(words.sentence(&signers, &action, None, 0).await?);
    }
    Ok(sentences)
}

/// Reads the names that proposals speak of.
pub(super) async fn names_of<'s>(view: &'s View<'s>, proposals: &[Proposal]) -> Result<Names<'s>> {
    let mut names = Names::new(view);
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

/// The stable JSON of a proposal.
pub(super) fn as_json(proposal: &Proposal, names: &Names<'_>) -> Value {
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
        "document": digits::json(&proposal.document),
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
        "responses": proposal.responses.iter().map(answer_json).collect::<Vec<_>>(),
        "escalations": proposal.escalations.iter().map(|one| json!({
            "member": names::json(ObjectKind::Member, one.member),
            "at": time::json(one.at),
            "explanation": one.explanation,
            "reversed_by": names::json(ObjectKind::Member, one.reversed_by),
            "reversed_at": time::json(one.reversed_at),
            "reversed_why": one.reversed_why,
        })).collect::<Vec<_>>(),
        "election": names::json(ObjectKind::Election, proposal.election),
        "outlook": digits::json(&proposal.outlook),
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
