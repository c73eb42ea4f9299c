//! The life of proposals, from several sides.

use polity_proto::v1::{
    Answer, BasisSource, Capability, Mode, ModeKind, Proposal, ProposalKind, ProposalState,
    action::Kind,
};

use crate::state::keys::List;
use crate::world::{World, able, alone, approve, by_departments, euros, role_holders, tier};
use crate::{Amount, Rejection, form};

const OPERATION: ProposalKind = ProposalKind::Operation;
const APPROVE: ModeKind = ModeKind::Approve;

/// In `dev`: up to 500 alone, up to 3,000 one approval, above two.
fn world() -> World {
    let mut world = World::new();
    world.fund("dev", 50_000);
    let approver = || able(Capability::Approve);
    let tiers = vec![
        tier(500, role_holders(), alone()),
        tier(3_000, role_holders(), approve(approver(), 1)),
        tier(0, role_holders(), approve(approver(), 2)),
    ];
    let policy = world.policy("dev", Capability::Spend, tiers);
    world.check("ben", Some("dev#lead"), Kind::SetPolicy(policy), "accepted");
    world
}

fn pay(world: &World, amount: u128) -> Kind {
    world.payment("dev:main", "sales:main", amount)
}

fn open_payment(world: &mut World, amount: u128) -> u64 {
    let acts = vec![pay(world, amount)];
    let proposal = world.proposal("dev", OPERATION, APPROVE, acts);
    world.open("finn", "dev#engineer", proposal)
}

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
    world.put_for_test(&polity_proto::v1::Member {
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
fn with_a_wait_the_proposer_executes_afterwards_and_outages_do_not_count() {
    let mut world = world();
    let mode = Mode {
        wait: 3_600,
        ..approve(able(Capability::Approve), 1)
    };
    let tiers = vec![tier(0, role_holders(), mode)];
    let policy = world.policy("dev", Capability::Allocate, tiers);
    let change = Kind::SetPolicy(policy);
    world.check("ben", Some("dev#lead"), change, "accepted");
    let acts = vec![Kind::Allocate(polity_proto::v1::Allocate {
        from: world.account_ref("dev:main"),
        to: world.account_ref("sales:main"),
        amount: euros(100),
        ..Default::default()
    })];
    let proposal = world.proposal("dev", OPERATION, APPROVE, acts);
    let number = world.open("finn", "dev#engineer", proposal);
    let execute = Kind::ExecuteProposal(polity_proto::v1::ExecuteProposal {
        proposal: form::numbered(number),
    });
    let role = Some("dev#engineer");
    world.check("finn", role, execute.clone(), "rejected not_decided");
    let yes = world.answer(number, Answer::Approve);
    world.check("ben", Some("dev#lead"), yes, "accepted");
    assert_eq!(world.proposal_state(number), ProposalState::Decided);

    world.check("finn", role, execute.clone(), "rejected waiting");
    world.outage(7_200);
    world.check("finn", role, execute.clone(), "rejected waiting");
    world.advance(3_600);
    world.check("gia", role, execute.clone(), "rejected not_proposer");
    world.check("finn", role, execute.clone(), "accepted");
    assert_eq!(world.balance("sales:main"), 10_000);
    world.check("finn", role, execute, "rejected proposal_closed");
}

#[test]
fn an_amended_proposal_is_answered_anew_and_stays_under_its_policy() {
    let mut world = world();
    let number = open_payment(&mut world, 2_000);
    let amend = |world: &World, amount: u128| {
        let acts = vec![pay(world, amount)];
        let open = world.proposal("dev", OPERATION, APPROVE, acts);
        Kind::AmendProposal(polity_proto::v1::AmendProposal {
            proposal: form::numbered(number),
            actions: open.actions,
            ..Default::default()
        })
    };
    let role = Some("dev#engineer");
    let more = amend(&world, 4_000);
    world.check("finn", role, more, "rejected stricter_mode");
    let other = amend(&world, 1_000);
    world.check("gia", role, other.clone(), "rejected not_proposer");
    world.check("finn", role, other, "accepted");
    let stale = Kind::Respond(polity_proto::v1::Respond {
        proposal: form::numbered(number),
        version: 1,
        answer: Answer::Approve as i32,
        explanation: String::new(),
    });
    world.check("ben", Some("dev#lead"), stale, "rejected version_stale");
    let yes = world.answer(number, Answer::Approve);
    world.check("ben", Some("dev#lead"), yes, "accepted");
    assert_eq!(world.balance("sales:main"), 100_000);
    let late = amend(&world, 900);
    world.check("finn", role, late, "rejected proposal_closed");
}

#[test]
fn a_proposal_lapses_and_gives_back_what_it_reserved() {
    let mut world = world();
    let number = open_payment(&mut world, 2_000);
    world.advance(29 * 86_400);
    assert_eq!(world.proposal_state(number), ProposalState::Open);
    world.outage(86_400);
    assert_eq!(world.proposal_state(number), ProposalState::Open);
    let receipts = world.advance(86_400);
    assert_eq!(world.proposal_state(number), ProposalState::Lapsed);
    assert_eq!(receipts.len(), 1);
    assert!(world.account("dev:main").debits_pending.is_empty());
}

#[test]
fn a_proposal_is_of_one_unit_one_topic_and_no_nesting() {
    let mut world = world();
    let role = Some("dev#engineer");
    let inner = world.proposal("dev", OPERATION, APPROVE, vec![pay(&world, 800)]);
    let join = Kind::Join(polity_proto::v1::Join {
        member: world.member_ref("finn"),
        ..Default::default()
    });
    let role_kind = Kind::CreateRole(polity_proto::v1::CreateRole {
        unit: world.unit_ref("dev"),
        handle: "tester".into(),
        ..Default::default()
    });
    let foreign = world.payment("sales:main", "dev:main", 800);
    let own = world.payment("finn:main", "dev:main", 800);
    let poor = world.payment("dev:main", "sales:main", 60_000);
    let payment = pay(&world, 800);
    for (acts, kind, expected) in [
        (vec![], OPERATION, "rejected proposal_empty"),
        (
            vec![payment.clone(); 51],
            OPERATION,
            "rejected proposal_empty",
        ),
        (
            vec![Kind::OpenProposal(inner)],
            OPERATION,
            "rejected proposal_nested",
        ),
        (vec![join], OPERATION, "rejected action_not_proposable"),
        (
            vec![role_kind.clone()],
            OPERATION,
            "rejected proposal_kind_wrong",
        ),
        (
            vec![payment.clone()],
            ProposalKind::Governance,
            "rejected proposal_kind_wrong",
        ),
        (
            vec![payment.clone(), role_kind],
            OPERATION,
            "rejected proposal_kind_wrong",
        ),
        (
            vec![payment.clone(), foreign],
            OPERATION,
            "rejected proposal_foreign",
        ),
        (vec![own], OPERATION, "rejected proposal_foreign"),
        (vec![poor], OPERATION, "rejected insufficient_funds"),
        (vec![payment], ProposalKind::None, "rejected field_missing"),
    ] {
        let proposal = world.proposal("dev", kind, APPROVE, acts);
        world.check("finn", role, Kind::OpenProposal(proposal), expected);
    }
    let mut broken = world.proposal("dev", OPERATION, APPROVE, vec![]);
    broken.actions = vec![vec![0xff]];
    world.check(
        "finn",
        role,
        Kind::OpenProposal(broken.clone()),
        "rejected malformed",
    );
    broken.actions = vec![vec![0x08, 0x00]];
    world.check(
        "finn",
        role,
        Kind::OpenProposal(broken),
        "rejected not_canonical",
    );
}

#[test]
fn more_than_two_thirds_of_the_departments_decide_and_the_proposers_has_a_voice() {
    let mut world = world();
    let policy = world.policy(
        "dev",
        Capability::DefineAssets,
        vec![tier(0, role_holders(), by_departments())],
    );
    world.check("ben", Some("dev#lead"), Kind::SetPolicy(policy), "accepted");
    let payment = world.policy(
        "dev",
        Capability::Freeze,
        vec![tier(0, role_holders(), by_departments())],
    );
    world.check(
        "ben",
        Some("dev#lead"),
        Kind::SetPolicy(payment),
        "accepted",
    );
    // Changing a policy passes its own strictest tier: the departments decide about it.
    let laxer = Kind::SetPolicy(world.policy(
        "dev",
        Capability::Freeze,
        vec![tier(0, role_holders(), alone())],
    ));
    world.check(
        "ben",
        Some("dev#lead"),
        laxer.clone(),
        "rejected needs_decision",
    );
    let proposal = world.proposal(
        "dev",
        ProposalKind::Governance,
        ModeKind::Departments,
        vec![laxer],
    );
    let number = world.open("ben", "dev#lead", proposal);
    for (member, role, answer, expected) in [
        ("ben", "dev#lead", Answer::Approve, "rejected self_approval"),
        (
            "finn",
            "dev#engineer",
            Answer::Yes,
            "rejected not_in_electorate",
        ),
        ("ben", "dev#lead", Answer::Abstain, "rejected answer_unfit"),
        ("ben", "dev#lead", Answer::Yes, "accepted"),
        ("eve", "finance#lead", Answer::No, "accepted"),
        ("cleo", "ops#lead", Answer::Approve, "accepted"),
    ] {
        let answer = world.answer(number, answer);
        world.check(member, Some(role), answer, expected);
    }
    assert_eq!(world.proposal_state(number), ProposalState::Open);
    let yes = world.answer(number, Answer::Yes);
    world.check("dan", Some("sales#lead"), yes, "accepted");
    assert_eq!(world.proposal_state(number), ProposalState::Adopted);
}

#[test]
fn two_departments_of_four_against_it_refuse() {
    let mut world = world();
    let freeze = |mode| vec![tier(0, role_holders(), mode)];
    let policy = world.policy("dev", Capability::Freeze, freeze(by_departments()));
    world.check("ben", Some("dev#lead"), Kind::SetPolicy(policy), "accepted");
    let laxer = Kind::SetPolicy(world.policy("dev", Capability::Freeze, freeze(alone())));
    let governance = ProposalKind::Governance;
    let proposal = world.proposal("dev", governance, ModeKind::Departments, vec![laxer]);
    let number = world.open("ben", "dev#lead", proposal);
    for (member, role) in [("eve", "finance#lead"), ("dan", "sales#lead")] {
        let no = world.answer(number, Answer::Refuse);
        world.check(member, Some(role), no, "accepted");
    }
    assert_eq!(world.proposal_state(number), ProposalState::Refused);
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
        world.check("ada", Some("acme#lead"), assign, "accepted");
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

#[test]
fn approvals_of_who_lost_the_power_no_longer_count() {
    let mut world = world();
    let grant = world.grant("dev#engineer", Capability::Approve, "dev");
    world.check("ben", Some("dev#lead"), Kind::GiveGrant(grant), "accepted");
    let number = open_payment(&mut world, 5_000);
    let yes = world.answer(number, Answer::Approve);
    world.check("gia", Some("dev#engineer"), yes.clone(), "accepted");
    world.suspend("gia");
    world.check("ada", Some("acme#lead"), yes.clone(), "accepted");
    assert_eq!(world.proposal_state(number), ProposalState::Open);
    world.check("ben", Some("dev#lead"), yes, "accepted");
    assert_eq!(world.proposal_state(number), ProposalState::Adopted);
}

#[test]
fn a_proposal_can_create_what_its_later_actions_use() {
    let mut world = world();
    let policy = world.policy(
        "dev",
        Capability::Govern,
        vec![tier(
            0,
            role_holders(),
            approve(able(Capability::Approve), 1),
        )],
    );
    world.check("ben", Some("dev#lead"), Kind::SetPolicy(policy), "accepted");
    let unit = world.create_unit("dev", "lab", polity_proto::v1::UnitKind::Team);
    let role = polity_proto::v1::CreateRole {
        unit: form::created_by(0),
        handle: "head".into(),
        ..Default::default()
    };
    let grant = polity_proto::v1::GiveGrant {
        role: form::created_by(1),
        scope: Some(polity_proto::v1::ScopeRef {
            kind: polity_proto::v1::ScopeKind::Unit as i32,
            unit: form::created_by(0),
            ..Default::default()
        }),
        ..world.grant("dev#lead", Capability::Govern, "dev")
    };
    let acts = vec![
        Kind::CreateUnit(unit),
        Kind::CreateRole(role),
        Kind::GiveGrant(grant),
    ];
    let proposal = world.proposal("dev", ProposalKind::Governance, APPROVE, acts);
    let number = world.open("finn", "dev#engineer", proposal);
    assert_eq!(world.unit_ref("dev/lab"), form::numbered(0));
    let yes = world.answer(number, Answer::Approve);
    world.check("ben", Some("dev#lead"), yes, "accepted");
    let head = world.role("dev/lab#head").number;
    assert_eq!(world.list(List::Grants, head).len(), 1);
}

#[test]
fn withdrawing_is_the_proposers_and_final() {
    let mut world = world();
    let number = open_payment(&mut world, 800);
    let withdraw = |number| {
        Kind::WithdrawProposal(polity_proto::v1::WithdrawProposal {
            proposal: form::numbered(number),
        })
    };
    for (who, act, expected) in [
        ("finn", withdraw(0), "rejected ref_malformed"),
        ("finn", withdraw(99), "rejected object_unknown"),
        ("gia", withdraw(number), "rejected not_proposer"),
        ("finn", withdraw(number), "accepted"),
        ("finn", withdraw(number), "rejected proposal_closed"),
    ] {
        world.check(who, Some("dev#engineer"), act, expected);
    }
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
