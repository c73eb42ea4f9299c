//! The blocks that were decided, with what every node must make of them.

use polity_engine::application::{FinalizeBlock, InitChain, Timestamp, TxResult, ValidatorUpdate};
use polity_ledger::block::BlockOutcome;
use polity_proto::v1::Genesis;
use prost::Message;

use super::founding;

/// A decided block and its outcome.
#[derive(Clone, Debug)]
pub(crate) struct Decided {
    /// What the engine asks each node to execute.
    pub(crate) request: FinalizeBlock,
    /// Code and data of each result.
    pub(crate) results: Vec<(u32, Vec<u8>)>,
    /// Keys and powers that changed.
    pub(crate) validators: Vec<(Vec<u8>, u64)>,
    /// The app hash after it.
    pub(crate) app_hash: [u8; 32],
}

/// The chain from its genesis.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    /// How it was founded.
    pub(crate) founding: InitChain,
    /// The app hash of the genesis.
    pub(crate) founded: [u8; 32],
    /// Blocks by height, from 1.
    pub(crate) blocks: Vec<Decided>,
}

impl Chain {
    /// A chain without blocks.
    pub(crate) fn new(genesis: &Genesis, founded: [u8; 32]) -> Chain {
        let founding = InitChain {
            time: timestamp(founding::START),
            chain_id: genesis.chain_id.clone(),
            app_state: genesis.encode_to_vec().into(),
            initial_height: 1,
            ..InitChain::default()
        };
        Chain {
            founding,
            founded,
            blocks: Vec::new(),
        }
    }

    /// How many blocks there are.
    pub(crate) fn height(&self) -> u64 {
        self.blocks.len() as u64
    }

    /// The block of a height.
    pub(crate) fn block(&self, height: u64) -> Option<&Decided> {
        self.blocks.get((height as usize).checked_sub(1)?)
    }

    /// The app hash after a height.
    pub(crate) fn app_hash(&self, height: u64) -> [u8; 32] {
        self.block(height)
            .map_or(self.founded, |block| block.app_hash)
    }

    /// Adds a block, with what the model made of it.
    pub(crate) fn push(
        &mut self,
        request: FinalizeBlock,
        outcome: &BlockOutcome,
        app_hash: [u8; 32],
    ) {
        let results = outcome.receipts.iter();
        let validators = outcome.validator_updates.iter();
        self.blocks.push(Decided {
            request,
            results: results
                .map(|receipt| (receipt.code, receipt.encode_to_vec()))
                .collect(),
            validators: validators
                .map(|update| (update.key.clone(), update.power))
                .collect(),
            app_hash,
        });
    }
}

impl Decided {
    /// What of a node's result differs, in words.
    pub(crate) fn difference(
        &self,
        results: &[TxResult],
        validators: &[ValidatorUpdate],
        app_hash: &[u8],
    ) -> Option<String> {
        let found: Vec<(u32, Vec<u8>)> = results
            .iter()
            .map(|result| (result.code, result.data.to_vec()))
            .collect();
        if found.len() != self.results.len() {
            return Some(format!(
                "{} results instead of {}",
                found.len(),
                self.results.len()
            ));
        }
        let differing = found
            .iter()
            .zip(&self.results)
            .position(|(found, due)| found != due);
        if let Some(place) = differing {
            let (found, due) = (found[place].0, self.results[place].0);
            return Some(format!(
                "transaction {place} has code {found} instead of {due}, or other events"
            ));
        }
        let found: Vec<(Vec<u8>, u64)> = validators
            .iter()
            .map(|update| (update.public_key.to_vec(), update.power))
            .collect();
        if found != self.validators {
            return Some("other validators".into());
        }
        (app_hash != self.app_hash).then(|| "another app hash".into())
    }
}

/// A block time in the engine's form.
pub(crate) fn timestamp(seconds: u64) -> Timestamp {
    Timestamp {
        seconds: i64::try_from(seconds).unwrap_or(i64::MAX),
        nanos: 0,
    }
}
