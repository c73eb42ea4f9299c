//! What waits for a member.

use std::collections::BTreeSet;

use polity_proto::v1::{
    Assignment, BasisSource, InboxItem, ObjectKind, Proposal, ProposalState, Role,
};

use crate::context::Block;
use crate::judge::power;
use crate::state::keys::List;
use crate::state::{Read, lists, objects};

/// Most items of an answer.
const ITEMS_MAX: usize = 500;

/// Proposals to answer or to execute, and assignments to accept: in the units where the member holds
/// a role or has joined, and above them.
pub fn inbox(state: &dyn Read, block: Block, member: u64) -> Vec<InboxItem> {
    let roles = power::roles_of(state, member, block.now.time);
    let mut units: BTreeSet<u64> = lists::all(state, List::JoinedBy, member)
        .into_iter()
        .collect();
    for (role, _) in &roles {
        units.extend(
            power::lineage(state, role.unit)
                .into_iter()
                .map(|unit| unit.number),
        );
    }
    let mut items = Vec::new();
    let mut proposals: BTreeSet<u64> = lists::all(state, List::ProposalsBy, member)
        .into_iter()
        .collect();
    for unit in units {
        proposals.extend(lists::all(state, List::Proposals, unit));
    }
    for number in proposals {
        let Some(proposal) = objects::get::<Proposal>(state, number) else {
            continue;
        };
        items.extend(waiting(&proposal, member));
    }
    items.extend(
        roles
            .iter()
            .filter_map(|(role, assignment)| unaccepted(role, assignment)),
    );
    items.truncate(ITEMS_MAX);
    items
}

fn waiting(proposal: &Proposal, member: u64) -> Option<InboxItem> {
    let (what, due) = match proposal.state() {
        ProposalState::Open if proposal.proposer != member => {
            let answered = proposal
                .responses
                .iter()
                .any(|one| one.member == member && one.version == proposal.version);
            if answered || proposal.beneficiaries.contains(&member) {
                return None;
            }
            (format!("answer: {}", proposal.title), proposal.lapses_at)
        }
        ProposalState::Decided if proposal.proposer == member => (
            format!("execute: {}", proposal.title),
            proposal.executable_at,
        ),
        ProposalState::Open
        | ProposalState::Decided
        | ProposalState::None
        | ProposalState::Adopted
        | ProposalState::Failed
        | ProposalState::Refused
        | ProposalState::Withdrawn
        | ProposalState::Lapsed => return None,
    };
    Some(InboxItem {
        kind: ObjectKind::Proposal as i32,
        number: proposal.number,
        what,
        due,
    })
}

fn unaccepted(role: &Role, assignment: &Assignment) -> Option<InboxItem> {
    let founding = assignment
        .basis
        .is_some_and(|basis| basis.source() == BasisSource::Genesis);
    if assignment.accepted_at != 0 || founding {
        return None;
    }
    Some(InboxItem {
        kind: ObjectKind::Assignment as i32,
        number: assignment.number,
        what: format!("accept: {}", role.handle),
        due: assignment.until,
    })
}
