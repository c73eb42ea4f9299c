//! A validator signed twice and too few others would remain: the ledger itself asks the departments.

use polity_proto::v1::{
    Action, Capability, Mode, ModeKind, Organisation, Proposal, ProposalKind, RemoveValidator,
    action::Kind,
};
use prost::Message;

use super::judging::Judged;
use super::{opening, settling};
use crate::context::Context;
use crate::form;
use crate::judge::Decision;
use crate::state::keys::List;
use crate::state::lists;

/// Opens a proposal to remove a unit's validator, once while one is pending. Nobody proposed it:
/// its proposer is 0.
pub(crate) fn propose_removal(context: &mut Context<'_, '_>, unit: u64) {
    let Ok(organisation) = context.get::<Organisation>(0) else {
        return;
    };
    let remove = Action {
        kind: Some(Kind::RemoveValidator(RemoveValidator {
            unit: form::numbered(unit),
        })),
        ..Action::default()
    };
    let actions = vec![remove.encode_to_vec()];
    let is_pending = lists::objects::<Proposal>(context, List::ProposalsBy, 0)
        .any(|proposal| proposal.actions == actions);
    if is_pending {
        return;
    }
    let proposal = Proposal {
        unit: organisation.root_unit,
        kind: ProposalKind::Governance as i32,
        actions,
        title: format!("the validator of unit {unit} signed twice"),
        ..Proposal::default()
    };
    let decision = Decision {
        unit: organisation.root_unit,
        capability: Capability::GovernNetwork,
        policy: 0,
        mode: Mode {
            kind: ModeKind::Departments as i32,
            ..Mode::default()
        },
        aggregated: false,
    };
    if let Ok(opened) = opening::open(context, proposal, Judged::plain(decision)) {
        settling::record(context, &opened);
    }
}
