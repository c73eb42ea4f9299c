//! Proposals and what people answer.

use polity_ledger::actions::{self, Topic};
use polity_ledger::state::objects;
use polity_proto::v1::{
    Action, AmendProposal, Answer, Claim, Escalate, ExecuteProposal, ModeKind, ObjectKind,
    OpenProposal, Proposal, ProposalKind, RaiseObjection, Ref, ResolveObjection, Respond,
    ReverseEscalation, TestObjection, WithdrawInvitation, WithdrawProposal, action::Kind,
};
use prost::Message;

use super::super::draft::Draft;
use super::super::text::Words;
use super::super::trouble::{Outcome, Trouble};
use super::outlooks;

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
        "withdraw" if words.take("the invitation of") => {
            let member = draft.refer(ObjectKind::Member, words)?;
            draft.push(Kind::WithdrawInvitation(WithdrawInvitation { member }));
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
        "object" => object(draft, words)?,
        "find" => test(draft, words)?,
        "integrate" => integrate(draft, words)?,
        "escalate" => {
            let proposal = draft.refer(ObjectKind::Proposal, words)?;
            let explanation = words.after("because")?.unwrap_or_default();
            draft.push(Kind::Escalate(Escalate {
                proposal,
                explanation,
            }));
        }
        "reverse" if words.take("the escalation of") => {
            let proposal = draft.refer(ObjectKind::Proposal, words)?;
            let explanation = words.after("because")?.unwrap_or_default();
            draft.push(Kind::ReverseEscalation(ReverseEscalation {
                proposal,
                explanation,
            }));
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// `objects to P [version N] [leaving out CLAIM | naming "RULE"] [called NAME]`: with all four claims,
/// without one of them, or with the rule that would be broken.
fn object(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    words.need("to")?;
    let (proposal, version) = of_version(draft, words)?;
    let mut act = RaiseObjection {
        proposal,
        version,
        harms: "the circle could do less of what it is for".into(),
        limits_my_role: "my role could not do what it is accountable for".into(),
        caused_by_proposal: "without the proposal this would not happen".into(),
        no_time_to_adapt: "the harm would be done before we could adapt".into(),
        ..RaiseObjection::default()
    };
    if words.take("leaving out") {
        match claim(words)? {
            Claim::Harms => act.harms.clear(),
            Claim::LimitsMyRole => act.limits_my_role.clear(),
            Claim::CausedByProposal => act.caused_by_proposal.clear(),
            Claim::NoTimeToAdapt => act.no_time_to_adapt.clear(),
            Claim::None | Claim::BreaksARule => return Err(Trouble("that is no claim".into())),
        }
    }
    if let Some(rule) = words.after("naming")? {
        act = RaiseObjection {
            proposal,
            version,
            breaks_a_rule: rule,
            ..RaiseObjection::default()
        };
    }
    draft.maybe_call(ObjectKind::Objection, words, Kind::RaiseObjection(act))
}

/// `finds objection O valid`, `finds objection O without CLAIM [because "WORDS"]`.
fn test(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    words.need("objection")?;
    let objection = draft.refer(ObjectKind::Objection, words)?;
    let unargued = if words.take("valid") {
        Claim::None
    } else {
        words.need("without")?;
        claim(words)?
    };
    let explanation = words.after("because")?;
    draft.push(Kind::TestObjection(TestObjection {
        objection,
        unargued: unargued as i32,
        explanation: explanation.unwrap_or_else(|| "no argument is given for it".into()),
    }));
    Ok(())
}

/// `integrates objection O into P [version N]`: the objector's or the proposer's signature.
fn integrate(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    words.need("objection")?;
    let objection = draft.refer(ObjectKind::Objection, words)?;
    words.need("into")?;
    let (_, version) = of_version(draft, words)?;
    draft.push(Kind::ResolveObjection(ResolveObjection {
        objection,
        version,
    }));
    Ok(())
}

/// `harms`, `limits-my-role`, `caused-by-proposal`, `no-time-to-adapt`, `breaks-a-rule`.
fn claim(words: &mut Words) -> Outcome<Claim> {
    let word = words.word("claim")?;
    let name = format!("CLAIM_{}", word.to_uppercase().replace('-', "_"));
    Claim::from_str_name(&name).ok_or_else(|| Trouble(format!("`{word}` is no claim")))
}

/// `PROPOSAL [version N]`: the present version where none is said; the first of one that is opened in
/// this very transaction.
fn of_version(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<(Option<Ref>, u32)> {
    let proposal = draft.refer(ObjectKind::Proposal, words)?;
    let version = if words.take("version") {
        words.number("version")?
    } else {
        proposal
            .and_then(|found| objects::get::<Proposal>(draft.lookup.state, found.number))
            .map_or(1, |found| found.version)
    };
    Ok((proposal, version))
}

/// `proposes NAME in U [bound] [expecting MODE [of N]] [as governance | operation] [benefiting finn …]
/// [sensing "TENSION"] [for example "EXAMPLE"] [because "EXPLANATION"]: PHRASE`.
/// Lines that begin with `also` add to the content.
fn propose(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    let name = words.word("proposal")?;
    words.need("in")?;
    let unit = draft.refer(ObjectKind::Unit, words)?;
    let is_bound = words.take("bound");
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
    let tension = words.after("sensing")?.unwrap_or_default();
    let example = words.after("for example")?.unwrap_or_default();
    let explanation = words.after("because")?.unwrap_or_default();
    words.need(":")?;
    let actions = content(draft, words)?;
    let mut act = OpenProposal {
        unit,
        kind: stated.unwrap_or_else(|| sort(&actions)) as i32,
        actions: encoded(&actions),
        expected: expected as i32,
        expected_count,
        title: name.clone(),
        tension,
        example,
        explanation,
        beneficiaries,
        ..OpenProposal::default()
    };
    if is_bound {
        outlooks::bind(draft, &mut act)?;
    }
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
    if let Some(Kind::OpenProposal(open)) = &mut last.kind
        && !open.outlook.is_empty()
    {
        outlooks::bind(draft, open)?;
    }
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
        Some(
            Topic::Own
            | Topic::Deciding
            | Topic::Electing
            | Topic::Governance
            | Topic::People
            | Topic::Network,
        )
        | None => ProposalKind::Governance,
    }
}

/// `PROPOSAL [version N]`: an answer.
fn answer(draft: &mut Draft<'_>, words: &mut Words, answer: Answer) -> Outcome<()> {
    let (proposal, version) = of_version(draft, words)?;
    draft.push(Kind::Respond(Respond {
        proposal,
        version,
        answer: answer as i32,
        explanation: String::new(),
    }));
    Ok(())
}
