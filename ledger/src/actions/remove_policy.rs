//! `remove_policy`: a unit no longer decides about a capability in its own way.

use polity_proto::v1::{EndReason, Policy, RemovePolicy};

use super::{Act, ending, set_policy};
use crate::context::Context;
use crate::judge::Need;
use crate::{Rejection, form};

impl Act for RemovePolicy {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.policy)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let policy: Policy = context.find(&self.policy)?;
        let need = set_policy::need_to_change(context, policy.unit, policy.capability());
        Ok(vec![need])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let policy: Policy = context.find(&self.policy)?;
        if policy.ended_at != 0 {
            return Err(Rejection::PolicyEnded);
        }

        ending::end_policy(context, policy.number, EndReason::None);
        Ok(())
    }
}
