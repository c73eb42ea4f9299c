//! `create_role`: a named seat in a unit.

use polity_proto::v1::{CreateRole, ObjectKind, Role, RoleKind, Unit};

use super::Act;
use crate::context::Context;
use crate::judge::{Need, kinds};
use crate::state::keys::{self, List};
use crate::state::{Read, lists, names};
use crate::{Rejection, form};

impl Act for CreateRole {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.unit)?;
        form::known_or_zero::<RoleKind>(self.kind)?;
        form::handle(&self.handle)?;
        form::external_id(&self.external_id)?;
        check_words(&self.purpose, &self.domains, &self.accountabilities)?;
        check_holders(self.holders_min, self.holders_max)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        Ok(vec![Need::governing(
            context,
            unit.number,
            context.now().time,
        )])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        if unit.dissolved_at != 0 {
            return Err(Rejection::UnitDissolved);
        }
        let mut role = Role {
            number: 0,
            unit: unit.number,
            kind: self.kind,
            handle: self.handle.clone(),
            purpose: self.purpose.clone(),
            domains: self.domains.clone(),
            accountabilities: self.accountabilities.clone(),
            holders_min: self.holders_min,
            holders_max: self.holders_max,
            term: self.term,
            elected: self.elected,
            external_id: self.external_id.clone(),
            effective_at: context.effective_at,
            basis: Some(context.basis),
            ..Role::default()
        };
        kinds::check_role(context, &unit, &role)?;
        check_domains(context, &role)?;
        names::check_handle(context, ObjectKind::Role, unit.number, &self.handle)?;
        names::check_external_id(context, ObjectKind::Role, &self.external_id)?;

        role.number = context.next_number(ObjectKind::Role);
        context.put(&role);
        names::claim(
            context.state,
            ObjectKind::Role,
            unit.number,
            &self.handle,
            &self.external_id,
            role.number,
        );
        claim_domains(context, &role);
        lists::append(context.state, List::Roles, unit.number, role.number);
        let histories = [
            (ObjectKind::Role, role.number),
            (ObjectKind::Unit, unit.number),
        ];
        context.event(ObjectKind::Role, role.number, &histories);
        Ok(())
    }
}

/// Bounds of a role's words.
pub(super) fn check_words(
    purpose: &str,
    domains: &[String],
    accountabilities: &[String],
) -> Result<(), Rejection> {
    form::text(purpose, form::TEXT_BYTES_MAX)?;
    form::list(domains, form::ENTRIES_MAX)?;
    form::list(accountabilities, form::ENTRIES_MAX)?;
    for domain in domains {
        form::filled_text(domain, form::SHORT_BYTES_MAX)?;
    }
    for accountability in accountabilities {
        form::filled_text(accountability, form::TEXT_BYTES_MAX)?;
    }
    Ok(())
}

/// A maximum of holders is not below the minimum; 0: no maximum.
pub(super) fn check_holders(min: u32, max: u32) -> Result<(), Rejection> {
    if max != 0 && min > max {
        return Err(Rejection::ValueUnknown);
    }
    Ok(())
}

/// A domain is held by one role of a unit.
pub(super) fn check_domains(state: &dyn Read, role: &Role) -> Result<(), Rejection> {
    for domain in &role.domains {
        let holder = names::find(state, &domain_key(role.unit, domain));
        if holder.is_some_and(|holder| holder != role.number) {
            return Err(Rejection::DomainTaken);
        }
    }
    Ok(())
}

/// Points each domain of a role to it.
pub(super) fn claim_domains(context: &mut Context<'_, '_>, role: &Role) {
    for domain in &role.domains {
        names::point(context.state, domain_key(role.unit, domain), role.number);
    }
}

/// Frees each domain of a role.
pub(super) fn release_domains(context: &mut Context<'_, '_>, role: &Role) {
    for domain in &role.domains {
        context.state.delete(domain_key(role.unit, domain));
    }
}

fn domain_key(unit: u64, domain: &str) -> Vec<u8> {
    keys::key_with(keys::DOMAIN, &[unit], domain.as_bytes())
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{action::Kind, *};

    use crate::form;
    use crate::state::keys::List;
    use crate::world::World;

    #[test]
    fn a_role_is_created_in_a_unit() {
        let mut world = World::new();
        let past = world.dissolved();
        let tester = CreateRole {
            purpose: "no surprises".into(),
            domains: vec!["test data".into()],
            accountabilities: vec!["keeping tests fast".into()],
            external_id: "R-1".into(),
            ..world.create_role("dev", "tester")
        };
        let other = CreateRole {
            handle: "other".into(),
            ..tester.clone()
        };
        for (create, expected) in [
            (
                CreateRole {
                    unit: None,
                    ..tester.clone()
                },
                "rejected ref_malformed",
            ),
            (
                CreateRole {
                    kind: 9,
                    ..tester.clone()
                },
                "rejected value_unknown",
            ),
            (
                CreateRole {
                    handle: "-_-".into(),
                    ..tester.clone()
                },
                "rejected handle_malformed",
            ),
            (
                CreateRole {
                    external_id: "é".into(),
                    ..tester.clone()
                },
                "rejected external_id_malformed",
            ),
            (
                CreateRole {
                    purpose: "x".repeat(4_097),
                    ..tester.clone()
                },
                "rejected text_malformed",
            ),
            (
                CreateRole {
                    domains: vec![String::new()],
                    ..tester.clone()
                },
                "rejected field_missing",
            ),
            (
                CreateRole {
                    domains: vec!["a".into(), "a".into()],
                    ..tester.clone()
                },
                "rejected list_too_long",
            ),
            (
                CreateRole {
                    accountabilities: vec!["\u{1}".into()],
                    ..tester.clone()
                },
                "rejected text_malformed",
            ),
            (
                CreateRole {
                    holders_min: 2,
                    holders_max: 1,
                    ..tester.clone()
                },
                "rejected value_unknown",
            ),
            (
                CreateRole {
                    unit: form::numbered(99),
                    ..tester.clone()
                },
                "rejected object_unknown",
            ),
            (
                CreateRole {
                    unit: past,
                    ..tester.clone()
                },
                "rejected unit_dissolved",
            ),
            (
                CreateRole {
                    kind: RoleKind::ProductOwner as i32,
                    ..tester.clone()
                },
                "rejected kind_rule",
            ),
            (
                CreateRole {
                    kind: RoleKind::Lead as i32,
                    ..tester.clone()
                },
                "rejected kind_rule",
            ),
            (tester.clone(), "accepted"),
            (other.clone(), "rejected domain_taken"),
            (
                CreateRole {
                    domains: vec![],
                    ..tester.clone()
                },
                "rejected handle_taken",
            ),
            (
                CreateRole {
                    domains: vec![],
                    ..other.clone()
                },
                "rejected external_id_taken",
            ),
            // Another level may hold the domain too.
            (
                CreateRole {
                    unit: world.unit_ref("ops"),
                    external_id: String::new(),
                    ..tester
                },
                "accepted",
            ),
        ] {
            world.check("ada", Some("acme#lead"), Kind::CreateRole(create), expected);
        }
        let more = Kind::CreateRole(world.create_role("dev", "more"));
        world.check("finn", Some("dev#engineer"), more, "rejected no_grant");

        let role = world.role("dev#tester");
        assert_eq!(
            world.list(List::Roles, role.unit).last(),
            Some(&role.number)
        );
        assert_eq!(world.history_count(ObjectKind::Role, role.number), 1);
    }

    #[test]
    fn the_roles_of_the_constitution_belong_to_circles() {
        let mut world = World::with_circle();
        let facilitator = CreateRole {
            kind: RoleKind::Facilitator as i32,
            elected: true,
            ..world.create_role("dev/circle", "more")
        };
        for (create, expected) in [
            (facilitator.clone(), "rejected kind_rule"),
            (
                CreateRole {
                    unit: world.unit_ref("dev"),
                    ..facilitator.clone()
                },
                "rejected kind_rule",
            ),
            (
                CreateRole {
                    kind: 0,
                    ..facilitator
                },
                "accepted",
            ),
        ] {
            world.check("ada", Some("acme#lead"), Kind::CreateRole(create), expected);
        }
    }

    #[test]
    fn a_squad_has_one_product_owner_with_one_holder() {
        let mut world = World::with_tribes();
        let owner = CreateRole {
            kind: RoleKind::ProductOwner as i32,
            holders_max: 1,
            ..world.create_role("dev/web/red", "more")
        };
        world.check(
            "ada",
            Some("acme#lead"),
            Kind::CreateRole(owner),
            "rejected kind_rule",
        );
        let second = Kind::AssignRole(world.assign("hal", "dev/web/red#owner"));
        world.check("ada", Some("acme#lead"), second, "rejected role_full");
    }
}
