//! Transactions sent, and followed to a proven receipt.

use std::time::Duration;

use polity_ledger::Rejection;
use polity_proto::v1::{Envelope, ReceiptAnswer, ReceiptAtRequest};
use prost::Message;
use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep};

use super::{Draft, Session};
use crate::proof::{ProvenReceipt, verify_receipt};
use crate::rpc::BroadcastAnswer;
use crate::{Error, ErrorKind, Refusal, Result};

/// Between two looks for a receipt. A block is a matter of a few dozen milliseconds, so the first looks are close
/// together.
const POLL_FIRST: Duration = Duration::from_millis(5);
const POLL_LAST: Duration = Duration::from_millis(250);

/// A node's code for a member who sends more than their fair share through it: it can be sent later.
pub(crate) const CODE_FAIR_SHARE: u32 = 1;
/// The codes of bytes and signers. What is judged in a block alone has higher ones, which no door gives.
const DOOR_CODES: std::ops::Range<u32> = 100..300;

/// What became of a transaction that was sent.
pub type Outcome = ProvenReceipt;

/// What a node's door said to a transaction. All of it is that node's word.
#[derive(Debug)]
enum Door {
    /// It is on its way.
    Took,
    /// The node says that it did not take it, and why.
    Refused(Error),
    /// The node said what no door says: it does not keep to the protocol, and may have passed the transaction on.
    Broken,
}

impl Session {
    /// Sends a complete draft and waits for its proven receipt. A refusal in a block is a receipt too, with its code.
    /// Sending the same draft again is safe.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] where every node says that it did not take it; [`ErrorKind::OutcomeUnknown`] where no
    /// receipt shows in time.
    pub async fn submit(&self, draft: &Draft) -> Result<Outcome> {
        if !draft.is_complete() {
            return Err(Error::usage("signatures are missing"));
        }
        let id = draft.id();
        let bytes = draft.to_envelope();
        let mut refused = None;
        let mut is_open = false;
        for _ in 0..self.rpc().nodes() {
            let answered = self.rpc().broadcast_tx_sync(&bytes).await;
            match answered.map_or_else(not_taken, door)? {
                Door::Took => return self.wait_for_receipt(&id).await,
                Door::Refused(error) => refused = Some(error),
                Door::Broken => is_open = true,
            }
            self.rpc().prefer_another();
        }

        match refused {
            // It may be in a block already: sent before, or through another node.
            Some(error) if !is_open => match self.receipt(&id).await {
                Ok(Some(outcome)) => Ok(outcome),
                Ok(None) | Err(_) => Err(error.with_transaction_id(id)),
            },
            Some(_) | None => self.wait_for_receipt(&id).await,
        }
    }

    /// Waits for the proven receipt of a transaction that was sent. A node that has no sensible answer leaves the
    /// outcome open, and the next one is asked.
    pub async fn wait_for_receipt(&self, id: &[u8; 32]) -> Result<Outcome> {
        let deadline = Instant::now() + self.wait;
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
            if Instant::now() >= deadline {
                let words = "the outcome is open: no proof of it showed in time; sending the same bytes again is safe";
                let open = Error::new(ErrorKind::OutcomeUnknown, words).with_transaction_id(*id);
                return Err(match found {
                    Ok(_) => open,
                    Err(error) => open.with_source(error),
                });
            }
            sleep(pause).await;
            pause = (pause * 3 / 2).min(POLL_LAST);
        }
    }

    /// The proven receipt of a transaction, or none while no block has it.
    pub async fn receipt(&self, id: &[u8; 32]) -> Result<Option<ProvenReceipt>> {
        let answer = self.rpc().abci_query("/receipt", id, 0, false).await?;
        if answer.code != 0 {
            return Ok(None);
        }
        let answer = decode(&answer.value)?;
        self.prove_receipt(&answer, id).await.map(Some)
    }

    /// The proven receipt at a position.
    pub async fn receipt_at(&self, height: u64, index: u32) -> Result<ProvenReceipt> {
        let request = ReceiptAtRequest { height, index };
        let answer = self
            .ask("/receipt-at", &request.encode_to_vec(), 0, false)
            .await?;
        let answer: ReceiptAnswer = decode(&answer.value)?;
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

/// Reads what a door answered.
fn door(answer: BroadcastAnswer) -> Result<Door> {
    let is_ours = |code| DOOR_CODES.contains(&code) && Rejection::from_code(code).is_some();
    Ok(match answer.code {
        0 => Door::Took,
        code if code == CODE_FAIR_SHARE || is_ours(code) => {
            Door::Refused(Error::refused(Refusal {
                code,
                log: answer.log,
                facts: Vec::new(),
                at_door: true,
            }))
        }
        _ => Door::Broken,
    })
}

/// A call that ended with an error: one that a node reports is its refusal; where none could be reached, no other can.
fn not_taken(error: Error) -> Result<Door> {
    match error.kind() {
        ErrorKind::NotReached => Err(error),
        ErrorKind::Trouble
        | ErrorKind::Usage
        | ErrorKind::Refused
        | ErrorKind::ProofFailed
        | ErrorKind::OutcomeUnknown
        | ErrorKind::Key => Ok(Door::Refused(error)),
    }
}

fn decode(bytes: &[u8]) -> Result<ReceiptAnswer> {
    ReceiptAnswer::decode(bytes)
        .map_err(|error| Error::proof("the receipt is malformed").with_source(error))
}

#[cfg(test)]
mod tests;
