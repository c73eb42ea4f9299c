//! Opening and amending: a judged proposal is written, with what it would spend and who decides.

use polity_proto::v1::{ObjectKind, Proposal, ProposalState};

use super::judging::Judged;
use super::{exposure, mode, own_hand, timing};
use crate::Rejection;
use crate::context::Context;
use crate::judge::Actor;
use crate::state::keys::List;
use crate::state::lists;

/// Writes a judged proposal as open, and gives it its number. The caller records the event.
pub(crate) fn open(
    context: &mut Context<'_, '_>,
    mut proposal: Proposal,
    judged: Judged,
) -> Result<Proposal, Rejection> {
    let now = context.now();
    let ttl = context.parameters().proposal_ttl;
    let lapses_at = now.waiting().checked_add(ttl);
    proposal.number = context.next_number(ObjectKind::Proposal);
    proposal.version = 1;
    proposal.state = ProposalState::Open as i32;
    proposal.policy = judged.decision.policy;
    proposal.capability = judged.decision.capability as i32;
    proposal.mode = Some(judged.decision.mode.clone());
    proposal.opened_at = now.time;
    proposal.lapses_at = lapses_at.ok_or(Rejection::TimeMalformed)?;
    mode::freeze(context, &mut proposal)?;
    own_hand::note(context, &mut proposal);
    carry(context, &mut proposal, judged)?;

    timing::begin_version(context, &mut proposal);
    for (list, owner) in [
        (List::Proposals, proposal.unit),
        (List::ProposalsBy, proposal.proposer),
    ] {
        lists::append(context.state, list, owner, proposal.number);
    }
    context.put(&proposal);
    Ok(proposal)
}

/// Takes over what judging told: whom the actions credit, what they would spend, and by which assignment it was proposed.
pub(crate) fn carry(
    context: &mut Context<'_, '_>,
    proposal: &mut Proposal,
    judged: Judged,
) -> Result<(), Rejection> {
    proposal.assignment = Actor::proposing(proposal).assignment(context, context.now());
    proposal.beneficiaries.extend(judged.credited);
    proposal.beneficiaries.sort_unstable();
    proposal.beneficiaries.dedup();
    proposal.silence_is_own |= judged.silence_is_own;
    proposal.exposures = judged.exposures;
    exposure::open(context, &mut proposal.exposures)
}

/// Takes back what the former version would have spent, before the next one is judged.
pub(crate) fn take_back(context: &mut Context<'_, '_>, proposal: &mut Proposal) {
    exposure::close(context, &proposal.exposures);
    proposal.exposures.clear();
}
