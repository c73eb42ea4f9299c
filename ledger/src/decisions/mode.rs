//! Ways of deciding: one file each, brought together here.
//!
//! `alone` needs no proposal: the judge allows it at once. `announce`, `consent` and `vote` are
//! words of the protocol that no policy of this version can use.

use polity_proto::v1::{Answer, Capability, Mode, ModeKind, Proposal, RoleKind, Who, WhoKind};

use super::{WAIT_MAX, approve, departments};
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
        ModeKind::None | ModeKind::Announce | ModeKind::Consent | ModeKind::Vote => false,
    };
    match fits {
        true => Ok(()),
        false => Err(Rejection::PolicyMalformed),
    }
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
    match *who == expected {
        true => Ok(()),
        false => Err(Rejection::PolicyMalformed),
    }
}

/// Notes at the opening who decides, where the mode freezes it.
pub(super) fn freeze(context: &Context<'_, '_>, proposal: &mut Proposal) {
    match proposal.mode.as_ref().map_or(ModeKind::None, Mode::kind) {
        ModeKind::Departments => proposal.seats = departments::seats(context),
        ModeKind::None
        | ModeKind::Alone
        | ModeKind::Announce
        | ModeKind::Approve
        | ModeKind::Consent
        | ModeKind::Vote => {}
    }
}

/// Judges who answers, and whether the answer fits the mode.
pub(super) fn check_answer(
    context: &Context<'_, '_>,
    proposal: &Proposal,
    actor: Actor,
    answer: Answer,
) -> Result<(), Rejection> {
    match proposal.mode.as_ref().map_or(ModeKind::None, Mode::kind) {
        ModeKind::Approve => approve::check_answer(context, proposal, actor, answer),
        ModeKind::Departments => departments::check_answer(context, proposal, actor, answer),
        ModeKind::None
        | ModeKind::Alone
        | ModeKind::Announce
        | ModeKind::Consent
        | ModeKind::Vote => Err(Rejection::AnswerUnfit),
    }
}

/// The answer by which somebody says yes.
pub(super) fn affirmative(proposal: &Proposal) -> Answer {
    match proposal.mode.as_ref().map_or(ModeKind::None, Mode::kind) {
        ModeKind::Approve => Answer::Approve,
        ModeKind::Departments | ModeKind::Vote => Answer::Yes,
        ModeKind::None | ModeKind::Alone | ModeKind::Announce | ModeKind::Consent => {
            Answer::NoObjection
        }
    }
}

/// How far the decision is, on the state as it is now.
pub(super) fn outcome(context: &Context<'_, '_>, proposal: &Proposal) -> Outcome {
    match proposal.mode.as_ref().map_or(ModeKind::None, Mode::kind) {
        ModeKind::Approve => approve::outcome(context, proposal),
        ModeKind::Departments => departments::outcome(context, proposal),
        ModeKind::None
        | ModeKind::Alone
        | ModeKind::Announce
        | ModeKind::Consent
        | ModeKind::Vote => Outcome::Open,
    }
}

/// Seconds between the decision and its execution by the proposer; 0: at once.
pub(super) fn wait(mode: &Mode) -> u64 {
    match mode.kind() {
        ModeKind::Approve | ModeKind::Announce => mode.wait,
        ModeKind::None
        | ModeKind::Alone
        | ModeKind::Consent
        | ModeKind::Vote
        | ModeKind::Departments => 0,
    }
}

/// The answers to the proposal's present version.
pub(super) fn answers(
    proposal: &Proposal,
) -> impl Iterator<Item = (&polity_proto::v1::Response, Answer)> {
    proposal
        .responses
        .iter()
        .filter(|response| response.version == proposal.version)
        .map(|response| (response, response.answer()))
}
