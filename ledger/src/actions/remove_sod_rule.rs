//! `remove_sod_rule`: a duty rule no longer holds.

use polity_proto::v1::{Capability, EndReason, RemoveSodRule, SodRule};

use super::{Act, ending};
use crate::context::Context;
use crate::judge::Need;
use crate::{Rejection, form};

impl Act for RemoveSodRule {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.rule)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let rule: SodRule = context.find(&self.rule)?;
        Ok(vec![Need::of(Capability::Govern, rule.unit)])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let rule: SodRule = context.find(&self.rule)?;
        if rule.removed_at != 0 {
            return Err(Rejection::RuleRemoved);
        }

        ending::end_sod_rule(context, rule.number, EndReason::None);
        Ok(())
    }
}
