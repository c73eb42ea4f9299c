//! Every event has a basis that was effective when it happened.

use polity_proto::v1::{
    Basis, BasisSource, EndReason, Event, Grant, Member, Policy, Proposal, ProposalState, Receipt,
};

use super::{Broken, State, ensure, find};
use crate::judge::Now;

/// Checks the receipts of a block against the state that it left. What ended in the very block may
/// have been used before its end.
pub fn bases(state: &State, now: Now, receipts: &[Receipt]) -> Result<(), Broken> {
    for event in receipts.iter().flat_map(|receipt| &receipt.events) {
        let held = event
            .basis
            .is_some_and(|basis| is_effective(state, now.time, event, &basis));
        ensure(9, held, || {
            format!("an event without an effective basis: {event:?}")
        })?;
    }
    Ok(())
}

fn is_effective(state: &State, now: u64, event: &Event, basis: &Basis) -> bool {
    let lived = |ended_at: u64| ended_at == 0 || ended_at == now;
    match basis.source() {
        // After the genesis nothing is founded.
        BasisSource::None | BasisSource::Genesis => false,
        BasisSource::Own => find::<Member>(state, basis.member).is_some(),
        BasisSource::Grant => find::<Grant>(state, basis.number).is_some_and(|grant| {
            let in_time = grant.from <= now && (grant.until == 0 || now < grant.until);
            let of_actor = grant.role == basis.role || grant.member == basis.member;
            in_time && of_actor && lived(grant.ended_at)
        }),
        BasisSource::Policy => find::<Policy>(state, basis.number)
            .is_some_and(|policy| policy.set_at <= now && lived(policy.ended_at)),
        BasisSource::Proposal => find::<Proposal>(state, basis.number).is_some_and(|proposal| {
            let decided = matches!(
                proposal.state(),
                ProposalState::Adopted | ProposalState::Failed
            );
            decided && proposal.closed_at == now
        }),
        // Time alone opens a proposal where a validator signed twice; it ends everything else.
        BasisSource::Timer => event.did == 0 || event.reason() != EndReason::None,
    }
}
