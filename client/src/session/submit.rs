//! Transactions sent, and followed to a proven receipt.

use std::sync::atomic::Ordering;
use std::time::Duration;

use polity_ledger::{Rejection, check};
use polity_proto::v1::{Envelope, ReceiptAnswer, ReceiptAtRequest};
use prost::Message;
use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep};

use super::draft::refused_by_its_bytes;
use super::{Draft, Session, decode};
use crate::proof::{ProvenReceipt, verify_receipt};
use crate::rpc::BroadcastAnswer;
use crate::visible::of_node;
use crate::{Error, ErrorKind, Result};

/// Between two looks for a receipt. A block is a matter of a few dozen milliseconds, so the first looks are close
/// together.
const POLL_FIRST: Duration = Duration::from_millis(5);
const POLL_LAST: Duration = Duration::from_millis(250);

/// How long a receipt is looked for of what no door says that it took: two blocks of a network whose departments are
/// far from each other.
const DOUBT: Duration = Duration::from_secs(2);

/// What became of a transaction that was sent.
pub type Outcome = ProvenReceipt;

impl Session {
    /// Sends a complete draft and waits for its proven receipt. A refusal in a block is a receipt too, with its code.
    /// Sending the same draft again is safe.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] where its bytes are refused, so that nothing is sent, or where no door took it and the
    /// proven state says why no block does; [`ErrorKind::OutcomeUnknown`] where no receipt shows in time, whatever
    /// doors say: theirs is the word of one node.
    pub async fn submit(&self, draft: &Draft) -> Result<Outcome> {
        if !draft.is_complete() {
            return Err(Error::usage("signatures are missing"));
        }
        let bytes = draft.to_envelope();
        let transaction =
            check::check(&bytes, self.organisation()).map_err(refused_by_its_bytes)?;
        let id = transaction.id();

        self.sent.store(true, Ordering::Relaxed);
        let taken = self.in_turn(async || match self.rpc().broadcast_tx_sync(&bytes).await {
            Ok(answer) if answer.code == 0 => Ok(Some(Ok(()))),
            Ok(answer) => Err(words(&answer)),
            // Each was called, and one that was reached may have taken it.
            Err(error) if error.kind() == ErrorKind::OutcomeUnknown => Ok(Some(Err(error))),
            Err(error) => Err(error),
        });
        let said = match taken.await.and_then(Option::transpose) {
            Ok(Some(())) => return self.wait_for_receipt(id).await,
            Err(error) if error.kind() == ErrorKind::NotReached => return Err(error),
            taken => taken.err(),
        };

        // It may be in a block already: sent before, or passed on by whoever says that it was not taken.
        if let Some(outcome) = self.sent_before(id).await {
            return Ok(outcome);
        }
        // What cannot be read cannot be held against it.
        if let Ok(Some(refusal)) = self.refusal_by_state(&transaction).await {
            return Err(Error::refused(refusal).with_transaction_id(*id));
        }
        let open = "no node says that it took the transaction, and nothing proves that none did: the outcome is open, \
                    and sending the same bytes again is safe";
        self.follow(id, DOUBT.min(self.wait), open, said).await
    }

    /// Waits for the proven receipt of a transaction that was sent. A node that has no sensible answer leaves the
    /// outcome open, and the next one is asked.
    pub async fn wait_for_receipt(&self, id: &[u8; 32]) -> Result<Outcome> {
        let open = "the outcome is open: no proof of it showed in time; sending the same bytes again is safe";
        self.follow(id, self.wait, open, None).await
    }

    /// Looks for a receipt again and again, at most `limit`. Then the outcome is `open`, because of what doors `said`
    /// where they said something.
    async fn follow(
        &self,
        id: &[u8; 32],
        limit: Duration,
        open: &str,
        said: Option<Error>,
    ) -> Result<Outcome> {
        // Beyond what a clock can tell there is no end.
        let deadline = Instant::now().checked_add(limit);
        let mut pause = POLL_FIRST;
        loop {
            let found = self.receipt(id).await;
            if let Ok(Some(outcome)) = found {
                return Ok(outcome);
            }
            // A node without a sensible answer, or with none for long, may be the one that keeps it back.
            if found.is_err() || pause == POLL_LAST {
                self.rpc().prefer_another();
            }
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                let open = Error::new(ErrorKind::OutcomeUnknown, open).with_transaction_id(*id);
                return Err(match said.or(found.err()) {
                    Some(cause) => open.with_source(cause),
                    None => open,
                });
            }
            sleep(pause).await;
            pause = (pause * 3 / 2).min(POLL_LAST);
        }
    }

    /// The proven receipt of what was sent before, if it was. A node without a sensible answer keeps nobody from signing and
    /// sending: to send the same bytes again is safe.
    pub async fn sent_before(&self, id: &[u8; 32]) -> Option<ProvenReceipt> {
        self.receipt_anywhere(id).await.ok().flatten()
    }

    /// The proven receipt of a transaction, of whichever node shows one. None where no node does: that no block has the
    /// transaction is not proven.
    ///
    /// # Errors
    /// That of the first node that gave no sensible answer, where no other node shows a receipt.
    pub async fn receipt_anywhere(&self, id: &[u8; 32]) -> Result<Option<ProvenReceipt>> {
        self.in_turn(async || self.receipt(id).await).await
    }

    /// Asks one node after the other until one has what is asked for; where none has, the first error is told, if there was
    /// one. That none can be reached ends it: each was called then.
    async fn in_turn<T>(&self, ask: impl AsyncFn() -> Result<Option<T>>) -> Result<Option<T>> {
        let mut first_error = None;
        for turn in 0..self.rpc().nodes_known() {
            if turn > 0 {
                self.rpc().prefer_another();
            }
            match ask().await {
                Ok(Some(found)) => return Ok(Some(found)),
                Ok(None) => {}
                Err(error) => {
                    let is_last = error.kind() == ErrorKind::NotReached;
                    first_error.get_or_insert(error);
                    if is_last {
                        break;
                    }
                }
            }
        }
        first_error.map_or(Ok(None), Err)
    }

    /// The proven receipt of a transaction; none where the node that is asked shows none.
    pub async fn receipt(&self, id: &[u8; 32]) -> Result<Option<ProvenReceipt>> {
        match self.rpc().query_one("/receipt", id, decode).await? {
            Some(answer) => self.prove_receipt(&answer, id).await.map(Some),
            None => Ok(None),
        }
    }

    /// The proven receipt at a position.
    pub async fn receipt_at(&self, height: u64, index: u32) -> Result<ProvenReceipt> {
        let request = ReceiptAtRequest { height, index };
        let answer: ReceiptAnswer = self
            .rpc()
            .query("/receipt-at", &request.encode_to_vec(), 0, false, decode)
            .await?;
        let envelope = Envelope::decode(&answer.transaction[..])
            .map_err(|error| Error::proof("the transaction is malformed").with_source(error))?;
        if (answer.height, answer.index) != (height, index) {
            return Err(Error::proof("the receipt is of another position"));
        }
        self.prove_receipt(&answer, &Sha256::digest(&envelope.body).into())
            .await
    }

    async fn prove_receipt(&self, answer: &ReceiptAnswer, id: &[u8; 32]) -> Result<ProvenReceipt> {
        if answer.height == 0 {
            return Err(Error::proof("the receipt is of no block"));
        }
        let next = self.light().proven_at(answer.height, self.wait).await?;
        let block = self.light().verified_header(answer.height).await?;
        verify_receipt(answer, id, &block, &next)
    }
}

/// Why a door says that it did not take a transaction.
fn words(answer: &BroadcastAnswer) -> Error {
    let why = match Rejection::from_code(answer.code) {
        Some(rejection) => format!("{} {}: {rejection}", answer.code, rejection.name()),
        None => of_node(&answer.log),
    };
    Error::trouble(format!("the node says that it did not take it: {why}"))
}

#[cfg(test)]
mod tests;
