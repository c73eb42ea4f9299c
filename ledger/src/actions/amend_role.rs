//! `amend_role`: a role as it shall be; every field replaces what was there.

use polity_proto::v1::{AmendRole, ObjectKind, Role, Unit};

use super::{Act, assign_role, create_role};
use crate::context::Context;
use crate::judge::{Need, kinds};
use crate::state::names;
use crate::{Rejection, form};

impl Act for AmendRole {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.role)?;
        form::handle(&self.handle)?;
        create_role::check_words(&self.purpose, &self.domains, &self.accountabilities)?;
        create_role::check_holders(self.holders_min, self.holders_max)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let role: Role = context.find(&self.role)?;
        Ok(vec![context.to_govern(role.unit)])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let now = context.now().time;
        let role: Role = context.find(&self.role)?;
        check_alterable(context, &role)?;
        let amended = Role {
            handle: self.handle.clone(),
            purpose: self.purpose.clone(),
            domains: self.domains.clone(),
            accountabilities: self.accountabilities.clone(),
            holders_min: self.holders_min,
            holders_max: self.holders_max,
            term: self.term,
            ..role.clone()
        };
        let unit: Unit = context.get(role.unit)?;
        kinds::check_role(context, &unit, &amended)?;
        let holders = assign_role::open_of_role(context, role.number, now).len();
        if amended.holders_max != 0 && holders > amended.holders_max as usize {
            return Err(Rejection::RoleFull);
        }
        create_role::check_domains(context, &amended)?;
        if amended.handle != role.handle {
            names::check_handle(context, ObjectKind::Role, role.unit, &amended.handle)?;
        }

        create_role::release_domains(context, &role);
        create_role::claim_domains(context, &amended);
        names::release(context.state, ObjectKind::Role, role.unit, &role.handle, "");
        names::claim(
            context.state,
            ObjectKind::Role,
            role.unit,
            &amended.handle,
            "",
            role.number,
        );
        context.put(&amended);
        context.event(
            ObjectKind::Role,
            role.number,
            &[(ObjectKind::Role, role.number)],
        );
        Ok(())
    }
}

/// Refuses a role that is gone, or that the constitution gives.
pub(super) fn check_alterable(context: &Context<'_, '_>, role: &Role) -> Result<(), Rejection> {
    assign_role::check_lives(context, role)?;
    let unit: Unit = context.get(role.unit)?;
    if kinds::is_constitution_role(&unit, role) {
        return Err(Rejection::ConstitutionRole);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{action::Kind, *};

    use crate::form;
    use crate::world::World;

    #[test]
    fn a_role_is_amended_as_a_whole() {
        let mut world = World::new();
        let tester = CreateRole {
            domains: vec!["data".into()],
            ..world.create_role("dev", "tester")
        };
        world.ada(Kind::CreateRole(tester));
        let gone = world.role_ref("dev#tester");
        world.ada(Kind::CreateRole(world.create_role("dev", "gone")));
        let removed = world.role_ref("dev#gone");
        world.ada(Kind::RemoveRole(RemoveRole { role: removed }));
        let engineer = AmendRole {
            role: world.role_ref("dev#engineer"),
            handle: "builder".into(),
            holders_max: 2,
            domains: vec!["code".into()],
            term: 60,
            ..AmendRole::default()
        };
        for (amend, expected) in [
            (
                AmendRole {
                    role: None,
                    ..engineer.clone()
                },
                "rejected ref_malformed",
            ),
            (
                AmendRole {
                    handle: "B".into(),
                    ..engineer.clone()
                },
                "rejected handle_malformed",
            ),
            (
                AmendRole {
                    domains: vec!["x".repeat(129)],
                    ..engineer.clone()
                },
                "rejected text_malformed",
            ),
            (
                AmendRole {
                    holders_min: 3,
                    ..engineer.clone()
                },
                "rejected value_unknown",
            ),
            (
                AmendRole {
                    role: form::numbered(99),
                    ..engineer.clone()
                },
                "rejected object_unknown",
            ),
            (
                AmendRole {
                    role: removed,
                    ..engineer.clone()
                },
                "rejected role_removed",
            ),
            (
                AmendRole {
                    holders_max: 1,
                    ..engineer.clone()
                },
                "rejected role_full",
            ),
            (
                AmendRole {
                    domains: vec!["data".into()],
                    ..engineer.clone()
                },
                "rejected domain_taken",
            ),
            (
                AmendRole {
                    handle: "tester".into(),
                    ..engineer.clone()
                },
                "rejected handle_taken",
            ),
            (engineer.clone(), "accepted"),
            // What it held, it holds no longer.
            (
                AmendRole {
                    domains: vec!["docs".into()],
                    ..engineer.clone()
                },
                "accepted",
            ),
            (
                AmendRole {
                    role: gone,
                    handle: "engineer".into(),
                    domains: vec!["code".into()],
                    ..AmendRole::default()
                },
                "accepted",
            ),
        ] {
            world.check("ben", Some("dev#lead"), Kind::AmendRole(amend), expected);
        }
        world.check(
            "finn",
            Some("dev#builder"),
            Kind::AmendRole(engineer),
            "rejected no_grant",
        );
        let role = world.role("dev#builder");
        assert_eq!((role.term, role.domains), (60, vec![String::from("docs")]));
    }

    #[test]
    fn a_role_of_the_constitution_is_never_altered() {
        let mut world = World::with_circle();
        for handle in ["lead", "facilitator", "secretary", "representative"] {
            let role = world.role_ref(&format!("dev/circle#{handle}"));
            let amend = Kind::AmendRole(AmendRole {
                role,
                handle: "new".into(),
                ..AmendRole::default()
            });
            world.check(
                "ada",
                Some("acme#lead"),
                amend,
                "rejected constitution_role",
            );
            let remove = Kind::RemoveRole(RemoveRole { role });
            world.check(
                "ada",
                Some("acme#lead"),
                remove,
                "rejected constitution_role",
            );
        }
    }

    #[test]
    fn a_product_owner_stays_one_person() {
        let mut world = World::with_tribes();
        let amend = Kind::AmendRole(AmendRole {
            role: world.role_ref("dev/web/red#owner"),
            handle: "owner".into(),
            holders_max: 2,
            ..AmendRole::default()
        });
        world.check("ada", Some("acme#lead"), amend, "rejected kind_rule");
    }
}
