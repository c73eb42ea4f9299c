//! `amend_unit`: a unit as it shall be; every field replaces what was there.

use polity_proto::v1::{
    AmendUnit, Capability, EndReason, ObjectKind, Organisation, Role, RoleKind, Unit, UnitKind,
};

use super::{Act, create_unit, ending};
use crate::context::Context;
use crate::judge::power::{self, Capabilities};
use crate::judge::{Need, kinds, policies};
use crate::state::keys::List;
use crate::state::{Read, lists, names};
use crate::{Rejection, form};

impl Act for AmendUnit {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.unit)?;
        form::known::<UnitKind>(self.kind)?;
        form::handle(&self.handle)?;
        create_unit::check_words(&self.label, &self.purpose)?;
        create_unit::check_confers(&self.confers)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        let operates = |confers| Capabilities::of(confers).contain(Capability::OperateValidator);
        if operates(&unit.confers) && !operates(&self.confers) && validates(context, unit.number) {
            return departments(context);
        }
        Ok(vec![Need::governing(
            context,
            governed_by(&unit),
            context.now().time,
        )])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        if unit.dissolved_at != 0 {
            return Err(Rejection::UnitDissolved);
        }
        let amended = Unit {
            kind: self.kind,
            handle: self.handle.clone(),
            label: self.label.clone(),
            purpose: self.purpose.clone(),
            confers: self.confers.clone(),
            ceiling: self.ceiling,
            ..unit.clone()
        };
        kinds::check_ceiling(amended.kind(), amended.ceiling)?;
        kinds::check_amended(context, &unit, &amended)?;
        if amended.handle != unit.handle {
            names::check_handle(context, ObjectKind::Unit, unit.parent, &amended.handle)?;
        }

        let (number, parent) = (unit.number, unit.parent);
        end_foreign_roles(context, &amended)?;
        names::release(context.state, ObjectKind::Unit, parent, &unit.handle, "");
        names::claim(
            context.state,
            ObjectKind::Unit,
            parent,
            &amended.handle,
            "",
            number,
        );
        context.put(&amended);
        context.event(ObjectKind::Unit, number, &[(ObjectKind::Unit, number)]);
        Ok(())
    }
}

/// The unit whose decision amends, moves or dissolves a unit: its parent; the root's own.
pub(super) fn governed_by(unit: &Unit) -> u64 {
    match unit.parent {
        0 => unit.number,
        parent => parent,
    }
}

/// Whether the unit, or one below it, runs a validator.
pub(super) fn validates(state: &dyn Read, unit: u64) -> bool {
    policies::validators(state)
        .iter()
        .any(|validator| power::is_within(state, validator.unit, unit))
}

/// What touches a validator's unit is for the departments to decide.
pub(super) fn departments(context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
    let organisation: Organisation = context.get(0)?;
    Ok(vec![Need::departments(organisation.root_unit)])
}

/// A circle that becomes something else loses the elected offices of circles.
pub(super) fn end_foreign_roles(
    context: &mut Context<'_, '_>,
    amended: &Unit,
) -> Result<(), Rejection> {
    if amended.kind() == UnitKind::Circle {
        return Ok(());
    }
    for number in lists::all(context, List::Roles, amended.number) {
        let role: Role = context.get(number)?;
        match role.kind() {
            RoleKind::Facilitator | RoleKind::Secretary | RoleKind::Representative => {
                ending::end_role(context, number, EndReason::Unit);
            }
            RoleKind::Ordinary | RoleKind::Lead | RoleKind::ProductOwner => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{action::Kind, *};

    use crate::state::keys::List;
    use crate::world::{World, all_capabilities};

    fn amended(world: &World, path: &str, kind: UnitKind) -> AmendUnit {
        AmendUnit {
            unit: world.unit_ref(path),
            handle: path.rsplit('/').next().unwrap_or_default().into(),
            kind: kind as i32,
            confers: all_capabilities(),
            ..AmendUnit::default()
        }
    }

    #[test]
    fn the_parent_amends_a_unit() {
        let mut world = World::new();
        let past = world.dissolved();
        for handle in ["api", "ui"] {
            world.ada(Kind::CreateUnit(world.create_unit(
                "dev",
                handle,
                UnitKind::Team,
            )));
        }
        let api = amended(&world, "dev/api", UnitKind::Project);
        for (amend, expected) in [
            (
                AmendUnit {
                    unit: None,
                    ..api.clone()
                },
                "rejected ref_malformed",
            ),
            (
                AmendUnit {
                    kind: 0,
                    ..api.clone()
                },
                "rejected field_missing",
            ),
            (
                AmendUnit {
                    handle: String::new(),
                    ..api.clone()
                },
                "rejected handle_malformed",
            ),
            (
                AmendUnit {
                    purpose: "\0".into(),
                    ..api.clone()
                },
                "rejected text_malformed",
            ),
            (
                AmendUnit {
                    confers: vec![-1],
                    ..api.clone()
                },
                "rejected value_unknown",
            ),
            (
                AmendUnit {
                    unit: crate::form::numbered(99),
                    ..api.clone()
                },
                "rejected object_unknown",
            ),
            (
                AmendUnit {
                    unit: past,
                    ..api.clone()
                },
                "rejected unit_dissolved",
            ),
            (
                AmendUnit {
                    ceiling: 5,
                    ..api.clone()
                },
                "rejected kind_rule",
            ),
            (
                AmendUnit {
                    kind: UnitKind::Squad as i32,
                    ..api.clone()
                },
                "rejected kind_rule",
            ),
            (
                AmendUnit {
                    handle: "ui".into(),
                    ..api.clone()
                },
                "rejected handle_taken",
            ),
            (
                AmendUnit {
                    handle: "core".into(),
                    ..api.clone()
                },
                "accepted",
            ),
        ] {
            world.check("ben", Some("dev#lead"), Kind::AmendUnit(amend), expected);
        }
        assert_eq!(world.unit("dev/core").kind(), UnitKind::Project);
        let again = Kind::AmendUnit(amended(&world, "dev/core", UnitKind::Team));
        world.check(
            "finn",
            Some("dev#engineer"),
            again.clone(),
            "rejected no_grant",
        );
        let freed = Kind::CreateUnit(world.create_unit("dev", "api", UnitKind::Team));
        world.check("ben", Some("dev#lead"), freed, "accepted");
        // The unit itself is amended by its parent, not by its own lead.
        let own = Kind::AmendUnit(amended(&world, "dev", UnitKind::Department));
        world.check("ben", Some("dev#lead"), own, "rejected no_grant");
    }

    #[test]
    fn operating_is_withdrawn_from_a_validating_unit_by_the_departments_only() {
        let mut world = World::new();
        let withdrawn = AmendUnit {
            confers: vec![Capability::Govern as i32],
            ..amended(&world, "dev", UnitKind::Department)
        };
        world.check(
            "ada",
            Some("acme#lead"),
            Kind::AmendUnit(withdrawn),
            "rejected needs_decision",
        );
        let kept = Kind::AmendUnit(amended(&world, "dev", UnitKind::Department));
        world.check("ada", Some("acme#lead"), kept, "accepted");
    }

    #[test]
    fn a_unit_changes_its_kind_with_what_is_in_it() {
        let mut world = World::with_tribes();
        world.ada(world.join_unit("finn", "dev/web/red"));
        world.ada(world.join_unit("gia", "dev/web/blue"));
        let tribe = amended(&world, "dev/web", UnitKind::Tribe);
        for (amend, expected) in [
            (
                amended(&world, "dev/web", UnitKind::Team),
                "rejected kind_rule",
            ),
            (
                amended(&world, "dev/web/red", UnitKind::Team),
                "rejected kind_rule",
            ),
            (
                AmendUnit {
                    ceiling: 151,
                    ..tribe.clone()
                },
                "rejected kind_rule",
            ),
            (
                AmendUnit {
                    ceiling: 1,
                    ..tribe.clone()
                },
                "rejected ceiling_reached",
            ),
            (
                AmendUnit {
                    ceiling: 2,
                    ..tribe
                },
                "accepted",
            ),
        ] {
            world.check("ada", Some("acme#lead"), Kind::AmendUnit(amend), expected);
        }
        world.check(
            "ada",
            Some("acme#lead"),
            world.join_unit("hal", "dev/web/blue"),
            "rejected ceiling_reached",
        );
    }

    #[test]
    fn a_circle_that_becomes_a_team_loses_the_roles_of_circles() {
        let mut world = World::with_circle();
        world.ada(Kind::AmendUnit(amended(
            &world,
            "dev/circle",
            UnitKind::Team,
        )));
        let unit = world.unit("dev/circle");
        assert_eq!(
            world.list(List::Roles, unit.number),
            [world.role("dev/circle#lead").number]
        );
    }
}
