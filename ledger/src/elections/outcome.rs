//! From the count to the assignment: candidates are proposed one after the other, each to the
//! electorate of the election, until one meets no objection.

use polity_proto::v1::{
    Action, AssignRole, Assignment, Election, ElectionStep, EndReason, Manner, Member, Mode,
    ModeKind, ObjectKind, Proposal, ProposalKind, ProposalState, Role, action::Kind,
};
use prost::Message;

use super::tally::{self, Tally};
use super::{is_open, life, nominations, record};
use crate::Rejection;
use crate::actions::ending;
use crate::context::{Authority, Context};
use crate::decisions::judging::Judged;
use crate::decisions::{closing, opening, settling};
use crate::form;
use crate::judge::{Decision, kinds};
use crate::state::keys::List;
use crate::state::lists;

/// Counts the nominations that stand, and proposes whom they name (Holacracy Constitution 5.0, 5.3.5 e). After a tie
/// voters may change once; after another one the lot decides.
pub(super) fn count(context: &mut Context<'_, '_>, election: Election) {
    match tally::tally(nominations::standing(context, &election)) {
        Tally::Nobody if election.discarded.is_empty() => life::repeat(context, election),
        Tally::Nobody => end_without(context, election, EndReason::Completed),
        Tally::One(nominee) => propose(context, election, nominee),
        Tally::Tie(_) if !election.changed => life::change_round(context, election),
        Tally::Tie(tied) => match tally::by_lot(election.number, &tied) {
            Some(nominee) => propose(context, election, nominee),
            None => end_without(context, election, EndReason::Completed),
        },
    }
}

/// Proposes the assignment to the electorate of the election, who may object
/// (Holacracy Constitution 5.0, 5.3.5 f). The ledger proposes: nobody could amend or withdraw it.
fn propose(context: &mut Context<'_, '_>, election: Election, candidate: u64) {
    let assign = Action {
        kind: Some(Kind::AssignRole(AssignRole {
            role: form::numbered(election.role),
            member: form::numbered(candidate),
            manner: Manner::Elected as i32,
            ..AssignRole::default()
        })),
        ..Action::default()
    };
    let decision = Decision {
        unit: election.unit,
        capability: life::CAPABILITY,
        policy: 0,
        mode: Mode {
            kind: ModeKind::Consent as i32,
            deadline: context.parameters().election_objections,
            silence_is_consent: true,
            ..Mode::default()
        },
        aggregated: false,
    };
    let proposal = Proposal {
        unit: election.unit,
        kind: ProposalKind::Governance as i32,
        actions: vec![assign.encode_to_vec()],
        title: title(context, &election, candidate),
        // Whoever is proposed benefits: they test no objection to it.
        beneficiaries: vec![candidate],
        election: election.number,
        // Whoever has come since the call has no say in this one, and whoever was sent out has.
        electorate: election.electorate.clone(),
        ..Proposal::default()
    };
    let number = election.number;
    life::clear_timer(context, &election);
    match opening::open(context, proposal, Judged::plain(decision)) {
        Ok(opened) => {
            context.put(&Election {
                step: ElectionStep::Objections as i32,
                step_until: 0,
                candidate,
                proposal: opened.number,
                ..election
            });
            settling::record(context, &opened);
            record(context, number);
        }
        Err(_) => end_without(context, election, EndReason::Lapsed),
    }
}

fn title(context: &Context<'_, '_>, election: &Election, candidate: u64) -> String {
    let role: Role = context.get(election.role).unwrap_or_default();
    let member: Member = context.get(candidate).unwrap_or_default();
    let title = format!("elect {} as {}", member.handle, role.handle);
    title.chars().take(form::SHORT_BYTES_MAX).collect()
}

/// The election whose result the present run carries out for this role and member; whoever comes
/// otherwise is refused: elected roles are filled by election alone
/// (Holacracy Constitution 5.0, 5.1.2).
pub(crate) fn deciding(
    context: &Context<'_, '_>,
    role: u64,
    member: u64,
) -> Result<Election, Rejection> {
    let Authority::Proposal(number) = context.authority else {
        return Err(Rejection::ElectedOnly);
    };
    let proposal: Proposal = context.get(number).map_err(|_| Rejection::ElectedOnly)?;
    let election: Election = context
        .get(proposal.election)
        .map_err(|_| Rejection::ElectedOnly)?;
    let is_result = election.step() == ElectionStep::Objections
        && election.proposal == number
        && election.role == role
        && election.candidate == member;
    if is_result {
        Ok(election)
    } else {
        Err(Rejection::ElectedOnly)
    }
}

/// Makes room for whoever was elected: surrogates stand in until then (Holacracy Constitution 5.0,
/// 5.3.6), and a role of one person has one holder.
pub(crate) fn vacate(context: &mut Context<'_, '_>, role: &Role, member: u64) {
    let one_person = kinds::holders_max(role) == 1;
    for number in lists::all(context, List::Holders, role.number) {
        let Ok(held) = context.get::<Assignment>(number) else {
            continue;
        };
        let stands_in = held.manner() == Manner::Surrogate;
        if stands_in || one_person || held.member == member {
            ending::end_assignment(context, number, EndReason::Completed);
        }
    }
}

/// Closes an election with the assignment of whoever was elected.
pub(crate) fn elected(context: &mut Context<'_, '_>, election: Election, assignment: u64) {
    let closed = Election {
        assignment,
        ..election
    };
    close(context, closed, ElectionStep::Elected, EndReason::None);
}

/// An election's proposal closed without effect: nominations for this candidate count no more, and
/// the others are counted again (Holacracy Constitution 5.0, 5.3.5 f).
pub(crate) fn proposal_closed(context: &mut Context<'_, '_>, proposal: &Proposal) {
    let ended = match proposal.state() {
        ProposalState::Failed
        | ProposalState::Refused
        | ProposalState::Withdrawn
        | ProposalState::Lapsed => true,
        ProposalState::None
        | ProposalState::Open
        | ProposalState::Decided
        | ProposalState::Adopted => false,
    };
    let Ok(mut election) = context.get::<Election>(proposal.election) else {
        return;
    };
    if ended && is_open(&election) {
        election.discarded.push(election.candidate);
        election.candidate = 0;
        count(context, election);
    }
}

/// Nobody is elected.
pub(super) fn end_without(context: &mut Context<'_, '_>, election: Election, reason: EndReason) {
    close(context, election, ElectionStep::Ended, reason);
}

/// A role ends: its election has nothing to decide.
pub(crate) fn end_of_role(context: &mut Context<'_, '_>, role: &Role) {
    for number in lists::all(context, List::Elections, role.unit) {
        let Ok(election) = context.get::<Election>(number) else {
            continue;
        };
        if election.role != role.number {
            continue;
        }
        let pending = election.proposal;
        end_without(context, election, EndReason::Role);
        closing::end_pending(context, pending, EndReason::Role);
    }
}

fn close(context: &mut Context<'_, '_>, election: Election, step: ElectionStep, reason: EndReason) {
    let (number, unit) = (election.number, election.unit);
    life::clear_timer(context, &election);
    lists::remove(context.state, List::Elections, unit, number);
    context.put(&Election {
        step: step as i32,
        step_until: 0,
        closed_at: context.now().time,
        ..election
    });
    let histories = [(ObjectKind::Election, number), (ObjectKind::Unit, unit)];
    context.ended(ObjectKind::Election, number, reason, &histories);
}
