//! Ways of deciding: one file each, brought together here.
//!
//! `alone` needs no proposal: the judge allows it at once.

use polity_proto::v1::{
    Answer, Capability, Mode, ModeKind, Proposal, ProposalState, Response, RoleKind, Who, WhoKind,
};

use super::{WAIT_MAX, announce, approve, consent, departments, electorate, stage, timing, vote};
use crate::context::Context;
use crate::judge::Actor;
use crate::{Rejection, form};

/// Most approvals that a tier asks for.
const COUNT_MAX: u32 = 64;

/// How far a decision is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// More answers are needed.
    Open,
    /// The unit said yes.
    Decided,
    /// The unit said no, or can no longer say yes.
    Refused,
}

/// Checks the form of a mode that a policy asks for.
pub(crate) fn check(mode: Option<&Mode>) -> Result<(), Rejection> {
    let mode = mode.ok_or(Rejection::FieldMissing)?;
    let plain = Mode {
        kind: mode.kind,
        ..Mode::default()
    };
    let fits = match form::known::<ModeKind>(mode.kind)? {
        ModeKind::Alone | ModeKind::Departments => *mode == plain,
        ModeKind::Announce => {
            check_escalation(mode.escalates_to.as_deref())?;
            let announce = Mode {
                wait: mode.wait,
                escalates_to: mode.escalates_to.clone(),
                ..plain
            };
            *mode == announce && is_time(mode.wait)
        }
        ModeKind::Approve => {
            check_who(mode.approver.as_ref())?;
            let approve = Mode {
                approver: mode.approver,
                count: mode.count,
                wait: mode.wait,
                ..plain
            };
            *mode == approve && (1..=COUNT_MAX).contains(&mode.count) && mode.wait <= WAIT_MAX
        }
        ModeKind::Consent => {
            let consent = Mode {
                deadline: mode.deadline,
                silence_is_consent: mode.silence_is_consent,
                ..plain
            };
            *mode == consent && is_time(mode.deadline)
        }
        ModeKind::Vote => {
            let vote = Mode {
                deadline: mode.deadline,
                quorum: mode.quorum,
                pass: mode.pass,
                ..plain
            };
            let in_percent = (1..=100).contains(&mode.quorum) && (50..=100).contains(&mode.pass);
            *mode == vote && is_time(mode.deadline) && in_percent
        }
        ModeKind::None => false,
    };
    Rejection::PolicyMalformed.unless(fits)
}

/// What an objection to an announcement leads to decides in earnest.
fn check_escalation(mode: Option<&Mode>) -> Result<(), Rejection> {
    check(mode)?;
    match mode.map_or(ModeKind::None, Mode::kind) {
        ModeKind::Approve | ModeKind::Consent | ModeKind::Vote | ModeKind::Departments => Ok(()),
        ModeKind::None | ModeKind::Alone | ModeKind::Announce => Err(Rejection::PolicyMalformed),
    }
}

fn is_time(seconds: u64) -> bool {
    (1..=WAIT_MAX).contains(&seconds)
}

/// Checks that exactly one sort of people is named.
pub(crate) fn check_who(who: Option<&Who>) -> Result<(), Rejection> {
    let who = who.ok_or(Rejection::FieldMissing)?;
    let plain = Who {
        kind: who.kind,
        ..Who::default()
    };
    let expected = match form::known::<WhoKind>(who.kind)? {
        WhoKind::None => return Err(Rejection::FieldMissing),
        WhoKind::JoinedMembers | WhoKind::RoleHolders => plain,
        WhoKind::Role => {
            form::reference(&who.role)?;
            Who {
                role: who.role,
                ..plain
            }
        }
        WhoKind::RoleKind => {
            form::known::<RoleKind>(who.role_kind)?;
            Who {
                role_kind: who.role_kind,
                ..plain
            }
        }
        WhoKind::Capability => {
            form::known::<Capability>(who.capability)?;
            Who {
                capability: who.capability,
                ..plain
            }
        }
    };
    Rejection::PolicyMalformed.unless(*who == expected)
}

/// The mode by which a proposal is decided now: that of its opening, or where an announcement was
/// objected to, what the objection leads to.
pub fn standing(proposal: &Proposal) -> Mode {
    let mode = proposal.mode.clone().unwrap_or_default();
    match (announce::is_escalated(proposal), &mode.escalates_to) {
        (true, Some(stricter)) => (**stricter).clone(),
        (_, _) => mode,
    }
}

fn standing_kind(proposal: &Proposal) -> ModeKind {
    standing(proposal).kind()
}

/// Whether an electorate is asked, frozen at the opening.
pub(crate) fn asks_electorate(mode: &Mode) -> bool {
    match mode.kind() {
        ModeKind::Consent | ModeKind::Vote => true,
        ModeKind::None
        | ModeKind::Alone
        | ModeKind::Announce
        | ModeKind::Approve
        | ModeKind::Departments => false,
    }
}

/// Notes at the opening who decides, also for what an objection could lead to.
pub(super) fn freeze(context: &Context<'_, '_>, proposal: &mut Proposal) -> Result<(), Rejection> {
    let mode = proposal.mode.clone().unwrap_or_default();
    for mode in [Some(&mode), mode.escalates_to.as_deref()]
        .into_iter()
        .flatten()
    {
        match mode.kind() {
            ModeKind::Departments => proposal.seats = departments::seats(context),
            ModeKind::Consent => electorate::freeze(context, proposal)?,
            ModeKind::Vote => vote::freeze(context, proposal)?,
            ModeKind::None | ModeKind::Alone | ModeKind::Announce | ModeKind::Approve => {}
        }
    }
    Ok(())
}

/// Judges who answers, and whether the answer fits the mode.
pub(super) fn check_answer(
    context: &Context<'_, '_>,
    proposal: &Proposal,
    actor: Actor,
    answer: Answer,
) -> Result<(), Rejection> {
    match standing_kind(proposal) {
        ModeKind::Approve => approve::check_answer(context, proposal, actor, answer),
        ModeKind::Consent => consent::check_answer(context, proposal, actor, answer),
        ModeKind::Vote => vote::check_answer(context, proposal, actor, answer),
        ModeKind::Departments => departments::check_answer(context, proposal, actor, answer),
        ModeKind::None | ModeKind::Alone | ModeKind::Announce => Err(Rejection::AnswerUnfit),
    }
}

/// The answer by which somebody says yes.
pub(super) fn affirmative(proposal: &Proposal) -> Answer {
    match standing_kind(proposal) {
        ModeKind::Approve => Answer::Approve,
        ModeKind::Departments | ModeKind::Vote => Answer::Yes,
        ModeKind::None | ModeKind::Alone | ModeKind::Announce | ModeKind::Consent => {
            Answer::NoObjection
        }
    }
}

/// How far the decision is, on the state as it is now.
pub(super) fn outcome(context: &Context<'_, '_>, proposal: &Proposal) -> Outcome {
    match standing_kind(proposal) {
        ModeKind::Approve => approve::outcome(context, proposal),
        ModeKind::Consent => consent::outcome(context, proposal),
        ModeKind::Vote => vote::outcome(context, proposal),
        ModeKind::Departments => departments::outcome(context, proposal),
        // An announcement: nothing but its proposer ends it.
        ModeKind::None | ModeKind::Alone | ModeKind::Announce => Outcome::Open,
    }
}

/// Refuses to execute what is not decided, or not yet; whoever decided is judged again.
pub(crate) fn check_executable(
    context: &Context<'_, '_>,
    proposal: &Proposal,
) -> Result<(), Rejection> {
    stage::check_pending(context, proposal)?;
    let announced = proposal.mode.as_ref().map(Mode::kind) == Some(ModeKind::Announce);
    match proposal.state() {
        ProposalState::Open if announced => announce::check_executable(context, proposal),
        ProposalState::Open => Err(Rejection::NotDecided),
        ProposalState::Decided if outcome(context, proposal) != Outcome::Decided => {
            Err(Rejection::NotDecided)
        }
        ProposalState::Decided => timing::check_waited(context.now(), proposal),
        ProposalState::None
        | ProposalState::Adopted
        | ProposalState::Failed
        | ProposalState::Refused
        | ProposalState::Withdrawn
        | ProposalState::Lapsed => Err(Rejection::ProposalClosed),
    }
}

/// Seconds between the decision and its execution by the proposer; 0: at once.
pub(super) fn wait(proposal: &Proposal) -> u64 {
    let standing = standing(proposal);
    match standing.kind() {
        ModeKind::Approve => standing.wait,
        ModeKind::None
        | ModeKind::Alone
        | ModeKind::Announce
        | ModeKind::Consent
        | ModeKind::Vote
        | ModeKind::Departments => 0,
    }
}

/// The answers to the proposal's present version.
pub(super) fn answers(proposal: &Proposal) -> impl Iterator<Item = (&Response, Answer)> {
    proposal
        .responses
        .iter()
        .filter(|response| response.version == proposal.version)
        .map(|response| (response, response.answer()))
}
