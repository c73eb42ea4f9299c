use polity_proto::v1::{action::Kind, *};

use crate::state::keys::List;
use crate::world::{World, all_capabilities, by};

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
fn operating_and_choosing_who_operates_are_withdrawn_by_the_departments_only() {
    let mut world = World::new();
    let mut withdraw = |capability, expected| {
        let mut amend = amended(&world, "dev", UnitKind::Department);
        amend.confers.retain(|kept| *kept != capability as i32);
        world.check("ada", Some("acme#lead"), Kind::AmendUnit(amend), expected);
    };
    for capability in [
        Capability::OperateValidator,
        Capability::Govern,
        Capability::AssignRoles,
    ] {
        withdraw(capability, "rejected needs_decision");
    }
    withdraw(Capability::Trade, "accepted");
    let kept = Kind::AmendUnit(amended(&world, "dev", UnitKind::Department));
    world.ada(kept);
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

#[test]
fn a_unit_that_governs_itself_opens_to_everybody_by_its_own_decision() {
    let mut world = World::new();
    let team = Kind::CreateUnit(world.create_unit("dev", "api", UnitKind::Team));
    world.ada(team);
    let ada = || by("ada").acting_as("acme#lead");
    for (unit, kind, expected) in [
        ("dev/api", UnitKind::Guild, "accepted"),
        ("dev", UnitKind::Guild, "rejected own_decision_only"),
        ("dev", UnitKind::Team, "accepted"),
    ] {
        let amend = Kind::AmendUnit(amended(&world, unit, kind));
        world.check_deed(ada().does(amend), expected);
    }
    let open = Kind::AmendUnit(amended(&world, "dev", UnitKind::Guild));
    world.check_deed(ada().seconded("ben", "dev#lead").does(open), "accepted");
}
