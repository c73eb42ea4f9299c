//! Answers: one for each member and version; each may decide.

use polity_proto::v1::{ObjectKind, Proposal, ProposalState, Respond, Response};

use super::mode::{self, Outcome};
use super::{adoption, closing};
use crate::Rejection;
use crate::context::Context;

/// Judges an answer, records it, and acts on the decision that it may bring.
pub(crate) fn respond(context: &mut Context<'_, '_>, respond: &Respond) -> Result<(), Rejection> {
    let mut proposal: Proposal = context.find(&respond.proposal)?;
    let actor = context.actor;
    mode::check_answer(context, &proposal, actor, respond.answer())?;
    if proposal.state() != ProposalState::Open {
        return Err(Rejection::ProposalClosed);
    }
    if proposal.version != respond.version {
        return Err(Rejection::VersionStale);
    }
    if mode::answers(&proposal).any(|(response, _)| response.member == actor.member) {
        return Err(Rejection::AlreadyAnswered);
    }

    proposal.responses.push(Response {
        member: actor.member,
        version: respond.version,
        answer: respond.answer,
        at: context.now().time,
        role: actor.role,
        explanation: respond.explanation.clone(),
    });
    let number = proposal.number;
    context.put(&proposal);
    context.event(
        ObjectKind::Proposal,
        number,
        &[(ObjectKind::Proposal, number)],
    );
    match mode::outcome(context, &proposal) {
        Outcome::Open => Ok(()),
        Outcome::Decided => adoption::decide(context, proposal),
        Outcome::Refused => {
            closing::close(context, proposal, ProposalState::Refused);
            context.event(
                ObjectKind::Proposal,
                number,
                &[(ObjectKind::Proposal, number)],
            );
            Ok(())
        }
    }
}
