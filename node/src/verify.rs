//! Executing the whole chain again from what this node stores, and comparing everything.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use polity_ledger::merkle::tree::StateTree;
use polity_ledger::state::{Changes, keys};
use polity_ledger::{block, continuation, genesis};
use prost::Message;

use crate::app::{BlockRecord, GenesisRecord, replay};
use crate::fault::{Fault, FaultKind};
use crate::store::{Hash, Snapshot};

/// What was found to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Heights that were executed again.
    pub heights: u64,
    /// Transactions in them.
    pub transactions: u64,
    /// Values that were compared with the store at the end, rows beside the state included.
    pub values: u64,
    /// From this height on the values of the past were compared too: older ones are not kept.
    pub history_base_height: u64,
    /// Digest of the chain that goes on now.
    pub organisation: Hash,
    /// The chains that the heights belong to, oldest first.
    pub chains: Vec<VerifiedChain>,
    /// Root of the state after the newest height.
    pub app_hash: Hash,
}

/// One of the chains of an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedChain {
    /// Its name.
    pub chain_id: String,
    /// Its first height.
    pub first_height: u64,
    /// What its transactions bind.
    pub digest: Hash,
}

/// Founds the organisation again and executes every stored block over the result; then compares each
/// app hash, each receipt, each change of validators, what each height left as far back as the store keeps
/// the past, and at last the whole state with the store's. Blocks are kept for ever, so a node that keeps
/// less of the past is verified from the genesis like any other. Where a chain went on as another one, the state must be
/// the one that the departments signed. `progress` is told each height.
///
/// # Errors
/// `Divergence` with the first thing that differs; `StoreDamaged` where something is missing.
pub fn verify(snapshot: &Arc<Snapshot>, mut progress: impl FnMut(u64)) -> Result<Verified, Fault> {
    let record = GenesisRecord::read(snapshot)?.ok_or_else(|| {
        Fault::new(
            FaultKind::GenesisMismatch,
            "the store holds no organisation yet",
        )
    })?;
    let mut organisation = genesis::organisation_digest(&record.founding());
    if snapshot.organisation()? != Some(organisation) {
        return Err(differs(0, "the organisation's digest"));
    }

    let chains = chains_of(&record);
    let mut replica = Replica::found(&record)?;
    let mut transactions = 0;
    for height in 1..=snapshot.height() {
        if let Some(chain) = chains.iter().find(|chain| chain.first_height == height) {
            organisation = chain.digest;
        }
        transactions += replica.execute(snapshot, &organisation, height)?;
        replica.compare_seam(snapshot, &record, height)?;
        progress(height);
    }
    if replica.app_hash != snapshot.app_hash() {
        return Err(differs(snapshot.height(), "the newest app hash"));
    }
    let values = replica.compare(snapshot)?;

    Ok(Verified {
        heights: snapshot.height(),
        transactions,
        values,
        history_base_height: snapshot.history_base_height(),
        organisation: chains.last().map_or(organisation, |chain| chain.digest),
        chains,
        app_hash: replica.app_hash,
    })
}

fn chains_of(record: &GenesisRecord) -> Vec<VerifiedChain> {
    let chains = record.chains();
    chains
        .iter()
        .map(|chain| VerifiedChain {
            chain_id: chain.chain_id.to_owned(),
            first_height: chain.initial_height.max(1),
            digest: genesis::organisation_digest(chain),
        })
        .collect()
}

/// The state as this program makes it, in memory.
struct Replica {
    state: BTreeMap<Vec<u8>, Vec<u8>>,
    tree: StateTree,
    app_hash: Hash,
}

impl Replica {
    fn found(record: &GenesisRecord) -> Result<Replica, Fault> {
        let founded = genesis::found(&record.founding())
            .map_err(|error| Fault::new(FaultKind::Divergence, format!("the genesis: {error}")))?;
        let mut replica = Replica {
            state: BTreeMap::new(),
            tree: StateTree::new(),
            app_hash: Hash::default(),
        };
        replica.apply(founded.changes);
        // The receipt of the founding is a row beside the state.
        let key = keys::key(keys::TIMER_RECEIPT, &[0, 0]);
        replica.state.insert(key, founded.receipt.encode_to_vec());
        Ok(replica)
    }

    /// Executes one stored block; answers how many transactions it has.
    fn execute(
        &mut self,
        snapshot: &Arc<Snapshot>,
        organisation: &Hash,
        height: u64,
    ) -> Result<u64, Fault> {
        let record = snapshot
            .block(height)?
            .ok_or_else(|| missing(height, "the block"))?;
        let record = BlockRecord::read(&record)?;
        let transactions: Vec<Bytes> = snapshot
            .transactions(height)?
            .into_iter()
            .map(Bytes::from)
            .collect();
        if transactions.len() != record.transactions as usize {
            return Err(missing(height, "a transaction"));
        }

        let outcome = replay(&self.state, organisation, height, &record, &transactions);
        let receipts: Vec<Vec<u8>> = outcome
            .receipts
            .iter()
            .map(Message::encode_to_vec)
            .collect();
        if snapshot.receipts(height)? != receipts {
            return Err(differs(height, "a receipt"));
        }
        let updates: Vec<Vec<u8>> = outcome
            .validator_updates
            .iter()
            .map(|update| [&update.key[..], &update.power.to_be_bytes()].concat())
            .collect();
        if updates != record.validator_updates {
            return Err(differs(height, "the validators"));
        }
        let changed: Vec<Vec<u8>> = outcome.changes.keys().cloned().collect();
        self.apply(outcome.changes);
        if self.app_hash[..] != record.app_hash {
            return Err(differs(height, "the app hash"));
        }
        self.compare_past(snapshot, height, &changed)?;
        Ok(transactions.len() as u64)
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

    /// Compares what a height left with what the store says of it: every value at the oldest height that
    /// can be asked about, and what changed at each later one.
    fn compare_past(
        &self,
        snapshot: &Arc<Snapshot>,
        height: u64,
        changed: &[Vec<u8>],
    ) -> Result<(), Fault> {
        let Ok(past) = snapshot.at(height) else {
            return Ok(());
        };
        let is_oldest = height <= snapshot.history_base_height().max(1);
        let keys: Vec<&Vec<u8>> = match is_oldest {
            true => self.state.keys().collect(),
            false => changed.iter().collect(),
        };
        for key in keys.into_iter().filter(|key| is_authenticated(key)) {
            if past.try_get(key)?.as_ref() != self.state.get(key) {
                let what = format!("the value of {} as of then", hex::encode(key));
                return Err(differs(height, &what));
            }
        }
        Ok(())
    }

    /// Where a chain ended at this height, compares what the one after it took over.
    fn compare_seam(
        &self,
        snapshot: &Snapshot,
        record: &GenesisRecord,
        height: u64,
    ) -> Result<(), Fault> {
        let chains = record.chains();
        for pair in chains.windows(2) {
            let (ended, next) = (&pair[0], &pair[1]);
            if next.initial_height != height + 1 {
                continue;
            }
            let ended = genesis::organisation_digest(ended);
            let continuation = continuation::parse(next, &ended)
                .map_err(|_| differs(height, "what the next chain goes on from"))?;
            let block = snapshot
                .block(height)?
                .ok_or_else(|| missing(height, "the block"))?;
            let is_named = continuation.app_hash == self.app_hash
                && continuation.header_hash == BlockRecord::read(&block)?.hash
                && continuation.validators == continuation::validators(&self.state);
            if !is_named {
                return Err(differs(height, "what the next chain goes on from"));
            }
        }
        Ok(())
    }

    /// Compares every value with the store's; answers how many there are.
    fn compare(&self, snapshot: &Snapshot) -> Result<u64, Fault> {
        for (key, value) in &self.state {
            if snapshot.try_get(key)?.as_ref() != Some(value) {
                return Err(differs(
                    snapshot.height(),
                    &format!("the value of {}", hex::encode(key)),
                ));
            }
        }
        let mut leaves = 0;
        snapshot.for_each_leaf(|_| leaves += 1)?;
        let authenticated = self
            .state
            .keys()
            .filter(|key| is_authenticated(key))
            .count();
        if leaves != authenticated {
            return Err(differs(snapshot.height(), "the number of values"));
        }
        Ok(self.state.len() as u64)
    }
}

/// Whether a key is in the tree; the others are rows beside the state, without a past.
fn is_authenticated(key: &[u8]) -> bool {
    key[0] < keys::BESIDE
}

fn missing(height: u64, what: &str) -> Fault {
    Fault::new(
        FaultKind::StoreDamaged,
        format!("height {height}: {what} is missing"),
    )
}

fn differs(height: u64, what: &str) -> Fault {
    let words = format!("height {height}: {what} is not what this program computes");
    Fault::new(FaultKind::Divergence, words)
}
