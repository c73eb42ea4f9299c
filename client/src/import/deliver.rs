//! Sends a transaction until its outcome is proven, also where nodes stop and start again meanwhile.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use crate::session::{Draft, Outcome, Session};
use crate::{Error, ErrorKind, Result};

/// How long nodes may be away.
const PATIENCE: Duration = Duration::from_secs(300);
/// A transaction without an outcome after this time may be lost with a node's pool: it is sent again.
const AGAIN_AFTER: Duration = Duration::from_secs(5);
/// Before the next attempt, where a node answers at once.
const PAUSE: Duration = Duration::from_millis(250);

/// Sends the same bytes again and again, which is safe: an id is consumed once.
pub(super) async fn deliver(session: &Session, draft: &Draft) -> Result<Outcome> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let outcome = match timeout(AGAIN_AFTER, session.submit(draft)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Error::new(
                ErrorKind::OutcomeUnknown,
                "the outcome did not show in time; the same import can be started again",
            )
            .with_transaction_id(draft.id())),
        };
        match outcome {
            Err(error) if passes(&error) && Instant::now() < deadline => sleep(PAUSE).await,
            outcome => return outcome,
        }
    }
}

/// Whether waiting can help: a node that is starting answers with errors first, and a door takes no more of a member
/// than their fair share.
fn passes(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::NotReached | ErrorKind::OutcomeUnknown | ErrorKind::Trouble => true,
        ErrorKind::Refused | ErrorKind::Usage | ErrorKind::ProofFailed | ErrorKind::Key => false,
    }
}
