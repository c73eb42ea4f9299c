//! What waits for a member: proposals to answer or execute, assignments to accept, holds to confirm.

use polity_ledger::query::{self, Waits};
use polity_proto::v1::{InboxAnswer, InboxRequest};

use super::{QueryError, View};

/// Path /inbox.
pub(super) fn list(
    view: &View,
    request: &InboxRequest,
    waits: Waits<'_>,
) -> Result<InboxAnswer, QueryError> {
    let block = super::authority::next_block(view)?;
    let items = query::inbox(view, block, request.member, waits).ok_or(QueryError::Abandoned)?;
    Ok(InboxAnswer {
        height: view.height,
        items,
    })
}
