//! Who approves, and who does not.

use polity_proto::v1::{
    Answer, BasisSource, Capability, ProposalKind, ProposalState, SetCreditLimit, action::Kind,
};

use super::{APPROVE, OPERATION, open_payment, pay, world};
use crate::form;
use crate::state::keys::List;
use crate::world::{DAY, World, able, approve, euros, joined, role_holders, tier};

#[test]
fn an_approved_payment_is_made_in_the_approving_transaction_by_the_proposal() {
    let mut world = world();
    let direct = pay(&world, 800);
    world.check(
        "finn",
        Some("dev#engineer"),
        direct,
        "rejected limit_per_transfer",
    );

    let proposal = open_payment(&mut world, 800);
    assert_eq!(world.balance("sales:main"), 0);
    assert_eq!(
        world.list(List::Proposals, world.unit("dev").number),
        [proposal]
    );
    let yes = world.answer(proposal, Answer::Approve);
    let receipt = world.run("ben", Some("dev#lead"), yes).expect("approved");

    assert_eq!(world.balance("sales:main"), 80_000);
    assert_eq!(world.proposal_state(proposal), ProposalState::Adopted);
    assert!(
        world
            .list(List::Proposals, world.unit("dev").number)
            .is_empty()
    );
    let payment = &receipt.events[1];
    let basis = payment.basis.expect("an event has a basis");
    assert!(payment.posting.is_some());
    assert_eq!(
        (basis.source(), basis.number),
        (BasisSource::Proposal, proposal)
    );
    assert_eq!(basis.member, world.member_number("finn"));
}

#[test]
fn neither_proposer_nor_beneficiary_nor_who_has_no_authority_approves() {
    let mut world = world();
    let acts = vec![world.payment("dev:main", "ben:main", 100), pay(&world, 700)];
    let proposal = world.proposal("dev", OPERATION, APPROVE, acts);
    let number = world.open("finn", "dev#engineer", proposal);

    let yes = world.answer(number, Answer::Approve);
    for (member, role, expected) in [
        ("finn", "dev#engineer", "rejected self_approval"),
        ("ben", "dev#lead", "rejected self_approval"),
        ("gia", "dev#engineer", "rejected no_grant"),
        ("hal", "dev#lead", "rejected role_not_held"),
        ("cleo", "ops#lead", "rejected no_grant"),
        ("ada", "acme#lead", "accepted"),
        ("ada", "acme#lead", "rejected proposal_closed"),
    ] {
        world.check(member, Some(role), yes.clone(), expected);
    }
    assert_eq!(world.balance("ben:main"), 10_000);
}

#[test]
fn an_answer_fits_the_mode_and_the_version_and_is_given_once() {
    let mut world = world();
    let number = open_payment(&mut world, 5_000);
    for (answer, expected) in [
        (Answer::Yes, "rejected answer_unfit"),
        (Answer::NoObjection, "rejected answer_unfit"),
        (Answer::Approve, "accepted"),
        (Answer::Approve, "rejected already_answered"),
        (Answer::Refuse, "rejected already_answered"),
    ] {
        let answer = world.answer(number, answer);
        world.check("ben", Some("dev#lead"), answer, expected);
    }
    assert_eq!(world.proposal_state(number), ProposalState::Open);

    let Kind::Respond(mut stale) = world.answer(number, Answer::Approve) else {
        unreachable!()
    };
    stale.version = 2;
    world.check(
        "ada",
        Some("acme#lead"),
        Kind::Respond(stale),
        "rejected version_stale",
    );
    stale_free_forms(&mut world, number);
}

fn stale_free_forms(world: &mut World, number: u64) {
    let Kind::Respond(answer) = world.answer(number, Answer::Approve) else {
        unreachable!()
    };
    let mut without_version = answer.clone();
    without_version.version = 0;
    let mut unknown = answer.clone();
    unknown.proposal = form::numbered(99);
    let mut silent = answer;
    silent.answer = 0;
    for (respond, expected) in [
        (without_version, "rejected field_missing"),
        (silent, "rejected field_missing"),
        (unknown, "rejected object_unknown"),
    ] {
        world.check("ada", Some("acme#lead"), Kind::Respond(respond), expected);
    }
}

#[test]
fn services_and_whom_the_proposer_brought_in_do_not_approve() {
    let mut world = world();
    let role = world.create_role("dev", "controller");
    world.check("ben", Some("dev#lead"), Kind::CreateRole(role), "accepted");
    let approve = world.grant("dev#controller", Capability::Approve, "dev");
    world.check(
        "ben",
        Some("dev#lead"),
        Kind::GiveGrant(approve),
        "accepted",
    );
    let bot = polity_proto::v1::InviteMember {
        kind: polity_proto::v1::MemberKind::Service as i32,
        ..world.invite("bot", "dev")
    };
    for (name, invite) in [("bot", bot), ("ivy", world.invite("ivy", "dev"))] {
        world.check(
            "ben",
            Some("dev#lead"),
            Kind::InviteMember(invite),
            "accepted",
        );
        let join = Kind::Join(world.join(name));
        world.check(name, None, join, "accepted");
        let assign = Kind::AssignRole(world.assign(name, "dev#controller"));
        world.ada(assign);
    }
    // The lead pays what the lead's own grant does not reach.
    let acts = vec![pay(&world, 20_000)];
    let proposal = world.proposal("dev", OPERATION, APPROVE, acts);
    let number = world.open("ben", "dev#lead", proposal);
    let controller = Some("dev#controller");
    let yes = world.answer(number, Answer::Approve);
    world.check(
        "bot",
        controller,
        yes.clone(),
        "rejected service_cannot_approve",
    );
    world.check(
        "ivy",
        controller,
        yes.clone(),
        "rejected approver_too_close",
    );
    world.advance(29 * 86_400);
    world.check(
        "ivy",
        controller,
        yes.clone(),
        "rejected approver_too_close",
    );

    let acts = vec![pay(&world, 700)];
    let proposal = world.proposal("dev", OPERATION, APPROVE, acts);
    let of_finn = world.open("finn", "dev#engineer", proposal);
    let of_finn = world.answer(of_finn, Answer::Approve);
    world.check("ivy", controller, of_finn, "accepted");
}

/// Ben admits these, and Ada places them: as engineers, or as controllers who approve.
fn newcomers(world: &mut World, places: &[(&str, &str)]) {
    let role = world.create_role("dev", "controller");
    world.check("ben", Some("dev#lead"), Kind::CreateRole(role), "accepted");
    world.ada(Kind::GiveGrant(world.grant(
        "dev#controller",
        Capability::Approve,
        "dev",
    )));
    for (name, role) in places {
        let invite = Kind::InviteMember(world.invite(name, "dev"));
        world.check("ben", Some("dev#lead"), invite, "accepted");
        let join = Kind::Join(world.join(name));
        world.check(name, None, join, "accepted");
        world.ada(Kind::AssignRole(world.assign(name, role)));
    }
}

#[test]
fn whoever_admitted_the_proposer_does_not_approve_nor_whom_they_admitted_too() {
    let mut world = world();
    let places = [("ivy", "dev#engineer"), ("jon", "dev#controller")];
    newcomers(&mut world, &places);
    let acts = vec![pay(&world, 700)];
    let proposal = world.proposal("dev", OPERATION, APPROVE, acts);
    let number = world.open("ivy", "dev#engineer", proposal);
    let yes = world.answer(number, Answer::Approve);
    for (member, role, expected) in [
        ("ben", "dev#lead", "rejected approver_too_close"),
        ("jon", "dev#controller", "rejected approver_too_close"),
        ("ada", "acme#lead", "accepted"),
    ] {
        world.check(member, Some(role), yes.clone(), expected);
    }
    assert_eq!(world.proposal_state(number), ProposalState::Adopted);
}

#[test]
fn whoever_admitted_who_benefits_does_not_approve() {
    let mut world = world();
    newcomers(&mut world, &[("ivy", "dev#engineer")]);
    let acts = vec![pay(&world, 700)];
    let mut proposal = world.proposal("dev", OPERATION, APPROVE, acts);
    proposal.beneficiaries = world.member_ref("ivy").into_iter().collect();
    let number = world.open("finn", "dev#engineer", proposal);
    let yes = world.answer(number, Answer::Approve);
    world.check(
        "ben",
        Some("dev#lead"),
        yes.clone(),
        "rejected approver_too_close",
    );
    world.ada(yes);
}

#[test]
fn two_whom_one_person_assigned_approve_once_and_not_beside_that_person() {
    let mut world = world();
    let places = [("ivy", "dev#controller"), ("jon", "dev#controller")];
    newcomers(&mut world, &places);
    let number = open_payment(&mut world, 5_000);
    let yes = world.answer(number, Answer::Approve);
    // Also where they do not say in which role they approve.
    for (name, role) in [
        ("ivy", Some("dev#controller")),
        ("jon", None),
        ("ada", Some("acme#lead")),
    ] {
        world.check(name, role, yes.clone(), "accepted");
    }
    assert_eq!(world.proposal_state(number), ProposalState::Open);
    world.check("ben", Some("dev#lead"), yes, "accepted");
    assert_eq!(world.proposal_state(number), ProposalState::Adopted);
}

#[test]
fn an_approver_and_whom_they_gave_the_power_to_approve_are_one_for_a_while() {
    let mut world = world();
    let role = world.create_role("dev", "controller");
    world.check("ben", Some("dev#lead"), Kind::CreateRole(role), "accepted");
    world.ada(Kind::AssignRole(world.assign("hal", "dev#controller")));
    world.advance(31 * DAY);
    let grant = world.grant("dev#controller", Capability::Approve, "dev");
    world.check("ben", Some("dev#lead"), Kind::GiveGrant(grant), "accepted");
    let approvals = |world: &mut World| {
        let number = open_payment(world, 4_000);
        let yes = world.answer(number, Answer::Approve);
        for (name, role) in [("ben", "dev#lead"), ("hal", "dev#controller")] {
            world.check(name, Some(role), yes.clone(), "accepted");
        }
        world.proposal_state(number)
    };
    assert_eq!(approvals(&mut world), ProposalState::Open);
    world.advance(31 * DAY);
    assert_eq!(approvals(&mut world), ProposalState::Adopted);
}

#[test]
fn approvals_of_whoever_lost_the_power_no_longer_count() {
    let mut world = world();
    let grant = world.grant("dev#engineer", Capability::Approve, "dev");
    world.check("ben", Some("dev#lead"), Kind::GiveGrant(grant), "accepted");
    let number = open_payment(&mut world, 5_000);
    let yes = world.answer(number, Answer::Approve);
    world.check("gia", Some("dev#engineer"), yes.clone(), "accepted");
    world.suspend("gia");
    world.ada(yes.clone());
    assert_eq!(world.proposal_state(number), ProposalState::Open);
    world.check("ben", Some("dev#lead"), yes, "accepted");
    assert_eq!(world.proposal_state(number), ProposalState::Adopted);
}

#[test]
fn different_approvers_are_different_proposals() {
    let mut world = world();
    let by_lead = approve(world.holders("dev#lead"), 1);
    let policy = world.policy(
        "dev",
        Capability::Allocate,
        vec![tier(0, role_holders(), by_lead)],
    );
    world.check("ben", Some("dev#lead"), Kind::SetPolicy(policy), "accepted");
    let allocate = Kind::Allocate(polity_proto::v1::Allocate {
        from: world.account_ref("dev:main"),
        to: world.account_ref("ops:main"),
        amount: euros(700),
        ..Default::default()
    });
    let acts = vec![pay(&world, 700), allocate.clone()];
    let both = world.proposal("dev", OPERATION, APPROVE, acts);
    let role = Some("dev#engineer");
    world.check(
        "finn",
        role,
        Kind::OpenProposal(both),
        "rejected proposal_divided",
    );

    let number = open_payment(&mut world, 700);
    let other = world.proposal("dev", OPERATION, APPROVE, vec![allocate]);
    let amend = Kind::AmendProposal(polity_proto::v1::AmendProposal {
        proposal: form::numbered(number),
        actions: other.actions,
        ..Default::default()
    });
    world.check("finn", role, amend, "rejected proposal_divided");
}

#[test]
fn whom_the_proposer_took_in_does_not_approve_as_one_of_the_unit() {
    let mut world = World::new();
    let approved = vec![tier(0, role_holders(), approve(joined(), 1))];
    let policy = world.policy("dev", Capability::Govern, approved);
    world.check("ben", Some("dev#lead"), Kind::SetPolicy(policy), "accepted");
    let admit = world.grant("dev#engineer", Capability::AdmitMembers, "dev");
    world.check("ben", Some("dev#lead"), Kind::GiveGrant(admit), "accepted");
    let take = world.join_unit("hal", "dev");
    world.check("finn", Some("dev#engineer"), take, "accepted");
    let create = Kind::CreateRole(world.create_role("dev", "tester"));
    for (proposer, expected) in [("finn", "rejected approver_too_close"), ("gia", "accepted")] {
        let governance = ProposalKind::Governance;
        let proposal = world.proposal("dev", governance, APPROVE, vec![create.clone()]);
        let number = world.open(proposer, "dev#engineer", proposal);
        let yes = world.answer(number, Answer::Approve);
        world.check("hal", None, yes, expected);
    }
}

#[test]
fn an_approver_and_their_delegate_are_one_approval() {
    let mut world = world();
    let until = world.time + DAY;
    let delegate = world.delegation("dev#lead", Capability::Approve, "hal", until);
    world.check("ben", Some("dev#lead"), delegate, "accepted");
    let number = open_payment(&mut world, 4_000);
    for (member, state) in [
        ("hal", ProposalState::Open),
        ("ben", ProposalState::Open),
        ("ada", ProposalState::Adopted),
    ] {
        let role = (member == "ada").then_some("acme#lead");
        let role = role.or((member == "ben").then_some("dev#lead"));
        let yes = world.answer(number, Answer::Approve);
        world.check(member, role, yes, "accepted");
        assert_eq!(world.proposal_state(number), state, "after {member}");
    }
}

#[test]
fn whoever_is_given_credit_does_not_approve_it() {
    let mut world = world();
    let approver = approve(crate::world::able(Capability::Approve), 1);
    let tiers = vec![tier(0, role_holders(), approver)];
    let policy = world.policy("acme", Capability::SetCredit, tiers);
    world.check_decided("ada", Kind::SetPolicy(policy), "accepted");
    let credit = Kind::SetCreditLimit(SetCreditLimit {
        account: world.account_ref("ada:main"),
        limit: euros(100),
    });
    world.ada(Kind::CreateRole(world.create_role("acme", "clerk")));
    world.ada(Kind::AssignRole(world.assign("hal", "acme#clerk")));
    let proposal = world.proposal("acme", OPERATION, APPROVE, vec![credit]);
    let number = world.open("hal", "acme#clerk", proposal);
    let yes = world.answer(number, Answer::Approve);
    world.check("ada", Some("acme#lead"), yes, "rejected self_approval");
}

#[test]
fn what_is_delegated_by_whoever_leads_the_proposer_approves_nothing_of_theirs() {
    let mut world = world();
    let until = world.time + 90 * DAY;
    let delegate = world.delegation("dev#lead", Capability::Approve, "gia", until);
    world.check("ben", Some("dev#lead"), delegate, "accepted");
    world.advance(30 * DAY);
    let invite = Kind::InviteMember(world.invite("ivy", "dev"));
    world.check("ben", Some("dev#lead"), invite, "accepted");
    let join = Kind::Join(world.join("ivy"));
    world.check("ivy", None, join, "accepted");
    world.ada(Kind::AssignRole(world.assign("ivy", "dev#engineer")));
    for (proposer, expected) in [("ivy", "rejected no_grant"), ("finn", "accepted")] {
        let acts = vec![pay(&world, 800)];
        let proposal = world.proposal("dev", OPERATION, APPROVE, acts);
        let number = world.open(proposer, "dev#engineer", proposal);
        let yes = world.answer(number, Answer::Approve);
        world.check("gia", None, yes, expected);
    }
}

#[test]
fn what_a_beneficiary_delegates_to_an_approver_hides_no_grant_of_theirs() {
    let mut world = world();
    let until = world.time + DAY;
    for _ in 0..16 {
        let delegate = world.delegation("dev#lead", Capability::Approve, "ada", until);
        world.check("ben", Some("dev#lead"), delegate, "accepted");
    }
    let acts = vec![world.payment("dev:main", "ben:main", 100), pay(&world, 700)];
    let proposal = world.proposal("dev", OPERATION, APPROVE, acts);
    let number = world.open("finn", "dev#engineer", proposal);
    let yes = world.answer(number, Answer::Approve);
    world.check("ada", Some("acme#lead"), yes, "accepted");
}

#[test]
fn whoever_admitted_a_service_approves_nothing_that_it_proposes_however_long_ago() {
    let mut world = world();
    let invite = Kind::InviteMember(polity_proto::v1::InviteMember {
        kind: polity_proto::v1::MemberKind::Service as i32,
        ..world.invite("bot", "dev")
    });
    world.check("ben", Some("dev#lead"), invite, "accepted");
    let join = Kind::Join(world.join("bot"));
    world.check("bot", None, join, "accepted");
    world.ada(Kind::AssignRole(world.assign("bot", "dev#engineer")));
    world.advance(31 * DAY);
    let acts = vec![pay(&world, 900)];
    let proposal = world.proposal("dev", OPERATION, APPROVE, acts);
    let number = world.open("bot", "dev#engineer", proposal);
    let yes = world.answer(number, Answer::Approve);
    let lead = Some("dev#lead");
    world.check("ben", lead, yes.clone(), "rejected approver_too_close");
    world.check("ada", Some("acme#lead"), yes, "accepted");
    assert_eq!(world.proposal_state(number), ProposalState::Adopted);
}

#[test]
fn services_before_them_hide_nobody_who_could_still_approve() {
    let mut world = World::new();
    world.put_services_first("dev");
    let approved = vec![tier(0, role_holders(), approve(joined(), 1))];
    let policy = world.policy("dev", Capability::Govern, approved);
    world.check("ben", Some("dev#lead"), Kind::SetPolicy(policy), "accepted");
    let create = Kind::CreateRole(world.create_role("dev", "tester"));
    let proposal = world.proposal("dev", ProposalKind::Governance, APPROVE, vec![create]);
    let number = world.open("finn", "dev#engineer", proposal);
    for (member, answer, state) in [
        ("ben", Answer::Refuse, ProposalState::Open),
        ("gia", Answer::Approve, ProposalState::Adopted),
    ] {
        let answer = world.answer(number, answer);
        world.check(member, None, answer, "accepted");
        assert_eq!(world.proposal_state(number), state, "after {member}");
    }
}

#[test]
fn whoever_has_come_into_a_role_since_does_not_approve_what_it_is_given() {
    let mut world = World::new();
    let tiers = vec![tier(
        0,
        role_holders(),
        approve(able(Capability::Approve), 1),
    )];
    let policy = world.policy("dev", Capability::Govern, tiers);
    world.check("ben", Some("dev#lead"), Kind::SetPolicy(policy), "accepted");
    world.ada(Kind::CreateRole(world.create_role("dev", "tester")));
    let give = Kind::GiveGrant(world.grant("dev#tester", Capability::Anchor, "dev"));
    let proposal = world.proposal("dev", ProposalKind::Governance, APPROVE, vec![give]);
    let number = world.open("finn", "dev#engineer", proposal);
    let yes = world.answer(number, Answer::Approve);
    let mut kept = world.clone();
    world.ada(Kind::AssignRole(world.assign("ben", "dev#tester")));
    for (world, expected) in [
        (&mut kept, "accepted"),
        (&mut world, "rejected approver_too_close"),
    ] {
        world.check("ben", Some("dev#lead"), yes.clone(), expected);
    }
}
