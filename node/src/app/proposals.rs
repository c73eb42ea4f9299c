//! What goes into a block, and what another department's block may hold.

use std::collections::HashSet;
use std::time::Instant;

use bytes::Bytes;
use polity_engine::application::{PrepareProposal, ProcessProposal, ProposalVerdict};
use polity_ledger::{Rejection, block, check};

use super::App;
use super::verification::Checked;
use crate::metrics::Phase;

impl App {
    /// Keeps the order of the pool; leaves out what a correct block does not hold, and for a later block what would
    /// make this one long to execute. Whoever sends heavy transactions waits for them, and the others do not.
    pub(super) fn prepare(&self, request: PrepareProposal) -> Vec<Bytes> {
        let started = Instant::now();
        let fit = self.fit_for_block(&request.transactions, request.time.unix_seconds());
        let candidates = request.transactions.into_iter().zip(fit);
        let chosen = choose(
            candidates.filter_map(|(transaction, fit)| Some((transaction, fit.ok()?))),
            request.max_transaction_bytes,
            self.options.block_actions_max,
        );
        self.metrics
            .observe_phase(Phase::Prepare, started.elapsed());
        chosen
    }

    /// Accepts whatever a correct node prepares on the same parent.
    pub(super) fn process(&self, request: &ProcessProposal) -> ProposalVerdict {
        let started = Instant::now();
        let fit = self.fit_for_block(&request.transactions, request.time.unix_seconds());
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

    /// What the bytes and the parent state can tell of each transaction of a block: how many actions it costs, or why
    /// it is not for a block.
    fn fit_for_block(&self, transactions: &[Bytes], time: u64) -> Vec<Result<usize, Rejection>> {
        let checked = self.verifier.check_all(&self.organisation(), transactions);
        let snapshot = self.snapshot();
        let window = block::Window::at(&*snapshot, time);
        let mut seen = HashSet::new();
        let mut fit = |checked: Checked| {
            let checked = checked?;
            window.check(&checked)?;
            if seen.insert(*checked.id()) {
                Ok(check::work(checked.body()))
            } else {
                Err(Rejection::Consumed)
            }
        };
        checked.into_iter().map(&mut fit).collect()
    }
}

/// Of transactions and the actions that each costs, in order, those for which there is room.
fn choose(
    candidates: impl Iterator<Item = (Bytes, usize)>,
    mut bytes_left: u64,
    mut actions_left: usize,
) -> Vec<Bytes> {
    let mut chosen = Vec::new();
    for (transaction, actions) in candidates {
        let size = protobuf_size(transaction.len());
        if size <= bytes_left && actions <= actions_left {
            bytes_left -= size;
            actions_left -= actions;
            chosen.push(transaction);
        }
    }
    chosen
}

/// Bytes of a transaction inside a block: its own, a tag, and its length as a varint.
fn protobuf_size(bytes: usize) -> u64 {
    (1 + prost::length_delimiter_len(bytes) + bytes) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_takes_what_it_has_room_for_and_leaves_the_heavy_ones_for_later() {
        let candidates = [("a", 60), ("b", 60), ("cc", 40), ("d", 1)];
        let check = |bytes: u64, actions: usize, expected: &[&str]| {
            let candidates = candidates.map(|(name, cost)| (Bytes::from(name), cost));
            assert_eq!(choose(candidates.into_iter(), bytes, actions), expected);
        };

        check(100, 1_000, &["a", "b", "cc", "d"]);
        check(100, 100, &["a", "cc"]);
        check(100, 101, &["a", "cc", "d"]);
        // Each is a byte, or two, with its tag and its length.
        check(9, 1_000, &["a", "b", "d"]);
    }
}
