//! What comes of an answer, of the end of an objection, or of time: a proposal is decided, refused,
//! or waits on.

use polity_proto::v1::{EndReason, ObjectKind, Proposal, ProposalState};

use super::mode::{self, Outcome};
use super::{adoption, closing, stage, timing};
use crate::Rejection;
use crate::context::Context;
use crate::outlook;

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

/// The timer of a proposal: its deadline is over, it lapses, or it waits on, where outages do not
/// count. What executing it cost, in actions.
pub(crate) fn fall_due(context: &mut Context<'_, '_>, number: u64) -> usize {
    let Ok(proposal) = context.get::<Proposal>(number) else {
        return 0;
    };
    if !stage::is_pending(&proposal) {
        return 0;
    }
    let now = context.now();
    if timing::has_lapsed(now, &proposal) {
        closing::end(context, proposal, EndReason::Lapsed);
        return 0;
    }
    // While it is open the next timer is that of its lapse; deciding takes it away again.
    timing::set_timer(context, &proposal);
    let is_open = proposal.state() == ProposalState::Open;
    if !is_open || !timing::is_over(now, &proposal) {
        return 0;
    }
    // What it is bound to is looked at anew, which costs as much as it did at the opening.
    let work = proposal.actions.len() + outlook::work(&proposal.outlook);
    match settle(context, proposal) {
        Ok(()) => work,
        // Settling refuses nobody: what cannot be executed is recorded.
        Err(_) => 0,
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
