//! What a simulation has seen, so that nothing is forgotten: a test asks for all of it.

use std::collections::{BTreeMap, BTreeSet};

use polity_ledger::block::BlockOutcome;
use polity_ledger::{actions, check};
use polity_proto::v1::Receipt;

/// How often what happened.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Blocks.
    pub blocks: u64,
    /// Transactions in them.
    pub transactions: u64,
    /// Timers that did something.
    pub timers: u64,
    /// Accepted, by the action's number on the wire.
    pub accepted: BTreeMap<u32, u64>,
    /// Refused, by the number of the action that failed.
    pub refused: BTreeMap<u32, u64>,
    /// Codes of the rejections that were given.
    pub rejections: BTreeMap<u32, u64>,
    /// Troubles that nodes went through, by name.
    pub troubles: BTreeMap<String, u64>,
    /// Whole replays from the genesis.
    pub replays: u64,
    /// Questions that all nodes answered alike, by their path.
    pub answered: BTreeMap<&'static str, u64>,
    /// Questions about heights that a node does not keep.
    pub forgotten: u64,
}

impl Tally {
    /// Counts a block: its transactions, and what its timers did.
    pub fn count_block(
        &mut self,
        organisation: &[u8; 32],
        transactions: &[Vec<u8>],
        outcome: &BlockOutcome,
    ) {
        self.blocks += 1;
        for (bytes, receipt) in transactions.iter().zip(&outcome.receipts) {
            self.count(bytes, organisation, receipt);
        }
        for receipt in &outcome.timer_receipts {
            self.count_timer(receipt);
        }
    }

    /// Counts what became of a transaction.
    fn count(&mut self, bytes: &[u8], organisation: &[u8; 32], receipt: &Receipt) {
        self.transactions += 1;
        if receipt.code != 0 {
            *self.rejections.entry(receipt.code).or_default() += 1;
        }
        let mut tags: Vec<u32> = match check::parse(bytes, organisation) {
            Ok(parsed) => parsed.body().actions.iter().map(actions::tag).collect(),
            Err(_) => Vec::new(),
        };
        if receipt.code != 0 {
            let failed = tags.get(receipt.failed_action as usize);
            if let Some(tag) = failed {
                *self.refused.entry(*tag).or_default() += 1;
            }
            return;
        }
        // What an adopted proposal did, its events tell.
        tags.extend(receipt.events.iter().map(|event| event.did));
        self.accept(tags);
    }

    /// Counts what a timer did: it may decide a proposal, and so execute actions.
    fn count_timer(&mut self, receipt: &Receipt) {
        self.timers += 1;
        self.accept(receipt.events.iter().map(|event| event.did).collect());
    }

    fn accept(&mut self, tags: Vec<u32>) {
        let tags: BTreeSet<u32> = tags.into_iter().filter(|tag| *tag != 0).collect();
        for tag in tags {
            *self.accepted.entry(tag).or_default() += 1;
        }
    }

    /// Counts a trouble.
    pub fn went_through(&mut self, trouble: impl Into<String>) {
        *self.troubles.entry(trouble.into()).or_default() += 1;
    }

    /// Adds what another simulation has seen.
    pub fn add(&mut self, other: Tally) {
        self.blocks += other.blocks;
        self.transactions += other.transactions;
        self.timers += other.timers;
        self.replays += other.replays;
        self.forgotten += other.forgotten;
        for (mine, theirs) in [
            (&mut self.accepted, other.accepted),
            (&mut self.refused, other.refused),
            (&mut self.rejections, other.rejections),
        ] {
            for (number, count) in theirs {
                *mine.entry(number).or_default() += count;
            }
        }
        for (name, count) in other.troubles {
            *self.troubles.entry(name).or_default() += count;
        }
        for (path, count) in other.answered {
            *self.answered.entry(path).or_default() += count;
        }
    }
}
