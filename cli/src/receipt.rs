//! What became of a transaction, for scripts.

use polity_client::Result;
use polity_client::proof::ProvenReceipt;
use polity_client::session::{AsOf, Draft, Session};
use polity_client::v1::{Body, Receipt};
use serde_json::{Value, json};

use crate::names::Names;
use crate::{event, failure};

/// The stable JSON of a proven receipt.
pub async fn json(session: &Session, id: &[u8; 32], proven: &ProvenReceipt) -> Result<Value> {
    let body = Draft::from_envelope(&proven.transaction)?.body()?;
    let mut value = json!({
        "id": hex::encode(id),
        "height": proven.height,
        "index": proven.index,
        "accepted": proven.code == 0,
        "code": proven.code,
        "events": events_json(session, &proven.receipt, &body).await?,
    });
    if proven.code != 0 {
        value["rejection"] = failure::rejection_name(proven.code).into();
        value["message"] = failure::rejection_sentence(proven.code).into();
        value["failed_action"] = proven.receipt.failed_action.into();
    }
    Ok(value)
}

/// The events of a receipt as JSON; `body` is that of its transaction.
pub async fn events_json(session: &Session, receipt: &Receipt, body: &Body) -> Result<Value> {
    let view = session.view(AsOf::Newest);
    let mut names = Names::new(&view);
    let told = event::told(session, receipt, body).await?;
    event::load_names(&mut names, &told).await?;
    let events = told.iter().map(|one| event::json(&names, one));
    Ok(events.collect())
}
