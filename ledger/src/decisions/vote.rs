//! Mode `vote`: enough of the electorate answer, and enough of them say yes.
//!
//! Whoever left or is suspended stays in the electorate without having answered, also where they
//! had: nobody's departure helps a proposal, and nobody's suspension hurts it.
//!
//! A hand (`judge::hands`) is one voter: it says yes once, and is counted once for the quorum. But every no counts,
//! even a newcomer's against whoever admitted them: nobody is silenced by being let in, and what only hinders needs no
//! second person.

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
    // A newcomer's proposal, or a service's, takes no voice from whoever admitted them.
    let voice = hands::hand_of(context, context.now().time, proposal.proposer)
        .filter(|hand| proposal.electorate.contains(hand))
        .unwrap_or(proposal.proposer);
    let sent_out = passages::sent_out(context, proposal);
    let electors = proposal.electorate.iter().copied();
    proposal.without_yes = electors
        .filter(|member| {
            *member != voice
                && (approve::is_too_close(context, proposal, *member)
                    || passages::is_made(context, proposal, &sent_out, *member))
        })
        .collect();
    Ok(())
}

/// Judges an answer.
pub(super) fn check_answer(
    context: &Context<'_, '_>,
    proposal: &Proposal,
    actor: Actor,
    answer: Answer,
) -> Result<(), Rejection> {
    electorate::check(proposal, actor.member)?;
    match answer {
        Answer::Yes if proposal.without_yes.contains(&actor.member) => {
            Err(Rejection::ApproverTooClose)
        }
        Answer::Yes => electorate::check_awake(context, actor.member),
        Answer::No | Answer::Abstain => Ok(()),
        Answer::None | Answer::NoObjection | Answer::Approve | Answer::Refuse => {
            Err(Rejection::AnswerUnfit)
        }
    }
}

/// Counted at the deadline, or before where whatever may still come changes nothing.
pub(super) fn outcome(context: &Context<'_, '_>, proposal: &Proposal) -> Outcome {
    let is_over = timing::is_over(context.now(), proposal);
    let Count {
        yes,
        yes_at_most,
        no,
        no_at_most,
        quorum,
    } = count(context, proposal, is_over);
    let pass = u64::from(mode::standing(proposal).pass);
    let passes = |yes: u64, no: u64| yes > no && 100 * yes >= pass * (yes + no);
    if quorum && passes(yes, no_at_most) {
        return Outcome::Decided;
    }
    if is_over || !passes(yes_at_most, no) {
        Outcome::Refused
    } else {
        Outcome::Open
    }
}

/// How a vote stands, and where it could still go until its deadline. Hands grow apart meanwhile, into as many as there are
/// people: what newcomers say counts more then, and so do those who have to be there.
struct Count {
    /// Hands that said yes; people who did, or still could.
    yes: u64,
    yes_at_most: u64,
    /// People who said no, and with those who still could.
    no: u64,
    no_at_most: u64,
    /// Whether enough hands answered, of as many as the electorate is at most.
    quorum: bool,
}

fn count(context: &Context<'_, '_>, proposal: &Proposal, is_over: bool) -> Count {
    let answered: Vec<(u64, Answer)> = answers(proposal)
        .map(|(response, answer)| (response.member, answer))
        .filter(|(member, _)| power::member_is_active(context, *member))
        .collect();
    let said = |wanted: Answer| {
        let those = answered.iter().filter(move |(_, answer)| *answer == wanted);
        those.map(|(member, _)| *member)
    };
    let now = context.now().time;
    let hands = |members: &mut dyn Iterator<Item = u64>| hands::count(context, now, members) as u64;

    let people = proposal.electorate.len() as u64;
    let (silent, electors) = if is_over {
        (0, hands(&mut proposal.electorate.iter().copied()))
    } else {
        (people.saturating_sub(answered.len() as u64), people)
    };
    let no = said(Answer::No).count() as u64;
    let present = hands(&mut answered.iter().map(|(member, _)| *member));
    Count {
        yes: hands(&mut said(Answer::Yes)),
        yes_at_most: said(Answer::Yes).count() as u64 + silent,
        no,
        no_at_most: no + silent,
        quorum: 100 * present >= u64::from(mode::standing(proposal).quorum) * electors,
    }
}
