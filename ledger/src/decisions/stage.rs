//! What may still be done to a proposal.

use polity_proto::v1::{Proposal, ProposalState};

use super::timing;
use crate::Rejection;
use crate::context::Context;

/// Whether the proposal still waits for somebody.
pub(crate) fn is_pending(proposal: &Proposal) -> bool {
    match proposal.state() {
        ProposalState::Open | ProposalState::Decided => true,
        ProposalState::None
        | ProposalState::Adopted
        | ProposalState::Failed
        | ProposalState::Refused
        | ProposalState::Withdrawn
        | ProposalState::Lapsed => false,
    }
}

/// Refuses a proposal that nobody can change any more, or that is decided.
pub(crate) fn check_open(context: &Context<'_, '_>, proposal: &Proposal) -> Result<(), Rejection> {
    Rejection::ProposalClosed.unless(proposal.state() == ProposalState::Open)?;
    check_pending(context, proposal)
}

/// Refuses a proposal that waits for nobody any more. One that has lapsed does not, though its timer may still wait.
pub(crate) fn check_pending(
    context: &Context<'_, '_>,
    proposal: &Proposal,
) -> Result<(), Rejection> {
    let waits = is_pending(proposal) && !timing::has_lapsed(context.now(), proposal);
    Rejection::ProposalClosed.unless(waits)
}

/// Refuses to change a proposal that time has decided, though its timer may still wait. An objection
/// that stands keeps it open.
pub(crate) fn check_undecided(
    context: &Context<'_, '_>,
    proposal: &Proposal,
) -> Result<(), Rejection> {
    Rejection::DeadlinePassed
        .when(timing::is_over(context.now(), proposal) && proposal.open_objections.is_empty())
}
