//! Executing a decided block, and making it durable.

use std::sync::{Arc, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use polity_engine::application::{
    BlockResult, Committed, EngineRow, FinalizeBlock, Recheck, TxResult,
};
use polity_ledger::Rejection;
use polity_ledger::block::{self, BlockOutcome, Evidence, Header};
use polity_ledger::check;
use polity_ledger::state::Read;
use prost::Message;

use super::founding::{leaf_changes, validator_update};
use super::proposals::seconds;
use super::verification::Checked;
use super::{
    App, BlockRecord, CommittedBlock, EvidenceRecord, cores, door, internal, pace, standing,
};
use crate::crash_point::{self, CrashPoint};
use crate::fault::Fault;
use crate::metrics::Phase;
use crate::query::refusals;
use crate::store::{Commit, Durability, LeafChange, Recorded};

/// An executed block that is not durable yet.
pub(super) struct Pending {
    commit: Commit,
    block: CommittedBlock,
    recheck: Recheck,
}

impl App {
    /// Executes a block over the committed state; nothing is persisted.
    pub(super) fn finalize(&self, request: FinalizeBlock) -> Result<BlockResult, Fault> {
        let snapshot = self.snapshot();
        if request.height != snapshot.height() + 1 {
            let words = format!(
                "block {} after height {}",
                request.height,
                snapshot.height()
            );
            return Err(internal(words));
        }
        if self.tree.height() != snapshot.height() {
            self.tree.reset(&snapshot)?;
        }
        let started = Instant::now();
        let mut record = self.record_of(&request);
        let organisation = self.organisation();
        let mut checked = Vec::with_capacity(request.transactions.len());
        let outcome =
            self.verifier
                .check_ahead(&organisation, &request.transactions, |transactions| {
                    let transactions = transactions.inspect(|one| checked.push(one.clone()));
                    execute(
                        &*snapshot,
                        &organisation,
                        request.height,
                        &record,
                        transactions,
                    )
                });
        self.metrics
            .observe_phase(Phase::Execute, started.elapsed());

        let started = Instant::now();
        let leaves = leaf_changes(&outcome.changes);
        let app_hash = self.tree.advance(request.height, &tree_updates(&leaves));
        self.metrics.observe_phase(Phase::Tree, started.elapsed());

        record.app_hash = app_hash.to_vec();
        record.transactions = request.transactions.len() as u32;
        record.validator_updates = outcome
            .validator_updates
            .iter()
            .map(|update| [&update.key[..], &update.power.to_be_bytes()].concat())
            .collect();
        let consensus_param_updates = pace::change(&outcome.changes);
        let results: Vec<TxResult> = cores::map(&outcome.receipts, result_of);
        let validator_updates = outcome
            .validator_updates
            .iter()
            .map(validator_update)
            .collect::<Result<Vec<_>, _>>()?;
        self.charge_refused(&results, &checked);

        let recheck = standing::spoiled(&outcome.changes);
        let commit = Commit {
            height: request.height,
            app_hash,
            block: record.encode_to_vec(),
            indexes: refusals::index(
                &*snapshot,
                request.height,
                &request.transactions,
                &results,
                &checked,
            ),
            changes: outcome.changes,
            leaves,
            transactions: recorded(&request.transactions, &results, &checked),
            // The engine brings its own with the commit.
            engine: Vec::new(),
        };
        let result = BlockResult {
            transactions: results.clone(),
            validator_updates: validator_updates.clone(),
            consensus_param_updates,
            app_hash: Bytes::copy_from_slice(&app_hash),
        };
        let block = CommittedBlock {
            height: request.height,
            record,
            transactions: request.transactions,
            results,
            validator_updates,
        };
        *self.pending.lock().unwrap_or_else(PoisonError::into_inner) = Some(Pending {
            commit,
            block,
            recheck,
        });
        crash_point::reach(CrashPoint::AppAfterFinalize);
        Ok(result)
    }

    /// Makes the executed block durable, in one batch; then readers see it.
    pub(super) fn commit_pending(
        &self,
        engine_rows: Vec<EngineRow>,
        durability: Durability,
    ) -> Result<Committed, Fault> {
        let pending = self
            .pending
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let mut pending = pending.ok_or_else(|| internal("commit without an executed block"))?;
        pending.commit.engine = engine_rows;
        let started = Instant::now();
        crash_point::reach(CrashPoint::AppBeforeCommit);
        self.store.commit_with(pending.commit, durability)?;
        self.tree.committed();
        crash_point::reach(CrashPoint::AppAfterCommit);
        self.metrics.observe_phase(Phase::Commit, started.elapsed());
        self.metrics.commits.inc();
        self.metrics.height.set(pending.block.height as i64);

        let accepted = pending
            .block
            .results
            .iter()
            .filter(|result| result.code == 0)
            .count();
        self.metrics.transactions_accepted.inc_by(accepted as u64);
        for result in pending
            .block
            .results
            .iter()
            .filter(|result| result.code != 0)
        {
            self.metrics.count_refused(result.code);
        }
        tracing::info!(
            height = pending.block.height,
            transactions = pending.block.transactions.len(),
            accepted,
            app_hash = %hex::encode(&pending.block.record.app_hash),
            "block"
        );
        // Nobody may be watching.
        let _ = self.committed.send(Arc::new(pending.block));
        Ok(Committed {
            retain_height: 0,
            recheck: pending.recheck,
        })
    }

    fn record_of(&self, request: &FinalizeBlock) -> BlockRecord {
        let snapshot = self.snapshot();
        let parent = request.height - 1;
        let parent_time = (parent > 0)
            .then(|| self.block_time(&snapshot, parent))
            .flatten();
        let evidence = request
            .misbehavior
            .iter()
            .map(|piece| EvidenceRecord {
                address: piece.validator_address.to_vec(),
                height: piece.height,
                time: seconds(piece.time.seconds),
            })
            .collect();
        BlockRecord {
            time: seconds(request.time.seconds),
            time_nanos: request.time.nanos,
            parent_time,
            hash: request.hash.to_vec(),
            proposer: request.proposer_address.to_vec(),
            evidence,
            ..BlockRecord::default()
        }
    }

    /// A refused transaction in a block costs its signers more than another: the pool was used in vain.
    fn charge_refused(&self, results: &[TxResult], checked: &[Checked]) {
        for (result, checked) in results.iter().zip(checked) {
            let (true, Ok(checked)) = (result.code != 0, checked) else {
                continue;
            };
            for signer in &checked.body().signers {
                let cost = door::cost(checked.body());
                self.quotas.charge_refused(signer.member, cost);
            }
        }
    }
}

/// Executes a recorded block anew over its parent's state, as `polityd verify` does.
pub fn replay(
    parent: &dyn Read,
    organisation: &[u8; 32],
    height: u64,
    record: &BlockRecord,
    transactions: &[Bytes],
) -> BlockOutcome {
    let checked = transactions
        .iter()
        .map(|bytes| check::check(bytes, organisation).map(Arc::new));
    execute(parent, organisation, height, record, checked)
}

fn execute(
    parent: &dyn Read,
    organisation: &[u8; 32],
    height: u64,
    record: &BlockRecord,
    transactions: impl Iterator<Item = Checked>,
) -> BlockOutcome {
    let header = Header {
        height,
        time: record.time,
        parent_time: record.parent_time,
    };
    let evidence: Vec<Evidence> = record
        .evidence
        .iter()
        .map(|piece| Evidence {
            address: piece.address.clone(),
            height: piece.height,
            time: piece.time,
        })
        .collect();
    block::execute_block(parent, organisation, header, &evidence, transactions)
}

/// Sorted updates of the tree.
fn tree_updates(leaves: &[LeafChange]) -> Vec<([u8; 32], Option<[u8; 32]>)> {
    let mut updates: Vec<_> = leaves
        .iter()
        .map(|leaf| (leaf.key_hash, leaf.value_hash))
        .collect();
    updates.sort_unstable();
    updates
}

fn result_of(receipt: &polity_proto::v1::Receipt) -> TxResult {
    let log = Rejection::from_code(receipt.code).map_or_else(String::new, |rejection| {
        format!("{}: {rejection}", rejection.name())
    });
    TxResult {
        code: receipt.code,
        data: receipt.encode_to_vec().into(),
        log,
    }
}

fn recorded(transactions: &[Bytes], results: &[TxResult], checked: &[Checked]) -> Vec<Recorded> {
    transactions
        .iter()
        .zip(results)
        .zip(checked)
        .map(|((transaction, result), checked)| Recorded {
            transaction: transaction.clone(),
            receipt: result.data.clone(),
            consumed_id: checked
                .as_ref()
                .ok()
                .filter(|_| consumes(result.code))
                .map(|checked| *checked.id()),
        })
        .collect()
}

/// Whether a result came after the id was consumed: not where the id was consumed before, or never.
fn consumes(code: u32) -> bool {
    let refused_before = [
        Rejection::WrongOrganisation,
        Rejection::TooLarge,
        Rejection::Expired,
        Rejection::ValidTooLong,
        Rejection::Consumed,
    ];
    !refused_before
        .iter()
        .any(|rejection| rejection.code() == code)
}
