use polity_proto::v1::{
    AssignRole, GiveSodException, Manner, OwnerRef, PeriodLimit, RegisterNode, RenewAssignment,
    ResignRole, SetSodRule, action::Kind,
};

use super::*;
use crate::world::{DAY, World, euros, monthly};

const LEAD: Option<&str> = Some("dev#lead");

fn give(world: &mut World, change: impl FnOnce(&mut GiveGrant), expected: &str) {
    let mut grant = world.grant("dev#engineer", Capability::Anchor, "dev");
    change(&mut grant);
    world.check("ben", LEAD, Kind::GiveGrant(grant), expected);
}

#[test]
fn a_grant_is_listed_with_its_role_and_its_scope() {
    let mut world = World::new();
    let role = world.role("dev#engineer").number;
    let unit = world.unit("dev").number;
    let before = world.history_count(ObjectKind::Role, role);
    give(&mut world, |_| (), "accepted");
    let number = *world.list(List::Grants, role).last().expect("a grant");
    assert!(world.list(List::GrantsOver, unit).contains(&number));
    assert_eq!(world.history_count(ObjectKind::Role, role), before + 1);
    let grant: Grant = world.get(number);
    assert_eq!(grant.given_by, world.member_number("ben"));
    assert_eq!(grant.from, world.time);
}

#[test]
fn whoever_gave_a_grant_does_not_take_its_role() {
    let mut world = World::new();
    world.ada(Kind::CreateRole(world.create_role("dev", "keeper")));
    let grant = world.grant("dev#keeper", Capability::Anchor, "dev");
    world.check("ben", LEAD, Kind::GiveGrant(grant), "accepted");
    let take = |world: &World, manner: Manner| {
        Kind::AssignRole(AssignRole {
            manner: manner as i32,
            ..world.assign("ben", "dev#keeper")
        })
    };
    let now = take(&world, Manner::Assigned);
    world.check("ben", LEAD, now.clone(), "rejected grant_to_self");
    let imported = take(&world, Manner::Imported);
    world.check("ben", LEAD, imported, "accepted");
    let renew = Kind::RenewAssignment(RenewAssignment {
        assignment: form::numbered(world.assignment("ben", "dev#keeper").number),
        ..RenewAssignment::default()
    });
    world.check("ben", LEAD, renew.clone(), "rejected grant_to_self");
    // Somebody else may.
    world.ada(renew);
}

#[test]
fn forms_that_fit_nothing_are_refused() {
    let mut world = World::new();
    let period = |kind: PeriodKind, days| {
        Some(PeriodLimit {
            kind: kind as i32,
            days,
            amount: euros(1),
        })
    };
    give(
        &mut world,
        |grant| grant.role = None,
        "rejected ref_malformed",
    );
    give(
        &mut world,
        |grant| grant.capability = 0,
        "rejected field_missing",
    );
    give(
        &mut world,
        |grant| grant.capability = 99,
        "rejected value_unknown",
    );
    give(
        &mut world,
        |grant| grant.scope = None,
        "rejected field_missing",
    );
    give(
        &mut world,
        |grant| grant.scope = Some(ScopeRef::default()),
        "rejected field_missing",
    );
    let account = world.account_ref("dev:main");
    give(
        &mut world,
        |grant| {
            if let Some(scope) = &mut grant.scope {
                scope.object = account;
            }
        },
        "rejected value_unknown",
    );
    give(
        &mut world,
        |grant| {
            grant.scope = Some(ScopeRef {
                kind: ScopeKind::Object as i32,
                object_kind: ObjectKind::Member as i32,
                object: account,
                unit: None,
            });
        },
        "rejected value_unknown",
    );
    give(
        &mut world,
        |grant| grant.per_transfer = vec![0],
        "rejected amount_malformed",
    );
    for limit in [
        period(PeriodKind::RollingDays, 0),
        period(PeriodKind::RollingDays, 367),
        period(PeriodKind::CalendarMonth, 3),
    ] {
        give(
            &mut world,
            |grant| grant.per_period = limit,
            "rejected value_unknown",
        );
    }
    give(
        &mut world,
        |grant| grant.per_period = monthly(0),
        "rejected field_missing",
    );
    let owner = OwnerRef {
        kind: OwnerKind::Unit as i32,
        number: world.unit_ref("ops"),
    };
    give(
        &mut world,
        |grant| grant.counterparties = vec![owner; 2],
        "rejected list_too_long",
    );
}

#[test]
fn a_unit_gives_what_it_holds_and_nobody_gives_to_themselves() {
    let mut world = World::new();
    let unknown = form::numbered(99);
    give(
        &mut world,
        |grant| grant.role = unknown,
        "rejected object_unknown",
    );
    give(
        &mut world,
        |grant| grant.asset = unknown,
        "rejected object_unknown",
    );
    for kind in [
        OwnerKind::Unit,
        OwnerKind::Member,
        OwnerKind::Party,
        OwnerKind::Issuance,
    ] {
        let nobody = OwnerRef {
            kind: kind as i32,
            number: unknown,
        };
        give(
            &mut world,
            |grant| grant.counterparties = vec![nobody],
            "rejected object_unknown",
        );
    }
    let issue = Capability::Issue as i32;
    give(
        &mut world,
        |grant| grant.capability = issue,
        "rejected grant_exceeds_giver",
    );
    let spend = Capability::Spend as i32;
    give(
        &mut world,
        |grant| grant.capability = spend,
        "rejected grant_needs_period",
    );
    let own = world.role_ref("dev#lead");
    give(
        &mut world,
        |grant| grant.role = own,
        "rejected grant_to_self",
    );
    give(
        &mut world,
        |grant| grant.until = 5,
        "rejected time_malformed",
    );
    let members = world.account_ref("finn:main");
    give(
        &mut world,
        |grant| {
            grant.scope = Some(ScopeRef {
                kind: ScopeKind::Object as i32,
                object_kind: ObjectKind::Account as i32,
                object: members,
                unit: None,
            });
        },
        "rejected not_yours",
    );
    let grant = Kind::GiveGrant(world.grant("dev#engineer", Capability::Anchor, "dev"));
    world.check(
        "finn",
        Some("dev#engineer"),
        grant.clone(),
        "rejected no_grant",
    );
    world.check(
        "finn",
        Some("dev#lead"),
        grant.clone(),
        "rejected role_not_held",
    );
    world.ada(grant);
}

#[test]
fn power_over_value_and_over_a_governed_unit_is_its_own_to_give() {
    let mut world = World::new();
    let spend = GiveGrant {
        per_period: monthly(100),
        ..world.grant("acme#lead", Capability::Spend, "dev")
    };
    let govern = world.grant("ops#lead", Capability::Govern, "dev");
    let operate = world.grant("ops#lead", Capability::OperateValidator, "dev");
    for grant in [spend, govern, operate] {
        let act = Kind::GiveGrant(grant);
        world.check("ada", Some("acme#lead"), act, "rejected own_decision_only");
    }
}

#[test]
fn removed_roles_and_dissolved_units_are_given_nothing() {
    let mut world = World::new();
    let past = world.dissolved();
    let role = world.role_ref("dev#engineer");
    let grant = GiveGrant {
        scope: Some(ScopeRef {
            kind: ScopeKind::Unit as i32,
            unit: past,
            ..ScopeRef::default()
        }),
        ..world.grant("dev#engineer", Capability::Anchor, "dev")
    };
    world.check(
        "ada",
        Some("acme#lead"),
        Kind::GiveGrant(grant),
        "rejected unit_dissolved",
    );
    let remove = Kind::RemoveRole(polity_proto::v1::RemoveRole { role });
    world.check("ben", LEAD, remove, "accepted");
    give(
        &mut world,
        |grant| grant.role = role,
        "rejected role_removed",
    );
}

#[test]
fn a_rule_of_duties_keeps_two_grants_apart() {
    let mut world = World::new();
    let rule = Kind::SetSodRule(SetSodRule {
        unit: world.unit_ref("dev"),
        first: Capability::Freeze as i32,
        second: Capability::Arbitrate as i32,
    });
    world.check("ben", LEAD, rule, "accepted");
    let of = |capability: Capability| capability as i32;
    give(
        &mut world,
        |grant| grant.capability = of(Capability::Freeze),
        "accepted",
    );
    give(
        &mut world,
        |grant| grant.capability = of(Capability::Arbitrate),
        "rejected duty_conflict",
    );
}

#[test]
fn nobody_above_silences_a_departments_operator_by_an_exception_that_ends() {
    let mut world = World::new();
    let acme = Some("acme#lead");
    let rule = Kind::SetSodRule(SetSodRule {
        unit: world.unit_ref("acme"),
        first: Capability::OperateValidator as i32,
        second: Capability::Trade as i32,
    });
    world.ada(rule);
    let except = Kind::GiveSodException(GiveSodException {
        rule: form::numbered(1),
        member: world.member_ref("ben"),
        until: world.time + DAY,
        control: "nobody looks".into(),
    });
    world.ada(except);
    let trade = |world: &World, role: &str| {
        Kind::GiveGrant(GiveGrant {
            per_period: monthly(1),
            ..world.grant(role, Capability::Trade, "acme")
        })
    };
    let unasked = trade(&world, "dev#lead");
    world.check("ada", acme, unasked, "rejected own_decision_only");

    // A role can be given back.
    world.ada(Kind::CreateRole(world.create_role("acme", "trader")));
    let give = trade(&world, "acme#trader");
    world.ada(give);
    world.ada(Kind::AssignRole(world.assign("ben", "acme#trader")));
    world.advance(DAY);
    let register = Kind::RegisterNode(RegisterNode {
        unit: world.unit_ref("dev"),
        id: vec![7; 20],
        ..RegisterNode::default()
    });
    world.check("ben", LEAD, register.clone(), "rejected duty_conflict");
    let resign = Kind::ResignRole(ResignRole {
        assignment: form::numbered(world.assignment("ben", "acme#trader").number),
    });
    world.check("ben", None, resign, "accepted");
    world.check("ben", LEAD, register, "accepted");
}
