//! `execute_proposal`: what was announced, or was decided and had to wait, is done by its proposer.

use polity_proto::v1::{ExecuteProposal, Proposal};

use super::Act;
use crate::actions;
use crate::context::Context;
use crate::decisions::{adoption, content, mode};
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
        let (now, proposer) = (context.now(), proposal.proposer);
        let proposed = content::actions_of(&proposal.actions)?;
        let kinds = proposed.iter().filter_map(|action| action.kind.as_ref());
        let mut used = kinds
            .map(actions::capability)
            .chain([proposal.capability()]);
        let asleep = used.any(|capability| judge::sleeps(context, now, proposer, capability));
        Rejection::Sleeping.when(asleep)?;
        mode::check_executable(context, &proposal)?;

        adoption::execute(context, proposal)
    }
}
