//! Mode `vote`: enough of the electorate answer, and enough of them say yes.
//!
//! Whoever left or is suspended stays in the electorate without having answered, also where they
//! had: nobody's departure helps a proposal, and nobody's suspension hurts it.

use polity_proto::v1::{Answer, Proposal};

use super::mode::{Outcome, answers};
use super::{approve, electorate, mode, passages, timing};
use crate::Rejection;
use crate::context::Context;
use crate::judge::{Actor, hands, power};

/// Notes who votes. Of all who count as the proposer one may say yes, and whom they assigned or took in a
/// short time ago may not: an electorate is not made for a vote. Everybody may say no and counts for the
/// quorum, so to make voters, or to silence them, only makes it harder to win.
pub(super) fn freeze(context: &Context<'_, '_>, proposal: &mut Proposal) -> Result<(), Rejection> {
    electorate::freeze(context, proposal)?;
    // A newcomer's proposal takes no voice from who admitted them.
    let voice = hands::hand_of(context, context.now().time, proposal.proposer)
        .filter(|hand| proposal.electorate.contains(hand))
        .unwrap_or(proposal.proposer);
    // To send somebody out and take them in again takes no voice from them.
    let sent_out = passages::sent_out(context, proposal);
    let is_made = |member: u64| {
        approve::is_too_close(context, proposal, member)
            || passages::took_in(context, proposal, member) && !sent_out.contains(&member)
    };
    let electors = proposal.electorate.iter().copied();
    proposal.without_yes = electors
        .filter(|member| *member != voice && is_made(*member))
        .collect();
    Ok(())
}

/// Judges an answer.
pub(super) fn check_answer(
    proposal: &Proposal,
    actor: Actor,
    answer: Answer,
) -> Result<(), Rejection> {
    electorate::check(proposal, actor.member)?;
    match answer {
        Answer::Yes if proposal.without_yes.contains(&actor.member) => {
            Err(Rejection::ApproverTooClose)
        }
        Answer::Yes | Answer::No | Answer::Abstain => Ok(()),
        Answer::None | Answer::NoObjection | Answer::Approve | Answer::Refuse => {
            Err(Rejection::AnswerUnfit)
        }
    }
}

/// Counted at the deadline, or before where whatever may still come changes nothing.
pub(super) fn outcome(context: &Context<'_, '_>, proposal: &Proposal) -> Outcome {
    let count = |wanted: Answer| {
        let given = answers(proposal).filter(|(response, answer)| {
            *answer == wanted && power::member_is_active(context, response.member)
        });
        given.count() as u64
    };
    let (yes, no, abstain) = (
        count(Answer::Yes),
        count(Answer::No),
        count(Answer::Abstain),
    );
    let electors = proposal.electorate.len() as u64;
    let answered = yes + no + abstain;
    let open = electors.saturating_sub(answered);

    let mode = mode::standing(proposal);
    let quorum = 100 * answered >= u64::from(mode.quorum) * electors;
    let passes = |yes: u64, no: u64| yes > no && 100 * yes >= u64::from(mode.pass) * (yes + no);
    let is_over = timing::is_over(context.now(), proposal);
    if quorum && passes(yes, if is_over { no } else { no + open }) {
        return Outcome::Decided;
    }
    match is_over || !passes(yes + open, no) {
        true => Outcome::Refused,
        false => Outcome::Open,
    }
}
