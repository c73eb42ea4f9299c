//! What goes into a block, and what another department's block may hold.

use std::collections::HashSet;
use std::time::Instant;

use bytes::Bytes;
use polity_engine::application::{PrepareProposal, ProcessProposal, ProposalVerdict};
use polity_ledger::validity::Validity;
use polity_ledger::{Rejection, check};

use super::App;
use super::verification::Checked;
use crate::metrics::Phase;

/// Transactions that are looked at together at least: in smaller batches each costs more.
const TOGETHER_MIN: usize = 512;

impl App {
    /// Keeps the order of the pool; leaves out what a correct block does not hold, and for a later block what would
    /// make this one long to execute. Whoever sends heavy transactions waits for them, and the others do not.
    pub(super) fn prepare(&self, request: PrepareProposal) -> Vec<Bytes> {
        let started = Instant::now();
        let time = request.time.unix_seconds();
        let mut block = Block {
            transactions: Vec::new(),
            bytes_left: request.max_transaction_bytes,
            actions: 0,
            actions_left: self.options.block_actions_max,
        };
        let organisation = self.organisation();
        let mut seen = HashSet::new();
        block.fill(&request.transactions, |next| {
            let checked = self.verifier.check_all(&organisation, next);
            self.fit_for_block(&checked, time, &mut seen)
        });
        self.metrics
            .observe_phase(Phase::Prepare, started.elapsed());
        block.transactions
    }

    /// Accepts whatever a correct node prepares on the same parent.
    pub(super) fn process(&self, request: &ProcessProposal) -> ProposalVerdict {
        let started = Instant::now();
        let time = request.time.unix_seconds();
        let organisation = self.organisation();
        let checked = self
            .verifier
            .check_all(&organisation, &request.transactions);
        let fit = self.fit_for_block(&checked, time, &mut HashSet::new());
        self.metrics
            .observe_phase(Phase::Process, started.elapsed());
        match fit.into_iter().find_map(Result::err) {
            None => {
                let transactions = request.transactions.clone();
                self.verifier.expect(organisation, transactions, checked);
                ProposalVerdict::Accept
            }
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
    /// it is not for a block. The ids of those before it are `seen`.
    fn fit_for_block(
        &self,
        transactions: &[Checked],
        time: u64,
        seen: &mut HashSet<[u8; 32]>,
    ) -> Vec<Result<usize, Rejection>> {
        let snapshot = self.snapshot();
        let validity = Validity::at(&*snapshot, time);
        let mut fit = |checked: &Checked| {
            let checked = checked.as_ref().map_err(|rejection| *rejection)?;
            validity.check(checked)?;
            if seen.insert(*checked.id()) {
                Ok(check::work(checked.body()))
            } else {
                Err(Rejection::Consumed)
            }
        };
        transactions.iter().map(&mut fit).collect()
    }
}

/// A block that fills.
struct Block {
    transactions: Vec<Bytes>,
    bytes_left: u64,
    /// That its transactions cost.
    actions: usize,
    actions_left: usize,
}

impl Block {
    /// Takes of these transactions, in order, those that are fit and that there is room for. `look` says of some of them
    /// how many actions each costs, or why it is not fit; it is not asked about many more than have room.
    fn fill(
        &mut self,
        transactions: &[Bytes],
        mut look: impl FnMut(&[Bytes]) -> Vec<Result<usize, Rejection>>,
    ) {
        let mut rest = transactions;
        while !rest.is_empty() && self.actions_left > 0 {
            let count = self.places_left().max(TOGETHER_MIN).min(rest.len());
            let (next, later) = rest.split_at(count);
            for (transaction, fit) in next.iter().zip(look(next)) {
                if let Ok(actions) = fit {
                    self.take(transaction, actions);
                }
            }
            rest = later;
        }
    }

    /// How many more have room if they are like those that it holds; 0 while it holds none.
    fn places_left(&self) -> usize {
        self.actions_left.saturating_mul(self.transactions.len()) / self.actions.max(1)
    }

    /// Takes a transaction that costs so many actions, where there is room for it.
    fn take(&mut self, transaction: &Bytes, actions: usize) {
        let size = protobuf_size(transaction.len());
        if size <= self.bytes_left && actions <= self.actions_left {
            self.bytes_left -= size;
            self.actions += actions;
            self.actions_left -= actions;
            self.transactions.push(transaction.clone());
        }
    }
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
            let mut block = Block {
                transactions: Vec::new(),
                bytes_left: bytes,
                actions: 0,
                actions_left: actions,
            };
            for (name, cost) in candidates {
                block.take(&Bytes::from(name), cost);
            }
            assert_eq!(block.transactions, expected);
        };

        check(100, 1_000, &["a", "b", "cc", "d"]);
        check(100, 100, &["a", "cc"]);
        check(100, 101, &["a", "cc", "d"]);
        // Each is a byte, or two, with its tag and its length.
        check(9, 1_000, &["a", "b", "d"]);
    }

    #[test]
    fn no_more_of_a_full_pool_is_looked_at_than_has_room() {
        let pool = vec![Bytes::from_static(b"transfer"); 13_000];
        let looked_at = |actions_left, fit: Result<usize, Rejection>| {
            let mut block = Block {
                transactions: Vec::new(),
                bytes_left: 4 << 20,
                actions: 0,
                actions_left,
            };
            let mut looked_at = 0;
            block.fill(&pool, |next| {
                looked_at += next.len();
                vec![fit; next.len()]
            });
            (looked_at, block.transactions.len())
        };
        assert_eq!(looked_at(2_500, Ok(1)), (2_500, 2_500));
        assert_eq!(looked_at(100, Ok(1)), (TOGETHER_MIN, 100));
        let heavy = Ok(100);
        assert_eq!(looked_at(2_500, heavy), (TOGETHER_MIN, 25));
        let unfit = Err(Rejection::Expired);
        assert_eq!(looked_at(2_500, unfit), (13_000, 0), "all are in the way");
    }
}
