//! Mode `consent`: adopted as soon as nobody among those who decide has an objection.
//!
//! Holacracy Constitution 5.0, 5.3: a proposal is adopted once each circle member confirms that
//! they have no objection; a policy may set a time after which silence counts so; what was objected
//! to is integrated before, and then everybody may object again.

use polity_proto::v1::{Answer, Proposal};

use super::mode::{Outcome, answers};
use super::{electorate, mode, objections, timing};
use crate::Rejection;
use crate::context::Context;
use crate::judge::{Actor, power};

/// Judges an answer: there is one, and an objection is an act of its own.
pub(super) fn check_answer(
    context: &Context<'_, '_>,
    proposal: &Proposal,
    actor: Actor,
    answer: Answer,
) -> Result<(), Rejection> {
    electorate::check(proposal, actor.member)?;
    match answer {
        Answer::NoObjection => electorate::check_awake(context, actor.member),
        Answer::None
        | Answer::Yes
        | Answer::No
        | Answer::Abstain
        | Answer::Approve
        | Answer::Refuse => Err(Rejection::AnswerUnfit),
    }
}

/// Decided when everybody said so, or at the deadline where silence is consent; never while an
/// objection stands. Whoever left or is suspended has said nothing.
pub(super) fn outcome(context: &Context<'_, '_>, proposal: &Proposal) -> Outcome {
    if !proposal.open_objections.is_empty() {
        // Nobody could amend what an election proposes: a valid objection discards the candidate
        // (Holacracy Constitution 5.0, 5.3.5 f).
        return if proposal.election != 0 && objections::has_valid(context, proposal) {
            Outcome::Refused
        } else {
            Outcome::Open
        };
    }
    let agrees = |member: u64| {
        let said = answers(proposal).any(|(response, _)| response.member == member);
        (said || member == proposal.proposer) && power::member_is_active(context, member)
    };
    if proposal.electorate.iter().all(|member| agrees(*member)) {
        return Outcome::Decided;
    }
    let silence_is_consent = mode::standing(proposal).silence_is_consent;
    match (timing::is_over(context.now(), proposal), silence_is_consent) {
        (false, _) => Outcome::Open,
        (true, true) => Outcome::Decided,
        (true, false) => Outcome::Refused,
    }
}
