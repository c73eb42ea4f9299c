//! The end of a proposal: what it counted and reserved is given back.

use polity_proto::v1::{EndReason, ObjectKind, Proposal, ProposalState};

use super::{exposure, settling, timing};
use crate::context::Context;
use crate::elections;
use crate::state::keys::List;
use crate::state::lists;

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

/// Closes a pending proposal; the caller records the event.
pub(crate) fn close(
    context: &mut Context<'_, '_>,
    mut proposal: Proposal,
    state: ProposalState,
) -> Proposal {
    exposure::close(context, &proposal.exposures);
    timing::clear_timer(context, &proposal);
    for (list, owner) in [
        (List::Proposals, proposal.unit),
        (List::ProposalsBy, proposal.proposer),
    ] {
        lists::remove(context.state, list, owner, proposal.number);
    }
    proposal.exposures.clear();
    proposal.state = state as i32;
    proposal.closed_at = context.now().time;
    context.put(&proposal);
    elections::proposal_closed(context, &proposal);
    proposal
}

/// Ends a proposal, if it is pending, because what it is about ended.
pub(crate) fn end_pending(context: &mut Context<'_, '_>, number: u64, reason: EndReason) {
    match context.get::<Proposal>(number) {
        Ok(proposal) if is_pending(&proposal) => end(context, proposal, reason),
        Ok(_) | Err(_) => {}
    }
}

/// The timer of a proposal: its deadline is over, it lapses, or it waits on, where outages do not
/// count. How many actions it executed.
pub(crate) fn fall_due(context: &mut Context<'_, '_>, number: u64) -> usize {
    let Ok(proposal) = context.get::<Proposal>(number) else {
        return 0;
    };
    if !is_pending(&proposal) {
        return 0;
    }
    let now = context.now();
    if now.waiting() >= proposal.lapses_at {
        end(context, proposal, EndReason::Lapsed);
        return 0;
    }
    // While it is open the next timer is that of its lapse; deciding takes it away again.
    timing::set_timer(context, &proposal);
    let is_open = proposal.state() == ProposalState::Open;
    if !is_open || !timing::is_over(now, &proposal) {
        return 0;
    }
    let actions = proposal.actions.len();
    match settling::settle(context, proposal) {
        Ok(()) => actions,
        // Settling refuses nobody: what cannot be executed is recorded.
        Err(_) => 0,
    }
}

/// Ends what a member opened in a role and what would spend: with the assignment goes the power.
pub(crate) fn void_spending(context: &mut Context<'_, '_>, member: u64, role: u64) {
    for number in lists::all(context, List::ProposalsBy, member) {
        match context.get::<Proposal>(number) {
            Ok(proposal)
                if proposal.role == role
                    && !proposal.exposures.is_empty()
                    && is_pending(&proposal) =>
            {
                end(context, proposal, EndReason::Source);
            }
            Ok(_) | Err(_) => {}
        }
    }
}

fn end(context: &mut Context<'_, '_>, proposal: Proposal, reason: EndReason) {
    let number = proposal.number;
    close(context, proposal, ProposalState::Lapsed);
    context.ended(
        ObjectKind::Proposal,
        number,
        reason,
        &[(ObjectKind::Proposal, number)],
    );
}
