//! `execute_proposal`: what was announced, or was decided and had to wait, is done by its proposer.

use polity_proto::v1::{ExecuteProposal, Proposal};

use super::Act;
use crate::context::Context;
use crate::decisions::{adoption, mode};
use crate::judge::{self, Need};
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
        // What others decided waits for whoever proposed it, and not for somebody with a stranger's new key.
        let (now, capability) = (context.now(), proposal.capability());
        Rejection::Sleeping.when(judge::sleeps(context, now, proposal.proposer, capability))?;
        mode::check_executable(context, &proposal)?;

        adoption::execute(context, proposal)
    }
}
