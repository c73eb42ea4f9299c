//! What proposals count, reserve and give back.

use polity_proto::v1::{
    Allocate, AnchorDocument, Answer, Capability, GiveGrant, Grant, Member, ModeKind, OwnerKind,
    OwnerRef, Proposal, ProposalState, RevokeAssignment, action::Kind,
};

use super::{APPROVE, OPERATION, open_payment, pay, world};
use crate::state::keys::List;
use crate::world::{
    DAY, HOUR, World, able, alone, announce, approve, created, euros, joined, role_holders, tier,
};
use crate::{Amount, Rejection, form};

#[test]
fn splitting_does_not_lower_the_tier() {
    let mut world = world();
    // 2,500 wait in an open proposal: 800 more to the same unit need two approvals.
    let first = open_payment(&mut world, 2_500);
    let acts = vec![pay(&world, 800)];
    let mut second = world.proposal("dev", OPERATION, APPROVE, acts);
    second.expected_count = 1;
    let role = Some("dev#engineer");
    world.check(
        "finn",
        role,
        Kind::OpenProposal(second.clone()),
        "rejected spend_split",
    );

    let withdraw = Kind::WithdrawProposal(polity_proto::v1::WithdrawProposal {
        proposal: form::numbered(first),
    });
    world.check("finn", role, withdraw, "accepted");
    world.check("finn", role, Kind::OpenProposal(second), "accepted");
}

#[test]
fn what_a_grant_pays_raises_the_proposals_after_it_and_none_that_is_open() {
    let role = Some("dev#engineer");
    // Together they are over what one approval is enough for.
    let propose = |world: &World| {
        let mut proposal = world.proposal("dev", OPERATION, APPROVE, vec![pay(world, 2_600)]);
        proposal.expected_count = 1;
        proposal
    };
    let mut paid_before = world();
    let act = pay(&paid_before, 450);
    paid_before.check("finn", role, act, "accepted");
    let act = Kind::OpenProposal(propose(&paid_before));
    paid_before.check("finn", role, act, "rejected spend_split");

    let mut paid_meanwhile = world();
    let proposal = propose(&paid_meanwhile);
    let number = paid_meanwhile.open("finn", "dev#engineer", proposal);
    let act = pay(&paid_meanwhile, 450);
    paid_meanwhile.check("finn", role, act, "accepted");
    let yes = paid_meanwhile.answer(number, Answer::Approve);
    paid_meanwhile.check("ben", Some("dev#lead"), yes, "accepted");
    assert_eq!(
        paid_meanwhile.proposal_state(number),
        ProposalState::Adopted
    );
    assert_eq!(paid_meanwhile.balance("sales:main"), 305_000);
}

/// A proposal of Finn's: to pay 500 five times, and to anchor a document.
fn payments_beside_a_document(world: &World) -> Kind {
    let mut acts = vec![pay(world, 500); 5];
    acts.push(Kind::AnchorDocument(polity_proto::v1::AnchorDocument {
        unit: world.unit_ref("dev"),
        hash: vec![1; 32],
        ..Default::default()
    }));
    Kind::OpenProposal(world.proposal("dev", OPERATION, APPROVE, acts))
}

#[test]
fn a_grants_limits_are_not_passed_beside_what_others_decide() {
    let mut world = World::new();
    world.fund("dev", 50_000);
    let (lead, engineer) = (Some("dev#lead"), Some("dev#engineer"));
    let set = |world: &World, capability, count| {
        let approved = approve(able(Capability::Approve), count);
        let tiers = vec![tier(0, role_holders(), approved)];
        Kind::SetPolicy(world.policy("dev", capability, tiers))
    };
    let anchoring = set(&world, Capability::Anchor, 1);
    world.check("ben", lead, anchoring, "accepted");
    // Engineers pay 500 at once and 2,000 in thirty days; what others decide about is the document.
    let open = payments_beside_a_document(&world);
    world.check("finn", engineer, open, "rejected no_decision_needed");

    let spending = set(&world, Capability::Spend, 2);
    world.check("ben", lead, spending, "accepted");
    let open = payments_beside_a_document(&world);
    let opened = world.run("finn", engineer, open);
    let number = created(&opened.expect("the policy about spending decides too"));
    let yes = world.answer(number, Answer::Approve);
    world.check("ben", lead, yes.clone(), "accepted");
    assert_eq!(world.proposal_state(number), ProposalState::Open);
    world.check("ada", Some("acme#lead"), yes, "accepted");
    assert_eq!(world.proposal_state(number), ProposalState::Adopted);
    assert_eq!(world.balance("sales:main"), 250_000);
}

#[test]
fn a_stricter_mode_than_expected_refuses_the_opening_by_name() {
    let mut world = world();
    let role = Some("dev#engineer");
    let acts = vec![pay(&world, 800)];
    let alone = world.proposal("dev", OPERATION, ModeKind::Alone, acts);
    world.check(
        "finn",
        role,
        Kind::OpenProposal(alone),
        "rejected stricter_mode",
    );
    let acts = vec![pay(&world, 5_000)];
    let mut once = world.proposal("dev", OPERATION, APPROVE, acts);
    once.expected_count = 1;
    world.check(
        "finn",
        role,
        Kind::OpenProposal(once),
        "rejected stricter_mode",
    );
    let acts = vec![pay(&world, 100)];
    let needless = world.proposal("dev", OPERATION, APPROVE, acts);
    world.check(
        "finn",
        role,
        Kind::OpenProposal(needless),
        "rejected no_decision_needed",
    );
}

#[test]
fn an_open_spend_of_somebody_who_may_spend_reserves_the_funds() {
    let mut world = world();
    let number = open_payment(&mut world, 4_000);
    let account = world.account("dev:main");
    assert_eq!(Amount::from_state(&account.debits_pending), Amount(400_000));
    let refuse = |world: &World| world.answer(number, Answer::Refuse);
    let no = refuse(&world);
    world.check("ben", Some("dev#lead"), no, "accepted");
    // Two approvals were needed, and only one other person could give any.
    assert_eq!(world.proposal_state(number), ProposalState::Refused);
    assert!(world.account("dev:main").debits_pending.is_empty());
}

#[test]
fn what_can_no_longer_be_done_is_recorded_and_fails_nobody() {
    let mut world = world();
    // Ops' engineer may not spend in dev: nothing is reserved for a joint proposal of the lead.
    let acts = vec![world.payment("dev:main", "sales:main", 2_000)];
    let proposal = world.proposal("dev", OPERATION, APPROVE, acts);
    let number = world.open("finn", "dev#engineer", proposal);
    let suspended = world.member("finn");
    world.put_for_test(&Member {
        state: polity_proto::v1::MemberState::Suspended as i32,
        ..suspended
    });
    let yes = world.answer(number, Answer::Approve);
    world.check("ben", Some("dev#lead"), yes, "accepted");

    let proposal: Proposal = world.get(number);
    assert_eq!(proposal.state(), ProposalState::Failed);
    assert_eq!(proposal.failed_code, Rejection::MemberInactive.code());
    assert_eq!(world.balance("sales:main"), 0);
    assert!(world.account("dev:main").debits_pending.is_empty());
}

#[test]
fn with_the_assignment_go_the_spending_proposals_that_it_opened() {
    let mut world = world();
    let number = open_payment(&mut world, 2_000);
    let assignment = world.assignment("finn", "dev#engineer").number;
    let revoke = Kind::RevokeAssignment(polity_proto::v1::RevokeAssignment {
        assignment: form::numbered(assignment),
    });
    world.check("ben", Some("dev#lead"), revoke, "accepted");
    assert_eq!(world.proposal_state(number), ProposalState::Lapsed);
    assert!(world.account("dev:main").debits_pending.is_empty());
}

/// Finn opens a payment that he may propose as an engineer who may spend, in another role of his or in none.
fn opened_beside(role: Option<&str>) -> (World, u64) {
    let mut world = world();
    let tiers = vec![tier(
        0,
        able(Capability::Spend),
        approve(able(Capability::Approve), 1),
    )];
    let policy = world.policy("dev", Capability::Spend, tiers);
    world.check_decided("ben", Kind::SetPolicy(policy), "accepted");
    world.ada(Kind::CreateRole(world.create_role("dev", "tester")));
    world.ada(Kind::AssignRole(world.assign("finn", "dev#tester")));
    let acts = vec![pay(&world, 2_000)];
    let open = Kind::OpenProposal(world.proposal("dev", OPERATION, APPROVE, acts));
    let number = created(&world.run("finn", role, open).expect("it is opened"));
    (world, number)
}

#[test]
fn with_the_assignment_goes_what_was_opened_by_its_power_in_another_role_or_in_none() {
    for role in [None, Some("dev#tester")] {
        let (mut world, number) = opened_beside(role);
        let revoke = |world: &World, role| {
            Kind::RevokeAssignment(polity_proto::v1::RevokeAssignment {
                assignment: form::numbered(world.assignment("finn", role).number),
            })
        };
        if role.is_none() {
            world.ada(revoke(&world, "dev#tester"));
            assert_eq!(world.proposal_state(number), ProposalState::Open);
        }
        world.ada(revoke(&world, "dev#engineer"));
        assert_eq!(world.proposal_state(number), ProposalState::Lapsed);
    }
}

#[test]
fn whoever_lost_what_let_them_begin_spends_nothing_by_it() {
    let (mut world, number) = opened_beside(None);
    assert_fails_without_spending(&mut world, number);
}

/// Engineers no longer spend in `dev`, and Ben approves.
#[track_caller]
fn assert_fails_without_spending(world: &mut World, number: u64) {
    let grants = world.list(List::Grants, world.role("dev#engineer").number);
    let spend = |grant: &u64| world.get::<Grant>(*grant).capability() == Capability::Spend;
    let grant = form::numbered(grants.into_iter().find(spend).expect("engineers spend"));
    let end = Kind::RevokeGrant(polity_proto::v1::RevokeGrant { grant });
    world.check("ben", Some("dev#lead"), end, "accepted");
    let yes = world.answer(number, Answer::Approve);
    world.check("ben", Some("dev#lead"), yes, "accepted");
    let proposal: Proposal = world.get(number);
    assert_eq!(proposal.state(), ProposalState::Failed);
    assert_eq!(proposal.failed_code, Rejection::NoGrant.code());
}

#[test]
fn nor_beside_something_else_that_they_may_still_begin() {
    let (mut world, _) = opened_beside(None);
    let anyone = tier(0, joined(), approve(able(Capability::Approve), 1));
    let policy = world.policy("dev", Capability::Anchor, vec![anyone]);
    world.check("ben", Some("dev#lead"), Kind::SetPolicy(policy), "accepted");
    let anchor = Kind::AnchorDocument(AnchorDocument {
        unit: world.unit_ref("dev"),
        hash: vec![7; 32],
        ..AnchorDocument::default()
    });
    let acts = vec![anchor, pay(&world, 2_000)];
    let open = Kind::OpenProposal(world.proposal("dev", OPERATION, APPROVE, acts));
    let number = created(&world.run("finn", None, open).expect("it is opened"));
    let mut asleep = world.clone();
    let finn = asleep.member("finn");
    asleep.put_for_test(&Member {
        sleeps_until: asleep.time + 7 * DAY,
        ..finn
    });
    for mut world in [world, asleep] {
        assert_fails_without_spending(&mut world, number);
    }
}

#[test]
fn what_a_grant_pays_without_limits_is_decided_with_the_rest() {
    let mut world = World::new();
    world.fund("dev", 50_000);
    let approver = || able(Capability::Approve);
    let announced = announce(HOUR, approve(approver(), 1));
    let tiers = vec![
        tier(100, role_holders(), announced),
        tier(0, role_holders(), approve(approver(), 2)),
    ];
    let policy = world.policy("dev", Capability::Allocate, tiers);
    world.check("ben", Some("dev#lead"), Kind::SetPolicy(policy), "accepted");
    let to_sales = GiveGrant {
        counterparties: vec![OwnerRef {
            kind: OwnerKind::Unit as i32,
            number: world.unit_ref("sales"),
        }],
        ..world.grant("dev#engineer", Capability::Allocate, "dev")
    };
    world.check_decided("ben", Kind::GiveGrant(to_sales), "accepted");
    let allocate = |to: &str, amount| {
        Kind::Allocate(Allocate {
            from: world.account_ref("dev:main"),
            to: world.account_ref(to),
            amount: euros(amount),
            ..Allocate::default()
        })
    };
    let acts = vec![allocate("ops:main", 50), allocate("sales:main", 9_000)];
    let open = world.proposal("dev", OPERATION, ModeKind::Announce, acts);
    let engineer = Some("dev#engineer");
    world.check(
        "finn",
        engineer,
        Kind::OpenProposal(open),
        "rejected stricter_mode",
    );
}

#[test]
fn what_a_proposal_pays_beside_what_others_decide_ends_with_what_let_the_proposer_pay_it() {
    let mut world = World::new();
    world.fund("dev", 5_000);
    let one = || approve(able(Capability::Approve), 1);
    let may_register = able(Capability::RegisterParties);
    let pays = vec![tier(500, may_register, alone()), tier(0, joined(), one())];
    let ben = Some("dev#lead");
    for policy in [
        world.policy("dev", Capability::Anchor, vec![tier(0, joined(), one())]),
        world.policy("dev", Capability::Spend, pays),
    ] {
        world.check("ben", ben, Kind::SetPolicy(policy), "accepted");
    }
    let registers = world.grant("dev#engineer", Capability::RegisterParties, "dev");
    world.check("ben", ben, Kind::GiveGrant(registers), "accepted");
    // Finn acts in no role: it is the policy that lets him pay, because of what his role may do.
    let anchor = Kind::AnchorDocument(AnchorDocument {
        unit: world.unit_ref("dev"),
        hash: vec![7; 32],
        ..AnchorDocument::default()
    });
    let acts = vec![anchor, pay(&world, 300)];
    let proposal = Kind::OpenProposal(world.proposal("dev", OPERATION, APPROVE, acts));
    let opened = world.run("finn", None, proposal).expect("it is opened");
    let number = created(&opened);
    let mut kept = world.clone();
    let mut stricter = world.clone();
    let two = tier(0, joined(), approve(able(Capability::Approve), 2));
    let policy = stricter.policy("dev", Capability::Spend, vec![two]);
    stricter.check_decided("ben", Kind::SetPolicy(policy), "accepted");
    let yes = stricter.answer(number, Answer::Approve);
    stricter.check("ben", ben, yes, "accepted");
    let failed: Proposal = stricter.get(number);
    assert_eq!(failed.failed_code, Rejection::StricterMode.code());
    let assignment = form::numbered(world.assignment("finn", "dev#engineer").number);
    let revoke = Kind::RevokeAssignment(RevokeAssignment { assignment });
    world.check("ben", ben, revoke, "accepted");

    for (world, state, paid) in [
        (&mut kept, ProposalState::Adopted, 30_000),
        (&mut world, ProposalState::Failed, 0),
    ] {
        let yes = world.answer(number, Answer::Approve);
        world.check("ben", ben, yes, "accepted");
        assert_eq!(world.proposal_state(number), state);
        assert_eq!(world.balance("sales:main"), paid);
    }
    let failed: Proposal = world.get(number);
    assert_eq!(failed.failed_code, Rejection::NoGrant.code());
}
