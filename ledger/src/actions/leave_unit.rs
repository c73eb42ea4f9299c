//! `leave_unit`: a member belongs to a unit no longer, by their own act or the unit's.

use polity_proto::v1::{Assignment, Capability, EndReason, LeaveUnit, Manner, Member, Role, Unit};

use super::{Act, assign_role, join_unit, membership};
use crate::context::Context;
use crate::judge::{Need, self_government};
use crate::state::objects;
use crate::{Rejection, form};

impl Act for LeaveUnit {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.unit)?;
        form::optional_reference(&self.member)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        let member: Member = context.get(join_unit::who(&self.member, context)?)?;
        if member.number == context.actor.member {
            return Ok(vec![Need::own()]);
        }
        // With a unit its roles are left: whoever operates its validator, or says who does, is not sent away from above, nor
        // is whoever a circle that governs itself put into a role.
        let is_chosen = held_in(context, member.number, unit.number)
            .into_iter()
            .filter_map(|held| objects::look::<Role>(context, held.role))
            .any(|role| {
                assign_role::chosen_by(context, role.number)
                    .next()
                    .is_some()
                    || assign_role::is_of_its_circle(context, &role)
            });
        Ok(vec![Need {
            own_decision: is_chosen,
            ..Need::of(Capability::AdmitMembers, unit.number)
        }])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let unit = context.resolve::<Unit>(&self.unit)?;
        let member = join_unit::who(&self.member, context)?;
        if !membership::has_joined(context, member, unit) {
            return Err(Rejection::NotJoined);
        }
        // With a unit its offices are left. Of whom a circle elected it decides itself, and nobody alone.
        let is_sent = member != context.actor.member && context.is_of_one();
        if is_sent && is_elected(context, member, unit) {
            return Err(Rejection::ElectedOnly);
        }

        membership::leave(context, member, unit, EndReason::None);
        Ok(())
    }
}

/// Whether a circle that governs itself elected the member into a role that they hold.
fn is_elected(context: &Context<'_, '_>, member: u64, unit: u64) -> bool {
    self_government::is_self_governed_circle(context, unit, context.now().time)
        && held_in(context, member, unit)
            .iter()
            .any(|held| held.manner() == Manner::Elected)
}

/// The assignments by which a member holds roles of a unit.
fn held_in(context: &Context<'_, '_>, member: u64, unit: u64) -> Vec<Assignment> {
    let mut held = assign_role::open_of_member(context, member, context.now().time);
    held.retain(|assignment| {
        objects::look::<Role>(context, assignment.role).is_some_and(|role| role.unit == unit)
    });
    held
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{action::Kind, *};

    use crate::state::keys::List;
    use crate::world::World;

    #[test]
    fn leaving_a_unit_ends_the_roles_that_are_held_in_it() {
        let mut world = World::new();
        let malformed = Kind::LeaveUnit(LeaveUnit {
            unit: None,
            member: None,
        });
        let unknown = Kind::LeaveUnit(LeaveUnit {
            unit: crate::form::numbered(99),
            member: None,
        });
        let assignment = world.assignment("finn", "dev#engineer").number;
        for (actor, role, kind, expected) in [
            ("finn", None, malformed, "rejected ref_malformed"),
            ("finn", None, unknown, "rejected object_unknown"),
            (
                "gia",
                Some("dev#engineer"),
                world.leave_unit("finn", "dev"),
                "rejected no_grant",
            ),
            (
                "finn",
                None,
                world.leave_unit("finn", "ops"),
                "rejected not_joined",
            ),
            ("finn", None, world.leave_unit("finn", "dev"), "accepted"),
            (
                "ben",
                Some("dev#lead"),
                world.leave_unit("gia", "dev"),
                "accepted",
            ),
        ] {
            world.check(actor, role, kind, expected);
        }
        let ended: Assignment = world.get(assignment);
        assert_eq!(ended.end_reason(), EndReason::Member);
        assert!(!world.holds("finn", "dev#engineer"));
        assert!(
            world
                .list(List::JoinedBy, world.member_number("finn"))
                .is_empty()
        );
        assert_eq!(world.list(List::Joined, 2), [world.member_number("ben")]);
    }

    #[test]
    fn whoever_operates_a_chapters_validator_is_not_taken_from_it_by_their_squad() {
        let mut world = World::with_tribes();
        world.ada(world.join_unit("finn", "dev/web/red"));
        world.ada(world.join_unit("finn", "dev/web/quality"));
        for (handle, capabilities) in [
            (
                "operator",
                &[Capability::OperateValidator, Capability::Govern][..],
            ),
            ("guide", &[Capability::Anchor]),
        ] {
            world.ada(Kind::CreateRole(
                world.create_role("dev/web/quality", handle),
            ));
            let role = format!("dev/web/quality#{handle}");
            for capability in capabilities {
                let grant = Kind::GiveGrant(world.grant(&role, *capability, "dev/web/quality"));
                world.check_decided("finn", grant, "accepted");
            }
            let assign = Kind::AssignRole(world.assign("finn", &role));
            world.check_decided("finn", assign, "accepted");
        }
        let out_of_the_chapter = world.leave_unit("finn", "dev/web/quality");
        let expected = "rejected own_decision_only";
        world.check("ada", Some("acme#lead"), out_of_the_chapter, expected);
        world.ada(world.leave_unit("finn", "dev/web/red"));
        assert!(world.member("finn").chapters.is_empty());
        assert!(world.holds("finn", "dev/web/quality#operator"));
        assert!(!world.holds("finn", "dev/web/quality#guide"));
    }
}
