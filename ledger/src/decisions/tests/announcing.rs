//! Mode `announce`: a wait in which anybody can object.

use polity_proto::v1::{
    Answer, Capability, Escalate, ExecuteProposal, ModeKind, Proposal, ProposalState,
    ReverseEscalation, action::Kind,
};

use super::{OPERATION, pay};
use crate::form;
use crate::world::{
    HOUR, World, able, alone, announce, approve, consent, role_holders, tier, vote,
};

const ENGINEER: Option<&str> = Some("dev#engineer");
const LEAD: Option<&str> = Some("dev#lead");
const WAIT: u64 = 72 * HOUR;

/// In `dev`: up to 500 alone, up to 5,000 announced, above two approvals.
fn world() -> World {
    let mut world = World::new();
    world.fund("dev", 50_000);
    let lead = world.holders("dev#lead");
    let tiers = vec![
        tier(500, role_holders(), alone()),
        tier(5_000, role_holders(), announce(WAIT, approve(lead, 1))),
        tier(0, role_holders(), approve(able(Capability::Approve), 2)),
    ];
    let policy = world.policy("dev", Capability::Spend, tiers);
    world.check("ben", LEAD, Kind::SetPolicy(policy), "accepted");
    world
}

fn announce_payment(world: &mut World, amount: u128) -> u64 {
    let acts = vec![pay(world, amount)];
    let proposal = world.proposal("dev", OPERATION, ModeKind::Announce, acts);
    world.open("finn", "dev#engineer", proposal)
}

fn execute(number: u64) -> Kind {
    Kind::ExecuteProposal(ExecuteProposal {
        proposal: form::numbered(number),
    })
}

fn escalate(number: u64) -> Kind {
    Kind::Escalate(Escalate {
        proposal: form::numbered(number),
        explanation: "we have one already".into(),
    })
}

fn reverse(number: u64) -> Kind {
    Kind::ReverseEscalation(ReverseEscalation {
        proposal: form::numbered(number),
        explanation: "it broke".into(),
    })
}

#[test]
fn an_announced_payment_waits_and_its_proposer_comes_back_to_make_it() {
    let mut world = world();
    let number = announce_payment(&mut world, 3_200);
    world.check("finn", ENGINEER, execute(number), "rejected waiting");
    world.advance(WAIT - 3);
    world.check("finn", ENGINEER, execute(number), "rejected waiting");
    // Nothing happens by itself.
    assert!(world.advance(HOUR).is_empty());
    world.check("gia", ENGINEER, execute(number), "rejected not_proposer");
    world.check("finn", ENGINEER, execute(number), "accepted");
    assert_eq!(world.balance("sales:main"), 320_000);
    assert_eq!(world.proposal_state(number), ProposalState::Adopted);
}

#[test]
fn any_member_objects_in_time_and_the_lead_takes_it_back() {
    let mut world = world();
    let number = announce_payment(&mut world, 3_200);
    world.advance(WAIT - HOUR);
    // Hal is of another department.
    world.check("hal", None, escalate(number), "accepted");
    world.check("hal", None, escalate(number), "rejected already_answered");
    world.check("finn", ENGINEER, execute(number), "rejected escalated");
    world.advance(2 * HOUR);
    world.check("finn", ENGINEER, execute(number), "rejected escalated");
    world.check("dan", None, escalate(number), "rejected wait_over");
    world.check("gia", ENGINEER, reverse(number), "rejected no_grant");
    world.check("ben", LEAD, reverse(number), "accepted");
    world.check("ben", LEAD, reverse(number), "rejected not_escalated");
    world.check("finn", ENGINEER, execute(number), "accepted");
    let proposal: Proposal = world.get(number);
    let escalation = &proposal.escalations[0];
    assert_eq!(escalation.member, world.member_number("hal"));
    assert_eq!(escalation.reversed_by, world.member_number("ben"));
    assert_eq!(escalation.reversed_why, "it broke");
}

#[test]
fn an_escalated_proposal_is_decided_by_the_stricter_mode_and_keeps_its_wait() {
    let mut world = world();
    let number = announce_payment(&mut world, 3_200);
    let yes = world.answer(number, Answer::Approve);
    world.check("ben", LEAD, yes.clone(), "rejected answer_unfit");
    world.check("hal", None, escalate(number), "accepted");
    world.check("ben", LEAD, yes, "accepted");
    assert_eq!(world.proposal_state(number), ProposalState::Decided);
    world.check("finn", ENGINEER, execute(number), "rejected waiting");
    world.advance(WAIT);
    world.check("finn", ENGINEER, execute(number), "accepted");

    let refused = announce_payment(&mut world, 1_200);
    world.check("hal", None, escalate(refused), "accepted");
    let no = world.answer(refused, Answer::Refuse);
    world.check("ben", LEAD, no, "accepted");
    assert_eq!(world.proposal_state(refused), ProposalState::Refused);
}

#[test]
fn nobodys_objection_is_bought_by_objecting_first_and_taking_it_back() {
    let mut world = world();
    let number = announce_payment(&mut world, 3_200);
    world.check("gia", ENGINEER, escalate(number), "accepted");
    // Another may object although one stands.
    world.check("dan", None, escalate(number), "accepted");
    world.check("dan", None, reverse(number), "accepted");
    world.advance(WAIT);
    world.check("gia", ENGINEER, reverse(number), "accepted");
    world.check("finn", ENGINEER, execute(number), "rejected waiting");
    // The wait begins anew, for everybody who relied on her.
    world.check("eve", None, escalate(number), "accepted");
    world.check("finn", ENGINEER, execute(number), "rejected escalated");
}

#[test]
fn a_lead_who_proposed_or_benefits_takes_nothing_back() {
    let mut world = world();
    let acts = vec![world.payment("dev:main", "ben:main", 900)];
    let proposal = world.proposal("dev", OPERATION, ModeKind::Announce, acts);
    let number = world.open("finn", "dev#engineer", proposal);
    world.check("hal", None, escalate(number), "accepted");
    world.check("ben", LEAD, reverse(number), "rejected self_approval");
    world.check("hal", None, reverse(number), "accepted");
}

#[test]
fn whom_the_proposer_has_just_made_the_lead_takes_nothing_back() {
    let mut world = world();
    let create = Kind::CreateRole(world.create_role("dev", "warden"));
    world.check("ben", LEAD, create, "accepted");
    let assigns = world.grant("dev#warden", Capability::AssignRoles, "dev");
    world.check("ben", LEAD, Kind::GiveGrant(assigns), "accepted");
    let warden = Kind::AssignRole(world.assign("finn", "dev#warden"));
    world.check("ben", LEAD, warden, "accepted");
    let number = announce_payment(&mut world, 3_200);
    world.check("hal", None, escalate(number), "accepted");
    for (maker, role, lead, expected) in [
        ("finn", "dev#warden", "gia", "rejected approver_too_close"),
        ("ben", "dev#lead", "dan", "accepted"),
    ] {
        let assign = Kind::AssignRole(world.assign(lead, "dev#lead"));
        world.check(maker, Some(role), assign, "accepted");
        world.check(lead, LEAD, reverse(number), expected);
    }
}

#[test]
fn whom_a_duty_rule_keeps_from_paying_announces_no_payment_either() {
    let mut world = world();
    let anchors = world.grant("dev#engineer", Capability::Anchor, "dev");
    world.check("ben", LEAD, Kind::GiveGrant(anchors), "accepted");
    // As where an exception of Finn's has ended.
    world.keep_apart_for_test("dev", Capability::Spend, Capability::Anchor);
    let alone = pay(&world, 100);
    world.check("finn", ENGINEER, alone, "rejected duty_conflict");
    for (amount, mode, expected) in [
        (3_200, ModeKind::Announce, "rejected duty_conflict"),
        (6_000, ModeKind::Approve, "accepted"),
    ] {
        let acts = vec![pay(&world, amount)];
        let proposal = world.proposal("dev", OPERATION, mode, acts);
        world.check("finn", ENGINEER, Kind::OpenProposal(proposal), expected);
    }
}

#[test]
fn an_outage_buys_nobodys_silence() {
    let mut world = world();
    let number = announce_payment(&mut world, 3_200);
    world.outage(WAIT);
    world.check("finn", ENGINEER, execute(number), "rejected waiting");
    world.check("hal", None, escalate(number), "accepted");
}

#[test]
fn an_amendment_does_not_shake_off_an_escalation() {
    let mut world = world();
    let number = announce_payment(&mut world, 3_200);
    world.check("hal", None, escalate(number), "accepted");
    let cheaper = world.proposal(
        "dev",
        OPERATION,
        ModeKind::Announce,
        vec![pay(&world, 3_000)],
    );
    let amend = Kind::AmendProposal(polity_proto::v1::AmendProposal {
        proposal: form::numbered(number),
        actions: cheaper.actions,
        ..Default::default()
    });
    world.check("finn", ENGINEER, amend, "accepted");
    world.advance(WAIT);
    world.check("finn", ENGINEER, execute(number), "rejected escalated");
}

#[test]
fn only_what_was_announced_is_escalated_and_only_while_it_is_open() {
    let mut world = world();
    let acts = vec![pay(&world, 9_000)];
    let proposal = world.proposal("dev", OPERATION, ModeKind::Approve, acts);
    let approved = world.open("finn", "dev#engineer", proposal);
    world.check("hal", None, escalate(approved), "rejected not_announced");
    world.check("hal", None, reverse(approved), "rejected not_announced");
    let withdraw = |number| {
        Kind::WithdrawProposal(polity_proto::v1::WithdrawProposal {
            proposal: form::numbered(number),
        })
    };
    world.check("finn", ENGINEER, withdraw(approved), "accepted");
    world.advance(31 * 24 * HOUR);
    let number = announce_payment(&mut world, 900);
    for (act, expected) in [
        (escalate(0), "rejected ref_malformed"),
        (escalate(99), "rejected object_unknown"),
        (reverse(number), "rejected not_escalated"),
    ] {
        world.check("hal", None, act, expected);
    }
    world.check("finn", ENGINEER, withdraw(number), "accepted");
    world.check("hal", None, escalate(number), "rejected proposal_closed");
    world.check("ben", LEAD, reverse(number), "rejected proposal_closed");
}

#[test]
fn an_objection_can_lead_to_a_consent_or_a_vote_of_those_of_the_opening() {
    for (mode, answer) in [
        (consent(HOUR), Answer::NoObjection),
        (vote(60, 60, HOUR), Answer::Yes),
    ] {
        let mut world = World::new();
        world.fund("dev", 50_000);
        let tiers = vec![tier(0, role_holders(), announce(WAIT, mode))];
        let policy = world.policy("dev", Capability::Spend, tiers);
        world.check("ben", LEAD, Kind::SetPolicy(policy), "accepted");
        let number = announce_payment(&mut world, 3_200);
        world.check("hal", None, escalate(number), "accepted");
        let yes = world.answer(number, answer);
        world.check("hal", None, yes.clone(), "rejected not_in_electorate");
        world.check("ben", LEAD, yes.clone(), "accepted");
        world.check("gia", ENGINEER, yes, "accepted");
        // All three said yes, or two of three: decided; the announced wait is kept.
        assert_eq!(world.proposal_state(number), ProposalState::Decided);
        world.advance(WAIT);
        world.check("finn", ENGINEER, execute(number), "accepted");
    }
}

#[test]
fn what_a_vote_has_decided_by_time_is_taken_back_by_nobody() {
    let mut world = World::new();
    world.fund("dev", 50_000);
    let mode = announce(WAIT, vote(60, 50, HOUR));
    let policy = world.policy(
        "dev",
        Capability::Spend,
        vec![tier(0, role_holders(), mode)],
    );
    world.check("ben", LEAD, Kind::SetPolicy(policy), "accepted");
    let number = announce_payment(&mut world, 3_200);
    world.check("hal", None, escalate(number), "accepted");
    // A second later the time is over, and the timer has not run yet.
    world.advance(HOUR - 1);
    for (member, role) in [("ben", LEAD), ("hal", None)] {
        let mut world = world.clone();
        world.check(member, role, reverse(number), "rejected deadline_passed");
        assert_eq!(world.proposal_state(number), ProposalState::Refused);
    }
}
