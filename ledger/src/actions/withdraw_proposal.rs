//! `withdraw_proposal`: the proposer takes it back.

use polity_proto::v1::{Proposal, ProposalState, WithdrawProposal};

use super::Act;
use crate::context::Context;
use crate::decisions::{closing, settling, stage};
use crate::judge::Need;
use crate::{Rejection, form};

impl Act for WithdrawProposal {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.proposal)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let _: Proposal = context.find(&self.proposal)?;
        Ok(vec![Need::own()])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let proposal: Proposal = context.find(&self.proposal)?;
        if proposal.proposer != context.actor.member {
            return Err(Rejection::NotProposer);
        }
        stage::check_pending(context, &proposal)?;
        stage::check_undecided(context, &proposal)?;

        let closed = closing::close(context, proposal, ProposalState::Withdrawn);
        settling::record(context, &closed);
        Ok(())
    }
}
