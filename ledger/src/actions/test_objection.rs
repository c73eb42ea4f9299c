//! `test_objection`: whoever facilitates says whether each claim has an argument.
//!
//! Holacracy Constitution 5.0, 5.3.3: only whether arguments were presented is judged, neither
//! their accuracy nor their importance.

use polity_proto::v1::{Claim, Objection, TestObjection};

use super::Act;
use crate::context::Context;
use crate::decisions::objections;
use crate::judge::Need;
use crate::{Rejection, form};

impl Act for TestObjection {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.objection)?;
        match form::known_or_zero::<Claim>(self.unargued)? {
            Claim::None => form::text(&self.explanation, form::TEXT_BYTES_MAX),
            // Whoever sets an objection aside says what is missing.
            Claim::Harms
            | Claim::LimitsMyRole
            | Claim::CausedByProposal
            | Claim::NoTimeToAdapt
            | Claim::BreaksARule => form::filled_text(&self.explanation, form::TEXT_BYTES_MAX),
        }
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let _: Objection = context.find(&self.objection)?;
        Ok(vec![Need::own()])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        objections::test(context, self)
    }
}
