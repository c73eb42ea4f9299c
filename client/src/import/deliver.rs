//! A transaction of an import: signed, sent until its outcome is proven, also where nodes stop and start again
//! meanwhile, and read for what came of it.

use std::time::Duration;

use polity_proto::v1::{Action, Fact, ObjectKind, Receipt};
use tokio::time::{Instant, sleep, timeout};

use super::run::Registrar;
use crate::session::{Draft, Outcome, Session, VALIDITY_ONE_SIGNER, signed_by};
use crate::{Error, ErrorKind, Refusal, Result};

/// How long nodes may be away.
const PATIENCE: Duration = Duration::from_secs(300);
/// A transaction without an outcome after this time may be lost with a node's pool: it is sent again.
const AGAIN_AFTER: Duration = Duration::from_secs(5);
/// Before the next attempt, where a node answers at once.
const PAUSE: Duration = Duration::from_millis(250);

/// A transaction that these people are to sign, the first of whom acts.
pub(super) fn unsigned(
    session: &Session,
    people: &[Registrar],
    actions: Vec<Action>,
) -> Result<Draft> {
    let signers = people
        .iter()
        .map(|one| signed_by(one.member, &one.public_key))
        .collect();
    Draft::new(
        session.organisation(),
        signers,
        actions,
        VALIDITY_ONE_SIGNER,
    )
}

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

/// Refuses an outcome that is a refusal: `about` says what of the import the action was that failed.
pub(super) fn accepted(outcome: &Outcome, about: impl Fn(u32) -> (String, String)) -> Result<()> {
    if outcome.code == 0 {
        return Ok(());
    }
    Err(Error::refused(Refusal {
        code: outcome.code,
        log: String::new(),
        facts: vec![
            about(outcome.receipt.failed_action),
            ("height".into(), outcome.height.to_string()),
        ],
    }))
}

/// What a node told of a refusal that it foresees, and that this is a node's word.
pub(super) fn foreseen(told: Vec<Fact>) -> impl Iterator<Item = (String, String)> {
    let told = told.into_iter().map(|one| (one.name, one.value));
    told.chain([("foreseen".into(), "as a node says; not proven".into())])
}

/// The number of what an action created, from its proven receipt.
pub(super) fn created(receipt: &Receipt, action: u32, kind: ObjectKind) -> Result<u64> {
    receipt
        .events
        .iter()
        .find(|event| event.action == action && event.object() == kind)
        .map(|event| event.number)
        .ok_or_else(|| Error::proof("the receipt does not say what was created"))
}
