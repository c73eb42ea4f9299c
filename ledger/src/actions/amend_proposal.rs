//! `amend_proposal`: a new version, which nobody has answered yet.

use polity_proto::v1::{AmendProposal, Mode, ObjectKind, Proposal, ProposalState};

use super::Act;
use crate::context::Context;
use crate::decisions::opening;
use crate::judge::{Actor, Need};
use crate::{Rejection, form};

impl Act for AmendProposal {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.proposal)?;
        form::text(&self.explanation, form::TEXT_BYTES_MAX)?;
        form::optional_hash(&self.document)?;
        opening::check_actions(&self.actions, None)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let _: Proposal = context.find(&self.proposal)?;
        Ok(vec![Need::own()])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let mut proposal: Proposal = context.find(&self.proposal)?;
        if proposal.proposer != context.actor.member {
            return Err(Rejection::NotProposer);
        }
        if proposal.state() != ProposalState::Open {
            return Err(Rejection::ProposalClosed);
        }
        opening::check_actions(&self.actions, Some(proposal.kind()))?;
        let proposer = Actor {
            member: proposal.proposer,
            role: proposal.role,
        };
        opening::uncarry(context, &mut proposal);
        let judged = opening::judge_actions(context, proposal.unit, proposer, &self.actions)?;
        // Policy and mode stay those of the opening: what needs more is another proposal.
        let frozen: Mode = proposal.mode.clone().unwrap_or_default();
        opening::check_not_stricter(&judged.decision, &frozen)?;
        if judged.decision.mode.approver != frozen.approver {
            return Err(Rejection::ProposalDivided);
        }

        let number = proposal.number;
        proposal.version = proposal
            .version
            .checked_add(1)
            .ok_or(Rejection::ProposalClosed)?;
        proposal.actions = self.actions.clone();
        proposal.explanation = self.explanation.clone();
        proposal.document = self.document.clone();
        proposal.responses.clear();
        opening::carry(context, &mut proposal, judged)?;
        context.put(&proposal);
        context.event(
            ObjectKind::Proposal,
            number,
            &[(ObjectKind::Proposal, number)],
        );
        Ok(())
    }
}
