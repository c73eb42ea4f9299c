//! Where a chain stands: everything that the next block is made from and judged by.

use prost::Message;

use super::canonical::{BlockId, Commit, Hash, SealedBlock, ValidatorSet, results_hash};
use super::params::{Params, ParamsRow};
use crate::Fault;
use crate::application::{BlockResult, Timestamp};

/// A chain after its newest block.
#[derive(Clone, Debug)]
pub(super) struct Tip {
    /// Names the chain.
    pub(super) chain_id: String,
    /// The newest height; the one below the first block's before that.
    pub(super) height: u64,
    /// The newest block.
    pub(super) block_id: BlockId,
    /// Its time; the genesis time before the first block.
    pub(super) time: Timestamp,
    /// State after it.
    pub(super) app_hash: Vec<u8>,
    /// Root over its results.
    pub(super) results_hash: Hash,
    /// Whether it changed anything that the next header proves.
    pub(super) proof_due: bool,
    /// Who decided it; the founding validators before the first block.
    pub(super) last_validators: ValidatorSet,
    /// Who votes on the next block.
    pub(super) validators: ValidatorSet,
    /// Who votes on the one after.
    pub(super) next_validators: ValidatorSet,
    /// The parameters of the next block.
    pub(super) params: Params,
    /// What decided the newest block; nothing before the first.
    pub(super) commit: Commit,
}

impl Tip {
    /// Whether the chain has no block yet.
    #[must_use]
    pub(super) fn is_first(&self) -> bool {
        self.block_id == BlockId::default()
    }

    /// The height that comes next.
    #[must_use]
    pub(super) fn next_height(&self) -> u64 {
        self.height + 1
    }

    /// The chain after one more block. Changes of validators count from two heights later, as under CometBFT.
    pub(super) fn after(
        &self,
        block: &SealedBlock,
        commit: Commit,
        result: &BlockResult,
    ) -> Result<Self, Fault> {
        let next_validators = self
            .next_validators
            .updated(&result.validator_updates)
            .map_err(|error| Fault(format!("validator updates of the application: {error}")))?;
        let params = match &result.consensus_param_updates {
            Some(changes) => self.params.updated(changes),
            None => self.params,
        };
        let app_hash = result.app_hash.to_vec();
        Ok(Self {
            chain_id: self.chain_id.clone(),
            height: block.header().height,
            block_id: block.id(),
            time: block.header().time,
            proof_due: app_hash != self.app_hash || !block.block().transactions.is_empty(),
            app_hash,
            results_hash: results_hash(&result.transactions),
            last_validators: self.validators.clone(),
            validators: self.next_validators.clone(),
            next_validators,
            params,
            commit,
        })
    }
}

/// The part of a tip that no block tells: stored for each height.
#[derive(Clone, PartialEq, Message)]
pub(super) struct TipRow {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) app_hash: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) results_hash: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    pub(super) next_validators_hash: Vec<u8>,
    #[prost(message, required, tag = "4")]
    pub(super) params: ParamsRow,
    #[prost(bool, tag = "5")]
    pub(super) proof_due: bool,
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::embedded::sample::Chain;

    #[test]
    fn a_proof_is_due_after_a_block_that_changed_the_state_or_has_results() {
        let chain = Chain::found(&[10; 4]);
        let is_due = |transactions: Vec<Bytes>, app_hash: &[u8]| {
            let block = chain.next_block(transactions);
            let commit = chain.sign(block.id(), 0, &[]);
            let result = BlockResult {
                app_hash: Bytes::copy_from_slice(app_hash),
                ..BlockResult::default()
            };
            let next = chain.tip.after(&block, commit, &result);
            next.unwrap().proof_due
        };
        let before = &chain.tip.app_hash[..];
        assert!(!is_due(Vec::new(), before));
        assert!(is_due(Vec::new(), &[2; 32]));
        assert!(is_due(vec![Bytes::from_static(b"refused")], before));
    }
}
