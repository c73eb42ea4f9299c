//! What this node says of itself and of its organisation.

use polity_proto::v1::StatusAnswer;

use super::{QueryError, View};
use crate::app::{App, GenesisRecord};

/// Path /status.
pub(super) fn of(app: &App, view: &View) -> Result<StatusAnswer, QueryError> {
    let genesis = GenesisRecord::read(&view.snapshot)?.ok_or(QueryError::NotFounded)?;
    Ok(StatusAnswer {
        height: view.height,
        app_hash: view.snapshot.app_hash().to_vec(),
        history_base_height: view.snapshot.history_base_height(),
        chain_id: genesis.newest().chain_id.to_owned(),
        organisation: app.organisation().to_vec(),
        engine: app.options.engine.clone(),
        time: App::block_time(&view.snapshot, view.height)?,
    })
}
