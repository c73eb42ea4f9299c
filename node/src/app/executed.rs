//! What an executed block is kept as, and what the engine is told of it: the same in a node that runs and in one that
//! executes its past again.

use std::sync::Arc;

use bytes::Bytes;
use polity_engine::application::{BlockResult, TxResult};
use polity_ledger::Rejection;
use polity_ledger::block::{self, BlockOutcome, Evidence, Header};
use polity_ledger::merkle::subtree::Update;
use polity_ledger::merkle::tree::StateTree;
use polity_ledger::state::Read;
use polity_ledger::state::history::Appending;
use polity_proto::v1::Receipt;
use prometheus_client::registry::Registry;
use prost::Message;

use super::founding::{leaf_changes, validator_update};
use super::verification::{Checked, Verifier};
use super::{BlockRecord, pace};
use crate::cores::{self, Beside};
use crate::fault::Fault;
use crate::metrics::Metrics;
use crate::query::refusals;
use crate::store::{Commit, Hash, LeafChange, Recorded};

/// A decided block, its envelopes checked.
pub(super) struct DecidedBlock<'a> {
    pub(super) height: u64,
    /// What the engine says of it.
    pub(super) record: BlockRecord,
    pub(super) transactions: &'a [Bytes],
    pub(super) checked: &'a [Checked],
}

/// What a block came to.
pub struct Executed {
    /// What is kept of it, without the engine's rows.
    pub commit: Commit,
    /// What the engine is told.
    pub result: BlockResult,
    /// The block's record, as it is in the commit.
    pub record: BlockRecord,
}

impl DecidedBlock<'_> {
    /// Puts together what is kept; `app_hash` makes the new root of the tree.
    pub(super) fn keep(
        self,
        parent: &dyn Read,
        outcome: BlockOutcome,
        app_hash: impl FnOnce(&[Update]) -> Hash,
    ) -> Result<Executed, Fault> {
        let leaves = leaf_changes(&outcome.changes);
        let app_hash = app_hash(&tree_updates(&leaves));
        let record = BlockRecord {
            app_hash: app_hash.to_vec(),
            transactions: self.transactions.len() as u32,
            validator_updates: outcome
                .validator_updates
                .iter()
                .map(|update| [&update.key[..], &update.power.to_be_bytes()].concat())
                .collect(),
            ..self.record
        };
        let validator_updates = outcome.validator_updates.iter().map(validator_update);
        let result = BlockResult {
            transactions: cores::map(&outcome.receipts, |receipt: &Receipt| {
                result_of(receipt.code, receipt.encode_to_vec().into())
            }),
            validator_updates: validator_updates.collect::<Result<_, _>>()?,
            consensus_param_updates: pace::change(&outcome.changes),
            app_hash: Bytes::copy_from_slice(&app_hash),
        };
        let commit = Commit {
            height: self.height,
            app_hash,
            block: record.encode_to_vec(),
            indexes: refusals::index(
                parent,
                self.height,
                self.transactions,
                &result.transactions,
                self.checked,
            ),
            changes: outcome.changes,
            leaves,
            transactions: recorded(self.transactions, &result.transactions, self.checked),
            // The engine brings its own with the commit.
            engine: Vec::new(),
        };
        Ok(Executed {
            commit,
            result,
            record,
        })
    }
}

/// Executes recorded blocks anew, as `polityd verify` does.
pub struct Replay {
    verifier: Arc<Verifier>,
    beside: Beside,
}

impl Default for Replay {
    fn default() -> Replay {
        // Counted for nobody.
        let metrics = Metrics::register(&mut Registry::default(), "none");
        Replay {
            verifier: Arc::new(Verifier::new(Arc::new(metrics))),
            beside: Beside::default(),
        }
    }
}

impl Replay {
    /// Verifies the signatures of the block that comes after the next one, while that is executed.
    pub fn foresee(&self, organisation: &Hash, transactions: &[Bytes]) {
        self.verifier
            .begin_early(&self.beside, *organisation, transactions, |_| {});
    }

    /// Executes a block over its parent's state, and moves the tree ahead. Signatures are verified on all cores.
    pub fn execute(
        &self,
        parent: &dyn Read,
        tree: &mut StateTree,
        organisation: &Hash,
        height: u64,
        record: &BlockRecord,
        transactions: &[Bytes],
    ) -> Result<Executed, Fault> {
        let (outcome, checked) = execute(
            &self.verifier,
            parent,
            organisation,
            height,
            record,
            transactions,
        );
        self.verifier.forget(&checked);
        let decided = DecidedBlock {
            height,
            record: record.clone(),
            transactions,
            checked: &checked,
        };
        decided.keep(parent, outcome, |updates| tree.apply(updates))
    }
}

/// Executes a block over its parent's state. Its envelopes are checked ahead, on all cores; answers what each came to.
pub(super) fn execute(
    verifier: &Verifier,
    parent: &dyn Read,
    organisation: &Hash,
    height: u64,
    record: &BlockRecord,
    transactions: &[Bytes],
) -> (BlockOutcome, Vec<Checked>) {
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
    let mut checked = Vec::with_capacity(transactions.len());
    let outcome = verifier.check_ahead(organisation, transactions, |transactions| {
        let transactions = transactions.inspect(|one| checked.push(one.clone()));
        block::execute_block(
            parent,
            organisation,
            header,
            &evidence,
            transactions,
            |all| cores::for_each(all, Appending::run),
        )
    });
    (outcome, checked)
}

/// Sorted updates of the tree.
fn tree_updates(leaves: &[LeafChange]) -> Vec<Update> {
    let mut updates: Vec<_> = leaves
        .iter()
        .map(|leaf| (leaf.key_hash, leaf.hash))
        .collect();
    updates.sort_unstable();
    updates
}

/// A result as engines and clients read it; `data` is the receipt, where there is one.
pub(crate) fn result_of(code: u32, data: Bytes) -> TxResult {
    let log = Rejection::from_code(code).map_or_else(String::new, |rejection| {
        format!("{}: {rejection}", rejection.name())
    });
    TxResult { code, data, log }
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

/// Whether a result came after the id was consumed: not where the id was consumed before, or never. The store refuses a
/// commit in which the ledger says something else.
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
