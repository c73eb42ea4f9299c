//! Counting: who has the most nominations, and who of several is taken.

use std::collections::BTreeMap;

use polity_proto::v1::Ballot;
use sha2::{Digest, Sha256};

/// What the nominations say together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tally {
    /// Nobody is nominated.
    Nobody,
    /// One member has more nominations than everybody else.
    One(u64),
    /// These have equally many, and more than everybody else; ascending.
    Tie(Vec<u64>),
}

/// The ballot of each hand: that of whoever leads it, else the first that was sealed.
pub fn of_each_hand(ballots: &[Ballot], hand_of: impl Fn(u64) -> Option<u64>) -> Vec<&Ballot> {
    let mut counted: Vec<(u64, &Ballot)> = ballots
        .iter()
        .filter_map(|ballot| Some((hand_of(ballot.voter)?, ballot)))
        .collect();
    // Ballots are kept in the order in which they were sealed, and the sort keeps it.
    counted.sort_by_key(|(hand, ballot)| (*hand, ballot.voter != *hand));
    counted.dedup_by_key(|(hand, _)| *hand);
    counted.into_iter().map(|(_, ballot)| ballot).collect()
}

/// Counts nominations, one for each ballot that counts (Holacracy Constitution 5.0, 5.3.5 e).
pub fn tally(nominations: impl IntoIterator<Item = u64>) -> Tally {
    let mut votes = BTreeMap::<u64, usize>::new();
    for nominee in nominations {
        *votes.entry(nominee).or_default() += 1;
    }
    let most = votes.values().copied().max().unwrap_or_default();
    let mut first: Vec<u64> = votes
        .into_iter()
        .filter(|(_, count)| *count == most)
        .map(|(nominee, _)| nominee)
        .collect();
    match first.len() {
        0 => Tally::Nobody,
        1 => Tally::One(first.remove(0)),
        _ => Tally::Tie(first),
    }
}

/// The one of several whom the lot takes: the lowest SHA-256 of election and member. Everybody can
/// check it; and whoever calls an election can compute it before, for a tie that stays after a change.
pub fn by_lot(election: u64, tied: &[u64]) -> Option<u64> {
    tied.iter().copied().min_by_key(|member| {
        let lot = Sha256::new()
            .chain_update(election.to_be_bytes())
            .chain_update(member.to_be_bytes())
            .finalize();
        <[u8; 32]>::from(lot)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_nominations_win_and_equals_tie() {
        for (nominations, expected) in [
            (vec![], Tally::Nobody),
            (vec![4], Tally::One(4)),
            (vec![4, 9, 4], Tally::One(4)),
            (vec![9, 4, 4, 9], Tally::Tie(vec![4, 9])),
            (vec![3, 2, 1], Tally::Tie(vec![1, 2, 3])),
        ] {
            assert_eq!(tally(nominations), expected);
        }
    }

    #[test]
    fn the_lot_falls_on_one_of_the_tied_whatever_their_order() {
        let mut winners = std::collections::BTreeSet::new();
        for election in 1..40 {
            let winner = by_lot(election, &[7, 8, 9]);
            assert_eq!(winner, by_lot(election, &[9, 7, 8]));
            winners.extend(winner);
        }
        assert_eq!(winners.into_iter().collect::<Vec<_>>(), [7, 8, 9]);
        assert_eq!(by_lot(1, &[]), None);
    }
}
