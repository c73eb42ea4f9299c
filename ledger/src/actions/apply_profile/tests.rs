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
fn a_profile_is_applied_by_whoever_governs_the_unit() {
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
    // Whoever led still leads, and governs alone no longer.
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
    world.check("cleo", Some("ops#lead"), department, "accepted");
    assert_eq!(mode(&world, "ops", Capability::Spend), ModeKind::None);
    assert_eq!(mode(&world, "ops", Capability::Allocate), ModeKind::Approve);
}

#[test]
fn a_profile_is_not_laxer_than_those_above_about_who_governs() {
    let mut world = World::new();
    let tiers = vec![tier(
        0,
        role_holders(),
        approve(able(Capability::Approve), 2),
    )];
    let strict = SetPolicy {
        recursive: true,
        ..world.policy("acme", Capability::Govern, tiers)
    };
    world.check_decided("ada", Kind::SetPolicy(strict), "accepted");
    let department = Kind::ApplyProfile(apply(&world, "ops", Profile::Department));
    world.check_decided("cleo", department, "rejected policy_laxer");
}
