//! `revoke_grant`: a grant ends, and with it what was delegated from it.

use polity_proto::v1::{Capability, EndReason, Grant, RevokeGrant};

use super::{Act, ending};
use crate::context::Context;
use crate::judge::{Need, power};
use crate::{Rejection, form};

impl Act for RevokeGrant {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.grant)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let grant: Grant = context.find(&self.grant)?;
        // Who delegated takes back, who received gives back.
        let parties = [Some(grant.member), power::delegator(context, &grant)];
        if grant.source != 0 && parties.contains(&Some(context.actor.member)) {
            return Ok(vec![Need::own()]);
        }
        let unit = grant.scope.as_ref().map_or(0, |scope| scope.unit);
        let now = context.now().time;
        Ok(vec![Need {
            own_decision: power::decides_itself(context, grant.capability(), unit, now),
            ..Need::of(Capability::Govern, unit)
        }])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let grant: Grant = context.find(&self.grant)?;
        if grant.ended_at != 0 {
            return Err(Rejection::GrantEnded);
        }

        ending::end_grant(context, grant.number, EndReason::None);
        Ok(())
    }
}
