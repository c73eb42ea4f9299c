//! The vote of the departments.

use polity_proto::v1::{Answer, Capability, ModeKind, ProposalKind, ProposalState, action::Kind};

use super::world;
use crate::world::{alone, by_departments, role_holders, tier};

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
