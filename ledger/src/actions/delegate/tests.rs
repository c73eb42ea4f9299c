use polity_proto::v1::{GiveGrant, RevokeAssignment, SetSodRule, action::Kind};

use super::*;
use crate::world::{DAY, World, euros, monthly};

fn spend_of_engineers(world: &World) -> u64 {
    world.list(List::Grants, world.role("dev#engineer").number)[0]
}

fn to(world: &World, member: &str, grant: u64) -> Delegate {
    Delegate {
        grant: form::numbered(grant),
        member: world.member_ref(member),
        per_transfer: euros(300),
        until: world.time + 3 * DAY,
        ..Delegate::default()
    }
}

#[test]
fn a_delegate_spends_within_both_limits_until_the_absence_ends() {
    let mut world = World::new();
    world.fund("dev", 10_000);
    let delegation = to(&world, "hal", spend_of_engineers(&world));
    world.check(
        "finn",
        Some("dev#engineer"),
        Kind::Delegate(delegation),
        "accepted",
    );
    let pay = |world: &World, amount| world.payment("dev:main", "ops:main", amount);
    let over = pay(&world, 301);
    world.check("hal", None, over, "rejected limit_per_transfer");
    for _ in 0..6 {
        let payment = pay(&world, 300);
        world.check("hal", None, payment, "accepted");
    }
    // 1,800 of the source's 2,000 are used: by whomever.
    let over = pay(&world, 300);
    world.check("hal", None, over, "rejected limit_per_period");
    let over = pay(&world, 201);
    world.check(
        "finn",
        Some("dev#engineer"),
        over,
        "rejected limit_per_period",
    );
    world.advance(3 * DAY);
    let late = pay(&world, 10);
    world.check("hal", None, late, "rejected no_grant");
}

#[test]
fn a_delegation_is_narrower_ends_with_its_source_and_goes_no_further() {
    let mut world = World::new();
    let grant = spend_of_engineers(&world);
    let role = Some("dev#engineer");
    let with = |world: &World, change: &dyn Fn(&mut Delegate)| {
        let mut delegation = to(world, "hal", grant);
        change(&mut delegation);
        Kind::Delegate(delegation)
    };
    let period = |kind, days, amount| {
        Some(PeriodLimit {
            kind,
            days,
            amount: euros(amount),
        })
    };
    let unknown = form::numbered(99);
    let themselves = world.member_ref("finn");
    for (act, expected) in [
        (
            with(&world, &|act| act.grant = unknown),
            "rejected object_unknown",
        ),
        (
            with(&world, &|act| act.member = unknown),
            "rejected object_unknown",
        ),
        (
            with(&world, &|act| act.member = None),
            "rejected ref_malformed",
        ),
        (
            with(&world, &|act| act.per_transfer = vec![0]),
            "rejected amount_malformed",
        ),
        (
            with(&world, &|act| act.per_transfer = euros(600)),
            "rejected delegation_wider",
        ),
        (
            with(&world, &|act| act.per_period = period(2, 30, 2_001)),
            "rejected delegation_wider",
        ),
        (
            with(&world, &|act| act.per_period = period(1, 0, 1)),
            "rejected delegation_wider",
        ),
        (
            with(&world, &|act| act.per_period = period(2, 0, 1)),
            "rejected value_unknown",
        ),
        (
            with(&world, &|act| act.member = themselves),
            "rejected grant_to_self",
        ),
        (
            with(&world, &|act| act.until = 0),
            "rejected time_malformed",
        ),
    ] {
        world.check("finn", role, act, expected);
    }
    let act = with(&world, &|_| ());
    world.check(
        "eve",
        Some("finance#lead"),
        act.clone(),
        "rejected not_yours",
    );
    let receipt = world.run("finn", role, act).expect("delegated");
    let delegation = receipt.events[0].number;
    let further = Kind::Delegate(to(&world, "gia", delegation));
    world.check("hal", None, further, "rejected not_delegable");

    let assignment = form::numbered(world.assignment("finn", "dev#engineer").number);
    let revoke = Kind::RevokeAssignment(RevokeAssignment { assignment });
    world.check("ben", Some("dev#lead"), revoke, "accepted");
    assert!(
        world
            .list(List::Delegations, world.member_number("hal"))
            .is_empty()
    );
}

#[test]
fn operating_a_validator_is_not_delegated_nor_anything_to_the_suspended() {
    let mut world = World::new();
    let lead = world.role("dev#lead").number;
    let of = |world: &World, capability: Capability| {
        world
            .list(List::Grants, lead)
            .into_iter()
            .find(|number| world.get::<Grant>(*number).capability() == capability)
            .expect("the lead has the grant")
    };
    let role = Some("dev#lead");
    let operate = Delegate {
        per_transfer: Vec::new(),
        ..to(&world, "hal", of(&world, Capability::OperateValidator))
    };
    world.check(
        "ben",
        role,
        Kind::Delegate(operate),
        "rejected not_delegable",
    );
    let approve = Delegate {
        per_transfer: Vec::new(),
        ..to(&world, "gia", of(&world, Capability::Approve))
    };
    let rule = Kind::SetSodRule(SetSodRule {
        unit: world.unit_ref("dev"),
        first: Capability::Approve as i32,
        second: Capability::Freeze as i32,
    });
    world.check("ben", role, rule, "accepted");
    let freeze = Kind::GiveGrant(world.grant("dev#engineer", Capability::Freeze, "dev"));
    world.check("ben", role, freeze, "accepted");
    let act = Kind::Delegate(approve);
    world.check("ben", role, act, "rejected duty_conflict");
    let anchor = Delegate {
        per_transfer: Vec::new(),
        ..to(&world, "gia", of(&world, Capability::Anchor))
    };
    world.suspend("gia");
    let act = Kind::Delegate(anchor);
    world.check("ben", role, act, "rejected member_state_wrong");
}

#[test]
fn an_ended_grant_is_not_delegated() {
    let mut world = World::new();
    let grant = spend_of_engineers(&world);
    let revoke = Kind::RevokeGrant(polity_proto::v1::RevokeGrant {
        grant: form::numbered(grant),
    });
    world.check("ben", Some("dev#lead"), revoke, "accepted");
    let late = Kind::Delegate(to(&world, "hal", grant));
    world.check("finn", Some("dev#engineer"), late, "rejected grant_ended");
}

#[test]
fn what_others_delegate_to_a_member_is_bounded_and_makes_room_when_it_is_over() {
    let mut world = World::new();
    let delegation = to(&world, "hal", spend_of_engineers(&world));
    let again = Kind::Delegate(delegation);
    let engineer = Some("dev#engineer");
    for _ in 0..super::OF_A_HOLDER_MAX {
        world.check("finn", engineer, again.clone(), "accepted");
    }
    world.check("finn", engineer, again.clone(), "rejected list_too_long");
    world.check("gia", engineer, again, "accepted");

    world.advance(3 * DAY);
    let next = Kind::Delegate(to(&world, "hal", spend_of_engineers(&world)));
    world.check("finn", engineer, next, "accepted");
    let hal = world.member_number("hal");
    assert_eq!(world.list(List::Delegations, hal).len(), 1);
}

#[test]
fn a_delegation_keeps_neither_grant_nor_rule_nor_role_from_anybody_and_ends_instead() {
    let mut world = World::new();
    let (lead, engineer) = (Some("dev#lead"), Some("dev#engineer"));
    let trade = GiveGrant {
        per_period: monthly(1),
        ..world.grant("dev#engineer", Capability::Trade, "dev")
    };
    world.check("ben", lead, Kind::GiveGrant(trade), "accepted");
    let create = Kind::CreateRole(world.create_role("dev", "warden"));
    world.check("ben", lead, create, "accepted");
    let freeze = Kind::GiveGrant(world.grant("dev#warden", Capability::Freeze, "dev"));
    let place = Kind::AssignRole(world.assign("cleo", "dev#warden"));
    let rule = Kind::SetSodRule(SetSodRule {
        unit: world.unit_ref("dev"),
        first: Capability::Freeze as i32,
        second: Capability::Trade as i32,
    });
    let acts = [freeze, place, rule];
    let cleo = world.member_number("cleo");
    for last in 0..acts.len() {
        let mut world = world.clone();
        let before = (0..acts.len()).filter(|act| *act != last);
        for act in before {
            world.check("ben", lead, acts[act].clone(), "accepted");
        }
        let until = world.time + DAY;
        let delegate = world.delegation("dev#engineer", Capability::Trade, "cleo", until);
        world.check("finn", engineer, delegate, "accepted");
        assert_eq!(world.list(List::Delegations, cleo).len(), 1);
        world.check("ben", lead, acts[last].clone(), "accepted");
        assert!(world.list(List::Delegations, cleo).is_empty());
    }
}
