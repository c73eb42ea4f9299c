//! The end of a proposal: what it counted and reserved is given back.

use std::rc::Rc;

use polity_proto::v1::{EndReason, ObjectKind, Proposal, ProposalState};

use super::stage::is_pending;
use super::{exposure, timing};
use crate::context::Context;
use crate::elections;
use crate::judge::policies;
use crate::state::keys::List;
use crate::state::{lists, objects};

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

/// Ends the member's open proposals that would spend, where they opened them in the role that ends, or could no longer
/// open them without it: with the assignment goes the power.
pub(crate) fn void_spending(context: &mut Context<'_, '_>, member: u64, role: u64) {
    let now = context.now();
    for number in lists::all(context, List::ProposalsBy, member) {
        let Some(proposal) = objects::look::<Proposal>(context, number) else {
            continue;
        };
        let would_spend = !proposal.exposures.is_empty() && is_pending(&proposal);
        if would_spend && (proposal.role == role || !policies::lets_begin(context, now, &proposal))
        {
            end(context, Rc::unwrap_or_clone(proposal), EndReason::Source);
        }
    }
}

/// Ends a pending proposal without a decision.
pub(super) fn end(context: &mut Context<'_, '_>, proposal: Proposal, reason: EndReason) {
    let number = proposal.number;
    close(context, proposal, ProposalState::Lapsed);
    context.ended(
        ObjectKind::Proposal,
        number,
        reason,
        &[(ObjectKind::Proposal, number)],
    );
}
