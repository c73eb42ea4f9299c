//! What a proposal would change.

use polity_ledger::query;
use polity_proto::v1::{OutlookAnswer, OutlookRequest};

use super::{QueryError, View};

/// Path /outlook.
pub(super) fn of(view: &View, request: &OutlookRequest) -> Result<OutlookAnswer, QueryError> {
    let block = super::authority::next_block(view)?;
    Ok(query::outlook(view, block, request))
}
