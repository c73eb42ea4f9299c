//! Which nominations count: one of each hand.
//!
//! A newcomer counts as whoever admitted them (`judge::hands`), so nobody nominates twice by a
//! second self. Which ballot of a hand it is, is settled when they are sealed and does not depend
//! on whom they name: whoever could still tell after the others have revealed would choose between
//! two.

use polity_proto::v1::{Ballot, Election};

use super::check_eligible;
use super::tally::of_each_hand;
use crate::context::Context;
use crate::judge::{hands, power};

/// Whom the ballots that count name, one for each.
pub(super) fn standing(context: &Context<'_, '_>, election: &Election) -> Vec<u64> {
    let now = context.now().time;
    of_each_hand(&election.ballots, |voter| {
        hands::hand_of(context, now, voter)
    })
    .into_iter()
    .filter(|ballot| counts(context, election, ballot))
    .map(|ballot| ballot.nominee)
    .collect()
}

/// A ballot counts while its voter is an active member and its nominee can be elected: whoever left
/// or is suspended has no power by what they sent before.
fn counts(context: &Context<'_, '_>, election: &Election, ballot: &Ballot) -> bool {
    ballot.nominee != 0
        && power::member_is_active(context, ballot.voter)
        && !election.discarded.contains(&ballot.nominee)
        && check_eligible(context, election, ballot.nominee).is_ok()
}
