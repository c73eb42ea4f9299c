//! Answers: one for each member and version; each may decide.

use polity_proto::v1::{ObjectKind, Proposal, ProposalState, Respond, Response};

use super::mode::{self, Outcome};
use super::{adoption, closing};
use crate::Rejection;
use crate::context::{Authority, Block, Context};
use crate::judge::{Actor, power};
use crate::state::{Overlay, Read};

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

/// Whether an answer of this member, in one of their roles or in none, would count now.
pub(crate) fn waits_for(state: &dyn Read, block: Block, proposal: &Proposal, member: u64) -> bool {
    let answered = mode::answers(proposal).any(|(response, _)| response.member == member);
    if answered || proposal.state() != ProposalState::Open {
        return false;
    }
    let mut overlay = Overlay::new(state);
    let context = Context::new(&mut overlay, block, 0, Authority::Signed);
    let held = power::roles_of(state, member, block.now.time);
    let roles = std::iter::once(0).chain(held.into_iter().map(|(role, _)| role.number));
    let yes = mode::affirmative(proposal);
    roles
        .map(|role| Actor { member, role })
        .any(|actor| mode::check_answer(&context, proposal, actor, yes).is_ok())
}
