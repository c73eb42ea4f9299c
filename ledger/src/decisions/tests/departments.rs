//! The vote of the departments.

use polity_proto::v1::{
    Answer, Capability, GiveGrant, ModeKind, ObjectKind, Parameters, ProposalKind, ProposalState,
    ResignRole, ScopeKind, ScopeRef, SetParameters, UnitKind, action::Kind,
};

use super::world;
use crate::form;
use crate::world::{able, alone, approve, by_departments, role_holders, tier};

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
fn what_the_departments_decide_lies_with_the_root_and_keeps_no_unit() {
    let mut world = world();
    let parameters = Kind::SetParameters(SetParameters {
        parameters: Some(Parameters {
            idle_interval: 50,
            ..Parameters::default()
        }),
    });
    let (network, mode) = (ProposalKind::Governance, ModeKind::Departments);
    for (unit, expected) in [
        ("sales", "rejected proposal_foreign"),
        ("dev", "rejected proposal_foreign"),
        ("acme", "accepted"),
    ] {
        let open = world.proposal(unit, network, mode, vec![parameters.clone()]);
        let open = Kind::OpenProposal(open);
        world.check("ben", Some("dev#lead"), open, expected);
    }
}

#[test]
fn the_departments_fill_a_root_that_nobody_governs() {
    fill_a_root_of(UnitKind::Company, "rejected no_grant");
    // Whose governance names no people otherwise.
    fill_a_root_of(UnitKind::Circle, "rejected not_governance_output");
}

fn fill_a_root_of(kind: UnitKind, governed: &str) {
    let mut world = world();
    let mut root = world.unit("acme");
    root.kind = kind as i32;
    world.put_for_test(&root);
    let gia = Kind::AssignRole(world.assign("gia", "acme#lead"));
    let mode = ModeKind::Departments;
    let proposal = world.proposal("acme", ProposalKind::Governance, mode, vec![gia.clone()]);
    let open = Kind::OpenProposal(proposal.clone());
    let ben = Some("dev#lead");
    world.check("ben", ben, open.clone(), governed);

    let assignment = form::numbered(world.assignment("ada", "acme#lead").number);
    let resign = Kind::ResignRole(ResignRole { assignment });
    world.check("ada", None, resign, "accepted");
    world.check("ben", ben, gia, "rejected needs_decision");
    // Power over the network's nodes is what makes a department: an engineer is none.
    let engineer = Some("dev#engineer");
    world.check("finn", engineer, open.clone(), "rejected no_grant");
    let number = world.open("ben", "dev#lead", proposal);
    for member in ["ben", "cleo", "dan"] {
        let yes = world.answer(number, Answer::Yes);
        world.check(member, None, yes, "accepted");
    }
    assert_eq!(world.proposal_state(number), ProposalState::Adopted);
    assert!(world.holds("gia", "acme#lead"));
    world.check("ben", ben, open, governed);
}

#[test]
fn whoever_has_a_capability_over_one_object_keeps_the_root_from_nobody() {
    let mut world = world();
    // Whoever opens accounts begins; Finn may do so with one account, which makes him none of
    // these.
    let begins = able(Capability::OpenAccounts);
    let tiers = vec![tier(0, begins, approve(able(Capability::Approve), 1))];
    let policy = world.policy("acme", Capability::Govern, tiers);
    world.check_decided("ada", Kind::SetPolicy(policy), "accepted");
    let grant = GiveGrant {
        scope: Some(ScopeRef {
            kind: ScopeKind::Object as i32,
            object_kind: ObjectKind::Account as i32,
            object: world.account_ref("acme:main"),
            unit: None,
        }),
        ..world.grant("dev#engineer", Capability::OpenAccounts, "acme")
    };
    world.check_decided("ada", Kind::GiveGrant(grant), "accepted");
    let assignment = form::numbered(world.assignment("ada", "acme#lead").number);
    let resign = Kind::ResignRole(ResignRole { assignment });
    world.check("ada", None, resign, "accepted");

    let gia = Kind::AssignRole(world.assign("gia", "acme#lead"));
    world.check(
        "finn",
        Some("dev#engineer"),
        gia.clone(),
        "rejected no_grant",
    );
    world.check("ben", Some("dev#lead"), gia, "rejected needs_decision");
}

#[test]
fn whoever_a_duty_rule_keeps_from_operating_speaks_for_no_department() {
    let mut world = world();
    let parameters = Kind::SetParameters(SetParameters {
        parameters: Some(Parameters {
            idle_interval: 50,
            ..Parameters::default()
        }),
    });
    let mode = ModeKind::Departments;
    let proposal = world.proposal("acme", ProposalKind::Governance, mode, vec![parameters]);
    let number = world.open("cleo", "ops#lead", proposal);
    // As where an exception of Ben's has ended.
    world.keep_apart_for_test("dev", Capability::OperateValidator, Capability::Anchor);
    for (member, expected) in [
        ("ben", "rejected duty_conflict"),
        ("finn", "rejected not_in_electorate"),
        ("dan", "accepted"),
    ] {
        let yes = world.answer(number, Answer::Yes);
        world.check(member, None, yes, expected);
    }
}
