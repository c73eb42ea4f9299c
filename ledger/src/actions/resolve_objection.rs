//! `resolve_objection`: objector or proposer signs the version in which the objection is integrated.
//!
//! Holacracy Constitution 5.0, 5.3 and 5.3.4: the two find a way that answers the objection and
//! still meets the tension; then everybody has another opportunity to object.

use polity_proto::v1::{Objection, ResolveObjection};

use super::Act;
use crate::context::Context;
use crate::decisions::objections;
use crate::judge::Need;
use crate::{Rejection, form};

impl Act for ResolveObjection {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.objection)?;
        match self.version {
            0 => Err(Rejection::FieldMissing),
            _ => Ok(()),
        }
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let _: Objection = context.find(&self.objection)?;
        Ok(vec![Need::own()])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        objections::resolve(context, self)
    }
}
