//! `execute_proposal`: what was announced, or was decided and had to wait, is done by its proposer.

use polity_proto::v1::{ExecuteProposal, Proposal};

use super::Act;
use crate::context::Context;
use crate::decisions::{adoption, mode};
use crate::judge::Need;
use crate::{Rejection, form};

impl Act for ExecuteProposal {
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
        mode::check_executable(context, &proposal)?;

        adoption::execute(context, proposal)
    }
}
