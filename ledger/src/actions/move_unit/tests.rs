use polity_proto::v1::{action::Kind, *};

use crate::form;
use crate::state::keys::List;
use crate::world::World;

fn moved(world: &World, unit: &str, parent: &str) -> Kind {
    Kind::MoveUnit(MoveUnit {
        unit: world.unit_ref(unit),
        parent: world.unit_ref(parent),
    })
}

#[test]
fn both_parents_agree_to_a_move() {
    let mut world = World::new();
    for (parent, handle) in [
        ("dev", "api"),
        ("dev/api", "core"),
        ("ops", "api"),
        ("ops", "net"),
    ] {
        world.ada(Kind::CreateUnit(world.create_unit(
            parent,
            handle,
            UnitKind::Team,
        )));
    }
    let past = world.dissolved();
    let net = world.unit("ops/net").number;
    for (actor, role, kind, expected) in [
        (
            "ada",
            "acme#lead",
            Kind::MoveUnit(MoveUnit {
                unit: None,
                parent: past,
            }),
            "rejected ref_malformed",
        ),
        (
            "ada",
            "acme#lead",
            Kind::MoveUnit(MoveUnit {
                unit: past,
                parent: form::numbered(99),
            }),
            "rejected object_unknown",
        ),
        (
            "cleo",
            "ops#lead",
            moved(&world, "ops/net", "dev"),
            "rejected no_grant",
        ),
        (
            "ben",
            "dev#lead",
            moved(&world, "ops/net", "dev"),
            "rejected no_grant",
        ),
        (
            "ada",
            "acme#lead",
            moved(&world, "acme", "dev"),
            "rejected needs_decision",
        ),
        (
            "ada",
            "acme#lead",
            moved(&world, "dev", "ops"),
            "rejected needs_decision",
        ),
        (
            "ada",
            "acme#lead",
            Kind::MoveUnit(MoveUnit {
                unit: world.unit_ref("ops/net"),
                parent: past,
            }),
            "rejected unit_dissolved",
        ),
        (
            "ada",
            "acme#lead",
            moved(&world, "dev/api", "dev/api/core"),
            "rejected unit_cycle",
        ),
        (
            "ada",
            "acme#lead",
            moved(&world, "dev/api", "dev/api"),
            "rejected unit_cycle",
        ),
        (
            "ada",
            "acme#lead",
            moved(&world, "dev/api", "ops"),
            "rejected handle_taken",
        ),
        (
            "ada",
            "acme#lead",
            moved(&world, "ops/net", "dev/api"),
            "accepted",
        ),
    ] {
        world.check(actor, Some(role), kind, expected);
    }
    assert_eq!(world.unit("dev/api/net").number, net);
    assert!(
        !world
            .list(List::Children, world.unit("ops").number)
            .contains(&net)
    );
    assert!(
        world
            .list(List::Children, world.unit("dev/api").number)
            .contains(&net)
    );
}

#[test]
fn two_who_may_sign_a_move_together() {
    let mut world = World::new();
    world.ada(Kind::CreateUnit(world.create_unit(
        "ops",
        "net",
        UnitKind::Team,
    )));
    let deed = crate::world::by("cleo")
        .acting_as("ops#lead")
        .seconded("ben", "dev#lead");
    world.check_deed(deed.does(moved(&world, "ops/net", "dev")), "accepted");
}

#[test]
fn the_root_stays_where_it_is() {
    let mut charter = crate::world::Charter::acme();
    let (unit, parent) = (charter.named("acme"), charter.named("dev"));
    charter.push("moved", Kind::MoveUnit(MoveUnit { unit, parent }));
    let refused = World::try_founded(&charter).err();
    assert_eq!(
        refused.map(|error| error.rejection),
        Some(crate::Rejection::RootFixed)
    );
}

/// Teams below one another, as deep as a unit may be that has one more below it; the path of the last.
fn deepest_parent(world: &mut World) -> String {
    let mut path = String::from("dev");
    for _ in 3..=11 {
        world.ada(Kind::CreateUnit(world.create_unit(
            &path,
            "x",
            UnitKind::Team,
        )));
        path.push_str("/x");
    }
    path
}

#[test]
fn a_move_does_not_make_the_tree_too_deep() {
    let mut world = World::new();
    let path = deepest_parent(&mut world);
    for (parent, handle) in [("ops", "a"), ("ops/a", "b")] {
        world.ada(Kind::CreateUnit(world.create_unit(
            parent,
            handle,
            UnitKind::Team,
        )));
    }
    world.check(
        "ada",
        Some("acme#lead"),
        moved(&world, "ops/a", &path),
        "rejected unit_too_deep",
    );
    world.ada(moved(&world, "ops/a/b", &path));
}

#[test]
fn dissolved_units_go_along_and_have_their_depth() {
    let mut world = World::new();
    let path = deepest_parent(&mut world);
    for (parent, handle) in [("ops", "p"), ("ops/p", "c"), ("ops/p/c", "e")] {
        let create = world.create_unit(parent, handle, UnitKind::Team);
        world.ada(Kind::CreateUnit(create));
    }
    world.ada(Kind::ImportMember(world.import("old", "ops/p/c/e")));
    for unit in ["ops/p/c/e", "ops/p/c"] {
        let unit = world.unit_ref(unit);
        world.ada(Kind::DissolveUnit(DissolveUnit { unit }));
    }
    let lead = Some("acme#lead");
    let too_deep = moved(&world, "ops/p", &path);
    world.check("ada", lead, too_deep, "rejected unit_too_deep");
    let (parent, _) = path.rsplit_once("/x/x").expect("the path is deep");
    world.ada(moved(&world, "ops/p", parent));
    // Whoever acts for all still reaches whom the dissolved unit brought.
    let key = Kind::AddKey(world.add_key("old", "old"));
    let two = crate::world::by("ada").acting_as("acme#lead");
    world.check_deed(
        two.seconded("ben", "dev#lead").does(key),
        "rejected people_missing",
    );
    world.check_invariants();
}

#[test]
fn a_squad_goes_to_another_tribe_and_its_members_leave_their_chapters() {
    let mut world = World::with_tribes();
    world.ada(world.join_unit("finn", "dev/web/red"));
    world.ada(world.join_unit("finn", "dev/web/quality"));
    world.check(
        "ada",
        Some("acme#lead"),
        moved(&world, "dev/web/red", "dev"),
        "rejected kind_rule",
    );
    world.check(
        "ada",
        Some("acme#lead"),
        moved(&world, "dev/web/quality", "dev/app"),
        "rejected kind_rule",
    );
    world.ada(moved(&world, "dev/web/red", "dev/app"));
    let finn = world.member("finn");
    assert_eq!(finn.home_squad, world.unit("dev/app/red").number);
    assert!(finn.chapters.is_empty());
    assert!(
        world
            .list(List::Joined, world.unit("dev/web/quality").number)
            .is_empty()
    );
}

#[test]
fn a_move_brings_no_two_duties_together() {
    let mut world = World::new();
    let team = world.create_unit("ops", "net", UnitKind::Team);
    world.ada(Kind::CreateUnit(team));
    world.ada(Kind::CreateRole(world.create_role("ops/net", "arbiter")));
    let role = "ops/net#arbiter";
    world.ada(Kind::GiveGrant(world.grant(
        role,
        Capability::Arbitrate,
        "ops/net",
    )));
    world.ada(Kind::AssignRole(world.assign("finn", role)));
    let rule = Kind::SetSodRule(SetSodRule {
        unit: world.unit_ref("dev"),
        first: Capability::Spend as i32,
        second: Capability::Arbitrate as i32,
    });
    world.check("ben", Some("dev#lead"), rule, "accepted");
    // Finn spends in dev, and would arbitrate there too.
    let away = moved(&world, "ops/net", "dev");
    world.check(
        "ada",
        Some("acme#lead"),
        away.clone(),
        "rejected duty_conflict",
    );
    let exception = GiveSodException {
        rule: form::numbered(1),
        member: world.member_ref("finn"),
        until: world.time + 86_400,
        control: "ben looks at each ruling".into(),
    };
    let exception = Kind::GiveSodException(exception);
    world.check("ben", Some("dev#lead"), exception, "accepted");
    world.ada(away);
}

#[test]
fn a_squad_does_not_go_where_there_is_no_room() {
    let mut world = World::with_tribes();
    world.ada(world.join_unit("finn", "dev/web/red"));
    world.ada(world.join_unit("gia", "dev/app/green"));
    world.set_ceiling("dev/app", 1);
    world.check(
        "ada",
        Some("acme#lead"),
        moved(&world, "dev/web/red", "dev/app"),
        "rejected ceiling_reached",
    );
}
