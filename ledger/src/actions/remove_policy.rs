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

#[cfg(test)]
mod tests {
    use polity_proto::v1::{Capability, action::Kind};

    use super::*;
    use crate::judge::policies;
    use crate::state::keys::List;
    use crate::world::{World, able, alone, approve, role_holders, tier};

    #[test]
    fn a_removed_policy_decides_nothing_and_stays_to_be_read() {
        let mut world = World::new();
        let lead = Some("dev#lead");
        let tiers = vec![tier(0, role_holders(), alone())];
        let policy = world.policy("dev", Capability::Anchor, tiers);
        world.check("ben", lead, Kind::SetPolicy(policy), "accepted");
        let remove = |number| {
            Kind::RemovePolicy(RemovePolicy {
                policy: form::numbered(number),
            })
        };
        for (act, who, role, expected) in [
            (remove(0), "ben", lead, "rejected ref_malformed"),
            (remove(9), "ben", lead, "rejected object_unknown"),
            (remove(1), "finn", Some("dev#engineer"), "rejected no_grant"),
            (remove(1), "ben", lead, "accepted"),
            (remove(1), "ben", lead, "rejected policy_ended"),
        ] {
            world.check(who, role, act, expected);
        }
        let unit = world.unit("dev").number;
        assert!(world.list(List::Policies, unit).is_empty());
        assert!(policies::policy_of(&world.state, unit, Capability::Anchor).is_none());
        assert_eq!(world.get::<Policy>(1).ended_at, world.time - 1);
    }

    #[test]
    fn removing_passes_the_policys_own_strictest_tier() {
        let mut world = World::new();
        let mode = approve(able(Capability::Approve), 1);
        let tiers = vec![tier(0, role_holders(), mode)];
        let policy = world.policy("dev", Capability::Anchor, tiers);
        world.check("ben", Some("dev#lead"), Kind::SetPolicy(policy), "accepted");
        let remove = Kind::RemovePolicy(RemovePolicy {
            policy: form::numbered(1),
        });
        world.check("ben", Some("dev#lead"), remove, "rejected needs_decision");
    }
}
