//! `move_role`: an unfilled role goes into a unit below, or out of one.
//!
//! Holacracy Constitution 5.0, 5.2 (c) and (d): a circle moves its own roles into a circle below
//! it, and takes roles out of one into itself; either is the upper circle's decision. What the role
//! could do by grants stays behind: other people fill it from now on.

use polity_proto::v1::{EndReason, MoveRole, ObjectKind, Role, RoleKind, Unit};

use super::{Act, assign_role, create_role, ending};
use crate::context::Context;
use crate::judge::{Need, power};
use crate::state::keys::List;
use crate::state::{lists, names};
use crate::{Rejection, elections, form};

impl Act for MoveRole {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.role)?;
        form::reference(&self.unit)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let role: Role = context.find(&self.role)?;
        let unit: Unit = context.find(&self.unit)?;
        let goes_up = power::is_within(context, role.unit, unit.number);
        let (upper, lower) = if goes_up {
            (unit.number, role.unit)
        } else {
            (role.unit, unit.number)
        };
        let (above, below) = (context.to_govern(upper), context.to_govern(lower));
        // Nobody above takes from a department the role that operates its validator, or says who does.
        let is_chosen = assign_role::chosen_by(context, role.number)
            .next()
            .is_some();
        // A circle moves roles into circles below it and out of them; nobody else puts one among those of a circle that
        // governs itself, or takes one from there.
        let circle_agrees = below.own_decision && !above.own_decision;
        let mut needs = vec![Need {
            own_decision: above.own_decision || is_chosen && !goes_up,
            ..above
        }];
        if circle_agrees || is_chosen && goes_up {
            needs.push(Need {
                own_decision: true,
                ..below
            });
        }
        Ok(needs)
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let role: Role = context.find(&self.role)?;
        let unit: Unit = context.find(&self.unit)?;
        check_movable(context, &role, &unit)?;
        let (number, before) = (role.number, role.unit);
        let moved = Role {
            unit: unit.number,
            ..role.clone()
        };
        // What a policy leaves to the role's holders would be other people's from now on, in the line that it leaves
        // and in the one that it comes into.
        for place in [&role, &moved] {
            ending::check_unnamed(context, place, |_| false)?;
        }
        create_role::check_domains(context, &moved)?;
        names::check_handle(context, ObjectKind::Role, unit.number, &role.handle)?;

        for grant in lists::all(context, List::Grants, number) {
            ending::end_grant(context, grant, EndReason::Unit);
        }
        // Those whom it came from elect nobody into it where it goes.
        elections::end_of_role(context, &role);
        create_role::release_domains(context, &role);
        let state = &mut *context.state;
        names::release(state, ObjectKind::Role, before, &role.handle, "");
        names::claim(
            state,
            ObjectKind::Role,
            unit.number,
            &role.handle,
            "",
            number,
        );
        lists::remove(state, List::Roles, before, number);
        lists::append(state, List::Roles, unit.number, number);
        context.put(&moved);
        create_role::claim_domains(context, &moved);
        let histories = [
            (ObjectKind::Role, number),
            (ObjectKind::Unit, before),
            (ObjectKind::Unit, unit.number),
        ];
        context.event(ObjectKind::Role, number, &histories);
        Ok(())
    }
}

fn check_movable(context: &Context<'_, '_>, role: &Role, unit: &Unit) -> Result<(), Rejection> {
    if role.removed_at != 0 {
        return Err(Rejection::RoleRemoved);
    }
    if unit.dissolved_at != 0 {
        return Err(Rejection::UnitDissolved);
    }
    match role.kind() {
        RoleKind::Ordinary => {}
        RoleKind::Lead
        | RoleKind::Facilitator
        | RoleKind::Secretary
        | RoleKind::Representative
        | RoleKind::ProductOwner => return Err(Rejection::ConstitutionRole),
    }
    let in_line = role.unit != unit.number
        && (power::is_within(context, role.unit, unit.number)
            || power::is_within(context, unit.number, role.unit));
    if !in_line {
        return Err(Rejection::NotInLine);
    }
    let now = context.now().time;
    Rejection::RoleFilled.unless(assign_role::open_of_role(context, role.number, now).is_empty())
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{action::Kind, *};

    use crate::form;
    use crate::state::keys::List;
    use crate::world::{World, alone, by, tier};

    fn moves(world: &World, role: &str, unit: &str) -> Kind {
        Kind::MoveRole(MoveRole {
            role: world.role_ref(role),
            unit: world.unit_ref(unit),
        })
    }

    #[test]
    fn an_unfilled_role_moves_down_and_up_and_leaves_its_grants_behind() {
        let mut world = World::new();
        world.ada(Kind::CreateUnit(world.create_unit(
            "dev",
            "api",
            UnitKind::Team,
        )));
        world.ada(Kind::CreateRole(world.create_role("dev", "tester")));
        let grant = world.grant("dev#tester", Capability::Anchor, "dev");
        world.ada(Kind::GiveGrant(grant));
        let number = world.role("dev#tester").number;
        let lead = Some("dev#lead");
        let nowhere = Kind::MoveRole(MoveRole {
            role: form::numbered(99),
            unit: world.unit_ref("dev"),
        });
        let formless = Kind::MoveRole(MoveRole::default());
        for (actor, role, act, expected) in [
            ("ben", lead, formless, "rejected ref_malformed"),
            ("ben", lead, nowhere, "rejected object_unknown"),
            (
                "finn",
                Some("dev#engineer"),
                moves(&world, "dev#tester", "dev/api"),
                "rejected no_grant",
            ),
            (
                "ben",
                lead,
                moves(&world, "dev#lead", "dev/api"),
                "rejected constitution_role",
            ),
            (
                "ben",
                lead,
                moves(&world, "dev#engineer", "dev/api"),
                "rejected role_filled",
            ),
            (
                "ben",
                lead,
                moves(&world, "dev#tester", "dev"),
                "rejected not_in_line",
            ),
            (
                "ben",
                lead,
                moves(&world, "dev#tester", "ops"),
                "rejected not_in_line",
            ),
            (
                "ben",
                lead,
                moves(&world, "dev#tester", "dev/api"),
                "accepted",
            ),
        ] {
            world.check(actor, role, act, expected);
        }
        assert_eq!(world.role("dev/api#tester").number, number);
        assert!(world.list(List::Grants, number).is_empty());
        world.check(
            "ben",
            lead,
            moves(&world, "dev/api#tester", "dev"),
            "accepted",
        );
        assert_eq!(world.role("dev#tester").number, number);
    }

    #[test]
    fn a_role_that_a_policy_names_takes_no_other_people_along() {
        let mut world = World::new();
        let lead = Some("dev#lead");
        let create = |unit: &str, handle: &str| {
            Kind::CreateRole(CreateRole {
                ..world.create_role(unit, handle)
            })
        };
        let roles = [
            create("dev", "payer"),
            create("dev", "spare"),
            create("acme", "above"),
        ];
        for role in roles {
            world.ada(role);
        }
        let payer = world.holders("dev#payer");
        let policy = world.policy("dev", Capability::Spend, vec![tier(0, payer, alone())]);
        world.check_decided("ben", Kind::SetPolicy(policy), "accepted");
        // A unit beside names one too: the line that the role would come into is theirs as well.
        let spare = world.holders("dev#spare");
        let policy = world.policy("ops", Capability::Anchor, vec![tier(0, spare, alone())]);
        world.check_decided("cleo", Kind::SetPolicy(policy), "accepted");
        for role in ["dev#payer", "dev#spare"] {
            let up = moves(&world, role, "acme");
            world.check("ada", Some("acme#lead"), up, "rejected role_named");
        }
        let down = moves(&world, "acme#above", "dev");
        world.check("ada", Some("acme#lead"), down, "accepted");
        let down = moves(&world, "dev#above", "acme");
        world.check("ben", lead, down, "rejected no_grant");
    }

    #[test]
    fn a_role_goes_from_or_to_a_unit_that_governs_itself_with_its_consent() {
        let mut world = World::with_circle();
        let (ada, ben) = (
            by("ada").acting_as("acme#lead"),
            by("ben").acting_as("dev#lead"),
        );
        for (unit, handle) in [
            ("dev", "elector"),
            ("dev", "partner"),
            ("dev", "operator"),
            ("dev/circle", "guide"),
        ] {
            world.ada(Kind::CreateRole(world.create_role(unit, handle)));
        }
        let operate = world.grant("dev#operator", Capability::OperateValidator, "dev");
        world.check_deed(ben.clone().does(Kind::GiveGrant(operate)), "accepted");
        // Nobody above takes the office that operates the department's validator.
        let up = moves(&world, "dev#operator", "acme");
        world.check_deed(ada.clone().does(up.clone()), "rejected own_decision_only");
        world.check_deed(ada.clone().seconded("ben", "dev#lead").does(up), "accepted");

        let down = |world: &World| moves(world, "dev#elector", "dev/circle");
        let out = |world: &World| moves(world, "dev/circle#guide", "dev");
        let mut before = world.clone();
        before.check_deed(ben.clone().does(down(&before)), "accepted");
        before.check_deed(ben.clone().does(out(&before)), "accepted");
        let govern = world.grant("dev/circle#lead", Capability::Govern, "dev/circle");
        world.ada(Kind::GiveGrant(govern));
        world.ada(Kind::AssignRole(world.assign("hal", "dev/circle#lead")));
        let beside = ben.clone().seconded("hal", "dev/circle#lead");
        for act in [down(&world), out(&world)] {
            world.check_deed(ben.clone().does(act.clone()), "rejected no_grant");
            world.check_deed(ada.clone().does(act.clone()), "rejected own_decision_only");
            world.check_deed(beside.clone().does(act), "accepted");
        }
    }

    #[test]
    fn what_has_ended_neither_moves_nor_receives() {
        let mut world = World::new();
        world.ada(Kind::CreateRole(world.create_role("dev", "tester")));
        let role = world.role_ref("dev#tester");
        let unit = world.dissolved();
        let act = Kind::MoveRole(MoveRole { role, unit });
        world.check_decided("ben", act, "rejected unit_dissolved");
        world.ada(Kind::RemoveRole(RemoveRole { role }));
        let act = Kind::MoveRole(MoveRole {
            role,
            unit: world.unit_ref("acme"),
        });
        world.check_decided("ben", act, "rejected role_removed");
    }
}
