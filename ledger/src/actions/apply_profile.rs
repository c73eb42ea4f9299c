//! `apply_profile`: a unit works by a profile from now on. The unit decides it itself, and its past
//! stays as it was.

use polity_proto::v1::{
    ApplyProfile, Capability, EndReason, Grant, ObjectKind, Profile, Role, RoleKind, Unit,
};

use super::{Act, amend_unit, ending, set_policy};
use crate::context::Context;
use crate::judge::{Need, kinds, power};
use crate::profiles::{self, Bundle, Seat};
use crate::state::keys::List;
use crate::state::{lists, objects};
use crate::{Rejection, form};

impl Act for ApplyProfile {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.unit)?;
        form::known::<Profile>(self.profile)?;
        Ok(())
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        // A unit's kind is its parent's to name, except here: how it works is its own.
        let mut needs = vec![Need::governing(context, unit.number, context.now().time)];
        if let Some(bundle) = bundle_for(&unit, self.profile()) {
            for rule in &bundle.rules {
                let need = set_policy::need_to_change(context, unit.number, rule.capability);
                needs.push(need);
            }
        }
        Ok(needs)
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        if unit.dissolved_at != 0 {
            return Err(Rejection::UnitDissolved);
        }
        begin(context, unit, self.profile())
    }
}

fn bundle_for(unit: &Unit, profile: Profile) -> Option<Bundle> {
    profiles::bundle(profile, unit.kind(), unit.parent == 0)
}

/// Makes of a living unit what the profile says, each part by the rules of its own action.
pub(super) fn begin(
    context: &mut Context<'_, '_>,
    unit: Unit,
    profile: Profile,
) -> Result<(), Rejection> {
    let bundle = bundle_for(&unit, profile).ok_or(Rejection::ProfileUnfit)?;
    let number = unit.number;
    let amended = Unit {
        kind: bundle.kind as i32,
        profile: profile as i32,
        ..unit.clone()
    };
    kinds::check_amended(context, &unit, &amended)?;

    amend_unit::end_foreign_roles(context, &amended)?;
    context.put(&amended);
    context.event(ObjectKind::Unit, number, &[(ObjectKind::Unit, number)]);
    if bundle.is_governed_together {
        end_grants_to_govern(context, number);
    }
    // The parts are made inside: what this action created stays the unit, where it did.
    let (authority, actor, basis) = (context.authority, context.actor, context.basis);
    context.nested(authority, actor, |context| {
        context.basis = basis;
        make(context, number, &bundle)
    })
}

fn make(context: &mut Context<'_, '_>, unit: u64, bundle: &Bundle) -> Result<(), Rejection> {
    let parameters = context.parameters();
    let place = form::numbered(unit);
    for seat in bundle.seats {
        if has_seat(context, unit, seat) {
            continue;
        }
        seat.create(place, parameters.election_term)
            .apply(context)?;
        if seat.kind == RoleKind::Lead && !seat.elected {
            empower(context, unit, bundle.of_the_lead)?;
        }
    }
    for rule in &bundle.rules {
        rule.set(place, parameters.profile_deadline)
            .apply(context)?;
    }
    Ok(())
}

fn has_seat(context: &Context<'_, '_>, unit: u64, seat: &Seat) -> bool {
    lists::all(context, List::Roles, unit)
        .into_iter()
        .filter_map(|number| objects::get::<Role>(context, number))
        .any(|role| role.kind() == seat.kind)
}

/// Gives the lead whose seat was just made what the unit holds of these.
fn empower(
    context: &mut Context<'_, '_>,
    unit: u64,
    capabilities: &[Capability],
) -> Result<(), Rejection> {
    let lead = lists::all(context, List::Roles, unit).last().copied();
    let held = power::unit_capabilities(context, unit);
    for capability in capabilities.iter().filter(|one| held.contain(**one)) {
        let lead = form::numbered(lead.unwrap_or_default());
        profiles::lead_grant(lead, *capability, form::numbered(unit)).apply(context)?;
    }
    Ok(())
}

fn end_grants_to_govern(context: &mut Context<'_, '_>, unit: u64) {
    for number in lists::all(context, List::GrantsOver, unit) {
        let governs = objects::get::<Grant>(context, number)
            .is_some_and(|grant| grant.capability() == Capability::Govern);
        if governs {
            ending::end_grant(context, number, EndReason::Unit);
        }
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{action::Kind, *};

    use crate::form;
    use crate::state::keys::List;
    use crate::world::{World, able, approve, role_holders, tier};

    fn apply(world: &World, unit: &str, profile: Profile) -> ApplyProfile {
        ApplyProfile {
            unit: world.unit_ref(unit),
            profile: profile as i32,
        }
    }

    fn sorts(world: &World, unit: &str) -> Vec<RoleKind> {
        let roles = world.list(List::Roles, world.unit(unit).number);
        roles
            .into_iter()
            .map(|role| world.get::<Role>(role).kind())
            .collect()
    }

    fn mode(world: &World, unit: &str, capability: Capability) -> ModeKind {
        let unit = world.unit(unit).number;
        let policy = crate::judge::policies::policy_of(&world.state, unit, capability);
        let tiers = policy.map(|policy| policy.tiers).unwrap_or_default();
        tiers.first().map_or(ModeKind::None, |tier| {
            crate::judge::policies::mode_of(tier).kind()
        })
    }

    #[test]
    fn a_profile_is_applied_by_who_governs_the_unit() {
        let mut world = World::with_tribes();
        let past = world.dissolved();
        let circle = apply(&world, "dev", Profile::Holacracy);
        for (actor, role, act, expected) in [
            (
                "ben",
                "dev#lead",
                ApplyProfile {
                    unit: None,
                    ..circle
                },
                "rejected ref_malformed",
            ),
            (
                "ben",
                "dev#lead",
                ApplyProfile {
                    profile: 0,
                    ..circle
                },
                "rejected field_missing",
            ),
            (
                "ben",
                "dev#lead",
                ApplyProfile {
                    profile: 9,
                    ..circle
                },
                "rejected value_unknown",
            ),
            (
                "ben",
                "dev#lead",
                ApplyProfile {
                    unit: form::numbered(99),
                    ..circle
                },
                "rejected object_unknown",
            ),
            ("finn", "dev#engineer", circle, "rejected no_grant"),
            (
                "ada",
                "acme#lead",
                ApplyProfile {
                    unit: past,
                    ..circle
                },
                "rejected unit_dissolved",
            ),
            (
                "ada",
                "acme#lead",
                apply(&world, "dev/web/red", Profile::Holacracy),
                "rejected profile_unfit",
            ),
            (
                "ada",
                "acme#lead",
                apply(&world, "dev/web", Profile::Department),
                "rejected profile_unfit",
            ),
            ("ben", "dev#lead", circle, "accepted"),
        ] {
            world.check(actor, Some(role), Kind::ApplyProfile(act), expected);
        }
    }

    #[test]
    fn a_department_that_becomes_a_circle_governs_itself_and_keeps_its_past() {
        let mut world = World::new();
        let before = world.unit("dev");
        let entries = world.history_count(ObjectKind::Unit, before.number);
        let circle = apply(&world, "dev", Profile::Holacracy);
        world.check(
            "ben",
            Some("dev#lead"),
            Kind::ApplyProfile(circle),
            "accepted",
        );

        let after = world.unit("dev");
        assert_eq!(
            (after.number, after.kind()),
            (before.number, UnitKind::Circle)
        );
        assert_eq!(after.profile(), Profile::Holacracy);
        assert!(world.history_count(ObjectKind::Unit, after.number) > entries);
        let offices = [
            RoleKind::Lead,
            RoleKind::Ordinary,
            RoleKind::Facilitator,
            RoleKind::Secretary,
            RoleKind::Representative,
        ];
        assert_eq!(sorts(&world, "dev"), offices);
        assert_eq!(mode(&world, "dev", Capability::Govern), ModeKind::Consent);
        // Who led still leads, and governs alone no longer.
        assert!(world.holds("ben", "dev#lead"));
        let alone = Kind::CreateRole(world.create_role("dev", "scribe"));
        world.check("ben", Some("dev#lead"), alone, "rejected needs_decision");
        let back = Kind::ApplyProfile(apply(&world, "dev", Profile::Department));
        world.check("ben", Some("dev#lead"), back, "rejected needs_decision");
    }

    #[test]
    fn a_unit_begins_with_a_profile_and_one_organisation_mixes_them() {
        let mut world = World::new();
        for (parent, handle, kind, profile) in [
            ("dev", "web", UnitKind::Tribe, Profile::Squads),
            ("dev/web", "red", UnitKind::Squad, Profile::Squads),
            ("dev/web", "craft", UnitKind::Chapter, Profile::Squads),
            ("dev", "safety", UnitKind::Guild, Profile::Squads),
            ("ops", "core", UnitKind::Team, Profile::Holacracy),
            ("sales", "fairs", UnitKind::Team, Profile::Department),
        ] {
            world.ada(Kind::CreateUnit(CreateUnit {
                profile: profile as i32,
                ..world.create_unit(parent, handle, kind)
            }));
        }
        assert_eq!(sorts(&world, "dev/web"), [RoleKind::Lead]);
        assert_eq!(sorts(&world, "dev/web/red"), [RoleKind::ProductOwner]);
        assert_eq!(sorts(&world, "ops/core").len(), 4);
        assert_eq!(world.unit("sales/fairs").kind(), UnitKind::Department);
        assert!(world.role("dev/safety#coordinator").elected);
        let spends = |unit| mode(&world, unit, Capability::Spend);
        for unit in [
            "dev/web",
            "dev/web/red",
            "dev/web/craft",
            "dev/safety",
            "sales/fairs",
        ] {
            assert_eq!(spends(unit), ModeKind::Approve, "{unit}");
        }
        assert_eq!(spends("ops/core"), ModeKind::None);
        let lead = world.role("ops/core#lead").number;
        assert_eq!(world.list(List::Grants, lead).len(), 1);
    }

    #[test]
    fn a_profile_goes_by_the_rules_of_its_parts() {
        let mut world = World::new();
        world.ada(Kind::CreateRole(world.create_role("dev", "secretary")));
        let circle = Kind::ApplyProfile(apply(&world, "dev", Profile::Holacracy));
        world.check("ben", Some("dev#lead"), circle, "rejected handle_taken");
        let strict = SetPolicy {
            recursive: true,
            ..world.policy(
                "acme",
                Capability::Spend,
                vec![tier(
                    0,
                    role_holders(),
                    approve(able(Capability::Approve), 2),
                )],
            )
        };
        world.ada(Kind::SetPolicy(strict));
        let department = Kind::ApplyProfile(apply(&world, "ops", Profile::Department));
        world.check(
            "cleo",
            Some("ops#lead"),
            department,
            "rejected policy_laxer",
        );
    }
}
