use polity_proto::v1::{action::Kind, *};

use crate::form;
use crate::state::keys::{self, List};
use crate::world::{World, by, created, ended, euros};

fn dissolve(world: &World, unit: &str) -> Kind {
    Kind::DissolveUnit(DissolveUnit {
        unit: world.unit_ref(unit),
    })
}

/// A world with the empty unit `dev/api`, in which Finn may open accounts.
fn with_api() -> World {
    let mut charter = crate::world::Charter::acme();
    charter.unit(Some("dev"), "api", UnitKind::Team);
    let capability = Capability::OpenAccounts;
    charter.grant("dev#engineer", capability, ScopeKind::Unit, "api");
    World::founded(&charter)
}

#[test]
fn an_empty_unit_is_dissolved_by_its_parent_once() {
    let mut world = with_api();
    let unit = world.unit_ref("dev/api");
    let api = Kind::DissolveUnit(DissolveUnit { unit });
    for (actor, role, kind, expected) in [
        (
            "ben",
            "dev#lead",
            Kind::DissolveUnit(DissolveUnit { unit: None }),
            "rejected ref_malformed",
        ),
        (
            "ben",
            "dev#lead",
            Kind::DissolveUnit(DissolveUnit {
                unit: form::numbered(99),
            }),
            "rejected object_unknown",
        ),
        ("finn", "dev#engineer", api.clone(), "rejected no_grant"),
        (
            "ada",
            "acme#lead",
            dissolve(&world, "dev"),
            "rejected needs_decision",
        ),
        ("ben", "dev#lead", api.clone(), "accepted"),
        ("ben", "dev#lead", api, "rejected unit_dissolved"),
    ] {
        world.check(actor, Some(role), kind, expected);
    }
    assert!(world.list(List::Children, 2).is_empty());
    world.ada(Kind::CreateUnit(world.create_unit(
        "dev",
        "api",
        UnitKind::Team,
    )));
    assert_ne!(world.unit_ref("dev/api"), unit);
}

#[test]
fn a_unit_that_still_has_something_is_not_dissolved() {
    let open = |world: &mut World| {
        let owner = OwnerRef {
            kind: OwnerKind::Unit as i32,
            number: world.unit_ref("dev/api"),
        };
        let open = OpenAccount {
            owner: Some(owner),
            asset: world.asset_ref("EUR"),
            handle: "main".into(),
            ..OpenAccount::default()
        };
        world.check(
            "finn",
            Some("dev#engineer"),
            Kind::OpenAccount(open),
            "accepted",
        );
    };
    let child = |world: &mut World| {
        world.ada(Kind::CreateUnit(world.create_unit(
            "dev/api",
            "core",
            UnitKind::Team,
        )));
    };
    let holder = |world: &mut World| {
        world.ada(Kind::CreateRole(world.create_role("dev/api", "lead")));
        world.ada(Kind::AssignRole(world.assign("finn", "dev/api#lead")));
    };
    let value = |world: &mut World| {
        open(world);
        world.ada(Kind::Transfer(Transfer {
            from: world.account_ref("acme:main"),
            to: world.account_ref("dev/api:main"),
            amount: euros(1),
            kind: TransferKind::Payment as i32,
            ..Transfer::default()
        }));
    };
    let keeps = |fill: &dyn Fn(&mut World)| {
        let mut world = with_api();
        fill(&mut world);
        let api = dissolve(&world, "dev/api");
        world.check("ada", Some("acme#lead"), api, "rejected unit_not_empty");
    };
    keeps(&child);
    keeps(&holder);
    keeps(&value);

    let mut world = with_api();
    open(&mut world);
    let unit = world.unit("dev/api").number;
    let account = world.account("dev/api:main").number;
    let grant = world.list(List::GrantsOver, unit)[0];
    let receipt = world.ada(dissolve(&world, "dev/api"));
    assert_eq!(
        ended(&receipt),
        [
            (ObjectKind::Grant, grant, EndReason::Unit),
            (ObjectKind::Account, account, EndReason::Unit),
        ]
    );
    assert!(world.list(List::GrantsOver, unit).is_empty());
    assert!(
        world
            .list(List::Accounts, keys::owner_number(OwnerKind::Unit, unit))
            .is_empty()
    );
}

#[test]
fn members_and_empty_roles_go_with_the_unit() {
    let mut world = World::with_tribes();
    world.ada(world.join_unit("finn", "dev/web/red"));
    world.ada(world.join_unit("finn", "dev/web/quality"));
    let assignment = world.assignment("ben", "dev/web/red#owner").number;
    world.ada(Kind::RevokeAssignment(RevokeAssignment {
        assignment: form::numbered(assignment),
    }));
    let (red, role) = (
        world.unit("dev/web/red").number,
        world.role("dev/web/red#owner").number,
    );
    let quality = world.unit("dev/web/quality").number;
    let receipt = world.ada(dissolve(&world, "dev/web/red"));
    assert_eq!(
        ended(&receipt),
        [
            (ObjectKind::Unit, red, EndReason::Unit),
            (ObjectKind::Unit, quality, EndReason::Member),
            (ObjectKind::Role, role, EndReason::Unit),
        ]
    );
    let finn = world.member("finn");
    assert_eq!((finn.home_squad, finn.chapters), (0, vec![]));
}

#[test]
fn children_and_their_parent_go_in_one_transaction() {
    let mut world = with_api();
    world.ada(Kind::CreateUnit(world.create_unit(
        "dev/api",
        "core",
        UnitKind::Team,
    )));
    let deed = |unit| {
        by("ada")
            .acting_as("acme#lead")
            .does(dissolve(&world, unit))
    };
    let (child, parent) = (deed("dev/api/core"), deed("dev/api"));
    assert!(world.submit(&[parent.clone(), child.clone()]).is_err());
    assert!(world.submit(&[child, parent]).is_ok());
}

#[test]
fn neither_the_root_nor_a_validating_unit_is_dissolved_even_at_genesis() {
    for (unit, expected) in [
        ("acme", crate::Rejection::RootFixed),
        ("dev", crate::Rejection::UnitValidates),
    ] {
        let mut charter = crate::world::Charter::acme();
        let unit = charter.named(unit);
        charter.push("dissolved", Kind::DissolveUnit(DissolveUnit { unit }));
        let refused = World::try_founded(&charter).err();
        assert_eq!(refused.map(|error| error.rejection), Some(expected));
    }
}

#[test]
fn policies_and_rules_of_duties_end_with_their_unit() {
    let mut world = with_api();
    let unit = world.unit("dev/api").number;
    let alone = crate::world::tier(0, crate::world::role_holders(), crate::world::alone());
    let policy = world.policy("dev/api", Capability::Approve, vec![alone]);
    world.ada(Kind::SetPolicy(policy));
    world.ada(Kind::SetSodRule(SetSodRule {
        unit: world.unit_ref("dev/api"),
        first: Capability::Spend as i32,
        second: Capability::Approve as i32,
    }));
    let receipt = world.ada(dissolve(&world, "dev/api"));

    let kinds: Vec<ObjectKind> = ended(&receipt).iter().map(|(kind, _, _)| *kind).collect();
    assert_eq!(
        kinds,
        [ObjectKind::Grant, ObjectKind::Policy, ObjectKind::SodRule]
    );
    assert!(world.list(List::Policies, unit).is_empty());
    assert!(world.list(List::SodRules, 0).is_empty());
    let named = keys::policy_of(unit, Capability::Approve);
    assert!(world.value::<Index>(&named).is_none());
}

#[test]
fn what_a_dissolved_unit_defined_and_registered_is_the_units_above_it() {
    let mut world = World::new();
    world.ada(Kind::CreateUnit(world.create_unit(
        "acme",
        "mint",
        UnitKind::Team,
    )));
    let unit = world.unit_ref("mint");
    world.ada(Kind::DefineAsset(DefineAsset {
        unit,
        code: "HOURS".into(),
        kind: AssetKind::Hours as i32,
        ..DefineAsset::default()
    }));
    let party = world.ada(Kind::RegisterParty(RegisterParty {
        unit,
        handle: "guest".into(),
        ..RegisterParty::default()
    }));
    world.ada(Kind::ImportMember(world.import("old", "mint")));
    world.ada(dissolve(&world, "mint"));
    world.check_invariants();

    let hours = world.asset_ref("HOURS");
    let open = |kind: OwnerKind, number| {
        Kind::OpenAccount(OpenAccount {
            owner: Some(OwnerRef {
                kind: kind as i32,
                number,
            }),
            asset: hours,
            handle: "hours".into(),
            ..OpenAccount::default()
        })
    };
    for (kind, number) in [
        (OwnerKind::Unit, world.unit_ref("acme")),
        (OwnerKind::Party, form::numbered(created(&party))),
        (OwnerKind::Member, world.member_ref("old")),
    ] {
        world.ada(open(kind, number));
    }
    let account = world.account_ref("acme:hours");
    let (amount, document) = (euros(1), Vec::new());
    world.ada(Kind::Issue(Issue {
        account,
        amount: amount.clone(),
        document: document.clone(),
    }));
    world.ada(Kind::SetCreditLimit(SetCreditLimit {
        account,
        limit: amount.clone(),
    }));
    // Ada's own `issue` is enough: the account and the asset are one unit's.
    world.ada(Kind::Retire(Retire {
        account,
        amount,
        document,
    }));
    world.ada(Kind::GiveGrant(GiveGrant {
        role: world.role_ref("finance#lead"),
        capability: Capability::Issue as i32,
        scope: Some(ScopeRef {
            kind: ScopeKind::Object as i32,
            object_kind: ObjectKind::Asset as i32,
            object: hours,
            ..ScopeRef::default()
        }),
        ..GiveGrant::default()
    }));
}
