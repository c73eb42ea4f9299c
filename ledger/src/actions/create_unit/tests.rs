use polity_proto::v1::{action::Kind, *};

use crate::state::keys::List;
use crate::world::World;

#[test]
fn a_unit_is_created_below_another_one() {
    let mut world = World::new();
    let past = world.dissolved();
    let api = CreateUnit {
        external_id: "A-1".into(),
        succeeds: past,
        ..world.create_unit("dev", "api", UnitKind::Team)
    };
    let unknown = crate::form::numbered(99);
    for (create, expected) in [
        (
            CreateUnit {
                parent: crate::form::numbered(0),
                ..api.clone()
            },
            "rejected ref_malformed",
        ),
        (
            CreateUnit {
                kind: 0,
                ..api.clone()
            },
            "rejected field_missing",
        ),
        (
            CreateUnit {
                kind: 77,
                ..api.clone()
            },
            "rejected value_unknown",
        ),
        (
            CreateUnit {
                handle: "a b".into(),
                ..api.clone()
            },
            "rejected handle_malformed",
        ),
        (
            CreateUnit {
                external_id: "\t".into(),
                ..api.clone()
            },
            "rejected external_id_malformed",
        ),
        (
            CreateUnit {
                label: "x".repeat(129),
                ..api.clone()
            },
            "rejected text_malformed",
        ),
        (
            CreateUnit {
                purpose: "\u{7}".into(),
                ..api.clone()
            },
            "rejected text_malformed",
        ),
        (
            CreateUnit {
                confers: vec![4, 4],
                ..api.clone()
            },
            "rejected list_too_long",
        ),
        (
            CreateUnit {
                confers: vec![99],
                ..api.clone()
            },
            "rejected value_unknown",
        ),
        (
            CreateUnit {
                parent: unknown,
                ..api.clone()
            },
            "rejected object_unknown",
        ),
        (
            CreateUnit {
                succeeds: unknown,
                ..api.clone()
            },
            "rejected object_unknown",
        ),
        (
            CreateUnit {
                parent: None,
                ..api.clone()
            },
            "rejected genesis_only",
        ),
        (
            CreateUnit {
                parent: past,
                ..api.clone()
            },
            "rejected unit_dissolved",
        ),
        (
            CreateUnit {
                kind: UnitKind::Squad as i32,
                ..api.clone()
            },
            "rejected kind_rule",
        ),
        (
            CreateUnit {
                ceiling: 10,
                ..api.clone()
            },
            "rejected kind_rule",
        ),
        (api.clone(), "accepted"),
        (api.clone(), "rejected handle_taken"),
        (
            CreateUnit {
                handle: "other".into(),
                ..api.clone()
            },
            "rejected external_id_taken",
        ),
    ] {
        world.check("ada", Some("acme#lead"), Kind::CreateUnit(create), expected);
    }
    let more = Kind::CreateUnit(world.create_unit("dev", "more", UnitKind::Team));
    world.check("finn", Some("dev#engineer"), more, "rejected no_grant");

    let unit = world.unit("dev/api");
    assert_eq!(unit.succeeds, past.map_or(0, |past| past.number));
    assert_eq!(
        unit.basis.map(|basis| basis.source()),
        Some(BasisSource::Grant)
    );
    assert_eq!(world.list(List::Children, unit.parent), [unit.number]);
    assert_eq!(world.history_count(ObjectKind::Unit, unit.number), 1);
}

#[test]
fn the_tree_is_at_most_12_deep() {
    let mut world = World::new();
    let mut path = String::from("dev");
    for _ in 3..=12 {
        world.ada(Kind::CreateUnit(world.create_unit(
            &path,
            "x",
            UnitKind::Team,
        )));
        path.push_str("/x");
    }
    let deeper = Kind::CreateUnit(world.create_unit(&path, "x", UnitKind::Team));
    world.check("ada", Some("acme#lead"), deeper, "rejected unit_too_deep");
}

#[test]
fn a_unit_holds_no_more_than_its_parent_confers() {
    let mut world = World::new();
    let poor = CreateUnit {
        confers: vec![Capability::Approve as i32],
        ..world.create_unit("dev", "poor", UnitKind::Team)
    };
    world.ada(Kind::CreateUnit(poor));
    let below = Kind::CreateUnit(world.create_unit("dev/poor", "child", UnitKind::Team));
    world.check("ada", Some("acme#lead"), below, "rejected not_conferred");
}

#[test]
fn there_is_one_root() {
    let mut charter = crate::world::Charter::acme();
    charter.unit(None, "second", UnitKind::Company);
    let refused = World::try_founded(&charter).err();
    assert_eq!(
        refused.map(|error| error.rejection),
        Some(crate::Rejection::RootFixed)
    );
}

#[test]
fn what_is_recorded_as_past_has_happened() {
    let mut world = World::new();
    let old = Kind::CreateUnit(world.create_unit("dev", "old", UnitKind::Team));
    let deed = crate::world::by("ada").acting_as("acme#lead").does(old);
    world.check_deed(
        deed.clone().effective(world.time + 60),
        "rejected time_malformed",
    );
    world.check_deed(deed.effective(1_000_000_000), "accepted");
    assert_eq!(world.unit("dev/old").effective_at, 1_000_000_000);
}
