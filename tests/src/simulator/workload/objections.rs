//! Concerns about a proposal, and what becomes of them.

use polity_ledger::form;
use polity_proto::v1::action::Kind;
use polity_proto::v1::{
    Claim, Escalate, ModeKind, Objection, ObjectionState, Proposal, ProposalState, RaiseObjection,
    ResolveObjection, ReverseEscalation, TestObjection,
};

use super::{By, Deed, Scene, decisions};

pub(crate) fn raise_objection(scene: &mut Scene<'_>) -> Option<Deed> {
    let mut open = scene.view.proposals(ProposalState::Open);
    open.retain(|proposal| {
        let mode = proposal.mode.as_ref();
        mode.is_some_and(|mode| mode.kind() == ModeKind::Consent)
    });
    let proposal: Proposal = scene.one(open)?;
    let raise = RaiseObjection {
        proposal: form::numbered(proposal.number),
        version: proposal.version,
        harms: "we would answer later".into(),
        limits_my_role: "I could not hold what my role is for".into(),
        caused_by_proposal: "today it is not so".into(),
        no_time_to_adapt: "it begins at once".into(),
        ..RaiseObjection::default()
    };
    Some(of_electorate(scene, &proposal, Kind::RaiseObjection(raise)))
}

pub(crate) fn test_objection(scene: &mut Scene<'_>) -> Option<Deed> {
    let objection = open_objection(scene)?;
    let discards = scene.dice.chance(40);
    let test = TestObjection {
        objection: form::numbered(objection.number),
        unargued: if discards {
            Claim::Harms as i32
        } else {
            Claim::None as i32
        },
        explanation: if discards {
            "nothing says how".into()
        } else {
            String::new()
        },
    };
    Some(Kind::TestObjection(test).into())
}

pub(crate) fn resolve_objection(scene: &mut Scene<'_>) -> Option<Deed> {
    let objection = open_objection(scene)?;
    let proposal: Proposal = scene.view.get(objection.proposal)?;
    let resolve = ResolveObjection {
        objection: form::numbered(objection.number),
        version: proposal.version,
    };
    let parties = [objection.objector, proposal.proposer];
    Some(Deed::of(
        *scene.dice.pick(&parties)?,
        Kind::ResolveObjection(resolve),
    ))
}

pub(crate) fn escalate(scene: &mut Scene<'_>) -> Option<Deed> {
    let announced = decisions::announced(scene);
    let escalate = Escalate {
        proposal: scene.reference(announced),
        explanation: "let us talk about it first".into(),
    };
    Some(Kind::Escalate(escalate).into())
}

pub(crate) fn reverse_escalation(scene: &mut Scene<'_>) -> Option<Deed> {
    let mut escalated = decisions::announced(scene);
    escalated.retain(|proposal| made(proposal).next().is_some());
    let proposal = scene.one(escalated)?;
    let reverse = Kind::ReverseEscalation(ReverseEscalation {
        proposal: form::numbered(proposal.number),
        explanation: "we have talked about it".into(),
    });
    // Whoever escalated takes their own back; the lead, or somebody who may not, tries it too.
    let escalators: Vec<u64> = made(&proposal).collect();
    Some(match scene.dice.pick(&escalators) {
        Some(member) if scene.dice.chance(60) => Deed::of(*member, reverse),
        Some(_) | None => reverse.into(),
    })
}

/// Who escalated a proposal and has not taken it back.
fn made(proposal: &Proposal) -> impl Iterator<Item = u64> {
    let standing = proposal.escalations.iter();
    standing
        .filter(|escalation| escalation.reversed_by == 0)
        .map(|escalation| escalation.member)
}

fn open_objection(scene: &mut Scene<'_>) -> Option<Objection> {
    let mut objections = scene.view.all::<Objection>();
    objections.retain(|objection| {
        matches!(
            objection.state(),
            ObjectionState::Raised | ObjectionState::Valid
        )
    });
    scene.one(objections)
}

/// An act of somebody who is asked.
fn of_electorate(scene: &mut Scene<'_>, proposal: &Proposal, kind: Kind) -> Deed {
    match scene.dice.pick(&proposal.electorate) {
        Some(member) => Deed::of(*member, kind),
        None => Deed {
            kinds: vec![kind],
            by: By::Anyone,
        },
    }
}
