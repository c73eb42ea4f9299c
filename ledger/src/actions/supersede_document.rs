//! `supersede_document`: another document takes an anchored one's place.

use polity_proto::v1::{Capability, Document, SupersedeDocument};

use super::{Act, anchor_document};
use crate::context::Context;
use crate::judge::{Need, power};
use crate::{Rejection, form};

impl Act for SupersedeDocument {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.document)?;
        form::hash(&self.hash)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let document: Document = context.find(&self.document)?;
        Ok(vec![Need::of(Capability::Anchor, document.unit)])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let document: Document = context.find(&self.document)?;
        if !power::unit_lives(context, document.unit) {
            return Err(Rejection::UnitDissolved);
        }
        if document.superseded_by != 0 {
            return Err(Rejection::DocumentSuperseded);
        }
        let label = document.label.clone();
        let number = anchor_document::anchor(context, document.unit, &self.hash, &label)?;

        context.put(&Document {
            superseded_by: number,
            ..document
        });
        Ok(())
    }
}
