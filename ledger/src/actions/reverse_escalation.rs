//! `reverse_escalation`: whoever escalated takes their own back; the lead of the unit takes back
//! all.

use polity_proto::v1::{Proposal, ReverseEscalation};

use super::Act;
use crate::context::Context;
use crate::decisions::announce;
use crate::judge::Need;
use crate::{Rejection, form};

impl Act for ReverseEscalation {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.proposal)?;
        form::line(&self.explanation, form::SHORT_BYTES_MAX)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let _: Proposal = context.find(&self.proposal)?;
        Ok(vec![Need::own()])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let proposal: Proposal = context.find(&self.proposal)?;
        announce::reverse(context, proposal, &self.explanation)
    }
}
