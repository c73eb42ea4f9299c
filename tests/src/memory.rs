//! The ledger over a map in memory: the plainest thing that executes blocks.

use std::collections::BTreeMap;

use polity_ledger::block::{self, BlockOutcome, Evidence, Header};
use polity_ledger::genesis::{self, Founding, FoundingError};
use polity_ledger::judge::Now;
use polity_ledger::merkle::tree::StateTree;
use polity_ledger::state::history::Appending;
use polity_ledger::state::{Changes, keys};
use polity_ledger::{Block, check, parameters};
use polity_proto::v1::{Genesis, Receipt};
use prost::Message;

/// Keys and values.
pub type State = BTreeMap<Vec<u8>, Vec<u8>>;

/// A ledger that keeps everything in memory.
#[derive(Clone, Debug)]
pub struct Memory {
    /// The committed state.
    pub state: State,
    /// The organisation digest.
    pub organisation: [u8; 32],
    /// Height of the newest block.
    pub height: u64,
    /// Time of the newest block, in Unix seconds.
    pub time: u64,
    /// Root of the state tree.
    pub app_hash: [u8; 32],
    /// What the founding actions did.
    pub founded: Receipt,
    tree: StateTree,
}

impl Memory {
    /// Founds an organisation.
    ///
    /// # Errors
    /// Which founding action was refused, and why.
    pub fn found(genesis: &Genesis, time: u64) -> Result<Memory, FoundingError> {
        let app_state = genesis.encode_to_vec();
        let founding = Founding {
            chain_id: &genesis.chain_id,
            time,
            initial_height: 1,
            app_state: &app_state,
        };
        let founded = genesis::found(&founding)?;
        let mut memory = Memory {
            state: State::new(),
            organisation: genesis::organisation_digest(&founding),
            height: 0,
            time,
            app_hash: [0; 32],
            founded: founded.receipt,
            tree: StateTree::new(),
        };
        memory.apply(founded.changes);
        Ok(memory)
    }

    /// Executes a block and keeps nothing of it. `gap` is the time since the parent block.
    pub fn execute(&self, time: u64, gap: u64, transactions: &[Vec<u8>]) -> BlockOutcome {
        let header = Header {
            height: self.height + 1,
            time,
            parent_time: Some(time - gap),
        };
        self.execute_block(header, &[], transactions)
    }

    /// Executes the block of a header, with evidence, and keeps nothing of it.
    pub fn execute_block(
        &self,
        header: Header,
        evidence: &[Evidence],
        transactions: &[Vec<u8>],
    ) -> BlockOutcome {
        let checked = transactions
            .iter()
            .map(|bytes| check::check(bytes, &self.organisation));
        block::execute_block(
            &self.state,
            &self.organisation,
            header,
            evidence,
            checked,
            Appending::run_all,
        )
    }

    /// The clock of the newest block.
    pub fn now(&self) -> Now {
        Now::at(&self.state, self.time)
    }

    /// The block of a header, as it is judged: an outage counts as a pause before anything else.
    pub fn next(&self, header: Header) -> Block {
        let before = self.now();
        let gap = header.parent_time.map_or(0, |parent| header.time - parent);
        let outage = if gap > parameters::get(&self.state).outage_gap {
            gap
        } else {
            0
        };
        let now = Now {
            time: header.time,
            paused: before.paused + outage,
        };
        Block {
            height: header.height,
            now,
        }
    }

    /// Makes an executed block the newest.
    pub fn commit(&mut self, time: u64, changes: Changes) {
        self.height += 1;
        self.time = time;
        self.apply(changes);
    }

    fn apply(&mut self, changes: Changes) {
        self.app_hash = self.tree.apply(&block::tree_updates(&changes));
        for (key, value) in changes {
            match value {
                Some(value) => self.state.insert(key, value),
                None => self.state.remove(&key),
            };
        }
    }
}

/// Whether a key belongs to the record of consumed ids, or to the timers that clear it.
pub fn is_of_consumption(key: &[u8]) -> bool {
    matches!(
        key.first(),
        Some(
            &keys::CONSUMED
                | &keys::CONSUMED_ID
                | &keys::CONSUMED_AT
                | &keys::TIMER_BUCKET
                | &keys::TIMER_WORD
                | &keys::TIMER_RECEIPTS
                | &keys::PAUSED
        )
    )
}
