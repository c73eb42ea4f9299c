//! `respond`: a member answers a proposal, which may decide it.

use polity_proto::v1::{Answer, Proposal, Respond};

use super::Act;
use crate::context::Context;
use crate::decisions::responses;
use crate::judge::Need;
use crate::{Rejection, form};

impl Act for Respond {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.proposal)?;
        form::known::<Answer>(self.answer)?;
        form::text(&self.explanation, form::TEXT_BYTES_MAX)?;
        match self.version {
            0 => Err(Rejection::FieldMissing),
            _ => Ok(()),
        }
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let _: Proposal = context.find(&self.proposal)?;
        // Anybody may answer for themselves. Whether the answer counts is for the mode to judge, which refuses proposer
        // and beneficiary by their own names before it asks for authority.
        Ok(vec![Need::own()])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        responses::respond(context, self)
    }
}
