//! `remove_role`: a role ends, with its assignments and grants.

use polity_proto::v1::{EndReason, RemoveRole, Role};

use super::{Act, amend_role, assign_role, ending};
use crate::context::Context;
use crate::judge::Need;
use crate::{Rejection, form};

impl Act for RemoveRole {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.role)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let role: Role = context.find(&self.role)?;
        let need = context.to_govern(role.unit);
        // Nobody above takes from a department the role that operates its validator, or says who does.
        let mut chosen = assign_role::chosen_by(context, role.number);
        Ok(vec![Need {
            own_decision: need.own_decision || chosen.next().is_some(),
            ..need
        }])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let role: Role = context.find(&self.role)?;
        amend_role::check_alterable(context, &role)?;
        ending::check_unnamed(context, &role, |_| false)?;

        ending::end_role(context, role.number, EndReason::None);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{action::Kind, *};

    use crate::form;
    use crate::state::keys::List;
    use crate::world::{World, approve, by_departments, ended, role_holders, tier};

    #[test]
    fn a_role_goes_with_its_assignments_and_grants() {
        let mut world = World::new();
        let role = world.role("dev#engineer");
        let [finn, gia] = ["finn", "gia"].map(|name| world.assignment(name, "dev#engineer").number);
        let grant = world.list(List::Grants, role.number)[0];
        let remove = |role| Kind::RemoveRole(RemoveRole { role });
        let engineer = form::numbered(role.number);
        world.check(
            "ben",
            Some("dev#lead"),
            remove(None),
            "rejected ref_malformed",
        );
        world.check(
            "ben",
            Some("dev#lead"),
            remove(form::numbered(99)),
            "rejected object_unknown",
        );
        world.check(
            "finn",
            Some("dev#engineer"),
            remove(engineer),
            "rejected no_grant",
        );
        let receipt = world.ada(remove(engineer));
        world.check(
            "ben",
            Some("dev#lead"),
            remove(engineer),
            "rejected role_removed",
        );

        assert_eq!(
            ended(&receipt),
            [
                (ObjectKind::Assignment, finn, EndReason::Role),
                (ObjectKind::Assignment, gia, EndReason::Role),
                (ObjectKind::Grant, grant, EndReason::Role),
            ]
        );
        assert!(world.get::<Role>(role.number).removed_at != 0);
        for (list, owner) in [
            (List::Holders, role.number),
            (List::Grants, role.number),
            (List::Assignments, world.member_number("finn")),
        ] {
            assert!(world.list(list, owner).is_empty());
        }
        assert!(!world.list(List::Roles, role.unit).contains(&role.number));
        assert!(!world.list(List::GrantsOver, role.unit).contains(&grant));
        let again = Kind::CreateRole(world.create_role("dev", "engineer"));
        world.check("ben", Some("dev#lead"), again, "accepted");
    }

    #[test]
    fn a_role_that_a_policy_names_stays_while_the_policy_holds() {
        let mut world = World::new();
        let lead = Some("dev#lead");
        let role = Kind::CreateRole(world.create_role("dev", "guardian"));
        world.check("ben", lead, role, "accepted");
        let guardian = world.role("dev#guardian").number;
        let named = Who {
            kind: WhoKind::Role as i32,
            role: form::numbered(guardian),
            ..Who::default()
        };
        let tiers = vec![tier(0, role_holders(), approve(named, 1))];
        let policy = world.policy("acme", Capability::Anchor, tiers);
        world.check_decided("ada", Kind::SetPolicy(policy.clone()), "accepted");
        let remove = Kind::RemoveRole(RemoveRole {
            role: form::numbered(guardian),
        });
        world.check("ben", lead, remove.clone(), "rejected role_named");

        let plain = vec![tier(0, role_holders(), by_departments())];
        let replaces = world.policy("acme", Capability::Anchor, plain);
        world.check_decided("ada", Kind::SetPolicy(replaces), "accepted");
        world.check("ben", lead, remove, "accepted");
        let names_it = Kind::SetPolicy(policy);
        world.check_decided("ada", names_it.clone(), "rejected role_removed");
        // Whoever may not set it hears nothing of the role.
        world.check("hal", None, names_it, "rejected no_grant");
    }
}
