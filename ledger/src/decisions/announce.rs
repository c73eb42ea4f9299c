//! Mode `announce`: whoever acts says so and waits; whoever objects moves it to a stricter mode.
//!
//! Holacracy Constitution 5.0, 4.1.3: spending is announced to those who control the money, with
//! time to consider; any of them may escalate, and the lead of the source or whoever escalated may
//! reverse that. An announcement never executes by itself: the proposer comes back and does it.

use polity_proto::v1::{Escalation, Mode, ModeKind, Proposal, RoleKind, Who, WhoKind};

use super::{approve, benefit, electorate, settling, stage, timing};
use crate::Rejection;
use crate::context::Context;
use crate::judge::{hands, who};

/// Most escalations of a proposal: one for each member of the largest electorate.
const ESCALATIONS_MAX: usize = 500;

/// Whether somebody's escalation stands.
pub(super) fn is_escalated(proposal: &Proposal) -> bool {
    proposal.escalations.iter().any(stands)
}

fn stands(escalation: &Escalation) -> bool {
    escalation.reversed_by == 0
}

/// What stands between an announcement and its execution by the proposer.
pub(super) fn check_executable(
    context: &Context<'_, '_>,
    proposal: &Proposal,
) -> Result<(), Rejection> {
    if is_escalated(proposal) {
        return Err(Rejection::Escalated);
    }
    timing::check_waited(context.now(), proposal)
}

/// The actor objects to an announcement. Several may: otherwise somebody could be bought to object first, and to take
/// it back when it is too late for the others.
pub(crate) fn escalate(
    context: &mut Context<'_, '_>,
    mut proposal: Proposal,
    explanation: &str,
) -> Result<(), Rejection> {
    let member = context.actor.member;
    if announced(&proposal).is_none() {
        return Err(Rejection::NotAnnounced);
    }
    stage::check_open(context, &proposal)?;
    if proposal
        .escalations
        .iter()
        .any(|made| made.member == member)
    {
        return Err(Rejection::AlreadyAnswered);
    }
    if context.now().waiting() >= proposal.executable_at {
        return Err(Rejection::WaitOver);
    }
    if proposal.escalations.len() >= ESCALATIONS_MAX {
        return Err(Rejection::ListTooLong);
    }

    let is_first = !is_escalated(&proposal);
    proposal.escalations.push(Escalation {
        member,
        at: context.now().time,
        explanation: explanation.into(),
        ..Escalation::default()
    });
    if is_first {
        timing::begin_mode(context, &mut proposal);
    }
    settling::record(context, &proposal);
    Ok(())
}

/// The actor takes back: the lead of the unit everything, anybody else their own.
pub(crate) fn reverse(
    context: &mut Context<'_, '_>,
    mut proposal: Proposal,
    explanation: &str,
) -> Result<(), Rejection> {
    let member = context.actor.member;
    if announced(&proposal).is_none() {
        return Err(Rejection::NotAnnounced);
    }
    stage::check_open(context, &proposal)?;
    stage::check_undecided(context, &proposal)?;
    if !is_escalated(&proposal) {
        return Err(Rejection::NotEscalated);
    }
    let of_all = check_lead(context, &proposal);
    let is_own = |made: &Escalation| stands(made) && made.member == member;
    if !proposal.escalations.iter().any(is_own) {
        of_all?;
    }
    electorate::check_awake(context, member)?;

    let now = context.now();
    for made in &mut proposal.escalations {
        if stands(made) && (of_all.is_ok() || made.member == member) {
            made.reversed_by = member;
            made.reversed_at = now.time;
            made.reversed_why = explanation.into();
        }
    }
    if !is_escalated(&proposal) {
        if of_all.is_err() {
            // Those who held back because somebody had objected have their time again.
            let wait = proposal.mode.as_ref().map_or(0, |mode| mode.wait);
            let anew = now.waiting().saturating_add(wait);
            proposal.executable_at = proposal.executable_at.max(anew);
        }
        timing::begin_mode(context, &mut proposal);
    }
    settling::record(context, &proposal);
    Ok(())
}

fn announced(proposal: &Proposal) -> Option<&Mode> {
    let mode = proposal.mode.as_ref();
    mode.filter(|mode| mode.kind() == ModeKind::Announce)
}

/// Whether the actor leads the unit whose means are used, and is neither proposer nor beneficiary, nor made the lead by the
/// proposer a short time ago: nobody is assigned to set a certain escalation aside.
fn check_lead(context: &Context<'_, '_>, proposal: &Proposal) -> Result<(), Rejection> {
    let actor = context.actor;
    let lead = Who {
        kind: WhoKind::RoleKind as i32,
        role_kind: RoleKind::Lead as i32,
        ..Who::default()
    };
    if !who::includes(context, context.now(), actor, proposal.unit, &lead) {
        return Err(Rejection::NoGrant);
    }
    let now = context.now().time;
    let receiving = benefit::receiving(context, proposal);
    let beneficiaries = proposal.beneficiaries.iter().chain(&receiving);
    let mut own = beneficiaries.chain([&proposal.proposer]);
    Rejection::SelfApproval
        .when(own.any(|member| hands::are_one(context, now, *member, actor.member)))?;
    Rejection::ApproverTooClose.when(approve::is_too_close(context, proposal, actor.member))
}
