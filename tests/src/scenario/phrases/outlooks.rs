//! What a proposal would change, as its proposer binds it.

use polity_ledger::{Block, query};
use polity_proto::v1::{OpenProposal, Outlook, OutlookRequest};

use super::super::draft::{Draft, Place};
use super::super::trouble::{Outcome, trouble};
use crate::memory::Memory;

/// Binds a proposal to what its actions would change now.
pub(super) fn bind(draft: &mut Draft<'_>, open: &mut OpenProposal) -> Outcome<()> {
    let Place::Ledger(memory) = draft.place else {
        return trouble("nobody proposes in a genesis");
    };
    let actor = draft.actor.clone();
    let number = |reference: &Option<polity_proto::v1::Ref>| reference.map_or(0, |one| one.number);
    let request = OutlookRequest {
        unit: number(&open.unit),
        member: draft
            .lookup
            .number(polity_proto::v1::ObjectKind::Member, &actor)?,
        role: number(&draft.template.acting_role),
        actions: open.actions.clone(),
    };
    open.outlook = ask(memory, &request)?.1;
    Ok(())
}

/// The outlook of some actions on a state, and its hash.
pub(in super::super) fn ask(
    memory: &Memory,
    request: &OutlookRequest,
) -> Outcome<(Outlook, Vec<u8>)> {
    let block = Block {
        height: memory.height + 1,
        now: memory.now(),
    };
    let answer = query::outlook(&memory.state, block, request);
    match answer.outlook {
        Some(outlook) => Ok((outlook, answer.hash)),
        None => trouble("these are the actions of no proposal"),
    }
}
