//! Second selves, and rules and decisions of one person.

mod rules;

use polity_proto::v1::{
    Assignment, Basis, BasisSource, Capability, Delegate, GiveGrant, InviteMember, JoinUnit,
    MemberKind, Owner, OwnerKind, Policy, RenewAssignment, RevokeAssignment, ScopeKind,
    SetCreditLimit, SuspendMember, action::Kind,
};

use super::{GIFTS_MAX, behind, behind_joining, payee};
use crate::form;
use crate::state::keys::List;
use crate::world::{Charter, DAY, World, by, euros, monthly};

const LEAD: Option<&str> = Some("dev#lead");

/// Ben admits a second self to the unit that he leads.
fn admit(world: &mut World, name: &str) {
    let invite = Kind::InviteMember(world.invite(name, "dev"));
    world.check("ben", LEAD, invite, "accepted");
    let join = Kind::Join(world.join(name));
    world.check(name, None, join, "accepted");
}

fn assign(world: &mut World, name: &str, role: &str) {
    let assign = Kind::AssignRole(world.assign(name, role));
    world.check("ben", LEAD, assign, "accepted");
}

fn create(world: &mut World, role: &str) {
    let create = Kind::CreateRole(world.create_role("dev", role));
    world.check("ben", LEAD, create, "accepted");
}

fn spend(world: &World, role: &str, amount: u128) -> Kind {
    Kind::GiveGrant(GiveGrant {
        per_period: monthly(amount),
        ..world.grant(role, Capability::Spend, "dev")
    })
}

fn give(world: &mut World, role: &str) {
    let give = spend(world, role, 9_000);
    world.check("ben", LEAD, give, "accepted");
}

#[track_caller]
fn check_payment(world: &mut World, member: &str, role: &str, expected: &str) {
    let pay = world.payment("dev:main", "sales:main", 100);
    world.check(member, Some(role), pay, expected);
}

#[test]
fn second_selves_are_paid_as_their_hand_until_they_are_people_of_their_own() {
    let mut world = World::new();
    admit(&mut world, "ivy");
    let member = |name| Owner {
        kind: OwnerKind::Member as i32,
        number: world.member_number(name),
    };
    let now = world.time;
    assert_eq!(payee(&world.state, now, member("ivy")), member("ben"));
    assert_eq!(payee(&world.state, now, member("ben")), member("ben"));
    let later = now + 31 * DAY;
    assert_eq!(payee(&world.state, later, member("ivy")), member("ivy"));
}

#[test]
fn a_second_self_has_nothing_of_its_maker_in_whatever_order() {
    let steps: [[fn(&mut World); 3]; 3] = [
        [
            |world| give(world, "dev#till"),
            |world| admit(world, "ivy"),
            |world| assign(world, "ivy", "dev#till"),
        ],
        [
            |world| admit(world, "ivy"),
            |world| give(world, "dev#till"),
            |world| assign(world, "ivy", "dev#till"),
        ],
        [
            |world| admit(world, "ivy"),
            |world| assign(world, "ivy", "dev#till"),
            |world| give(world, "dev#till"),
        ],
    ];
    for order in steps {
        let mut world = World::new();
        world.fund("dev", 1_000);
        create(&mut world, "till");
        for step in order {
            step(&mut world);
        }
        check_payment(&mut world, "ivy", "dev#till", "rejected grant_too_close");
        world.advance(30 * DAY);
        check_payment(&mut world, "ivy", "dev#till", "accepted");
    }
}

#[test]
fn a_second_self_does_not_grow_old_as_an_invitation() {
    let mut world = World::new();
    world.fund("dev", 1_000);
    create(&mut world, "till");
    give(&mut world, "dev#till");
    let invite = Kind::InviteMember(world.invite("ivy", "dev"));
    world.check("ben", LEAD, invite, "accepted");
    world.advance(30 * DAY);
    let join = Kind::Join(world.join("ivy"));
    world.check("ivy", None, join, "accepted");
    assign(&mut world, "ivy", "dev#till");
    check_payment(&mut world, "ivy", "dev#till", "rejected grant_too_close");
    world.advance(30 * DAY);
    check_payment(&mut world, "ivy", "dev#till", "accepted");
}

#[test]
fn one_admits_and_another_places() {
    let mut world = World::new();
    world.fund("dev", 1_000);
    for name in ["ivy", "jon"] {
        admit(&mut world, name);
    }
    // The grant is the genesis', and still the place in it was Ben's gift alone.
    assign(&mut world, "ivy", "dev#engineer");
    check_payment(
        &mut world,
        "ivy",
        "dev#engineer",
        "rejected grant_too_close",
    );
    let placed = Kind::AssignRole(world.assign("jon", "dev#engineer"));
    world.ada(placed);
    check_payment(&mut world, "jon", "dev#engineer", "accepted");
}

#[test]
fn a_line_of_second_selves_is_one_person() {
    let mut world = World::new();
    world.fund("dev", 1_000);
    create(&mut world, "warden");
    create(&mut world, "till");
    give(&mut world, "dev#till");
    for capability in [Capability::AdmitMembers, Capability::AssignRoles] {
        let grant = Kind::GiveGrant(world.grant("dev#warden", capability, "dev"));
        world.check("ben", LEAD, grant, "accepted");
    }
    admit(&mut world, "ivy");
    assign(&mut world, "ivy", "dev#warden");
    let warden = Some("dev#warden");
    let mut maker = "ivy".to_string();
    for length in 0..18 {
        let name = format!("ivy-{length}");
        let invite = Kind::InviteMember(world.invite(&name, "dev"));
        world.check(&maker, warden, invite, "accepted");
        let join = Kind::Join(world.join(&name));
        world.check(&name, None, join, "accepted");
        for role in ["dev#warden", "dev#till"] {
            let assign = Kind::AssignRole(world.assign(&name, role));
            world.check("ivy", warden, assign, "accepted");
        }
        check_payment(&mut world, &name, "dev#till", "rejected grant_too_close");
        maker = name;
    }
    // Nor does Ben use what they place him in.
    let assign = Kind::AssignRole(world.assign("ben", "dev#till"));
    world.check("ivy", warden, assign, "accepted");
    check_payment(&mut world, "ben", "dev#till", "rejected grant_too_close");
}

#[test]
fn what_is_held_back_is_not_handed_on() {
    let mut world = World::new();
    world.fund("dev", 1_000);
    create(&mut world, "till");
    give(&mut world, "dev#till");
    admit(&mut world, "ivy");
    assign(&mut world, "ivy", "dev#till");
    let role = world.role("dev#till").number;
    let delegate = Kind::Delegate(Delegate {
        grant: form::numbered(world.list(List::Grants, role)[0]),
        member: world.member_ref("gia"),
        until: world.time + DAY,
        ..Delegate::default()
    });
    world.check("ivy", Some("dev#till"), delegate, "accepted");
    let pay = world.payment("dev:main", "sales:main", 100);
    world.check("gia", None, pay, "rejected grant_too_close");
}

#[test]
fn nobody_takes_a_place_over_value_alone_nor_from_above() {
    let mut world = World::new();
    create(&mut world, "helper");
    for (actor, role, place, expected) in [
        ("ben", "dev#lead", "dev#engineer", "rejected grant_to_self"),
        ("ada", "acme#lead", "dev#engineer", "rejected grant_to_self"),
        ("ben", "dev#lead", "dev#helper", "accepted"),
    ] {
        let assign = Kind::AssignRole(world.assign(actor, place));
        world.check(actor, Some(role), assign, expected);
    }
}

#[test]
fn nobody_assigns_themselves_for_longer_than_others_assigned_them() {
    let mut world = World::new();
    world.fund("dev", 1_000);
    create(&mut world, "warden");
    let assigns = world.grant("dev#warden", Capability::AssignRoles, "dev");
    world.check("ben", LEAD, Kind::GiveGrant(assigns), "accepted");
    assign(&mut world, "finn", "dev#warden");
    let renew = Kind::RenewAssignment(RenewAssignment {
        assignment: form::numbered(world.assignment("finn", "dev#engineer").number),
        ..RenewAssignment::default()
    });
    let warden = Some("dev#warden");
    world.check("finn", warden, renew.clone(), "rejected grant_to_self");
    world.check("ben", LEAD, renew, "accepted");
    check_payment(&mut world, "finn", "dev#engineer", "accepted");
}

#[test]
fn two_people_are_not_one_and_a_second_self() {
    let mut charter = Charter::acme();
    let (below, unit) = (ScopeKind::Unit, "dev");
    charter.grant("ops#engineer", Capability::SuspendMembers, below, unit);
    let mut world = World::founded(&charter);
    world.hire("ivy");
    world.ada(Kind::AssignRole(world.assign("ivy", "ops#engineer")));
    let suspend = Kind::SuspendMember(SuspendMember {
        member: world.member_ref("finn"),
    });
    let ada = by("ada").acting_as("acme#lead");
    let with = |second| ada.clone().seconded(second, "ops#engineer");
    let deed = with("ivy").does(suspend.clone());
    world.check_deed(deed, "rejected people_missing");
    world.check_deed(with("hal").does(suspend), "accepted");
}

#[test]
fn nobody_lends_to_a_second_self() {
    let mut world = World::with_treasury();
    world.ada(Kind::InviteMember(world.invite("ivy", "acme")));
    let mut account = world.account("finn:main");
    let owner = account.owner.as_mut().expect("an account has an owner");
    owner.number = world.member_number("ivy");
    let lend = Kind::SetCreditLimit(SetCreditLimit {
        account: world.account_ref("finn:main"),
        limit: euros(100),
    });
    world.put_for_test(&account);
    world.check("ada", Some("acme#lead"), lend, "rejected grant_to_self");
}

#[test]
fn nobody_lends_to_whoever_assigned_them_for_a_while() {
    let mut world = World::with_treasury();
    world.ada(Kind::AssignRole(world.assign("finn", "acme#lead")));
    let lend = |world: &World| {
        Kind::SetCreditLimit(SetCreditLimit {
            account: world.account_ref("ada:main"),
            limit: euros(100),
        })
    };
    let early = lend(&world);
    world.check("finn", Some("acme#lead"), early, "rejected grant_to_self");
    world.advance(31 * DAY);
    let late = lend(&world);
    world.check("finn", Some("acme#lead"), late, "accepted");
}

/// A grant of `capability` over the whole organisation.
fn over_all(world: &World, role: &str, capability: Capability) -> Kind {
    Kind::GiveGrant(GiveGrant {
        scope: world.scope(ScopeKind::UnitAndBelow, "acme"),
        ..world.grant(role, capability, "acme")
    })
}

#[test]
fn whom_one_person_lets_make_the_second_signer_makes_none_for_a_while() {
    let mut world = World::new();
    let govern = over_all(&world, "ops#lead", Capability::Govern);
    world.ada(govern);
    let suspends = over_all(&world, "sales#lead", Capability::SuspendMembers);
    world.check("cleo", Some("ops#lead"), suspends, "accepted");
    let deed = by("ada").acting_as("acme#lead");
    let deed = deed.seconded("dan", "sales#lead");
    let deed = deed.does(Kind::SuspendMember(SuspendMember {
        member: world.member_ref("finn"),
    }));
    world.check_deed(deed.clone(), "rejected people_missing");
    world.advance(31 * DAY);
    world.check_deed(deed, "accepted");
}

#[test]
fn a_line_of_gifts_does_not_break_where_an_assignment_ends() {
    let mut world = with_warden();
    let assign = Kind::AssignRole(world.assign("gia", "dev#till"));
    world.check("finn", Some("dev#warden"), assign, "accepted");
    let act = act_in(&world, "gia", "dev#till");
    let revoke = Kind::RevokeAssignment(RevokeAssignment {
        assignment: form::numbered(world.assignment("finn", "dev#warden").number),
    });
    world.check("ben", LEAD, revoke, "accepted");
    let expected = numbers(&world, &["gia", "finn", "ben"]);
    assert_eq!(behind(&world.state, world.time, &act), expected);
}

/// In `dev` Ben has just made Finn a warden, who may long since assign and admit there.
fn with_warden() -> World {
    let mut world = World::new();
    for role in ["warden", "till"] {
        create(&mut world, role);
    }
    for capability in [Capability::AssignRoles, Capability::AdmitMembers] {
        let grant = Kind::GiveGrant(world.grant("dev#warden", capability, "dev"));
        world.check("ben", LEAD, grant, "accepted");
    }
    world.advance(31 * DAY);
    assign(&mut world, "finn", "dev#warden");
    world
}

/// What a member does in a role of theirs.
fn act_in(world: &World, member: &str, role: &str) -> Basis {
    let held = world.assignment(member, role);
    Basis {
        source: BasisSource::Own as i32,
        member: held.member,
        role: held.role,
        assignment: held.number,
        ..Basis::default()
    }
}

fn numbers(world: &World, names: &[&str]) -> Option<Vec<u64>> {
    Some(names.iter().map(|name| world.member_number(name)).collect())
}

#[test]
fn a_line_of_gifts_goes_on_behind_an_assignment_that_its_holder_renewed() {
    let mut world = with_warden();
    let warden = Some("dev#warden");
    for role in ["dev#warden", "dev#till"] {
        let assign = Kind::AssignRole(world.assign("gia", role));
        world.check("finn", warden, assign, "accepted");
    }
    let renew = Kind::RenewAssignment(RenewAssignment {
        assignment: form::numbered(world.assignment("gia", "dev#till").number),
        ..RenewAssignment::default()
    });
    world.check("gia", warden, renew, "accepted");
    let act = act_in(&world, "gia", "dev#till");
    let expected = numbers(&world, &["gia", "finn", "ben"]);
    assert_eq!(behind(&world.state, world.time, &act), expected);
}

#[test]
fn a_line_of_gifts_goes_on_behind_who_took_somebody_in() {
    let mut world = with_warden();
    let join = Kind::JoinUnit(JoinUnit {
        unit: world.unit_ref("dev"),
        member: world.member_ref("hal"),
    });
    world.check("finn", Some("dev#warden"), join, "accepted");
    let (hal, dev) = (world.member_number("hal"), world.unit("dev").number);
    let expected = numbers(&world, &["hal", "finn", "ben"]);
    assert_eq!(behind_joining(&world.state, world.time, hal, dev), expected);
    let later = world.time + 31 * DAY;
    let alone = numbers(&world, &["hal"]);
    assert_eq!(behind_joining(&world.state, later, hal, dev), alone);

    let policy = Policy {
        number: 1_000,
        unit: dev,
        ..Policy::default()
    };
    world.put_for_test(&policy);
    let act = Basis {
        member: hal,
        source: BasisSource::Policy as i32,
        number: policy.number,
        ..Basis::default()
    };
    assert_eq!(behind(&world.state, world.time, &act), expected);
    assert_eq!(behind(&world.state, later, &act), alone);
}

#[test]
fn a_line_of_gifts_goes_on_behind_who_admitted_a_service_also_where_it_delegates() {
    let mut world = with_warden();
    let warden = Some("dev#warden");
    let invite = Kind::InviteMember(InviteMember {
        kind: MemberKind::Service as i32,
        ..world.invite("robot", "dev")
    });
    world.check("finn", warden, invite, "accepted");
    let join = Kind::Join(world.join("robot"));
    world.check("robot", None, join, "accepted");
    world.check_decided(
        "ben",
        Kind::AssignRole(world.assign("robot", "dev#warden")),
        "accepted",
    );
    let act = act_in(&world, "robot", "dev#warden");
    let expected = numbers(&world, &["robot", "finn", "ben"]);
    assert_eq!(behind(&world.state, world.time, &act), expected);

    let (assigns, until) = (Capability::AssignRoles, world.time + DAY);
    let delegate = world.delegation("dev#warden", assigns, "hal", until);
    world.check("robot", warden, delegate, "accepted");
    let hal = world.member_number("hal");
    let act = Basis {
        source: BasisSource::Grant as i32,
        member: hal,
        number: world.list(List::Delegations, hal)[0],
        ..Basis::default()
    };
    let expected = numbers(&world, &["hal", "robot", "finn", "ben"]);
    assert_eq!(behind(&world.state, world.time, &act), expected);
}

#[test]
fn behind_too_long_a_line_of_gifts_nobody_is_anybodys() {
    let mut world = World::new();
    let mut acts = vec![act_in(&world, "ben", "dev#lead")];
    for place in 0..GIFTS_MAX {
        let (name, role) = (["finn", "gia"][place % 2], format!("r{place}"));
        create(&mut world, &role);
        assign(&mut world, name, &format!("dev#{role}"));
        let given = world.assignment(name, &format!("dev#{role}"));
        let basis = acts.last().copied();
        acts.push(Basis {
            member: given.member,
            role: given.role,
            assignment: given.number,
            ..acts[0]
        });
        world.put_for_test(&Assignment { basis, ..given });
    }
    let behind = |act: usize| behind(&world.state, world.time, &acts[act]);
    let people = behind(GIFTS_MAX - 1).expect("the line is short enough");
    assert_eq!((people.len(), people.last()), (16, Some(&acts[0].member)));
    assert_eq!(behind(GIFTS_MAX), None);
}

#[test]
fn what_one_gave_alone_does_not_come_back_by_a_delegation() {
    let mut world = World::new();
    world.fund("dev", 1_000);
    create(&mut world, "till");
    give(&mut world, "dev#till");
    let assign = Kind::AssignRole(world.assign("finn", "dev#till"));
    world.ada(assign);
    admit(&mut world, "ivy");
    for (member, early, late) in [
        ("ben", "rejected grant_too_close", "accepted"),
        ("ivy", "rejected grant_too_close", "accepted"),
        ("gia", "accepted", "accepted"),
    ] {
        let mut world = world.clone();
        for (days, expected) in [(0, early), (30, late)] {
            world.advance(days * DAY);
            let until = world.time + DAY;
            let delegate = world.delegation("dev#till", Capability::Spend, member, until);
            world.check("finn", Some("dev#till"), delegate, "accepted");
            let pay = world.payment("dev:main", "sales:main", 100);
            world.check(member, None, pay, expected);
        }
    }
}
