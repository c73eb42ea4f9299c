//! Time and the end: what no vote decides.

use polity_proto::v1::{
    CreateRole, Election, ElectionStep, Member, MemberState, MoveRole, ObjectKind, Proposal,
    UnitKind, action::Kind,
};

use super::{
    FACILITATOR, call, called, candidate, change, circle, reveal, revealed, seal, sealed, step,
};
use crate::state::keys::List;
use crate::world::{DAY, HOUR, created};

#[test]
fn steps_end_by_themselves_and_outages_do_not_count() {
    let (mut world, election) = called(FACILITATOR);
    let act = seal(&world, election, "finn", "gia");
    world.check("finn", None, act, "accepted");
    world.outage(5 * DAY);
    assert_eq!(step(&world, election), ElectionStep::Ballots);
    world.advance(3 * DAY);
    assert_eq!(step(&world, election), ElectionStep::Reveal);
    let act = reveal(&world, election, "finn", "gia");
    world.check("finn", None, act, "accepted");
    assert_eq!(step(&world, election), ElectionStep::Objections);
}

#[test]
fn ballots_that_nobody_reveals_abstain() {
    let (mut world, election) = sealed(
        FACILITATOR,
        &[("ben", "hal"), ("finn", "gia"), ("gia", "hal")],
    );
    let act = reveal(&world, election, "finn", "gia");
    world.check("finn", None, act, "accepted");
    world.advance(72 * HOUR);
    assert_eq!(candidate(&world, election), "gia");
}

#[test]
fn an_election_without_ballots_repeats_once_and_ends() {
    let (mut world, election) = called(FACILITATOR);
    world.advance(3 * DAY);
    assert_eq!(world.get::<Election>(election).round, 2);
    world.advance(3 * DAY);
    assert_eq!(step(&world, election), ElectionStep::Ended);
    let late = seal(&world, election, "finn", "gia");
    world.check("finn", None, late, "rejected election_closed");
}

#[test]
fn a_ballot_of_the_first_round_opens_nothing_in_the_second() {
    let (mut world, election) = called(FACILITATOR);
    let first = seal(&world, election, "finn", "gia");
    world.check("finn", None, first.clone(), "accepted");
    world.advance(3 * DAY);
    world.advance(3 * DAY);
    assert_eq!(world.get::<Election>(election).round, 2);
    world.check("finn", None, first, "accepted");
    world.advance(3 * DAY);
    let act = reveal(&world, election, "finn", "gia");
    world.check("finn", None, act, "rejected ballot_mismatch");
}

#[test]
fn a_tie_that_stays_is_decided_by_lot() {
    let ballots = [
        ("ben", "hal"),
        ("finn", "hal"),
        ("gia", "finn"),
        ("hal", "finn"),
    ];
    let (mut world, election) = revealed(FACILITATOR, &ballots);
    world.advance(DAY);
    let tied = ["finn", "hal"].map(|name| world.member_number(name));
    let winner = crate::elections::tally::by_lot(election, &tied);
    assert_eq!(Some(world.get::<Election>(election).candidate), winner);
}

#[test]
fn a_tie_waits_no_longer_once_every_voter_has_named_somebody_again() {
    let ballots = [
        ("ben", "hal"),
        ("finn", "hal"),
        ("gia", "finn"),
        ("hal", "finn"),
    ];
    let (mut world, election) = revealed(FACILITATOR, &ballots);
    for (voter, nominee) in [("ben", "hal"), ("finn", "hal"), ("gia", "hal")] {
        let act = change(&world, election, nominee);
        world.check(voter, None, act, "accepted");
        assert_eq!(step(&world, election), ElectionStep::Change);
    }
    let act = change(&world, election, "finn");
    world.check("hal", None, act, "accepted");
    assert_eq!(step(&world, election), ElectionStep::Objections);
    assert_eq!(candidate(&world, election), "hal");
}

#[test]
fn a_voter_who_left_is_waited_for_no_longer_and_a_suspended_one_is() {
    for state in [MemberState::Departed, MemberState::Suspended] {
        let ballots = [("ben", "hal"), ("finn", "gia"), ("gia", "hal")];
        let (mut world, election) = sealed(FACILITATOR, &ballots);
        let finn = world.member("finn");
        world.put_for_test(&Member {
            state: state as i32,
            ..finn
        });
        for voter in ["ben", "gia"] {
            let act = reveal(&world, election, voter, "hal");
            world.check(voter, None, act, "accepted");
        }
        let expected = match state {
            MemberState::Departed => ElectionStep::Objections,
            _ => ElectionStep::Reveal,
        };
        assert_eq!(step(&world, election), expected, "{state:?}");
    }
}

#[test]
fn whoever_left_or_is_suspended_neither_votes_nor_is_elected() {
    let ballots = [
        ("ben", "gia"),
        ("finn", "finn"),
        ("gia", "gia"),
        ("hal", "finn"),
    ];
    let (mut world, election) = sealed(FACILITATOR, &ballots);
    for voter in ["ben", "finn", "hal"] {
        let nominee = if voter == "ben" { "gia" } else { "finn" };
        let act = reveal(&world, election, voter, nominee);
        world.check(voter, None, act, "accepted");
    }
    world.suspend("finn");
    world.advance(3 * DAY);
    assert_eq!(candidate(&world, election), "gia");
}

#[test]
fn the_result_is_proposed_to_the_electorate_of_the_call() {
    let (mut world, election) = sealed(FACILITATOR, &[("ben", "gia"), ("finn", "gia")]);
    for voter in ["ben", "finn"] {
        let act = reveal(&world, election, voter, "gia");
        world.check(voter, None, act, "accepted");
    }
    let election: Election = world.get(election);
    let proposal: Proposal = world.get(election.proposal);
    assert_eq!(proposal.electorate, election.electorate);
    assert_eq!((proposal.proposer, proposal.election), (0, election.number));
    assert_eq!(proposal.title, "elect gia as facilitator");
    assert_eq!(
        world.history_count(ObjectKind::Proposal, proposal.number),
        1
    );
}

#[test]
fn an_election_ends_where_its_role_goes_to_another_unit() {
    let mut world = circle();
    world.ada(Kind::CreateUnit(world.create_unit(
        "dev/circle",
        "inner",
        UnitKind::Circle,
    )));
    world.ada(Kind::CreateRole(CreateRole {
        elected: true,
        ..world.create_role("dev/circle", "guide")
    }));
    let receipt = world.run("finn", None, call(&world, "dev/circle#guide"));
    let number = created(&receipt.expect("the election is called"));
    world.ada(Kind::MoveRole(MoveRole {
        role: world.role_ref("dev/circle#guide"),
        unit: world.unit_ref("dev/circle/inner"),
    }));
    assert_eq!(step(&world, number), ElectionStep::Ended);
    assert!(
        world
            .list(List::Elections, world.unit("dev/circle").number)
            .is_empty()
    );
    let ballot = seal(&world, number, "finn", "gia");
    world.check("finn", None, ballot, "rejected election_closed");
}

#[test]
fn an_elector_who_left_keeps_nobody_from_the_reveal_and_a_suspended_one_may_still_seal() {
    for (state, expected) in [
        (MemberState::Departed, ElectionStep::Reveal),
        (MemberState::Suspended, ElectionStep::Ballots),
    ] {
        let (mut world, election) = called(FACILITATOR);
        let finn = world.member("finn");
        world.put_for_test(&Member {
            state: state as i32,
            ..finn
        });
        for voter in ["ben", "gia", "hal"] {
            let act = seal(&world, election, voter, "gia");
            world.check(voter, None, act, "accepted");
        }
        assert_eq!(step(&world, election), expected);
    }
}
