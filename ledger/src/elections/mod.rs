//! Elections: who holds the roles that nobody assigns (Holacracy Constitution 5.0, 5.3.5).
//!
//! Whoever takes part in a unit's governance calls an election; the electorate is frozen then. Each
//! elector seals one ballot (`ballot`) and reveals it afterwards; those that count (`nominations`)
//! are counted (`tally`). The result is proposed to the same electorate and may be objected to.
//! `life` leads from step to step, `outcome` to the assignment or to the next candidate, `eligible`
//! says who can be elected.

pub mod ballot;
mod eligible;
mod life;
mod nominations;
mod outcome;
pub mod tally;
#[cfg(test)]
mod tests;

pub(crate) use eligible::check_eligible;
pub(crate) use life::{
    awaits_electors, awaits_voters, call, check_step, fall_due, go_on, step_over,
};
pub(crate) use outcome::{deciding, elected, end_of_role, proposal_closed, vacate};

use polity_proto::v1::{Ballot, Election, ElectionStep, ObjectKind};

use crate::context::Context;

/// Whether the election still waits for something.
pub(crate) fn is_open(election: &Election) -> bool {
    match election.step() {
        ElectionStep::Ballots
        | ElectionStep::Reveal
        | ElectionStep::Change
        | ElectionStep::Objections => true,
        ElectionStep::None | ElectionStep::Elected | ElectionStep::Ended => false,
    }
}

/// The ballot of a member: one for each, whatever keys and roles they hold.
pub(crate) fn ballot_of(election: &mut Election, voter: u64) -> Option<&mut Ballot> {
    election
        .ballots
        .iter_mut()
        .find(|ballot| ballot.voter == voter)
}

/// Records what the present action did to an election.
pub(crate) fn record(context: &mut Context<'_, '_>, number: u64) {
    context.event(
        ObjectKind::Election,
        number,
        &[(ObjectKind::Election, number)],
    );
}
