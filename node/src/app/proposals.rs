//! What goes into a block, and what another department's block may hold.

use std::collections::HashSet;
use std::time::Instant;

use bytes::Bytes;
use polity_engine::application::{PrepareProposal, ProcessProposal, ProposalVerdict};
use polity_ledger::{Rejection, block};

use super::App;
use super::verification::Checked;
use crate::metrics::Phase;

impl App {
    /// Keeps the order of the pool; leaves out what a correct block does not hold.
    pub(super) fn prepare(&self, request: PrepareProposal) -> Vec<Bytes> {
        let started = Instant::now();
        let fit = self.fit_for_block(&request.transactions, seconds(request.time.seconds));
        let mut left = request.max_transaction_bytes;
        let mut chosen = Vec::new();
        for (transaction, fit) in request.transactions.into_iter().zip(fit) {
            let size = protobuf_size(transaction.len());
            if fit.is_err() || size > left {
                continue;
            }
            left -= size;
            chosen.push(transaction);
        }
        self.metrics
            .observe_phase(Phase::Prepare, started.elapsed());
        chosen
    }

    /// Accepts whatever a correct node prepares on the same parent.
    pub(super) fn judge_proposal(&self, request: &ProcessProposal) -> ProposalVerdict {
        let started = Instant::now();
        let fit = self.fit_for_block(&request.transactions, seconds(request.time.seconds));
        self.metrics
            .observe_phase(Phase::Process, started.elapsed());
        match fit.into_iter().find_map(Result::err) {
            None => ProposalVerdict::Accept,
            Some(rejection) => {
                tracing::warn!(
                    height = request.height,
                    rejection = rejection.name(),
                    "proposal refused"
                );
                ProposalVerdict::Reject
            }
        }
    }

    /// What the bytes and the parent state can tell of each transaction of a block.
    fn fit_for_block(&self, transactions: &[Bytes], time: u64) -> Vec<Result<(), Rejection>> {
        let checked = self.verifier.check_all(&self.organisation(), transactions);
        let snapshot = self.snapshot();
        let mut seen = HashSet::new();
        let mut fit = |checked: Checked| {
            let checked = checked?;
            block::check_window(&*snapshot, time, &checked)?;
            if seen.insert(*checked.id()) {
                Ok(())
            } else {
                Err(Rejection::Consumed)
            }
        };
        checked.into_iter().map(&mut fit).collect()
    }
}

/// Bytes of a transaction inside a block: its own, a tag, and its length as a varint.
fn protobuf_size(bytes: usize) -> u64 {
    (1 + prost::length_delimiter_len(bytes) + bytes) as u64
}

/// Unix seconds; before 1970 there is no block.
pub(super) fn seconds(seconds: i64) -> u64 {
    u64::try_from(seconds).unwrap_or_default()
}
