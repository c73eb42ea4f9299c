//! Whose hand leads a newcomer: nobody becomes two people by inviting a second self.
//!
//! The ledger sees keys and no faces. So until the admission distance is over, a newcomer counts as
//! the one who admitted them, and that one, where they are a newcomer too, as who admitted them: up
//! to somebody who has been here for longer, or whom the genesis admitted. Where people of their own
//! are asked for, a hand counts once.

use polity_proto::v1::{Assignment, Basis, BasisSource, Grant, Member, Proposal};

use super::power;
use crate::decisions::mode;
use crate::parameters;
use crate::state::{Read, objects};

/// Most admissions that are followed. Whoever is behind a longer line is nobody of their own.
const ADMISSIONS_MAX: usize = 16;

/// Who leads the member: the member, unless they are a newcomer. `None` behind too long a line.
pub(crate) fn hand_of(state: &dyn Read, now: u64, member: u64) -> Option<u64> {
    let mut hand = member;
    for _ in 0..ADMISSIONS_MAX {
        let led = objects::get::<Member>(state, hand)
            .filter(|member| member.admitted_by != 0 && now < newcomer_until(state, member));
        match led {
            Some(newcomer) => hand = newcomer.admitted_by,
            None => return Some(hand),
        }
    }
    None
}

/// Until when the member is a newcomer.
pub(crate) fn newcomer_until(state: &dyn Read, member: &Member) -> u64 {
    let distance = parameters::get(state).admission_distance;
    member.admitted_at.saturating_add(distance)
}

/// Whether two members count as one person: nothing shows that they are two.
pub(crate) fn are_one(state: &dyn Read, now: u64, one: u64, other: u64) -> bool {
    if one == other {
        return true;
    }
    let hands = [one, other].map(|member| hand_of(state, now, member));
    hands[0] == hands[1] || hands.contains(&None)
}

/// How many people these members are.
pub(crate) fn count(state: &dyn Read, now: u64, members: impl Iterator<Item = u64>) -> usize {
    let mut hands: Vec<u64> = members
        .filter_map(|member| hand_of(state, now, member))
        .collect();
    hands.sort_unstable();
    hands.dedup();
    hands.len()
}

/// Whether a grant over value is held back from who would use it: whoever leads them gave it, or
/// gave them the role, alone. In whichever order that came about, it would be theirs.
pub(crate) fn hold_back(state: &dyn Read, now: u64, grant: &Grant, member: u64) -> bool {
    if !power::is_over_value(grant.capability()) {
        return false;
    }
    // A delegation is as good as its source in the hands of who delegated.
    let (given, seat) = match grant.source {
        0 => (None, power::holding(state, member, grant.role, now)),
        source => (
            objects::get::<Grant>(state, source),
            objects::get::<Assignment>(state, grant.source_assignment),
        ),
    };
    let Some(seat) = seat else {
        return false;
    };
    let given = given.as_ref().unwrap_or(grant);
    [&given.basis, &seat.basis]
        .into_iter()
        .flatten()
        .any(|basis| gives_to_own_hand(state, now, basis, seat.member))
}

fn gives_to_own_hand(state: &dyn Read, now: u64, basis: &Basis, member: u64) -> bool {
    basis.member != 0
        && basis.member != member
        && are_one(state, now, basis.member, member)
        && is_of_one(state, now, basis)
}

/// Whether what was done by this authority was one person's: nobody else had to agree.
pub(crate) fn is_of_one(state: &dyn Read, now: u64, basis: &Basis) -> bool {
    match basis.source() {
        BasisSource::Grant | BasisSource::Policy | BasisSource::Own => true,
        BasisSource::Proposal => is_decided_by_one(state, now, basis.number),
        BasisSource::None | BasisSource::Genesis | BasisSource::Timer => false,
    }
}

/// Whether all who were asked about a proposal are led by who proposed it: a unit of one person.
pub(crate) fn is_decided_by_one(state: &dyn Read, now: u64, proposal: u64) -> bool {
    let Some(proposal) = objects::get::<Proposal>(state, proposal) else {
        return false;
    };
    let mut asked = proposal.electorate.iter();
    mode::asks_electorate(&mode::standing(&proposal))
        && asked.all(|member| are_one(state, now, *member, proposal.proposer))
}

#[cfg(test)]
mod tests;
