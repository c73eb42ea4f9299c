//! `raise_objection`: somebody of the electorate says why a version would do harm.
//!
//! Holacracy Constitution 5.0, 5.3.2: it counts where the objector argues each of four criteria, or
//! that a rule would be violated. The ledger asks for the arguments and judges none of them.

use polity_proto::v1::{Proposal, RaiseObjection};

use super::Act;
use crate::context::Context;
use crate::decisions::objections;
use crate::judge::Need;
use crate::{Rejection, form};

impl Act for RaiseObjection {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.proposal)?;
        let claims = [
            &self.harms,
            &self.limits_my_role,
            &self.caused_by_proposal,
            &self.no_time_to_adapt,
        ];
        for text in claims.into_iter().chain([&self.breaks_a_rule]) {
            form::text(text, form::TEXT_BYTES_MAX)?;
        }
        if self.version == 0 {
            return Err(Rejection::FieldMissing);
        }
        Ok(())
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let _: Proposal = context.find(&self.proposal)?;
        // Anybody may object for themselves; the mode asks whether they are in the electorate of the opening.
        Ok(vec![Need::own()])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        // Judged in the block and not by the bytes: that somebody objected without arguing is recorded.
        if is_argued(self) {
            objections::raise(context, self)
        } else {
            Err(Rejection::ObjectionIncomplete)
        }
    }
}

/// Whether all four claims have an argument, or a rule is named.
fn is_argued(objection: &RaiseObjection) -> bool {
    let claims = [
        &objection.harms,
        &objection.limits_my_role,
        &objection.caused_by_proposal,
        &objection.no_time_to_adapt,
    ];
    let is_said = |text: &str| !text.trim().is_empty();
    claims.into_iter().all(|claim| is_said(claim)) || is_said(&objection.breaks_a_rule)
}
