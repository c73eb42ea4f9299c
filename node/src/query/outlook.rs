//! What a proposal would change.

use polity_ledger::query;
use polity_proto::v1::{OutlookAnswer, OutlookRequest};

use super::{QueryError, View};
use crate::app::App;

/// Path /outlook.
pub(super) fn of(
    app: &App,
    view: &View,
    request: &OutlookRequest,
) -> Result<OutlookAnswer, QueryError> {
    let block = super::authority::next_block(app, view);
    query::outlook(view, block, request).ok_or(QueryError::BadRequest(
        "the actions are those of no proposal",
    ))
}
