//! Whether a decision is the proposer's alone: nobody else has to agree. What it does is then held to
//! the bounds of a signed act ([`hands::is_decided_by_one`]).

use polity_proto::v1::{Policy, Proposal};

use super::{approve, passages};
use crate::context::Context;
use crate::judge::hands;
use crate::state::objects;

/// Notes at the opening, when the electorate is frozen, who stands behind it.
pub(super) fn note(context: &Context<'_, '_>, proposal: &mut Proposal) {
    proposal.asks_own_hand = asks_own_hand(context, proposal);
}

/// Whether all who are asked count as the proposer, or were assigned or taken in by them a short time ago: whoever
/// makes the electors decides what they say, and what their silence means.
fn asks_own_hand(context: &Context<'_, '_>, proposal: &Proposal) -> bool {
    let sent_out = passages::sent_out(context, proposal);
    let mut asked = proposal.electorate.iter();
    !proposal.electorate.is_empty()
        && asked.all(|member| {
            approve::is_too_close(context, proposal, *member)
                || passages::is_made(context, proposal, &sent_out, *member)
        })
}

/// Whether nobody but the proposer had a say about how a policy decides.
pub(super) fn is_own_policy(context: &Context<'_, '_>, proposer: u64, policy: u64) -> bool {
    let now = context.now().time;
    let policy = objects::look::<Policy>(context, policy);
    let basis = policy.and_then(|policy| policy.basis);
    basis.is_some_and(|basis| {
        hands::are_one(context, now, proposer, basis.member) && hands::is_of_one(context, &basis)
    })
}
