//! Objections: raised with four claims, tested for form only, integrated by two signatures on one
//! version, or taken back by the objector.
//!
//! Holacracy Constitution 5.0, 5.3.2 to 5.3.4. While one stands, nothing is adopted.

use polity_proto::v1::{
    Claim, ModeKind, ObjectKind, Objection, ObjectionState, Proposal, RaiseObjection,
    ResolveObjection, TestObjection,
};

use super::{electorate, facilitation, mode, settling, stage, timing};
use crate::Rejection;
use crate::context::Context;
use crate::state::keys::List;
use crate::state::lists;

/// Somebody of the electorate objects to the present version.
pub(crate) fn raise(
    context: &mut Context<'_, '_>,
    raise: &RaiseObjection,
) -> Result<(), Rejection> {
    let mut proposal: Proposal = context.find(&raise.proposal)?;
    let actor = context.actor;
    if mode::standing(&proposal).kind() != ModeKind::Consent {
        return Err(Rejection::AnswerUnfit);
    }
    electorate::check(&proposal, actor.member)?;
    stage::check_open(context, &proposal)?;
    if proposal.version != raise.version {
        return Err(Rejection::VersionStale);
    }
    // To open or amend is the proposer's own answer.
    let answered = actor.member == proposal.proposer
        || mode::answers(&proposal).any(|(response, _)| response.member == actor.member);
    if answered || open_of(context, &proposal, actor.member).is_some() {
        return Err(Rejection::AlreadyAnswered);
    }
    if timing::is_over(context.now(), &proposal) {
        return Err(Rejection::DeadlinePassed);
    }

    let number = context.next_number(ObjectKind::Objection);
    let objection = Objection {
        number,
        proposal: proposal.number,
        version: raise.version,
        objector: actor.member,
        role: actor.role,
        raised_at: context.now().time,
        harms: raise.harms.clone(),
        limits_my_role: raise.limits_my_role.clone(),
        caused_by_proposal: raise.caused_by_proposal.clone(),
        no_time_to_adapt: raise.no_time_to_adapt.clone(),
        breaks_a_rule: raise.breaks_a_rule.clone(),
        state: ObjectionState::Raised as i32,
        ..Objection::default()
    };
    lists::append(context.state, List::Objections, proposal.number, number);
    proposal.open_objections.push(number);
    context.put(&proposal);
    record(context, &objection);
    Ok(())
}

/// Whoever facilitates says whether each claim has an argument: nothing about truth or weight.
///
/// Where one is discarded, answers count for the whole time anew: the objector can argue better.
pub(crate) fn test(context: &mut Context<'_, '_>, test: &TestObjection) -> Result<(), Rejection> {
    let mut objection: Objection = context.find(&test.objection)?;
    let mut proposal: Proposal = context.get(objection.proposal)?;
    facilitation::check_tester(context, &proposal, &objection)?;
    stage::check_open(context, &proposal)?;
    if objection.state() != ObjectionState::Raised {
        return Err(Rejection::ObjectionClosed);
    }

    let now = context.now().time;
    objection.tested_by = context.actor.member;
    objection.tested_at = now;
    objection.unargued = test.unargued;
    objection.test_explanation.clone_from(&test.explanation);
    if test.unargued() == Claim::None {
        objection.state = ObjectionState::Valid as i32;
        record(context, &objection);
        return settling::settle(context, proposal);
    }
    electorate::check_awake(context, context.actor.member)?;
    timing::begin_mode(context, &mut proposal);
    end(context, &mut proposal, objection, ObjectionState::Discarded);
    settling::settle(context, proposal)
}

/// The objector or the proposer signs the present version as one that integrates the objection;
/// by the second signature it is.
pub(crate) fn resolve(
    context: &mut Context<'_, '_>,
    resolve: &ResolveObjection,
) -> Result<(), Rejection> {
    let mut objection: Objection = context.find(&resolve.objection)?;
    let mut proposal: Proposal = context.get(objection.proposal)?;
    let member = context.actor.member;
    if member != objection.objector && member != proposal.proposer {
        return Err(Rejection::NotYours);
    }
    electorate::check_awake(context, member)?;
    stage::check_open(context, &proposal)?;
    if !is_open(objection.state()) {
        return Err(Rejection::ObjectionClosed);
    }
    if proposal.version != resolve.version {
        return Err(Rejection::VersionStale);
    }
    let signed = if member == objection.objector {
        &mut objection.objector_signed
    } else {
        &mut objection.proposer_signed
    };
    if *signed == resolve.version {
        return Err(Rejection::AlreadyAnswered);
    }

    *signed = resolve.version;
    if objection.objector_signed != objection.proposer_signed {
        record(context, &objection);
        return Ok(());
    }
    end(
        context,
        &mut proposal,
        objection,
        ObjectionState::Integrated,
    );
    settling::settle(context, proposal)
}

/// Whoever answers that there is no objection takes back the one that they had.
pub(super) fn withdraw(context: &mut Context<'_, '_>, proposal: &mut Proposal, member: u64) {
    if let Some(objection) = open_of(context, proposal, member) {
        end(context, proposal, objection, ObjectionState::Withdrawn);
    }
}

/// The member's objection that stands, whatever version it was raised to.
pub(super) fn open_of(
    context: &Context<'_, '_>,
    proposal: &Proposal,
    member: u64,
) -> Option<Objection> {
    let standing = proposal.open_objections.iter();
    standing
        .filter_map(|number| context.get::<Objection>(*number).ok())
        .find(|objection| objection.objector == member)
}

/// Whether an objection that stands was tested and found valid.
pub(super) fn has_valid(context: &Context<'_, '_>, proposal: &Proposal) -> bool {
    let standing = proposal.open_objections.iter();
    standing
        .filter_map(|number| context.get::<Objection>(*number).ok())
        .any(|objection| objection.state() == ObjectionState::Valid)
}

/// Whether the objection keeps its proposal from being adopted.
pub(crate) fn is_open(state: ObjectionState) -> bool {
    match state {
        ObjectionState::Raised | ObjectionState::Valid => true,
        ObjectionState::None
        | ObjectionState::Discarded
        | ObjectionState::Integrated
        | ObjectionState::Withdrawn => false,
    }
}

fn end(
    context: &mut Context<'_, '_>,
    proposal: &mut Proposal,
    objection: Objection,
    state: ObjectionState,
) {
    proposal
        .open_objections
        .retain(|number| *number != objection.number);
    // Before the event: the entry in the proposal's history is about the proposal as it is then.
    context.put(proposal);
    let ended = Objection {
        state: state as i32,
        ended_at: context.now().time,
        ..objection
    };
    record(context, &ended);
}

fn record(context: &mut Context<'_, '_>, objection: &Objection) {
    context.put(objection);
    context.event(
        ObjectKind::Objection,
        objection.number,
        &[(ObjectKind::Proposal, objection.proposal)],
    );
}
