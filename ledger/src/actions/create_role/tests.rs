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
                purpose: "test\nkind  lead".into(),
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

#[test]
fn no_more_people_are_asked_for_in_an_office_than_may_hold_it() {
    let mut world = World::new();
    let circle = world.create_unit("dev", "ring", UnitKind::Circle);
    world.ada(Kind::CreateUnit(circle));
    let secretary = |holders_min| {
        Kind::CreateRole(CreateRole {
            kind: RoleKind::Secretary as i32,
            elected: true,
            holders_min,
            ..world.create_role("dev/ring", "secretary")
        })
    };
    let acts = [secretary(2), secretary(1)];
    for (act, expected) in acts.into_iter().zip(["rejected kind_rule", "accepted"]) {
        world.check("ada", Some("acme#lead"), act, expected);
    }
}
