//! Executing a decided block, and making it durable.

use std::sync::{Arc, PoisonError};
use std::time::Instant;

use polity_engine::application::{
    BlockResult, Committed, EngineRow, FinalizeBlock, Recheck, TxResult,
};

use super::executed::{DecidedBlock, execute};
use super::verification::Checked;
use super::{App, BlockRecord, CommittedBlock, EvidenceRecord, door, internal, lanes};
use crate::crash_point::{self, CrashPoint};
use crate::fault::Fault;
use crate::metrics::Phase;
use crate::store::{Commit, Durability};

/// An executed block that is not durable yet.
pub(super) struct Pending {
    commit: Commit,
    block: CommittedBlock,
    checked: Vec<Checked>,
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
        let record = self.record_of(&request)?;
        let organisation = self.organisation();
        let (outcome, checked) = execute(
            &self.verifier,
            &*snapshot,
            &organisation,
            request.height,
            &record,
            &request.transactions,
        );
        self.metrics
            .observe_phase(Phase::Execute, started.elapsed());

        let recheck = lanes::spoiled(&outcome.changes);
        let decided = DecidedBlock {
            height: request.height,
            record,
            transactions: &request.transactions,
            checked: &checked,
        };
        let started = Instant::now();
        let executed = decided.keep(&*snapshot, outcome, |updates| {
            let app_hash = self.tree.advance(request.height, updates);
            self.metrics.observe_phase(Phase::Tree, started.elapsed());
            app_hash
        })?;
        let result = executed.result;
        self.charge_refused(&result.transactions, &checked);

        let block = CommittedBlock {
            height: request.height,
            record: executed.record,
            transactions: request.transactions,
            results: result.transactions.clone(),
            validator_updates: result.validator_updates.clone(),
        };
        *self.pending.lock().unwrap_or_else(PoisonError::into_inner) = Some(Pending {
            commit: executed.commit,
            block,
            checked,
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
        self.verifier.forget(&pending.checked);
        crash_point::reach(CrashPoint::AppAfterCommit);
        self.metrics.observe_phase(Phase::Commit, started.elapsed());
        self.metrics.commits.inc();
        self.metrics.height.set(pending.block.height as i64);

        let mut accepted = 0;
        for result in &pending.block.results {
            match result.code {
                0 => accepted += 1,
                code => self.metrics.count_refused(code),
            }
        }
        self.metrics.transactions_accepted.inc_by(accepted);
        let proposer = hex::encode(&pending.block.record.proposer);
        self.metrics.count_proposed(&proposer);
        tracing::info!(
            height = pending.block.height,
            transactions = pending.block.transactions.len(),
            accepted,
            %proposer,
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

    fn record_of(&self, request: &FinalizeBlock) -> Result<BlockRecord, Fault> {
        let snapshot = self.snapshot();
        let parent_time = match request.height - 1 {
            0 => None,
            parent => Some(App::block_time(&snapshot, parent)?),
        };
        Ok(BlockRecord {
            time: request.time.unix_seconds(),
            time_nanos: request.time.nanos,
            parent_time,
            hash: request.hash.to_vec(),
            proposer: request.proposer_address.to_vec(),
            evidence: request.misbehavior.iter().map(EvidenceRecord::of).collect(),
            ..BlockRecord::default()
        })
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
