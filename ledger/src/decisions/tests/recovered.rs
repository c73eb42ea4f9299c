//! Whoever was recovered agrees to nothing while approving sleeps: it may be a stranger who has the new key.

use polity_proto::v1::{
    AnchorDocument, Answer, Capability, Claim, Escalate, ExecuteProposal, Member, Mode, ModeKind,
    ProposalKind, RaiseObjection, ResolveObjection, ReverseEscalation, TestObjection, action::Kind,
};

use super::{OPERATION, pay};
use crate::form;
use crate::world::{
    DAY, HOUR, World, able, announce, approve, consent, created, role_holders, tier, vote,
};

const DEADLINE: u64 = 30 * DAY;

/// In `dev`, whose members are Ben, Finn, Gia and Hal, this is decided by `mode`.
fn world(capability: Capability, mode: Mode) -> World {
    let mut world = World::new();
    world.fund("dev", 50_000);
    world.ada(world.join_unit("hal", "dev"));
    let policy = world.policy("dev", capability, vec![tier(0, role_holders(), mode)]);
    world.check("ben", Some("dev#lead"), Kind::SetPolicy(policy), "accepted");
    world
}

fn recovered(world: &mut World, member: &str) {
    let member = world.member(member);
    world.put_for_test(&Member {
        sleeps_until: world.time + 7 * DAY,
        ..member
    });
}

fn open(world: &mut World, mode: ModeKind) -> u64 {
    let role = Kind::CreateRole(world.create_role("dev", "tester"));
    let proposal = world.proposal("dev", ProposalKind::Governance, mode, vec![role]);
    world.open("finn", "dev#engineer", proposal)
}

#[test]
fn in_a_vote_they_may_say_no_and_not_yes() {
    let mut world = world(Capability::Govern, vote(60, 50, DEADLINE));
    let number = open(&mut world, ModeKind::Vote);
    recovered(&mut world, "gia");
    let yes = world.answer(number, Answer::Yes);
    world.check("gia", None, yes.clone(), "rejected sleeping");
    for answer in [Answer::No, Answer::Abstain] {
        let answer = world.answer(number, answer);
        world.clone().check("gia", None, answer, "accepted");
    }
    world.advance(7 * DAY);
    world.check("gia", None, yes, "accepted");
}

#[test]
fn in_a_consent_they_object_and_set_no_objection_aside() {
    let mut world = world(Capability::Govern, consent(DEADLINE));
    let number = open(&mut world, ModeKind::Consent);
    recovered(&mut world, "gia");
    let agree = world.answer(number, Answer::NoObjection);
    world.check("gia", None, agree.clone(), "rejected sleeping");
    let object = Kind::RaiseObjection(RaiseObjection {
        proposal: form::numbered(number),
        version: 1,
        breaks_a_rule: "roles are made in spring".into(),
        ..RaiseObjection::default()
    });
    let raised = world.run("gia", None, object).expect("she objects");
    let resolve = Kind::ResolveObjection(ResolveObjection {
        objection: form::numbered(created(&raised)),
        version: 1,
    });
    world.check("gia", None, agree.clone(), "rejected sleeping");
    world.check("gia", None, resolve.clone(), "rejected sleeping");
    recovered(&mut world, "ben");
    let test = |unargued: Claim| {
        Kind::TestObjection(TestObjection {
            objection: form::numbered(created(&raised)),
            unargued: unargued as i32,
            explanation: "no rule is named".into(),
        })
    };
    let discard = test(Claim::BreaksARule);
    world.check("ben", None, discard.clone(), "rejected sleeping");
    world
        .clone()
        .check("ben", None, test(Claim::None), "accepted");
    world.advance(7 * DAY);
    world.clone().check("ben", None, discard, "accepted");
    world.clone().check("gia", None, resolve, "accepted");
    world.check("gia", None, agree, "accepted");
}

#[test]
fn what_others_escalated_they_do_not_take_back() {
    let escalates_to = approve(able(Capability::Approve), 1);
    let mut world = world(Capability::Spend, announce(HOUR, escalates_to));
    let acts = vec![pay(&world, 800)];
    let proposal = world.proposal("dev", OPERATION, ModeKind::Announce, acts);
    let number = world.open("finn", "dev#engineer", proposal);
    let escalate = Kind::Escalate(Escalate {
        proposal: form::numbered(number),
        explanation: "we have one already".into(),
    });
    let reverse = Kind::ReverseEscalation(ReverseEscalation {
        proposal: form::numbered(number),
        explanation: "it broke".into(),
    });
    recovered(&mut world, "hal");
    world.check("hal", None, escalate, "accepted");
    recovered(&mut world, "ben");
    for (member, role) in [("ben", Some("dev#lead")), ("hal", None)] {
        world.check(member, role, reverse.clone(), "rejected sleeping");
    }
    world.advance(7 * DAY);
    world.check("ben", Some("dev#lead"), reverse, "accepted");
}

#[test]
fn what_they_announced_they_pay_neither_beside_something_else() {
    let escalates_to = || approve(able(Capability::Approve), 1);
    let mut world = world(Capability::Spend, announce(HOUR, escalates_to()));
    let longer = announce(2 * HOUR, escalates_to());
    let tiers = vec![tier(0, role_holders(), longer)];
    let policy = world.policy("dev", Capability::Anchor, tiers);
    world.check("ben", Some("dev#lead"), Kind::SetPolicy(policy), "accepted");
    let anchor = Kind::AnchorDocument(AnchorDocument {
        unit: world.unit_ref("dev"),
        hash: vec![7; 32],
        ..AnchorDocument::default()
    });
    let acts = vec![anchor, pay(&world, 800)];
    let proposal = world.proposal("dev", OPERATION, ModeKind::Announce, acts);
    let number = world.open("finn", "dev#engineer", proposal);
    recovered(&mut world, "finn");
    world.advance(3 * HOUR);
    let execute = Kind::ExecuteProposal(ExecuteProposal {
        proposal: form::numbered(number),
    });
    world.check("finn", None, execute.clone(), "rejected sleeping");
    world.advance(7 * DAY);
    world.check("finn", None, execute, "accepted");
    assert_eq!(world.balance("sales:main"), 80_000);
}
