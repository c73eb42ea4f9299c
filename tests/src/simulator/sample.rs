//! A short life without trouble, on the model and one node: good bytes of every sort for those who
//! want to spoil them.

use std::path::Path;

use bytes::Bytes;
use polity_engine::application::{Application, FinalizeBlock, Query, QueryResult};
use polity_ledger::block::Header;
use polity_proto::v1::Genesis;

use super::chain::{Chain, timestamp};
use super::configurations::small;
use super::founding;
use super::keyring::Keyring;
use super::pool::Pool;
use super::replica::{Finding, Replica};
use super::workload::Scene;
use crate::dice::Dice;
use crate::memory::Memory;

/// Seconds between two blocks.
const PACE: u64 = 20;
/// Transactions that are wanted in a block.
const TRANSACTIONS: usize = 8;

/// What a short life left.
pub struct Sample {
    /// How it began.
    pub genesis: Genesis,
    /// The ledger after it.
    pub memory: Memory,
    /// Envelopes of each block.
    pub blocks: Vec<Vec<Vec<u8>>>,
    /// App hash after each height, from 0.
    pub app_hashes: Vec<[u8; 32]>,
    node: Replica,
}

impl Sample {
    /// So many blocks of a seed, on a node below a directory.
    ///
    /// # Errors
    /// What did not hold.
    pub fn take(seed: u64, blocks: u64, directory: &Path) -> Finding<Sample> {
        let mut keyring = Keyring::new(seed);
        let genesis = founding::genesis(&mut keyring);
        let memory = Memory::found(&genesis, founding::START).map_err(|error| error.to_string())?;
        let mut sample = Sample {
            app_hashes: vec![memory.app_hash],
            memory,
            genesis,
            blocks: Vec::new(),
            node: Replica::new(directory, small()),
        };
        let mut chain = Chain::new(&sample.genesis, sample.memory.app_hash);
        sample.node.start()?;
        sample.node.found(&chain)?;
        let (mut dice, mut pool) = (Dice::new(seed), Pool::default());
        for _ in 0..blocks {
            sample.live(&mut chain, &mut dice, &mut keyring, &mut pool)?;
        }
        Ok(sample)
    }

    /// Asks the node.
    ///
    /// # Errors
    /// The fault.
    pub fn ask(&self, query: Query) -> Finding<QueryResult> {
        self.node
            .app()?
            .query(query)
            .map_err(|fault| fault.to_string())
    }

    fn live(
        &mut self,
        chain: &mut Chain,
        dice: &mut Dice,
        keyring: &mut Keyring,
        pool: &mut Pool,
    ) -> Finding<()> {
        let header = Header {
            height: self.memory.height + 1,
            time: self.memory.time + PACE,
            parent_time: (self.memory.height > 0).then_some(self.memory.time),
        };
        let block = self.memory.next(header);
        let mut scene = Scene::before(block, &self.memory, dice, keyring);
        let envelopes = pool.fill(&mut scene, block, TRANSACTIONS);
        let outcome = self.memory.execute_block(header, &[], &envelopes);
        self.memory.commit(header.time, outcome.changes.clone());
        let request = FinalizeBlock {
            transactions: envelopes.iter().cloned().map(Bytes::from).collect(),
            height: header.height,
            time: timestamp(header.time),
            ..FinalizeBlock::default()
        };
        chain.push(request, &outcome, self.memory.app_hash);
        self.node.catch_up(chain)?;
        self.app_hashes.push(self.memory.app_hash);
        self.blocks.push(envelopes);
        Ok(())
    }
}
