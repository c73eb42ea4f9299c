//! The first state: InitChain.

use std::sync::PoisonError;

use bytes::Bytes;
use polity_engine::application::{InitChain, InitChainResult, ValidatorUpdate};
use polity_ledger::genesis::{self, Founding};
use polity_ledger::merkle::tree::StateTree;
use polity_ledger::state::Read;
use polity_ledger::{block, state};
use prost::Message;

use super::{App, BlockRecord, internal, pace};
use crate::cores;
use crate::fault::{Fault, FaultKind};
use crate::store::{Genesis, Hash, LeafChange, Snapshot};

/// What the store keeps of InitChain: enough to found again.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct GenesisRecord {
    /// Chain id.
    #[prost(string, tag = "1")]
    pub chain_id: String,
    /// Genesis time, Unix seconds.
    #[prost(uint64, tag = "2")]
    pub time: u64,
    /// Height of the first block.
    #[prost(uint64, tag = "3")]
    pub initial_height: u64,
    /// The founding actions, encoded.
    #[prost(bytes = "vec", tag = "4")]
    pub app_state: Vec<u8>,
    /// The chains that went on from it, oldest first.
    #[prost(message, repeated, tag = "5")]
    pub continued: Vec<ChainRecord>,
}

/// What the store keeps of a chain that went on from another.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct ChainRecord {
    /// Chain id.
    #[prost(string, tag = "1")]
    pub chain_id: String,
    /// Genesis time, Unix seconds.
    #[prost(uint64, tag = "2")]
    pub time: u64,
    /// Height of the first block.
    #[prost(uint64, tag = "3")]
    pub initial_height: u64,
    /// The continuation, encoded.
    #[prost(bytes = "vec", tag = "4")]
    pub app_state: Vec<u8>,
}

impl ChainRecord {
    /// As the ledger reads it.
    pub fn founding(&self) -> Founding<'_> {
        Founding {
            chain_id: &self.chain_id,
            time: self.time,
            initial_height: self.initial_height,
            app_state: &self.app_state,
        }
    }
}

impl GenesisRecord {
    /// What the store keeps, or none before InitChain.
    pub fn read(snapshot: &Snapshot) -> Result<Option<GenesisRecord>, Fault> {
        let Some(bytes) = snapshot.genesis()? else {
            return Ok(None);
        };
        let record = GenesisRecord::decode(&bytes[..])
            .map_err(|_| Fault::new(FaultKind::StoreDamaged, "the genesis record"))?;
        Ok(Some(record))
    }

    /// As the ledger reads it.
    pub fn founding(&self) -> Founding<'_> {
        Founding {
            chain_id: &self.chain_id,
            time: self.time,
            initial_height: self.initial_height,
            app_state: &self.app_state,
        }
    }

    /// Every chain of the organisation, oldest first: the one that it was founded as, and those that went on.
    pub fn chains(&self) -> Vec<Founding<'_>> {
        let continued = self.continued.iter().map(ChainRecord::founding);
        std::iter::once(self.founding()).chain(continued).collect()
    }

    /// The chain that goes on now.
    pub fn newest(&self) -> Founding<'_> {
        match self.continued.last() {
            Some(chain) => chain.founding(),
            None => self.founding(),
        }
    }
}

impl App {
    pub(super) fn found(&self, request: &InitChain) -> Result<InitChainResult, Fault> {
        if request.initial_height > 1 {
            return self.go_on(request);
        }
        let record = GenesisRecord {
            chain_id: request.chain_id.clone(),
            time: request.time.unix_seconds(),
            initial_height: request.initial_height,
            app_state: request.app_state.to_vec(),
            continued: Vec::new(),
        };
        let founding = record.founding();
        let founded = genesis::found(&founding)
            .map_err(|error| Fault::new(FaultKind::GenesisMismatch, error.to_string()))?;
        let validators = founded
            .validators
            .iter()
            .map(validator_update)
            .collect::<Result<Vec<_>, _>>()?;
        check_validators(&request.validators, &validators)?;

        let mut tree = StateTree::new();
        let updates = block::tree_updates(&founded.changes);
        let app_hash = tree.apply(&updates);
        let organisation = genesis::organisation_digest(&founding);
        let mut changes = founded.changes;
        changes.insert(
            state::keys::key(state::keys::TIMER_RECEIPT, &[0, 0]),
            Some(founded.receipt.encode_to_vec()),
        );
        let leaves = leaf_changes(&changes);
        self.store.begin(Genesis {
            organisation,
            bytes: record.encode_to_vec(),
            app_hash,
            changes,
            leaves,
        })?;
        self.tree.reset(&self.snapshot())?;
        *self
            .organisation
            .write()
            .unwrap_or_else(PoisonError::into_inner) = organisation;
        Ok(InitChainResult {
            consensus_params: Some(pace::of(&polity_ledger::parameters::get(&*self.snapshot()))),
            validators,
            app_hash: Bytes::copy_from_slice(&app_hash),
        })
    }

    /// The first state of a chain that goes on from another is the last one of that, which is here already:
    /// `polityd continue` bound the store to the chain before.
    fn go_on(&self, request: &InitChain) -> Result<InitChainResult, Fault> {
        let snapshot = self.snapshot();
        let founding = Founding {
            chain_id: &request.chain_id,
            time: request.time.unix_seconds(),
            initial_height: request.initial_height,
            app_state: &request.app_state,
        };
        let is_bound = genesis::organisation_digest(&founding) == self.organisation();
        if !is_bound || snapshot.height() + 1 != request.initial_height {
            let words = "the engine begins another chain than the one that goes on from this store";
            return Err(Fault::new(FaultKind::GenesisMismatch, words));
        }
        let begun = beginning(&*snapshot, &snapshot.app_hash())?;
        check_validators(&request.validators, &begun.validators)?;
        Ok(begun)
    }

    /// Time of a block, Unix seconds; the genesis time for height 0, and 0 before the founding.
    pub(crate) fn block_time(snapshot: &Snapshot, height: u64) -> Result<u64, Fault> {
        if height == 0 {
            return Ok(GenesisRecord::read(snapshot)?.map_or(0, |record| record.time));
        }
        let missing = || {
            Fault::new(
                FaultKind::StoreDamaged,
                format!("block {height} is missing"),
            )
        };
        let bytes = snapshot.block(height)?.ok_or_else(missing)?;
        Ok(BlockRecord::read(&bytes)?.time)
    }
}

/// What an engine is told of the state in which a chain begins.
pub fn beginning(state: &dyn Read, app_hash: &Hash) -> Result<InitChainResult, Fault> {
    let validators = polity_ledger::continuation::validators(state);
    let validators = validators.into_iter().map(|validator| {
        validator_update(&block::ValidatorUpdate {
            key: validator.key,
            power: validator.power,
        })
    });
    Ok(InitChainResult {
        consensus_params: Some(pace::of(&polity_ledger::parameters::get(state))),
        validators: validators.collect::<Result<_, _>>()?,
        app_hash: Bytes::copy_from_slice(app_hash),
    })
}

/// The validators that the engine was given are those that the founding actions made.
fn check_validators(given: &[ValidatorUpdate], founded: &[ValidatorUpdate]) -> Result<(), Fault> {
    let sorted = |list: &[ValidatorUpdate]| {
        let mut list: Vec<_> = list
            .iter()
            .map(|validator| (validator.public_key, validator.power))
            .collect();
        list.sort_unstable();
        list
    };
    if !given.is_empty() && sorted(given) != sorted(founded) {
        let words = "the engine's genesis names other validators than the organisation's";
        return Err(Fault::new(FaultKind::GenesisMismatch, words));
    }
    Ok(())
}

/// An update in the engine's form.
pub(super) fn validator_update(
    update: &polity_ledger::block::ValidatorUpdate,
) -> Result<ValidatorUpdate, Fault> {
    let public_key = update
        .key
        .as_slice()
        .try_into()
        .map_err(|_| internal("a consensus key is not 32 bytes"))?;
    Ok(ValidatorUpdate {
        public_key,
        power: update.power,
    })
}

/// The leaves that changes amount to.
pub(super) fn leaf_changes(changes: &state::Changes) -> Vec<LeafChange> {
    let leaves: Vec<_> = changes
        .iter()
        .filter(|(key, _)| state::keys::is_leaf(key))
        .collect();
    cores::map(&leaves, |(key, value)| {
        LeafChange::of(key, value.as_deref())
    })
}
