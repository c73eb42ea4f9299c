//! Answers: one for each member and version; each may decide.

use polity_proto::v1::{Answer, ModeKind, Proposal, ProposalState, Respond, Response};

use super::mode::{self, Outcome};
use super::{objections, settling, stage, timing};
use crate::Rejection;
use crate::context::{Authority, Block, Context};
use crate::judge::{Actor, power};
use crate::state::{Overlay, Read};

/// Judges an answer, records it, and acts on the decision that it may bring.
pub(crate) fn respond(context: &mut Context<'_, '_>, respond: &Respond) -> Result<(), Rejection> {
    let mut proposal: Proposal = context.find(&respond.proposal)?;
    let actor = context.actor;
    mode::check_answer(context, &proposal, actor, respond.answer())?;
    if !takes_answers(context, &proposal) {
        return Err(Rejection::ProposalClosed);
    }
    if proposal.version != respond.version {
        return Err(Rejection::VersionStale);
    }
    if has_answered(&proposal, actor.member) {
        return Err(Rejection::AlreadyAnswered);
    }
    check_in_time(context, &proposal, actor.member)?;

    proposal.responses.push(Response {
        member: actor.member,
        version: respond.version,
        answer: respond.answer,
        at: context.now().time,
        role: actor.role,
        explanation: respond.explanation.clone(),
    });
    objections::withdraw(context, &mut proposal, actor.member);
    settling::record(context, &proposal);
    settling::settle(context, proposal)
}

/// Whether it is open, or was decided by people of whom some no longer count.
fn takes_answers(context: &Context<'_, '_>, proposal: &Proposal) -> bool {
    stage::check_pending(context, proposal).is_ok()
        && (proposal.state() == ProposalState::Open
            || mode::outcome(context, proposal) != Outcome::Decided)
}

/// Whether the member's own answer is that they opened, or amended, what the policy asks consent to.
pub(crate) fn consents_by_proposing(proposal: &Proposal, member: u64) -> bool {
    member == proposal.proposer && mode::standing(proposal).kind() == ModeKind::Consent
}

/// What the member has answered to the present version.
pub(crate) fn answer_of(proposal: &Proposal, member: u64) -> Option<Answer> {
    if consents_by_proposing(proposal, member) {
        return Some(Answer::NoObjection);
    }
    let given = mode::answers(proposal).find(|(response, _)| response.member == member);
    given.map(|(response, _)| response.answer())
}

fn has_answered(proposal: &Proposal, member: u64) -> bool {
    answer_of(proposal, member).is_some()
}

/// After the deadline only an objection can be taken back.
fn check_in_time(
    context: &Context<'_, '_>,
    proposal: &Proposal,
    member: u64,
) -> Result<(), Rejection> {
    let takes_back = || objections::open_of(context, proposal, member).is_some();
    Rejection::DeadlinePassed.when(timing::is_over(context.now(), proposal) && !takes_back())
}

/// Whether an answer of this member, in one of their roles or in none, would count now.
pub(crate) fn waits_for(state: &dyn Read, block: Block, proposal: &Proposal, member: u64) -> bool {
    let mut overlay = Overlay::new(state);
    let context = Context::new(&mut overlay, block, 0, Authority::Signed);
    if has_answered(proposal, member)
        || !takes_answers(&context, proposal)
        || check_in_time(&context, proposal, member).is_err()
    {
        return false;
    }
    let held = power::roles_of(state, member, block.now.time);
    let roles = std::iter::once(0).chain(held.into_iter().map(|(role, _)| role.number));
    // Some of those who vote may only say no.
    let answers = [mode::affirmative(proposal), Answer::No];
    roles.map(|role| Actor { member, role }).any(|actor| {
        let counts = |answer| mode::check_answer(&context, proposal, actor, answer).is_ok();
        answers.into_iter().any(counts)
    })
}
