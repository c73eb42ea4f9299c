//! Proposals and answers.

use polity_ledger::actions::{self, Topic};
use polity_ledger::form;
use polity_proto::v1::action::Kind;
use polity_proto::v1::{
    Action, AmendProposal, AnchorDocument, Answer, ExecuteProposal, ModeKind, OpenProposal,
    Proposal, ProposalKind, ProposalState, Respond, WithdrawProposal,
};
use prost::Message;

use super::{Deed, Scene, think};
use crate::simulator::kinds;

pub(crate) fn open_proposal(scene: &mut Scene<'_>) -> Option<Deed> {
    let mut units = scene.view.units();
    scene.dice.shuffle(&mut units);
    let (kind, actions) = if scene.dice.chance(40) {
        // Records are what any unit can decide about, in its own way: nothing else has to be there.
        let unit = units.first()?.number;
        units.truncate(1);
        (ProposalKind::Operation, vec![record(scene, unit)])
    } else {
        content(scene, None)?
    };
    // Network matters belong to the root.
    units.sort_by_key(|unit| (kind == ProposalKind::Governance && unit.parent != 0) as u8);
    let open = |unit| {
        Kind::OpenProposal(OpenProposal {
            unit: form::numbered(unit),
            kind: kind as i32,
            actions: actions.clone(),
            expected: ModeKind::Departments as i32,
            title: "something to decide".into(),
            tension: "what is differs from what could be".into(),
            example: "last week".into(),
            explanation: "so that it is better".into(),
            ..OpenProposal::default()
        })
    };
    Some(Deed {
        kinds: units.iter().map(|unit| open(unit.number)).collect(),
        by: super::By::Anyone,
    })
}

pub(crate) fn amend_proposal(scene: &mut Scene<'_>) -> Option<Deed> {
    let proposal = open(scene)?;
    let actions = if scene.dice.chance(60) {
        proposal.actions.clone()
    } else {
        content(scene, Some(proposal.kind()))?.1
    };
    let amend = AmendProposal {
        proposal: form::numbered(proposal.number),
        actions,
        explanation: "better said".into(),
        ..AmendProposal::default()
    };
    Some(Deed::of(proposal.proposer, Kind::AmendProposal(amend)))
}

pub(crate) fn withdraw_proposal(scene: &mut Scene<'_>) -> Option<Deed> {
    let proposal = open(scene)?;
    let withdraw = WithdrawProposal {
        proposal: form::numbered(proposal.number),
    };
    Some(Deed::of(
        proposal.proposer,
        Kind::WithdrawProposal(withdraw),
    ))
}

pub(crate) fn respond(scene: &mut Scene<'_>) -> Option<Deed> {
    let proposal = waiting(scene)?;
    let against = scene.dice.chance(15);
    let answers = if against {
        [Answer::Refuse, Answer::No, Answer::Abstain]
    } else {
        [Answer::Approve, Answer::Yes, Answer::NoObjection]
    };
    let respond = |answer: Answer| {
        Kind::Respond(Respond {
            proposal: form::numbered(proposal.number),
            version: proposal.version,
            answer: answer as i32,
            ..Respond::default()
        })
    };
    Some(Deed {
        kinds: answers.map(respond).into(),
        by: super::By::Anyone,
    })
}

pub(crate) fn execute_proposal(scene: &mut Scene<'_>) -> Option<Deed> {
    let mut decided = scene.view.proposals(ProposalState::Decided);
    decided.extend(announced(scene));
    let proposal = scene.one(decided)?;
    let execute = ExecuteProposal {
        proposal: form::numbered(proposal.number),
    };
    Some(Deed::of(proposal.proposer, Kind::ExecuteProposal(execute)))
}

/// An open proposal; often one of the departments, which needs several answers.
fn waiting(scene: &mut Scene<'_>) -> Option<Proposal> {
    let mut open = scene.view.proposals(ProposalState::Open);
    if scene.dice.chance(50) && open.iter().any(|proposal| !proposal.seats.is_empty()) {
        open.retain(|proposal| !proposal.seats.is_empty());
    }
    scene.one(open)
}

fn open(scene: &mut Scene<'_>) -> Option<Proposal> {
    let open = scene.view.proposals(ProposalState::Open);
    scene.one(open)
}

/// What was announced is decided by silence: nothing says so before its proposer executes it.
pub(super) fn announced(scene: &Scene<'_>) -> Vec<Proposal> {
    let mut open = scene.view.proposals(ProposalState::Open);
    open.retain(|proposal| {
        let mode = proposal.mode.as_ref();
        mode.is_some_and(|mode| mode.kind() == ModeKind::Announce)
    });
    open
}

/// A document of a unit, encoded.
fn record(scene: &mut Scene<'_>, unit: u64) -> Vec<u8> {
    let anchor = AnchorDocument {
        unit: form::numbered(unit),
        hash: scene.hash(),
        label: "minutes".into(),
    };
    let action = Action {
        kind: Some(Kind::AnchorDocument(anchor)),
        ..Action::default()
    };
    action.encode_to_vec()
}

/// One or two encoded actions of one topic that a proposal can hold.
fn content(
    scene: &mut Scene<'_>,
    wanted: Option<ProposalKind>,
) -> Option<(ProposalKind, Vec<Vec<u8>>)> {
    let proposable: Vec<Kind> = kinds::all()
        .into_iter()
        .filter(|kind| fits(kind, wanted))
        .collect();
    let of_network = |kind: &&Kind| actions::topic(kind) == Topic::Network;
    let network: Vec<Kind> = proposable.iter().filter(of_network).cloned().collect();
    let kind = match scene.dice.pick(&network) {
        Some(kind) if scene.dice.chance(25) => kind.clone(),
        Some(_) | None => scene.dice.pick(&proposable)?.clone(),
    };
    let count = scene.dice.one_of([1, 1, 1, 2]);
    let mut actions = Vec::new();
    for _ in 0..count {
        let content = think(&kind, scene)?.kinds.into_iter().next();
        let action = Action {
            kind: content,
            ..Action::default()
        };
        actions.push(action.encode_to_vec());
    }
    let kind = match actions::topic(&kind) {
        Topic::Governance | Topic::People | Topic::Network => ProposalKind::Governance,
        Topic::Operation | Topic::Own | Topic::Deciding | Topic::Electing => {
            ProposalKind::Operation
        }
    };
    Some((kind, actions))
}

fn fits(kind: &Kind, wanted: Option<ProposalKind>) -> bool {
    match actions::topic(kind) {
        Topic::Own | Topic::Deciding | Topic::Electing => false,
        Topic::Governance | Topic::People | Topic::Network => {
            wanted != Some(ProposalKind::Operation)
        }
        Topic::Operation => wanted != Some(ProposalKind::Governance),
    }
}
