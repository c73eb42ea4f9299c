//! Proposals and what people answer.

use polity_ledger::actions::{self, Topic};
use polity_ledger::state::objects;
use polity_proto::v1::{
    Action, AmendProposal, Answer, ExecuteProposal, ModeKind, ObjectKind, OpenProposal, Proposal,
    ProposalKind, Respond, WithdrawProposal, action::Kind,
};
use prost::Message;

use super::super::draft::Draft;
use super::super::text::Words;
use super::super::trouble::{Outcome, Trouble};

pub(super) fn read(draft: &mut Draft<'_>, verb: &str, words: &mut Words) -> Outcome<bool> {
    match verb {
        "propose" => propose(draft, words)?,
        "amend" if words.take("proposal") => {
            let proposal = draft.refer(ObjectKind::Proposal, words)?;
            words.need(":")?;
            let actions = content(draft, words)?;
            draft.push(Kind::AmendProposal(AmendProposal {
                proposal,
                actions: encoded(&actions),
                ..AmendProposal::default()
            }));
        }
        "withdraw" => {
            let proposal = draft.refer(ObjectKind::Proposal, words)?;
            draft.push(Kind::WithdrawProposal(WithdrawProposal { proposal }));
        }
        "approve" => answer(draft, words, Answer::Approve)?,
        "refuse" => answer(draft, words, Answer::Refuse)?,
        "answer" => {
            let word = words.word("answer")?.to_uppercase().replace('-', "_");
            let given = Answer::from_str_name(&format!("ANSWER_{word}"))
                .ok_or_else(|| Trouble(format!("`{word}` is no answer")))?;
            words.need("to")?;
            answer(draft, words, given)?;
        }
        "execute" => {
            let proposal = draft.refer(ObjectKind::Proposal, words)?;
            draft.push(Kind::ExecuteProposal(ExecuteProposal { proposal }));
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// `proposes NAME in U [expecting MODE [of N]] [as governance | operation] [benefiting finn …]: PHRASE`.
/// Lines that begin with `also` add to the content.
fn propose(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    let name = words.word("proposal")?;
    words.need("in")?;
    let unit = draft.refer(ObjectKind::Unit, words)?;
    let mut expected = ModeKind::Approve;
    let mut expected_count = 0;
    if words.take("expecting") {
        let mode = words.word("mode")?;
        expected = ModeKind::from_str_name(&format!("MODE_KIND_{}", mode.to_uppercase()))
            .ok_or_else(|| Trouble(format!("`{mode}` is no mode")))?;
        if words.take("of") {
            expected_count = words.number("number of approvals")?;
        }
    }
    let stated = match words.after("as")?.as_deref() {
        Some("governance") => Some(ProposalKind::Governance),
        Some("operation") => Some(ProposalKind::Operation),
        Some(other) => return Err(Trouble(format!("`{other}` is no sort of proposal"))),
        None => None,
    };
    let mut beneficiaries = Vec::new();
    while words.take("benefiting") {
        beneficiaries.extend(draft.refer(ObjectKind::Member, words)?);
    }
    words.need(":")?;
    let actions = content(draft, words)?;
    let act = OpenProposal {
        unit,
        kind: stated.unwrap_or_else(|| sort(&actions)) as i32,
        actions: encoded(&actions),
        expected: expected as i32,
        expected_count,
        title: name.clone(),
        beneficiaries,
        ..OpenProposal::default()
    };
    draft.call(ObjectKind::Proposal, &name, Kind::OpenProposal(act));
    Ok(())
}

/// One more action inside the proposal that the last line opened or amended.
pub(in super::super) fn seal(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    let mut last = draft
        .actions
        .pop()
        .ok_or_else(|| Trouble("`also` follows a proposal".into()))?;
    let inner = match &mut last.kind {
        Some(Kind::OpenProposal(open)) => &mut open.actions,
        Some(Kind::AmendProposal(amend)) => &mut amend.actions,
        _ => return Err(Trouble("`also` follows a proposal".into())),
    };
    let before = inner.len() as u32;
    // What the proposal's earlier actions create keeps its index inside the proposal.
    let added = nested(draft, before, words)?;
    inner.extend(encoded(&added));
    draft.actions.push(last);
    Ok(())
}

fn content(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<Vec<Action>> {
    draft.lookup.created.clear();
    nested(draft, 0, words)
}

/// Reads one phrase as actions of a proposal of which so many are there.
fn nested(draft: &mut Draft<'_>, before: u32, words: &mut Words) -> Outcome<Vec<Action>> {
    let template = std::mem::take(&mut draft.template);
    let outer = std::mem::take(&mut draft.actions);
    let called = draft.called.clone();
    // Indexes count over the inner actions: room for those that are there already.
    draft.actions.resize_with(before as usize, Action::default);
    super::read(draft, words)?;
    let inner = std::mem::replace(&mut draft.actions, outer);
    draft.called = called;
    draft.template = template;
    Ok(inner.into_iter().skip(before as usize).collect())
}

fn encoded(actions: &[Action]) -> Vec<Vec<u8>> {
    actions.iter().map(Message::encode_to_vec).collect()
}

/// The sort of proposal that fits the first action.
fn sort(actions: &[Action]) -> ProposalKind {
    let topic = actions
        .first()
        .and_then(|action| action.kind.as_ref())
        .map(actions::topic);
    match topic {
        Some(Topic::Operation) => ProposalKind::Operation,
        Some(Topic::Own | Topic::Governance | Topic::Network) | None => ProposalKind::Governance,
    }
}

/// `PROPOSAL [version N]`: an answer to the present version where none is said.
fn answer(draft: &mut Draft<'_>, words: &mut Words, answer: Answer) -> Outcome<()> {
    let name = words.word("proposal")?;
    let number = draft.lookup.number(ObjectKind::Proposal, &name)?;
    let version = match words.take("version") {
        true => words.number("version")?,
        false => objects::get::<Proposal>(draft.lookup.state, number)
            .map_or(1, |proposal| proposal.version),
    };
    draft.push(Kind::Respond(Respond {
        proposal: polity_ledger::form::numbered(number),
        version,
        answer: answer as i32,
        explanation: String::new(),
    }));
    Ok(())
}
