//! Mode `departments`: more than two thirds of the validators' power, through their operators.
//!
//! This is a vote of departments and no approval: the proposer's own department has its voice
//! too, by the answer `yes`. With four departments of which one is silent, nothing could be
//! decided otherwise.

use polity_proto::v1::{Answer, Capability, Proposal, Seat};

use super::mode::{Outcome, answers};
use crate::Rejection;
use crate::context::Context;
use crate::judge::{self, Actor, departments, duties, power};

/// Who has which power at the opening.
pub(super) fn seats(context: &Context<'_, '_>) -> Vec<Seat> {
    departments::validators(context)
        .into_iter()
        .map(|validator| Seat {
            unit: validator.unit,
            power: validator.power,
        })
        .collect()
}

/// Judges an answer: of somebody who operates a validator that had power at the opening.
pub(super) fn check_answer(
    context: &Context<'_, '_>,
    proposal: &Proposal,
    actor: Actor,
    answer: Answer,
) -> Result<(), Rejection> {
    let interested =
        actor.member == proposal.proposer || proposal.beneficiaries.contains(&actor.member);
    if answer == Answer::Approve && interested {
        return Err(Rejection::SelfApproval);
    }
    if power::is_service(context, actor.member) {
        return Err(Rejection::ServiceCannotApprove);
    }
    if judge::sleeps(
        context,
        context.now(),
        actor.member,
        Capability::OperateValidator,
    ) {
        return Err(Rejection::Sleeping);
    }
    if operated(context, proposal, actor.member).next().is_none() {
        return Err(Rejection::NotInElectorate);
    }
    if seats_of(context, proposal, actor.member).is_empty() {
        return Err(Rejection::DutyConflict);
    }
    match answer {
        Answer::Approve | Answer::Yes | Answer::Refuse | Answer::No => Ok(()),
        Answer::None | Answer::NoObjection | Answer::Abstain => Err(Rejection::AnswerUnfit),
    }
}

/// Counts the departments whose operators, as they are now, said yes and none of them no.
pub(super) fn outcome(context: &Context<'_, '_>, proposal: &Proposal) -> Outcome {
    let mut yes: Vec<u64> = Vec::new();
    let mut no: Vec<u64> = Vec::new();
    for (response, answer) in answers(proposal) {
        let units = seats_of(context, proposal, response.member);
        match answer {
            Answer::Approve | Answer::Yes => yes.extend(units),
            Answer::Refuse | Answer::No => no.extend(units),
            Answer::None | Answer::NoObjection | Answer::Abstain => {}
        }
    }
    let power = |of: &dyn Fn(u64) -> bool| -> u128 {
        let seats = proposal.seats.iter().filter(|seat| of(seat.unit));
        seats.map(|seat| u128::from(seat.power)).sum()
    };
    let total = power(&|_| true);
    let for_it = power(&|unit| yes.contains(&unit) && !no.contains(&unit));
    let against = power(&|unit| no.contains(&unit));
    if 3 * for_it > 2 * total {
        return Outcome::Decided;
    }
    if 3 * (total - against) <= 2 * total {
        return Outcome::Refused;
    }
    Outcome::Open
}

/// The departments of the opening for which the member speaks now: not where a duty rule keeps them from it.
fn seats_of(context: &Context<'_, '_>, proposal: &Proposal, member: u64) -> Vec<u64> {
    let (now, operate) = (context.now().time, Capability::OperateValidator);
    operated(context, proposal, member)
        .filter(|unit| duties::keeps_apart(context, now, member, operate, *unit).is_none())
        .collect()
}

/// The departments of the opening whose validators the member operates now.
fn operated(
    context: &Context<'_, '_>,
    proposal: &Proposal,
    member: u64,
) -> impl Iterator<Item = u64> {
    departments::operated_by(context, member, context.now().time)
        .into_iter()
        .map(|validator| validator.unit)
        .filter(|unit| proposal.seats.iter().any(|seat| seat.unit == *unit))
}
