//! Electorates of circles that somebody would make: by ending the assignments of others.

use polity_proto::v1::{
    AmendUnit, Answer, Capability, CreateRole, DissolveUnit, ModeKind, MoveUnit, ObjectKind,
    OpenProposal, Proposal, ProposalKind, RemoveRole, RenewAssignment, ResignRole,
    RevokeAssignment, RoleKind, UnitKind, action::Kind,
};

use crate::form;
use crate::world::{DAY, HOUR, World, all_capabilities, created, role_holders, tier, vote};

/// A way in which Ada sends somebody out.
type SendOut = fn(&mut World);

const SMITH: &str = "dev/circle#smith";

/// A circle below `dev` in which Ada, Finn and Hal have been partners for longer than the admission
/// distance, and Gia the smith; Eve leads a circle in it.
fn world() -> World {
    let mut world = World::with_circle();
    for role in ["partner", "smith"] {
        world.ada(Kind::CreateRole(world.create_role("dev/circle", role)));
    }
    let below = world.create_unit("dev/circle", "inner", UnitKind::Circle);
    world.ada(Kind::CreateUnit(below));
    let lead = CreateRole {
        kind: RoleKind::Lead as i32,
        ..world.create_role("dev/circle/inner", "lead")
    };
    world.ada(Kind::CreateRole(lead));
    for member in ["ada", "finn", "hal"] {
        assign(&mut world, member, "dev/circle#partner");
    }
    assign(&mut world, "gia", SMITH);
    assign(&mut world, "eve", "dev/circle/inner#lead");
    world.advance(30 * DAY);
    world
}

fn assign(world: &mut World, member: &str, role: &str) {
    world.ada(Kind::AssignRole(world.assign(member, role)));
}

fn revoke(world: &mut World, member: &str, role: &str) {
    let assignment = form::numbered(world.assignment(member, role).number);
    world.ada(Kind::RevokeAssignment(RevokeAssignment { assignment }));
}

/// Ada asks the circle, which governs itself by vote from now on.
fn asked(world: &mut World) -> Proposal {
    asked_in(world, "dev/circle")
}

/// The same in a circle of which Ada is a partner.
fn asked_in(world: &mut World, circle: &str) -> Proposal {
    let tiers = vec![tier(0, role_holders(), vote(60, 50, 72 * HOUR))];
    let policy = world.policy(circle, Capability::Govern, tiers);
    world.ada(Kind::SetPolicy(policy));
    let create = Kind::CreateRole(world.create_role(circle, "guide"));
    let governance = ProposalKind::Governance;
    let proposal = OpenProposal {
        tension: "newcomers are lost".into(),
        example: "Ivy asked five people".into(),
        explanation: "she would have asked the guide".into(),
        ..world.proposal(circle, governance, ModeKind::Vote, vec![create])
    };
    let number = world.open("ada", &format!("{circle}#partner"), proposal);
    world.get(number)
}

/// Whether the member may say yes, no only, or nothing.
#[track_caller]
fn check_voice(world: &World, proposal: &Proposal, member: &str, yes: &str, no: &str) {
    for (answer, expected) in [(Answer::Yes, yes), (Answer::No, no)] {
        let answer = world.answer(proposal.number, answer);
        world.clone().check(member, None, answer, expected);
    }
}

#[test]
fn whoever_loses_the_role_by_the_proposer_is_asked_in_whatever_way_it_goes() {
    let ways: [(&str, SendOut); 6] = [
        ("gia", |world| revoke(world, "gia", SMITH)),
        ("gia", |world| {
            let role = world.role_ref(SMITH);
            world.ada(Kind::RemoveRole(RemoveRole { role }));
        }),
        ("gia", |world| {
            let renew = RenewAssignment {
                assignment: form::numbered(world.assignment("gia", SMITH).number),
                until: world.time + HOUR,
                ..RenewAssignment::default()
            };
            world.ada(Kind::RenewAssignment(renew));
            world.advance(HOUR);
        }),
        ("eve", |world| revoke(world, "eve", "dev/circle/inner#lead")),
        ("eve", |world| {
            world.ada(Kind::MoveUnit(MoveUnit {
                unit: world.unit_ref("dev/circle/inner"),
                parent: world.unit_ref("dev"),
            }));
        }),
        // A team asks whom it took in, which is nobody.
        ("hal", |world| {
            world.ada(Kind::AmendUnit(AmendUnit {
                unit: world.unit_ref("dev/circle"),
                handle: "circle".into(),
                kind: UnitKind::Team as i32,
                confers: all_capabilities(),
                ..AmendUnit::default()
            }));
        }),
    ];
    for (place, (member, send_out)) in ways.into_iter().enumerate() {
        let mut world = world();
        send_out(&mut world);
        let proposal = asked(&mut world);
        let number = world.member_number(member);
        assert!(proposal.electorate.contains(&number), "way {place}");
        check_voice(&world, &proposal, member, "accepted", "accepted");
    }
}

/// A team in `dev` for which Cleo speaks.
fn found_team(world: &mut World) {
    world.ada(Kind::CreateUnit(world.create_unit(
        "dev",
        "team",
        UnitKind::Team,
    )));
    world.ada(Kind::CreateRole(CreateRole {
        kind: RoleKind::Lead as i32,
        ..world.create_role("dev/team", "lead")
    }));
    assign(world, "cleo", "dev/team#lead");
}

/// Ada moves the team into the circle.
fn move_team_in(world: &mut World) {
    world.ada(Kind::MoveUnit(MoveUnit {
        unit: world.unit_ref("dev/team"),
        parent: world.unit_ref("dev/circle"),
    }));
}

#[test]
fn whoever_speaks_for_a_unit_that_the_proposer_moved_into_the_circle_says_no_alone() {
    let mut world = world();
    found_team(&mut world);
    world.advance(30 * DAY);
    let entries = world.history_count(ObjectKind::Member, world.member_number("cleo"));
    for (unit, parent) in [("dev/team", "dev/circle"), ("dev/circle/team", "dev")].repeat(2) {
        world.ada(Kind::MoveUnit(MoveUnit {
            unit: world.unit_ref(unit),
            parent: world.unit_ref(parent),
        }));
    }
    // However often a unit is moved, one passage is noted.
    assert_eq!(world.member("cleo").taken_in.len(), 1);
    move_team_in(&mut world);
    let moves_in = 3;
    let cleo = world.member_number("cleo");
    assert_eq!(
        world.history_count(ObjectKind::Member, cleo),
        entries + moves_in
    );

    // To join the circle and to leave it makes nobody forget.
    world.ada(world.join_unit("cleo", "dev/circle"));
    let leave = world.leave_unit("cleo", "dev/circle");
    world.check("cleo", None, leave, "accepted");

    let mut later = world.clone();
    later.advance(30 * DAY);
    for (mut world, yes) in [(world, "rejected approver_too_close"), (later, "accepted")] {
        let proposal = asked(&mut world);
        check_voice(&world, &proposal, "cleo", yes, "accepted");
    }
}

#[test]
fn whom_the_circle_asks_already_the_move_of_their_unit_does_not_silence() {
    let mut world = world();
    found_team(&mut world);
    revoke(&mut world, "cleo", "dev/team#lead");
    assign(&mut world, "hal", "dev/team#lead");
    world.advance(30 * DAY);
    move_team_in(&mut world);
    let proposal = asked(&mut world);
    check_voice(&world, &proposal, "hal", "accepted", "accepted");
}

#[test]
fn whom_the_mover_gave_a_role_of_the_circle_says_no_alone_also_after_they_gave_it_up() {
    let mut world = world();
    found_team(&mut world);
    world.advance(30 * DAY);
    assign(&mut world, "cleo", SMITH);
    move_team_in(&mut world);
    let resign = Kind::ResignRole(ResignRole {
        assignment: form::numbered(world.assignment("cleo", SMITH).number),
    });
    world.check("cleo", None, resign, "accepted");
    let proposal = asked(&mut world);
    check_voice(
        &world,
        &proposal,
        "cleo",
        "rejected approver_too_close",
        "accepted",
    );
}

#[test]
fn a_lead_whose_unit_goes_from_circle_to_circle_keeps_the_passages_that_count() {
    let mut world = world();
    found_team(&mut world);
    let circled = |world: &World| {
        let passages = world.member("cleo").taken_in.into_iter();
        passages.map(|passage| passage.unit).collect::<Vec<u64>>()
    };
    let through = |world: &mut World, circle: &str| {
        let there = (String::from("dev/team"), circle.to_owned());
        let back = (format!("{circle}/team"), String::from("dev"));
        for (unit, parent) in [there, back] {
            world.ada(Kind::MoveUnit(MoveUnit {
                unit: world.unit_ref(&unit),
                parent: world.unit_ref(&parent),
            }));
        }
        world.unit(circle).number
    };
    for handle in ["passing", "lasting"] {
        let circle = world.create_unit("dev", handle, UnitKind::Circle);
        world.ada(Kind::CreateUnit(circle));
    }
    let passing = through(&mut world, "dev/passing");
    let lasting = through(&mut world, "dev/lasting");
    assert_eq!(circled(&world), [passing, lasting]);
    world.ada(Kind::DissolveUnit(DissolveUnit {
        unit: world.unit_ref("dev/passing"),
    }));
    let circle = through(&mut world, "dev/circle");
    assert_eq!(circled(&world), [lasting, circle]);
    // Where somebody sits, nobody forgets how they came.
    world.ada(world.join_unit("cleo", "dev/circle"));
    world.advance(30 * DAY);
    let inner = through(&mut world, "dev/circle/inner");
    assert_eq!(circled(&world), [circle, inner]);
}

#[test]
fn whom_a_circle_asks_because_the_proposer_made_it_one_says_no_alone() {
    let mut world = world();
    world.ada(Kind::CreateUnit(world.create_unit(
        "dev",
        "team",
        UnitKind::Team,
    )));
    world.ada(Kind::CreateRole(world.create_role("dev/team", "partner")));
    for member in ["ada", "cleo"] {
        assign(&mut world, member, "dev/team#partner");
    }
    world.ada(world.join_unit("hal", "dev/team"));
    world.advance(30 * DAY);
    world.ada(Kind::AmendUnit(AmendUnit {
        unit: world.unit_ref("dev/team"),
        handle: "team".into(),
        kind: UnitKind::Circle as i32,
        confers: all_capabilities(),
        ..AmendUnit::default()
    }));
    let proposal = asked_in(&mut world, "dev/team");
    check_voice(
        &world,
        &proposal,
        "cleo",
        "rejected approver_too_close",
        "accepted",
    );
    // Whom it asks no more is still asked.
    check_voice(&world, &proposal, "hal", "accepted", "accepted");
}

#[test]
fn whom_the_proposer_assigns_only_to_send_them_out_says_no_alone() {
    let mut world = world();
    assign(&mut world, "dan", "dev/circle#partner");
    revoke(&mut world, "dan", "dev/circle#partner");
    // Gia had been there, however often she comes and goes.
    for _ in 0..2 {
        revoke(&mut world, "gia", SMITH);
        assign(&mut world, "gia", SMITH);
    }
    revoke(&mut world, "gia", SMITH);
    let proposal = asked(&mut world);
    let close = "rejected approver_too_close";
    check_voice(&world, &proposal, "dan", close, "accepted");
    check_voice(&world, &proposal, "gia", "accepted", "accepted");
}

#[test]
fn whoever_joined_a_circle_without_a_role_gets_no_voice_by_leaving_it() {
    let mut world = world();
    let join = world.join_unit("dan", "dev/circle");
    world.check("ben", Some("dev#lead"), join, "rejected no_grant");
    world.ada(world.join_unit("dan", "dev/circle"));
    world.advance(30 * DAY);
    world.ada(world.leave_unit("dan", "dev/circle"));
    let proposal = asked(&mut world);
    let nobody = "rejected not_in_electorate";
    check_voice(&world, &proposal, "dan", nobody, nobody);
}

#[test]
fn whoever_resigns_is_asked_no_more_and_in_time_nobody_who_is_out_is() {
    let mut world = world();
    let resign = Kind::ResignRole(polity_proto::v1::ResignRole {
        assignment: form::numbered(world.assignment("gia", SMITH).number),
    });
    world.check("gia", Some(SMITH), resign, "accepted");
    revoke(&mut world, "hal", "dev/circle#partner");
    let mut later = world.clone();
    let nobody = "rejected not_in_electorate";
    let proposal = asked(&mut world);
    check_voice(&world, &proposal, "gia", nobody, nobody);
    check_voice(&world, &proposal, "hal", "accepted", "accepted");
    later.advance(30 * DAY);
    let proposal = asked(&mut later);
    check_voice(&later, &proposal, "hal", nobody, nobody);
}

#[test]
fn whoever_was_sent_out_before_the_call_elects() {
    let mut world = world();
    let call = |world: &World| {
        Kind::CallElection(polity_proto::v1::CallElection {
            role: world.role_ref("dev/circle#facilitator"),
            term: 180 * DAY,
        })
    };
    revoke(&mut world, "gia", SMITH);
    let mut later = world.clone();
    later.advance(30 * DAY);
    for (mut world, takes_part) in [(world, true), (later, false)] {
        let gia = call(&world);
        world.check("gia", None, gia, "rejected not_in_electorate");
        let call = call(&world);
        let election = created(&world.run("finn", None, call).expect("called"));
        let election: polity_proto::v1::Election = world.get(election);
        let gia = world.member_number("gia");
        assert_eq!(election.electorate.contains(&gia), takes_part);
    }
}
