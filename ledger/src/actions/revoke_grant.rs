//! `revoke_grant`: a grant ends, and with it what was delegated from it.

use polity_proto::v1::{EndReason, Grant, RevokeGrant};

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
        // Whoever delegated takes back; whoever received gives back.
        let parties = [Some(grant.member), power::delegator(context, &grant)];
        if grant.source != 0 && parties.contains(&Some(context.actor.member)) {
            return Ok(vec![Need::own()]);
        }
        let unit = grant.scope.as_ref().map_or(0, |scope| scope.unit);
        let now = context.now().time;
        Ok(vec![Need::empowering(
            context,
            grant.capability(),
            unit,
            now,
        )])
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

#[cfg(test)]
mod tests {
    use polity_proto::v1::{Delegate, EndReason, ObjectKind, action::Kind};

    use super::*;
    use crate::state::keys::List;
    use crate::world::ended;
    use crate::world::{DAY, World};

    fn revoke(number: u64) -> Kind {
        Kind::RevokeGrant(RevokeGrant {
            grant: form::numbered(number),
        })
    }

    #[test]
    fn with_a_grant_ends_what_was_delegated_from_it() {
        let mut world = World::new();
        let role = world.role("dev#engineer").number;
        let grant = world.list(List::Grants, role)[0];
        let delegate = Kind::Delegate(Delegate {
            grant: form::numbered(grant),
            member: world.member_ref("hal"),
            until: world.time + DAY,
            ..Delegate::default()
        });
        let receipt = world.run("finn", Some("dev#engineer"), delegate);
        let delegation = receipt.expect("delegated").events[0].number;

        let not_there = revoke(99);
        world.check(
            "ben",
            Some("dev#lead"),
            not_there,
            "rejected object_unknown",
        );
        world.check(
            "finn",
            Some("dev#engineer"),
            revoke(grant),
            "rejected no_grant",
        );
        world.check(
            "ada",
            Some("acme#lead"),
            revoke(grant),
            "rejected own_decision_only",
        );
        let receipt = world
            .run("ben", Some("dev#lead"), revoke(grant))
            .expect("revoked");
        let by_itself = (ObjectKind::Grant, delegation, EndReason::Source);
        assert_eq!(ended(&receipt), [by_itself]);
        assert!(world.list(List::Grants, role).is_empty());
        let hal = world.member_number("hal");
        assert!(world.list(List::Delegations, hal).is_empty());
        world.check(
            "ben",
            Some("dev#lead"),
            revoke(grant),
            "rejected grant_ended",
        );
        let nothing = Kind::RevokeGrant(RevokeGrant::default());
        world.check("ben", Some("dev#lead"), nothing, "rejected ref_malformed");
    }

    #[test]
    fn whoever_delegated_takes_back_and_whoever_received_gives_back() {
        let mut world = World::new();
        let role = world.role("dev#engineer").number;
        let grant = world.list(List::Grants, role)[0];
        for by in ["finn", "hal"] {
            let delegate = Kind::Delegate(Delegate {
                grant: form::numbered(grant),
                member: world.member_ref("hal"),
                until: world.time + DAY,
                ..Delegate::default()
            });
            let receipt = world.run("finn", None, delegate);
            let delegation = receipt.expect("delegated").events[0].number;
            world.check("gia", None, revoke(delegation), "rejected no_grant");
            world.check(by, None, revoke(delegation), "accepted");
        }
    }
}
