//! Which nominations count: one of each hand.
//!
//! A newcomer counts as who admitted them (`judge::hands`), so nobody nominates twice by a second
//! self. Which ballot of a hand it is, is settled when they are sealed and does not depend on whom
//! they name: whoever could still tell after the others have revealed would choose between two.

use polity_proto::v1::{Ballot, Election};

use super::check_eligible;
use crate::context::Context;
use crate::judge::{hands, power};

/// Whom the ballots that count name, one for each.
pub(super) fn standing(context: &Context<'_, '_>, election: &Election) -> Vec<u64> {
    ballots_of_hands(context, election)
        .into_iter()
        .filter(|ballot| counts(context, election, ballot))
        .map(|ballot| ballot.nominee)
        .collect()
}

/// The ballot of each hand: that of who leads it, else the first that was sealed.
fn ballots_of_hands<'e>(context: &Context<'_, '_>, election: &'e Election) -> Vec<&'e Ballot> {
    let now = context.now().time;
    let mut ballots: Vec<(u64, &Ballot)> = election
        .ballots
        .iter()
        .filter_map(|ballot| Some((hands::hand_of(context, now, ballot.voter)?, ballot)))
        .collect();
    // Ballots are kept in the order in which they were sealed, and the sort keeps it.
    ballots.sort_by_key(|(hand, ballot)| (*hand, ballot.voter != *hand));
    ballots.dedup_by_key(|(hand, _)| *hand);
    ballots.into_iter().map(|(_, ballot)| ballot).collect()
}

/// A ballot counts while its voter is an active member and its nominee can be elected: who left or
/// is suspended has no power by what they sent before.
fn counts(context: &Context<'_, '_>, election: &Election, ballot: &Ballot) -> bool {
    ballot.nominee != 0
        && power::member_is_active(context, ballot.voter)
        && !election.discarded.contains(&ballot.nominee)
        && check_eligible(context, election, ballot.nominee).is_ok()
}
