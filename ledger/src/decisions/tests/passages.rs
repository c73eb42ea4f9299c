//! Electorates that somebody would make: by taking people into the unit, or sending them out.

use polity_proto::v1::{Answer, Capability, Mode, ModeKind, Proposal, ProposalKind, action::Kind};

use crate::world::{DAY, HOUR, World, consent, role_holders, tier, vote};

const ENGINEER: Option<&str> = Some("dev#engineer");
const LEAD: Option<&str> = Some("dev#lead");

/// In `dev`, with Ben, Finn, Gia and Hal as members, Finn admits, and governing is by `mode`.
fn world(mode: Mode) -> World {
    let mut world = World::new();
    world.ada(world.join_unit("hal", "dev"));
    let admit = world.grant("dev#engineer", Capability::AdmitMembers, "dev");
    world.check("ben", LEAD, Kind::GiveGrant(admit), "accepted");
    let tiers = vec![tier(0, role_holders(), mode)];
    let policy = world.policy("dev", Capability::Govern, tiers);
    world.check("ben", LEAD, Kind::SetPolicy(policy), "accepted");
    world
}

fn finn(world: &mut World, passage: Kind) {
    world.check("finn", ENGINEER, passage, "accepted");
}

/// Whose agreement counts for a role that somebody proposes.
fn asked(world: &mut World, proposer: &str, mode: ModeKind, role: &str) -> Vec<u64> {
    let create = Kind::CreateRole(world.create_role("dev", role));
    let proposal = world.proposal("dev", ProposalKind::Governance, mode, vec![create]);
    let number = world.open(proposer, "dev#engineer", proposal);
    let Proposal {
        mut electorate,
        without_yes,
        ..
    } = world.get(number);
    electorate.retain(|member| !without_yes.contains(member));
    electorate
}

fn numbers(world: &World, names: &[&str]) -> Vec<u64> {
    let mut numbers: Vec<u64> = names.iter().map(|name| world.member_number(name)).collect();
    numbers.sort_unstable();
    numbers
}

#[test]
fn whom_the_proposer_took_in_says_no_alone_and_whom_they_sent_out_keeps_their_vote() {
    let mut world = world(vote(60, 50, 72 * HOUR));
    let assign = Kind::AssignRole(world.assign("hal", "dev#engineer"));
    world.ada(assign);
    for (member, out) in [
        ("eve", false),
        // To take somebody in, only to send them out, makes nobody a voter.
        ("cleo", false),
        ("cleo", true),
        // To send somebody out, and to take them in again, takes no vote.
        ("hal", true),
        ("hal", false),
        ("gia", true),
    ] {
        let passage = if out {
            world.leave_unit(member, "dev")
        } else {
            world.join_unit(member, "dev")
        };
        finn(&mut world, passage);
    }
    let made = asked(&mut world, "finn", ModeKind::Vote, "tester");
    assert_eq!(made, numbers(&world, &["ben", "finn", "hal", "gia"]));

    // Others ask whoever is there, and in time so does Finn.
    world.ada(Kind::AssignRole(world.assign("hal", "dev#engineer")));
    let as_it_is = numbers(&world, &["ben", "finn", "hal", "eve"]);
    assert_eq!(asked(&mut world, "hal", ModeKind::Vote, "guide"), as_it_is);
    world.advance(30 * DAY);
    assert_eq!(asked(&mut world, "finn", ModeKind::Vote, "scout"), as_it_is);
}

#[test]
fn a_consent_asks_whom_the_proposer_sent_out() {
    let mut world = world(consent(72 * HOUR));
    let out = world.leave_unit("gia", "dev");
    finn(&mut world, out);
    let made = asked(&mut world, "finn", ModeKind::Consent, "tester");
    assert_eq!(made, numbers(&world, &["ben", "finn", "hal", "gia"]));
}

#[test]
fn whoever_leaves_by_themselves_or_by_a_decision_is_asked_no_more() {
    let mut world = world(vote(60, 50, 72 * HOUR));
    let out = world.leave_unit("gia", "dev");
    world.check("gia", None, out, "accepted");
    let out = world.leave_unit("hal", "dev");
    world.check_decided("finn", out, "accepted");
    let made = asked(&mut world, "finn", ModeKind::Vote, "tester");
    assert_eq!(made, numbers(&world, &["ben", "finn"]));
}

#[test]
fn whoever_was_sent_out_answers() {
    let mut world = world(vote(60, 50, 72 * HOUR));
    let out = world.leave_unit("gia", "dev");
    finn(&mut world, out);
    let create = Kind::CreateRole(world.create_role("dev", "tester"));
    let governance = ProposalKind::Governance;
    let proposal = world.proposal("dev", governance, ModeKind::Vote, vec![create]);
    let number = world.open("finn", "dev#engineer", proposal);
    let no = world.answer(number, Answer::No);
    world.check("gia", None, no, "accepted");
}
