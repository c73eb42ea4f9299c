//! The node's side of the gateway: everything that is read from the committed snapshot.

use std::sync::Arc;

use bytes::Bytes;
use polity_engine::application::{
    Application, Check, CheckKind, Info, Query, QueryResult, TxResult, ValidatorUpdate,
};
use polity_ledger::Rejection;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::broadcast;

use crate::app::{App, BlockRecord, is_of_the_bytes, result_of};
use crate::fault::{Fault, FaultKind};
use crate::gateway::{Admission, CommittedBlock, CommittedTransaction, FoundTransaction, Queries};
use crate::query::receipt::code_of;
use crate::query::{authority, refusals};

/// Answers the gateway from a ledger.
pub struct Backend {
    app: Arc<App>,
    commits: broadcast::Sender<Arc<CommittedBlock>>,
}

impl Backend {
    /// The gateway's view of a ledger.
    pub fn new(app: Arc<App>) -> Backend {
        let (commits, _) = broadcast::channel(256);
        Backend { app, commits }
    }

    /// Passes committed blocks on until the ledger is gone.
    pub async fn announce(self: Arc<Self>) {
        let mut committed = self.app.watch();
        loop {
            match committed.recv().await {
                Ok(block) => {
                    let transactions = block
                        .transactions
                        .iter()
                        .zip(&block.results)
                        .map(|(bytes, result)| transaction(bytes.clone(), result.clone()))
                        .collect();
                    let announced = CommittedBlock {
                        height: block.height,
                        transactions,
                        validator_updates: block.validator_updates.clone(),
                        consensus_param_updates: None,
                        app_hash: Bytes::copy_from_slice(&block.record.app_hash),
                    };
                    // Nobody may be watching.
                    let _ = self.commits.send(Arc::new(announced));
                }
                Err(broadcast::error::RecvError::Lagged(missed)) => {
                    tracing::warn!(missed, "announcing fell behind");
                }
                Err(broadcast::error::RecvError::Closed) => return,
            }
        }
    }

    fn read_block(&self, height: u64) -> Result<Option<CommittedBlock>, Fault> {
        let snapshot = self.app.snapshot();
        let Some(record) = snapshot.block(height)? else {
            return Ok(None);
        };
        let record = BlockRecord::read(&record)?;
        let transactions = snapshot.transactions(height)?;
        let receipts = snapshot.receipts(height)?;
        Ok(Some(CommittedBlock {
            height,
            transactions: transactions
                .into_iter()
                .zip(receipts)
                .map(|(bytes, receipt)| Ok(transaction(bytes.into(), recorded(receipt)?)))
                .collect::<Result<_, Fault>>()?,
            validator_updates: record
                .validator_updates
                .iter()
                .filter_map(|bytes| update(bytes))
                .collect(),
            consensus_param_updates: None,
            app_hash: record.app_hash.into(),
        }))
    }
}

impl Queries for Backend {
    fn query(&self, query: Query, waits: &dyn Fn() -> bool) -> (QueryResult, usize) {
        self.app.answer_and_count(&query, waits)
    }

    fn judged_actions(&self, query: &Query) -> usize {
        if self.app.is_short(query) {
            authority::work(query)
        } else {
            // It is refused unread.
            0
        }
    }

    fn info(&self) -> Info {
        self.app.info().unwrap_or_default()
    }

    fn status(&self) -> Value {
        let snapshot = self.app.snapshot();
        json!({
            "organisation": hex::encode(self.app.organisation()),
            "engine": self.app.options.engine,
            "history_base_height": snapshot.history_base_height().to_string(),
            "height": snapshot.height().to_string(),
            "app_hash": hex::encode_upper(snapshot.app_hash()),
        })
    }

    fn base_height(&self) -> u64 {
        u64::from(self.app.snapshot().height() > 0)
    }

    fn block(&self, height: u64) -> Result<Option<CommittedBlock>, Fault> {
        self.read_block(height)
    }

    fn transaction(&self, hash: [u8; 32]) -> Result<Option<FoundTransaction>, Fault> {
        let snapshot = self.app.snapshot();
        let position = match refusals::position_of_envelope(&snapshot, &hash)? {
            Some(position) => Some(position),
            None => snapshot.position_of(&hash)?,
        };
        let Some(position) = position else {
            return Ok(None);
        };
        let missing = || Fault::new(FaultKind::StoreDamaged, "a transaction has lost its row");
        let bytes = snapshot.transaction(position)?.ok_or_else(missing)?;
        let receipt = snapshot.receipt(position)?.ok_or_else(missing)?;
        Ok(Some(FoundTransaction {
            height: position.height,
            index: position.index,
            transaction: transaction(bytes.into(), recorded(receipt)?),
        }))
    }

    fn admit(&self, transactions: &[Bytes]) -> Vec<Admission> {
        // The engine's own check follows and charges; here signatures are verified as one batch.
        let checks = transactions
            .iter()
            .map(|transaction| Check {
                transaction: transaction.clone(),
                kind: CheckKind::Look,
            })
            .collect();
        let results = self.app.check_batch(checks).unwrap_or_default();
        results
            .into_iter()
            .map(|checked| match checked.result.code {
                // Whether it still knows what was in a block is the engine's to say, on both engines.
                code if code == 0 || code == Rejection::Consumed.code() => Admission::Pass,
                code => Admission::Refuse {
                    code,
                    log: checked.result.log,
                },
            })
            .collect()
    }

    fn costs_sender(&self, code: u32) -> bool {
        Rejection::from_code(code).is_some_and(costs_sender)
    }

    fn commits(&self) -> broadcast::Receiver<Arc<CommittedBlock>> {
        self.commits.subscribe()
    }
}

/// What no honest client sends: the bytes are wrong, or nobody signs them who is known.
fn costs_sender(rejection: Rejection) -> bool {
    is_of_the_bytes(rejection)
        || matches!(rejection, Rejection::MemberUnknown | Rejection::KeyUnknown)
}

fn transaction(bytes: Bytes, result: TxResult) -> CommittedTransaction {
    CommittedTransaction {
        hash: Sha256::digest(&bytes).into(),
        bytes,
        result,
    }
}

fn recorded(receipt: Vec<u8>) -> Result<TxResult, Fault> {
    Ok(result_of(code_of(&receipt)?, receipt.into()))
}

fn update(bytes: &[u8]) -> Option<ValidatorUpdate> {
    let (public_key, power) = bytes.split_first_chunk::<32>()?;
    let power = u64::from_be_bytes(power.try_into().ok()?);
    Some(ValidatorUpdate {
        public_key: *public_key,
        power,
    })
}
