//! Decisions: who approved, who was asked, and what was frozen at the opening.

use std::collections::BTreeSet;

use polity_proto::v1::{Answer, ModeKind, Objection, Policy, Proposal, ProposalState};

use super::{Broken, State, all, ensure, find};
use crate::decisions::mode;
use crate::judge::Now;

/// What was decided by approvals has enough of them, none by the proposer or anybody who benefits.
pub(super) fn approvals(state: &State, _: Now) -> Result<(), Broken> {
    for proposal in all::<Proposal>(state) {
        let number = proposal.number;
        let approvers: BTreeSet<u64> = proposal
            .responses
            .iter()
            .filter(|response| {
                response.version == proposal.version && response.answer() == Answer::Approve
            })
            .map(|response| response.member)
            .collect();
        let of_others = !approvers.contains(&proposal.proposer)
            && !proposal
                .beneficiaries
                .iter()
                .any(|member| approvers.contains(member));
        ensure(12, of_others, || {
            format!("proposal {number} was approved by somebody who prepared it or benefits")
        })?;
        let mode = mode::standing(&proposal);
        let enough = mode.kind() != ModeKind::Approve
            || !is_decided(&proposal)
            || approvers.len() >= mode.count as usize;
        ensure(12, enough, || {
            format!("proposal {number} was decided with too few approvals")
        })?;
    }
    Ok(())
}

fn is_decided(proposal: &Proposal) -> bool {
    match proposal.state() {
        ProposalState::Decided | ProposalState::Adopted | ProposalState::Failed => true,
        ProposalState::None
        | ProposalState::Open
        | ProposalState::Refused
        | ProposalState::Withdrawn
        | ProposalState::Lapsed => false,
    }
}

/// Nobody answered one version twice.
pub(super) fn responses(state: &State, _: Now) -> Result<(), Broken> {
    for proposal in all::<Proposal>(state) {
        let answered: BTreeSet<(u64, u32)> = proposal
            .responses
            .iter()
            .map(|response| (response.member, response.version))
            .collect();
        ensure(14, answered.len() == proposal.responses.len(), || {
            format!("proposal {} was answered twice", proposal.number)
        })?;
    }
    Ok(())
}

/// Policy, mode and electorate are those of the opening, and nobody else had a say.
pub(super) fn frozen(state: &State, _: Now) -> Result<(), Broken> {
    for proposal in all::<Proposal>(state) {
        let number = proposal.number;
        ensure(13, is_of_its_policy(state, &proposal), || {
            format!("proposal {number} is decided by another policy than at its opening")
        })?;
        let ascends = proposal.electorate.windows(2).all(|pair| pair[0] < pair[1]);
        ensure(13, ascends, || {
            format!("the electorate of proposal {number} has somebody twice")
        })?;
        let frozen = proposal.mode.as_ref();
        let asks = frozen.is_some_and(mode::asks_electorate);
        let asked = |member: &u64| proposal.electorate.contains(member);
        let only_asked = proposal
            .responses
            .iter()
            .all(|response| asked(&response.member));
        ensure(13, !asks || only_asked, || {
            format!("proposal {number} was answered by somebody who was not in its electorate")
        })?;
    }
    Ok(())
}

/// Nothing is adopted while an objection stands, and only who was asked objected.
pub(super) fn objections(state: &State, _: Now) -> Result<(), Broken> {
    for proposal in all::<Proposal>(state) {
        let stands = !proposal.open_objections.is_empty();
        ensure(13, !(stands && is_decided(&proposal)), || {
            format!("proposal {} was adopted over an objection", proposal.number)
        })?;
    }
    for objection in all::<Objection>(state) {
        let proposal = find::<Proposal>(state, objection.proposal).unwrap_or_default();
        let asked = proposal.electorate.contains(&objection.objector);
        ensure(13, asked && objection.objector != proposal.proposer, || {
            format!(
                "objection {} is by somebody who was not asked",
                objection.number
            )
        })?;
    }
    Ok(())
}

fn is_of_its_policy(state: &State, proposal: &Proposal) -> bool {
    // The network's rules, and what the ledger itself proposes, have no policy.
    if proposal.policy == 0 {
        return true;
    }
    find::<Policy>(state, proposal.policy).is_some_and(|policy| {
        let held = policy.set_at <= proposal.opened_at
            && (policy.ended_at == 0 || proposal.opened_at <= policy.ended_at);
        held && policy.tiers.iter().any(|tier| tier.mode == proposal.mode)
    })
}
