//! What comes of an answer, of the end of an objection, or of time: a proposal is decided, refused,
//! or waits on.

use polity_proto::v1::{ObjectKind, Proposal, ProposalState};

use super::mode::{self, Outcome};
use super::{adoption, closing, timing};
use crate::Rejection;
use crate::context::Context;

/// Acts on how far the decision is now.
pub(crate) fn settle(context: &mut Context<'_, '_>, proposal: Proposal) -> Result<(), Rejection> {
    match mode::outcome(context, &proposal) {
        Outcome::Open => Ok(()),
        Outcome::Decided => adoption::decide(context, proposal),
        Outcome::Refused => {
            let closed = closing::close(context, proposal, ProposalState::Refused);
            record(context, &closed);
            Ok(())
        }
    }
}

/// Writes a proposal and records what the present action did to it.
pub(crate) fn record(context: &mut Context<'_, '_>, proposal: &Proposal) {
    let number = proposal.number;
    context.put(proposal);
    context.event(
        ObjectKind::Proposal,
        number,
        &[(ObjectKind::Proposal, number)],
    );
}

/// Refuses a proposal that nobody can change any more, or that is decided.
pub(crate) fn check_open(proposal: &Proposal) -> Result<(), Rejection> {
    match proposal.state() {
        ProposalState::Open => Ok(()),
        ProposalState::None
        | ProposalState::Decided
        | ProposalState::Adopted
        | ProposalState::Failed
        | ProposalState::Refused
        | ProposalState::Withdrawn
        | ProposalState::Lapsed => Err(Rejection::ProposalClosed),
    }
}

/// Refuses to change a proposal that time has decided, though its timer may still wait. An objection
/// that stands keeps it open.
pub(crate) fn check_undecided(
    context: &Context<'_, '_>,
    proposal: &Proposal,
) -> Result<(), Rejection> {
    match timing::is_over(context.now(), proposal) && proposal.open_objections.is_empty() {
        true => Err(Rejection::DeadlinePassed),
        false => Ok(()),
    }
}
