//! A hand nominates once, however many second selves it has.

use polity_proto::v1::{ElectionStep, action::Kind};

use super::{FACILITATOR, call, candidate, change, circle, reveal, seal, step};
use crate::world::{DAY, World, created};

/// Who names whom.
type Ballots<'b> = &'b [(&'b str, &'b str)];

/// In the circle are Ada too, and Ivy and Jon, whom she admitted; an election is called.
fn called() -> (World, u64) {
    let mut world = circle();
    for name in ["ivy", "jon"] {
        world.hire(name);
    }
    for name in ["ada", "ivy", "jon"] {
        let assign = world.assign(name, "dev/circle#partner");
        world.ada(Kind::AssignRole(assign));
    }
    let receipt = world.run("finn", None, call(&world, FACILITATOR));
    let election = created(&receipt.expect("the election is called"));
    (world, election)
}

/// Seals these ballots, and reveals those that are told; the time for the rest is over.
fn vote(world: &mut World, election: u64, ballots: Ballots<'_>, revealed: &[&str]) {
    for (voter, nominee) in ballots {
        let act = seal(world, election, voter, nominee);
        world.check(voter, None, act, "accepted");
    }
    world.advance(3 * DAY);
    for voter in revealed {
        let nominee = ballots.iter().find(|(sealer, _)| sealer == voter);
        let nominee = nominee.expect("it was sealed").1;
        let act = reveal(world, election, voter, nominee);
        world.check(voter, None, act, "accepted");
    }
    if revealed.len() < ballots.len() {
        world.advance(3 * DAY);
    }
}

#[test]
fn second_selves_win_no_election() {
    let (mut world, election) = called();
    let ballots = [
        ("ada", "hal"),
        ("ivy", "hal"),
        ("jon", "hal"),
        ("ben", "gia"),
        ("finn", "gia"),
    ];
    let all = ballots.map(|(voter, _)| voter);
    vote(&mut world, election, &ballots, &all);
    assert_eq!(candidate(&world, election), "gia");
}

#[test]
fn whose_distance_is_over_nominates_for_themselves() {
    let (mut world, election) = called();
    let ballots = [("ada", "hal"), ("ivy", "hal"), ("jon", "hal")];
    let all = ballots.map(|(voter, _)| voter);
    world.advance(3 * DAY);
    // Nobody sealed: the second round ends as well, and the next election is called later.
    world.advance(27 * DAY);
    let receipt = world.run("finn", None, call(&world, FACILITATOR));
    let next = created(&receipt.expect("called again"));
    assert_ne!(next, election);
    vote(
        &mut world,
        next,
        &[&ballots[..], &[("ben", "gia"), ("finn", "gia")]].concat(),
        &[&all[..], &["ben", "finn"]].concat(),
    );
    assert_eq!(candidate(&world, next), "hal");
}

#[test]
fn which_ballot_is_the_hands_is_settled_before_anybody_reveals() {
    let cases: [(Ballots<'_>, &[&str], &str); 4] = [
        // Ada's own, sealed last.
        (&[("ivy", "gia"), ("ada", "hal")], &["ivy", "ada"], "hal"),
        // She waits and does not reveal it: Ivy's takes nothing of that.
        (&[("ada", "hal"), ("ivy", "gia")], &["ivy"], ""),
        // Without hers, the first that was sealed, whoever reveals first.
        (&[("jon", "hal"), ("ivy", "gia")], &["ivy", "jon"], "hal"),
        (&[("jon", "hal"), ("ivy", "gia")], &["ivy"], ""),
    ];
    for (ballots, revealed, expected) in cases {
        let (mut world, election) = called();
        vote(&mut world, election, ballots, revealed);
        assert_eq!(candidate(&world, election), expected, "{ballots:?}");
    }
}

#[test]
fn a_tie_is_not_changed_by_a_second_self() {
    let (mut world, election) = called();
    let ballots = [("ada", "hal"), ("ivy", "hal"), ("ben", "gia")];
    let all = ballots.map(|(voter, _)| voter);
    vote(&mut world, election, &ballots, &all);
    assert_eq!(step(&world, election), ElectionStep::Change);
    let act = change(&world, election, "gia");
    world.check("ivy", None, act, "accepted");
    world.advance(DAY);
    let tied = ["gia", "hal"].map(|name| world.member_number(name));
    let winner = crate::elections::tally::by_lot(election, &tied);
    let proposed = world.get::<polity_proto::v1::Election>(election).candidate;
    assert_eq!(Some(proposed), winner);
}
