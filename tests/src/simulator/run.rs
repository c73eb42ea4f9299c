//! One simulation: block after block.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use bytes::Bytes;
use polity_engine::application::{FinalizeBlock, Misbehavior};
use polity_ledger::block::{Evidence, Header};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::chain::{Chain, timestamp};
use super::configurations::configurations;
use super::founding;
use super::keyring::Keyring;
use super::oracle::Oracle;
use super::pool::Pool;
use super::replica::{Finding, Replica};
use super::tally::Tally;
use super::trouble::Trouble;
use super::workload::Scene;
use crate::dice::Dice;
use crate::memory::Memory;

/// Most transactions that are wanted in a block.
const TRANSACTIONS_MAX: u64 = 9;

/// What a simulation found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Its seed.
    pub seed: u64,
    /// The height at which it was found.
    pub height: u64,
    /// What it is.
    pub words: String,
}

/// Runs a simulation of so many blocks.
///
/// # Errors
/// The first thing that does not hold.
pub fn simulate(seed: u64, blocks: u64) -> Result<Tally, Failure> {
    watched(seed, |height| {
        let directory = directory().map_err(|error| error.to_string())?;
        let mut simulation = Simulation::begin(seed, directory.path())?;
        while *height < blocks {
            *height += 1;
            simulation.block()?;
        }
        simulation.end()
    })
}

/// Runs a seed, which says at which height it is: whatever it finds, a panic too, is told with both.
pub(super) fn watched(
    seed: u64,
    run: impl FnOnce(&mut u64) -> Finding<Tally>,
) -> Result<Tally, Failure> {
    let mut height = 0;
    let run = catch_unwind(AssertUnwindSafe(|| run(&mut height)));
    let outcome = run.unwrap_or_else(|panic| {
        let words = panic.downcast_ref::<String>().cloned();
        let words = words.or_else(|| panic.downcast_ref::<&str>().map(|words| (*words).into()));
        Err(format!("a panic: {}", words.unwrap_or_default()))
    });
    outcome.map_err(|words| Failure {
        seed,
        height,
        words,
    })
}

/// In memory where the machine has such a place: a simulation syncs at each commit.
fn directory() -> std::io::Result<TempDir> {
    let in_memory = Path::new("/dev/shm");
    if in_memory.is_dir() {
        tempfile::tempdir_in(in_memory).or_else(|_| tempfile::tempdir())
    } else {
        tempfile::tempdir()
    }
}

pub(super) struct Simulation {
    pub(super) dice: Dice,
    keyring: Keyring,
    pool: Pool,
    oracle: Oracle,
    pub(super) tally: Tally,
    pub(super) model: Memory,
    pub(super) chain: Chain,
    pub(super) replicas: Vec<Replica>,
}

impl Simulation {
    fn begin(seed: u64, directory: &Path) -> Finding<Simulation> {
        let mut keyring = Keyring::new(seed);
        let genesis = founding::genesis(&mut keyring);
        let model = Memory::found(&genesis, founding::START).map_err(|error| error.to_string())?;
        let chain = Chain::new(&genesis, model.app_hash);
        let mut replicas = Vec::new();
        for (number, config) in configurations().into_iter().enumerate() {
            let mut replica = Replica::new(&directory.join(format!("node-{number}")), config);
            replica.start()?;
            replica.found(&chain)?;
            // An engine may found again, as long as there is no block.
            replica.found(&chain)?;
            replicas.push(replica);
        }
        Ok(Simulation {
            dice: Dice::new(seed),
            keyring,
            pool: Pool::default(),
            oracle: Oracle::default(),
            tally: Tally::default(),
            model,
            chain,
            replicas,
        })
    }

    /// Makes the next block: proposes, decides, executes it everywhere, compares.
    fn block(&mut self) -> Finding<()> {
        let header = header_after(&self.model, &mut self.dice);
        let pool = self.fill_pool(header);
        let misbehaviour = self.misbehaviour();
        let transactions = self.propose(header, pool)?;
        let request = FinalizeBlock {
            transactions: transactions.iter().cloned().map(Bytes::from).collect(),
            misbehavior: misbehaviour.clone(),
            hash: Bytes::copy_from_slice(&Sha256::digest(header.height.to_be_bytes())),
            height: header.height,
            time: timestamp(header.time),
            ..FinalizeBlock::default()
        };
        self.decide(header, request, &misbehaviour, &transactions)?;
        self.follow()?;
        self.ask()?;
        self.ask_everybody()
    }

    fn fill_pool(&mut self, header: Header) -> Vec<Vec<u8>> {
        let block = self.model.next(header);
        let wanted = self.dice.below(TRANSACTIONS_MAX + 1) as usize;
        let mut scene = Scene::before(block, &self.model, &mut self.dice, &mut self.keyring);
        self.pool.fill(&mut scene, block, wanted)
    }

    /// The model executes the block; what must hold is checked.
    fn decide(
        &mut self,
        header: Header,
        request: FinalizeBlock,
        misbehaviour: &[Misbehavior],
        transactions: &[Vec<u8>],
    ) -> Finding<()> {
        let evidence: Vec<Evidence> = misbehaviour
            .iter()
            .map(|piece| Evidence {
                address: piece.validator_address.to_vec(),
                height: piece.height,
                time: piece.time.seconds as u64,
            })
            .collect();
        let outcome = self.model.execute_block(header, &evidence, transactions);
        let before = self.model.state.clone();
        self.model.commit(header.time, outcome.changes.clone());
        self.chain.push(request, &outcome, self.model.app_hash);

        self.tally
            .count_block(&self.model.organisation, transactions, &outcome);
        self.oracle
            .check(&before, &self.model, transactions, &outcome)
    }

    /// Every node follows, some of them through trouble; one goes straight on.
    fn follow(&mut self) -> Finding<()> {
        let spared = self.dice.place(self.replicas.len());
        for (number, replica) in self.replicas.iter_mut().enumerate() {
            let told = |words: String| format!("node {number}: {words}");
            if replica.app().is_err() {
                if number == spared || self.dice.chance(40) {
                    replica
                        .start()
                        .and_then(|()| replica.catch_up(&self.chain))
                        .map_err(told)?;
                }
                continue;
            }
            if number == spared || !self.dice.chance(15) {
                replica.catch_up(&self.chain).map_err(told)?;
                continue;
            }
            let trouble = self.dice.one_of(Trouble::ALL);
            self.tally.went_through(trouble.name());
            let met = trouble.meet(replica, &self.chain, &mut self.dice);
            met.map_err(|words| format!("node {number} in {}: {words}", trouble.name()))?;
        }
        Ok(())
    }

    pub(super) fn running(&self) -> Vec<usize> {
        let numbered = self.replicas.iter().enumerate();
        numbered
            .filter(|(_, replica)| replica.app().is_ok())
            .map(|(number, _)| number)
            .collect()
    }

    /// At the end all nodes are there; one has replayed everything, and each value of the others was
    /// computed again out of their own stores.
    fn end(mut self) -> Finding<Tally> {
        for (number, replica) in self.replicas.iter_mut().enumerate() {
            if number == 0 {
                replica.wipe()?;
                self.tally.replays += 1;
            }
            replica.start()?;
            replica
                .catch_up(&self.chain)
                .map_err(|words| format!("node {number} at the end: {words}"))?;
        }
        for replica in &self.replicas[1..] {
            replica.verify()?;
        }
        Ok(self.tally)
    }
}

/// The header of the block that comes next.
pub(super) fn header_after(model: &Memory, dice: &mut Dice) -> Header {
    Header {
        height: model.height + 1,
        time: model.time + pace(dice),
        parent_time: (model.height > 0).then_some(model.time),
    }
}

/// Seconds to the next block: mostly few, sometimes hours, sometimes an outage of days.
fn pace(dice: &mut Dice) -> u64 {
    match dice.below(100) {
        0..70 => 1 + dice.below(5),
        70..85 => 1 + dice.below(3_600),
        85..96 => 1 + dice.below(86_400),
        _ => 1 + dice.below(6 * 86_400),
    }
}
