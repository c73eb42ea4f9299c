//! Whatever people vote, the result is that of a plain recount.

use std::collections::BTreeMap;

use polity_proto::v1::Election;
use proptest::prelude::*;

use super::{FACILITATOR, VOTERS, candidate, change, revealed};
use crate::elections::tally::by_lot;
use crate::world::{DAY, World};

/// Who has the most votes, counted in the plainest way; several where they are equal.
fn first(votes: &[&str]) -> Vec<String> {
    let mut counts = BTreeMap::<&str, usize>::new();
    for vote in votes {
        *counts.entry(vote).or_default() += 1;
    }
    let most = counts.values().max().copied().unwrap_or_default();
    counts.retain(|_, count| *count == most);
    counts.into_keys().map(String::from).collect()
}

fn by_lot_of(world: &World, election: u64, tied: &[String]) -> String {
    let numbers: Vec<u64> = tied.iter().map(|name| world.member_number(name)).collect();
    let winner = by_lot(election, &numbers).expect("somebody is tied");
    world.get::<polity_proto::v1::Member>(winner).handle
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_result_is_that_of_a_plain_recount(
        votes in prop::collection::vec(0_usize..4, 4),
        changes in prop::collection::vec(prop::option::of(0_usize..4), 4),
    ) {
        let ballots: Vec<(&str, &str)> = VOTERS
            .iter()
            .zip(&votes)
            .map(|(voter, nominee)| (*voter, VOTERS[*nominee]))
            .collect();
        let (mut world, election) = revealed(FACILITATOR, &ballots);
        let mut standing: Vec<&str> = ballots.iter().map(|(_, nominee)| *nominee).collect();
        let mut expected = first(&standing);
        if expected.len() > 1 {
            for (place, nominee) in changes.iter().enumerate() {
                let Some(nominee) = nominee else { continue };
                let act = change(&world, election, VOTERS[*nominee]);
                world.check(VOTERS[place], None, act, "accepted");
                standing[place] = VOTERS[*nominee];
            }
            world.advance(DAY);
            expected = first(&standing);
        }
        let winner = match expected.len() {
            1 => expected[0].clone(),
            _ => by_lot_of(&world, election, &expected),
        };
        prop_assert_eq!(candidate(&world, election), winner);
        let voters = world.get::<Election>(election).ballots.len();
        prop_assert_eq!(voters, VOTERS.len());
    }
}
