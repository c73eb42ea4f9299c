//! `join_unit`: a member belongs to a unit. A guild is open to everyone; elsewhere the unit admits.

use polity_proto::v1::{Capability, JoinUnit, Member, Ref, Unit, UnitKind};

use super::{Act, membership};
use crate::context::Context;
use crate::judge::Need;
use crate::{Rejection, form};

impl Act for JoinUnit {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.unit)?;
        form::optional_reference(&self.member)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        let member: Member = context.get(who(&self.member, context)?)?;
        let own = member.number == context.actor.member;
        let need = if own && unit.kind() == UnitKind::Guild {
            Need::own()
        } else {
            Need::of(Capability::AdmitMembers, unit.number)
        };
        Ok(vec![need])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let unit = context.resolve::<Unit>(&self.unit)?;
        membership::join(context, who(&self.member, context)?, unit, None)
    }
}

/// The member that is named, or the actor.
pub(super) fn who(member: &Option<Ref>, context: &Context<'_, '_>) -> Result<u64, Rejection> {
    match context.optional::<Member>(member)? {
        0 => Ok(context.actor.member),
        number => Ok(number),
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{action::Kind, *};

    use crate::state::keys::List;
    use crate::state::lists;
    use crate::world::{World, by};

    #[test]
    fn a_member_joins_a_bounded_number_of_units() {
        let mut world = World::new();
        let hal = world.member_number("hal");
        let before = world.list(List::JoinedBy, hal).len();
        world.change_for_test(|state| {
            for unit in before..256 {
                lists::append(state, List::JoinedBy, hal, 10_000 + unit as u64);
            }
        });
        world.ada(Kind::CreateUnit(world.create_unit(
            "dev",
            "rust",
            UnitKind::Guild,
        )));
        let join = Kind::JoinUnit(JoinUnit {
            unit: world.unit_ref("dev/rust"),
            member: None,
        });
        world.check("hal", None, join, "rejected list_too_long");
    }

    #[test]
    fn a_guild_is_open_and_other_units_admit() {
        let mut world = World::new();
        let past = world.dissolved();
        world.ada(Kind::CreateUnit(world.create_unit(
            "dev",
            "rust",
            UnitKind::Guild,
        )));
        world.ada(Kind::ImportMember(world.import("old", "dev")));
        let unknown = Kind::JoinUnit(JoinUnit {
            unit: crate::form::numbered(99),
            member: None,
        });
        let malformed = Kind::JoinUnit(JoinUnit {
            unit: None,
            member: None,
        });
        let dissolved = Kind::JoinUnit(JoinUnit {
            unit: past,
            member: world.member_ref("hal"),
        });
        for (actor, role, kind, expected) in [
            ("hal", None, malformed, "rejected ref_malformed"),
            ("hal", None, unknown, "rejected object_unknown"),
            ("hal", None, world.join_unit("hal", "dev/rust"), "accepted"),
            (
                "hal",
                None,
                world.join_unit("hal", "dev/rust"),
                "rejected already_joined",
            ),
            (
                "hal",
                None,
                world.join_unit("finn", "dev/rust"),
                "rejected no_grant",
            ),
            (
                "hal",
                None,
                world.join_unit("hal", "dev"),
                "rejected no_grant",
            ),
            (
                "ben",
                Some("dev#lead"),
                world.join_unit("hal", "dev"),
                "accepted",
            ),
            (
                "ben",
                Some("dev#lead"),
                world.join_unit("old", "dev"),
                "rejected member_state_wrong",
            ),
            (
                "ada",
                Some("acme#lead"),
                dissolved,
                "rejected unit_dissolved",
            ),
        ] {
            world.check(actor, role, kind, expected);
        }
        let hal = world.member_number("hal");
        assert!(
            world
                .list(List::Joined, world.unit("dev").number)
                .contains(&hal)
        );
        assert!(
            world
                .list(List::JoinedBy, hal)
                .contains(&world.unit("dev").number)
        );
    }

    #[test]
    fn a_member_joins_where_somebody_who_may_admit_seconds() {
        let mut world = World::new();
        let join = Kind::JoinUnit(JoinUnit {
            unit: world.unit_ref("sales"),
            member: None,
        });
        let deed = by("finn").seconded("dan", "sales#lead").does(join);
        world.check_deed(deed, "accepted");
    }
}
