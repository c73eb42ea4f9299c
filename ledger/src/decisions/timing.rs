//! When a proposal falls due: the deadline of a version, the end of a wait, and its lapse.
//!
//! All of it runs on block time less pauses. The timer is set on block time as the pauses are now;
//! after an outage it comes too early and is set again. Deadlines bind by time, also where the
//! timer still waits behind others.

use polity_proto::v1::{ModeKind, Proposal, ProposalState, TimerKind};

use super::mode;
use crate::Rejection;
use crate::context::Context;
use crate::judge::Now;
use crate::state::timers;

/// Whether the time to answer the present version is over.
pub(super) fn is_over(now: Now, proposal: &Proposal) -> bool {
    proposal.deadline != 0 && now.waiting() >= proposal.deadline
}

/// Whether the time is over within which somebody had to decide or execute it.
pub(super) fn has_lapsed(now: Now, proposal: &Proposal) -> bool {
    now.waiting() >= proposal.lapses_at
}

/// Refuses what still waits to be executed.
pub(super) fn check_waited(now: Now, proposal: &Proposal) -> Result<(), Rejection> {
    Rejection::Waiting.when(now.waiting() < proposal.executable_at)
}

/// A version begins: its wait, its deadline, and the timer that looks at it.
pub(crate) fn begin_version(context: &mut Context<'_, '_>, proposal: &mut Proposal) {
    let now = context.now();
    let mode = proposal.mode.as_ref();
    proposal.version_at = now.time;
    if let Some(mode) = mode.filter(|mode| mode.kind() == ModeKind::Announce) {
        proposal.executable_at = now.waiting().saturating_add(mode.wait);
    }
    begin_mode(context, proposal);
}

/// The mode that stands now begins: the time for answers, and the timer.
pub(super) fn begin_mode(context: &mut Context<'_, '_>, proposal: &mut Proposal) {
    let standing = mode::standing(proposal);
    proposal.deadline = match standing.kind() {
        ModeKind::Consent | ModeKind::Vote => {
            context.now().waiting().saturating_add(standing.deadline)
        }
        ModeKind::None
        | ModeKind::Alone
        | ModeKind::Announce
        | ModeKind::Approve
        | ModeKind::Departments => 0,
    };
    let last = proposal.deadline.max(proposal.executable_at);
    if last != 0 {
        let ttl = context.parameters().proposal_ttl;
        proposal.lapses_at = proposal.lapses_at.max(last.saturating_add(ttl));
    }
    set_timer(context, proposal);
}

/// Sets the timer that looks at the proposal when something next falls due.
pub(super) fn set_timer(context: &mut Context<'_, '_>, proposal: &Proposal) {
    let due = next_due(context.now(), proposal);
    timers::set_about(context.state, due, TimerKind::Proposal, proposal.number);
}

/// Takes the timer away. One that was set before an outage stays, and finds nothing to do.
pub(crate) fn clear_timer(context: &mut Context<'_, '_>, proposal: &Proposal) {
    let due = next_due(context.now(), proposal);
    timers::clear_about(context.state, due, TimerKind::Proposal, proposal.number);
}

fn next_due(now: Now, proposal: &Proposal) -> u64 {
    let awaits_answers = proposal.state() == ProposalState::Open
        && proposal.deadline != 0
        && !is_over(now, proposal);
    let next = if awaits_answers {
        proposal.deadline.min(proposal.lapses_at)
    } else {
        proposal.lapses_at
    };
    next.saturating_add(now.paused)
}
