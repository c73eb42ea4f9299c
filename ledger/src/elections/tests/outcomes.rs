//! From the result to the role, or to the next candidate.

use polity_proto::v1::{action::Kind, *};

use super::{FACILITATOR, VOTERS, call, candidate, circle, reveal, revealed, seal, sealed, step};
use crate::form;
use crate::state::keys::List;
use crate::state::lists;
use crate::world::{DAY, World, consent, created, monthly, role_holders, tier};

/// Gia has two nominations, Finn one: Gia is proposed.
const FOR_GIA: [(&str, &str); 3] = [("ben", "gia"), ("finn", "gia"), ("hal", "finn")];

fn election(world: &World, number: u64) -> Election {
    world.get(number)
}

/// As [`FOR_GIA`], where one more has sealed a ballot and does not reveal it.
fn revealed_but_one() -> (World, u64) {
    let ballots = [&FOR_GIA[..], &[("gia", "gia")]].concat();
    let (mut world, number) = sealed(FACILITATOR, &ballots);
    for (voter, nominee) in FOR_GIA {
        let act = reveal(&world, number, voter, nominee);
        world.check(voter, None, act, "accepted");
    }
    (world, number)
}

/// Everybody says that they have no objection to the present candidate.
fn agree(world: &mut World, number: u64) {
    let proposal = election(world, number).proposal;
    for voter in VOTERS {
        let answer = world.answer(proposal, Answer::NoObjection);
        world.check(voter, None, answer, "accepted");
    }
}

/// Hal objects to the present candidate, with all claims; the objection's number.
fn object(world: &mut World, number: u64) -> u64 {
    let proposal = election(world, number).proposal;
    let objection = Kind::RaiseObjection(RaiseObjection {
        proposal: form::numbered(proposal),
        version: 1,
        harms: "meetings would stop".into(),
        limits_my_role: "I could not bring tensions".into(),
        caused_by_proposal: "now they take place".into(),
        no_time_to_adapt: "the next one is tomorrow".into(),
        ..RaiseObjection::default()
    });
    let receipt = world.run("hal", Some("dev/circle#partner"), objection);
    created(&receipt.expect("the objection is raised"))
}

fn surrogate(world: &mut World, member: &str) {
    let assign = Kind::AssignRole(AssignRole {
        manner: Manner::Surrogate as i32,
        ..world.assign(member, FACILITATOR)
    });
    world.ada(assign);
}

#[test]
fn whoever_was_elected_takes_the_role_and_the_surrogate_leaves_it() {
    let (mut world, number) = revealed(FACILITATOR, &FOR_GIA);
    surrogate(&mut world, "ben");
    agree(&mut world, number);
    assert_eq!(step(&world, number), ElectionStep::Elected);
    assert!(world.holds("gia", FACILITATOR) && !world.holds("ben", FACILITATOR));
    let assignment = world.assignment("gia", FACILITATOR);
    assert_eq!(assignment.manner(), Manner::Elected);
    assert_eq!(assignment.until, assignment.from + 180 * DAY);
    assert_eq!(election(&world, number).assignment, assignment.number);
    let elsewhere = Kind::AssignRole(AssignRole {
        manner: Manner::Elected as i32,
        ..world.assign("hal", FACILITATOR)
    });
    world.check("ada", Some("acme#lead"), elsewhere, "rejected elected_only");
    let renew = Kind::RenewAssignment(RenewAssignment {
        assignment: form::numbered(assignment.number),
        ..RenewAssignment::default()
    });
    world.check("ada", Some("acme#lead"), renew, "rejected elected_only");
    let revoke = Kind::RevokeAssignment(RevokeAssignment {
        assignment: form::numbered(assignment.number),
    });
    world.check("ada", Some("acme#lead"), revoke, "rejected elected_only");
}

#[test]
fn who_fills_roles_takes_a_surrogate_back_and_puts_none_beside_who_was_elected() {
    let (mut world, number) = revealed(FACILITATOR, &FOR_GIA);
    surrogate(&mut world, "hal");
    let revoke = Kind::RevokeAssignment(RevokeAssignment {
        assignment: form::numbered(world.assignment("hal", FACILITATOR).number),
    });
    world.ada(revoke);
    agree(&mut world, number);
    let beside = Kind::AssignRole(AssignRole {
        manner: Manner::Surrogate as i32,
        ..world.assign("hal", FACILITATOR)
    });
    world.check("ada", Some("acme#lead"), beside, "rejected role_full");
}

#[test]
fn nobody_alone_takes_whom_a_circle_elected_out_of_it() {
    let (mut world, number) = revealed(FACILITATOR, &FOR_GIA);
    agree(&mut world, number);
    world.ada(world.join_unit("gia", "dev/circle"));
    let out = Kind::LeaveUnit(LeaveUnit {
        unit: world.unit_ref("dev/circle"),
        member: world.member_ref("gia"),
    });
    // Where nobody governs the circle yet, those above set it up.
    let mut before = world.clone();
    before.ada(out.clone());

    let admits = world.grant("dev/circle#lead", Capability::AdmitMembers, "dev/circle");
    world.ada(Kind::GiveGrant(admits));
    let tiers = vec![tier(0, role_holders(), consent(3 * DAY))];
    let policy = world.policy("dev/circle", Capability::Govern, tiers);
    world.ada(Kind::SetPolicy(policy));
    for (lead, role, expected) in [
        ("ada", "acme#lead", "rejected own_decision_only"),
        ("ben", "dev/circle#lead", "rejected elected_only"),
    ] {
        world.check(lead, Some(role), out.clone(), expected);
    }
    assert!(world.holds("gia", FACILITATOR));
    world.check("gia", None, out, "accepted");
    assert!(!world.holds("gia", FACILITATOR));
}

#[test]
fn silence_until_the_deadline_elects_too() {
    let (mut world, number) = revealed(FACILITATOR, &FOR_GIA);
    world.advance(3 * DAY);
    assert_eq!(step(&world, number), ElectionStep::Elected);
    assert!(world.holds("gia", FACILITATOR));
}

#[test]
fn a_valid_objection_discards_the_candidate_and_the_others_are_counted_again() {
    let (mut world, number) = revealed(FACILITATOR, &FOR_GIA);
    assert_eq!(candidate(&world, number), "gia");
    let objection = object(&mut world, number);
    let first = election(&world, number).proposal;
    let test = Kind::TestObjection(TestObjection {
        objection: form::numbered(objection),
        ..TestObjection::default()
    });
    // Whoever is proposed does not test objections to themselves.
    world.check(
        "gia",
        Some("dev/circle#partner"),
        test.clone(),
        "rejected same_person",
    );
    world.check("ben", Some("dev/circle#lead"), test, "accepted");
    assert_eq!(world.proposal_state(first), ProposalState::Refused);
    assert_eq!(candidate(&world, number), "finn");
    agree(&mut world, number);
    assert!(world.holds("finn", FACILITATOR));
}

#[test]
fn where_nobody_is_left_the_election_ends_without_result() {
    let (mut world, number) = revealed(FACILITATOR, &[("ben", "gia"), ("hal", "gia")]);
    let objection = object(&mut world, number);
    let test = Kind::TestObjection(TestObjection {
        objection: form::numbered(objection),
        ..TestObjection::default()
    });
    world.check("ben", Some("dev/circle#lead"), test, "accepted");
    assert_eq!(step(&world, number), ElectionStep::Ended);
    assert!(!world.holds("gia", FACILITATOR));
    let again = call(&world, FACILITATOR);
    world.check("gia", None, again, "accepted");
}

#[test]
fn what_can_no_longer_be_carried_out_goes_to_the_next_candidate() {
    let (mut world, number) = revealed(FACILITATOR, &FOR_GIA);
    let first = election(&world, number).proposal;
    world.suspend("gia");
    world.advance(3 * DAY);
    let failed: Proposal = world.get(first);
    assert_eq!(failed.state(), ProposalState::Failed);
    assert_eq!(candidate(&world, number), "finn");
}

#[test]
fn whoever_comes_after_the_call_has_no_say_in_the_result() {
    let (mut world, number) = revealed(FACILITATOR, &FOR_GIA);
    world.ada(Kind::AssignRole(world.assign("dan", "dev/circle#partner")));
    let proposal = election(&world, number).proposal;
    let answer = world.answer(proposal, Answer::NoObjection);
    world.check("dan", None, answer, "rejected not_in_electorate");
    agree(&mut world, number);
    assert!(world.holds("gia", FACILITATOR));
}

#[test]
fn the_end_of_a_term_calls_the_next_election() {
    let (mut world, number) = revealed(FACILITATOR, &FOR_GIA);
    agree(&mut world, number);
    let first = world.assignment("gia", FACILITATOR);
    world.advance(180 * DAY);
    assert!(!world.holds("gia", FACILITATOR));
    let next = number + 1;
    assert_eq!(step(&world, next), ElectionStep::Ballots);
    assert_eq!(election(&world, next).caller, 0);
    assert_eq!(election(&world, next).term, first.until - first.from);
    let again = call(&world, FACILITATOR);
    world.check("finn", None, again, "rejected election_open");
    surrogate(&mut world, "ben");
    let stood_in = world.assignment("ben", FACILITATOR).number;
    for voter in VOTERS {
        let act = seal(&world, next, voter, "gia");
        world.check(voter, None, act, "accepted");
    }
    for voter in VOTERS {
        let act = reveal(&world, next, voter, "gia");
        world.check(voter, None, act, "accepted");
    }
    agree(&mut world, next);
    assert_eq!(world.assignment("gia", FACILITATOR).follows, stood_in);
}

#[test]
fn a_sitting_holder_is_elected_again_or_replaced() {
    let (mut world, number) = revealed(FACILITATOR, &FOR_GIA);
    agree(&mut world, number);
    for (winner, other) in [("gia", "finn"), ("finn", "gia")] {
        let receipt = world.run("hal", None, call(&world, FACILITATOR));
        let next = created(&receipt.expect("called"));
        for act in [seal, reveal] {
            for voter in VOTERS {
                let act = act(&world, next, voter, winner);
                world.check(voter, None, act, "accepted");
            }
        }
        agree(&mut world, next);
        assert!(world.holds(winner, FACILITATOR) && !world.holds(other, FACILITATOR));
    }
}

#[test]
fn an_election_does_not_end_because_its_electors_were_sent_out() {
    let (mut world, number) = revealed_but_one();
    for number in world.list(List::Holders, world.role("dev/circle#partner").number) {
        let revoke = RevokeAssignment {
            assignment: form::numbered(number),
        };
        world.ada(Kind::RevokeAssignment(revoke));
    }
    let lead = world.assignment("ben", "dev/circle#lead").number;
    world.ada(Kind::RevokeAssignment(RevokeAssignment {
        assignment: form::numbered(lead),
    }));
    world.advance(3 * DAY);
    assert_eq!(candidate(&world, number), "gia");
}

#[test]
fn nobody_keeps_a_candidate_from_the_role_by_delegating_to_them() {
    let ballots = [("ben", "hal"), ("finn", "hal"), ("gia", "hal")];
    let (mut world, number) = revealed(FACILITATOR, &ballots);
    world.ada(Kind::GiveGrant(world.grant(
        FACILITATOR,
        Capability::Anchor,
        "dev/circle",
    )));
    let lead = Some("dev#lead");
    let trade = GiveGrant {
        per_period: monthly(1),
        ..world.grant("dev#engineer", Capability::Trade, "dev")
    };
    world.check("ben", lead, Kind::GiveGrant(trade), "accepted");
    let rule = Kind::SetSodRule(SetSodRule {
        unit: world.unit_ref("dev"),
        first: Capability::Trade as i32,
        second: Capability::Anchor as i32,
    });
    world.check("ben", lead, rule, "accepted");
    let until = world.time + 9 * DAY;
    let delegate = world.delegation("dev#engineer", Capability::Trade, "hal", until);
    world.check("finn", Some("dev#engineer"), delegate, "accepted");

    agree(&mut world, number);
    assert_eq!(step(&world, number), ElectionStep::Elected);
    assert!(world.holds("hal", FACILITATOR));
    let hal = world.member_number("hal");
    assert!(world.list(List::Delegations, hal).is_empty());
}

#[test]
fn nobody_stands_in_beside_as_many_as_a_role_asks_for_where_one_of_them_was_elected() {
    for (holders_min, expected) in [(0, "rejected role_full"), (2, "accepted")] {
        let mut world = circle();
        world.ada(Kind::CreateRole(CreateRole {
            elected: true,
            holders_min,
            ..world.create_role("dev/circle", "speaker")
        }));
        let role = "dev/circle#speaker";
        let called = world.run("finn", None, call(&world, role));
        let number = created(&called.expect("the election is called"));
        for voter in VOTERS {
            let act = seal(&world, number, voter, "gia");
            world.check(voter, None, act, "accepted");
        }
        for voter in VOTERS {
            let act = reveal(&world, number, voter, "gia");
            world.check(voter, None, act, "accepted");
        }
        agree(&mut world, number);
        assert!(world.holds("gia", role));
        let stand_in = |member: &str| {
            Kind::AssignRole(AssignRole {
                manner: Manner::Surrogate as i32,
                ..world.assign(member, role)
            })
        };
        let [hal, dan] = ["hal", "dan"].map(stand_in);
        world.check("ada", Some("acme#lead"), hal, expected);
        world.check("ada", Some("acme#lead"), dan, "rejected role_full");
    }
}

#[test]
fn nobody_is_kept_from_an_office_by_as_many_roles_as_a_member_has() {
    let (mut world, number) = revealed(FACILITATOR, &FOR_GIA);
    let gia = world.member_number("gia");
    world.change_for_test(|state| {
        for role in 10_000..10_255 {
            lists::append(state, List::Assignments, gia, role);
        }
    });
    let one_more = Kind::AssignRole(world.assign("gia", "ops#engineer"));
    world.check("ada", Some("acme#lead"), one_more, "rejected list_too_long");
    agree(&mut world, number);
    assert!(world.holds("gia", FACILITATOR));
}
