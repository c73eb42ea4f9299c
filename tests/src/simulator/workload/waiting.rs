//! What the state waits for: steps of decisions and elections that are open now, and only for a while.
//!
//! Chance alone comes too late for most of them, so they are thought of more often than other acts.

use polity_proto::v1::action::Kind;
use polity_proto::v1::{
    ChangeBallot, CommitBallot, Election, ElectionStep, Escalate, Escalation, ExecuteProposal,
    ModeKind, Objection, ObjectionState, ProposalState, RaiseObjection, ResolveObjection,
    RevealBallot, ReverseEscalation, TestObjection,
};

use super::{Scene, decisions};

/// Empty acts of each kind that somebody might do now.
pub(crate) fn waiting(scene: &Scene<'_>) -> Vec<Kind> {
    let mut kinds = Vec::new();
    for election in scene.view.all::<Election>() {
        kinds.extend(match election.step() {
            ElectionStep::Ballots => Some(Kind::CommitBallot(CommitBallot::default())),
            ElectionStep::Reveal => Some(Kind::RevealBallot(RevealBallot::default())),
            ElectionStep::Change => Some(Kind::ChangeBallot(ChangeBallot::default())),
            ElectionStep::None
            | ElectionStep::Objections
            | ElectionStep::Elected
            | ElectionStep::Ended => None,
        });
    }
    for objection in scene.view.all::<Objection>() {
        match objection.state() {
            ObjectionState::Raised => {
                kinds.push(Kind::TestObjection(TestObjection::default()));
                kinds.push(Kind::ResolveObjection(ResolveObjection::default()));
            }
            ObjectionState::Valid => {
                kinds.push(Kind::ResolveObjection(ResolveObjection::default()));
            }
            ObjectionState::None
            | ObjectionState::Discarded
            | ObjectionState::Integrated
            | ObjectionState::Withdrawn => {}
        }
    }
    for proposal in decisions::announced(scene) {
        let stands = |escalation: &Escalation| escalation.reversed_by == 0;
        kinds.push(if proposal.escalations.iter().any(stands) {
            Kind::ReverseEscalation(ReverseEscalation::default())
        } else {
            Kind::Escalate(Escalate::default())
        });
    }
    for proposal in scene.view.proposals(ProposalState::Open) {
        let mode = proposal.mode.as_ref().map(|mode| mode.kind());
        if mode == Some(ModeKind::Consent) {
            kinds.push(Kind::RaiseObjection(RaiseObjection::default()));
        }
    }
    for _ in scene.view.proposals(ProposalState::Decided) {
        kinds.push(Kind::ExecuteProposal(ExecuteProposal::default()));
    }
    kinds
}
