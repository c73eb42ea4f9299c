//! What the engine keeps in the application's store; under which keys is told in `keys`.
//!
//! Everything is found from the height of the application's own last commit. What lies above it after a rollback of the
//! application is executed again at the next start.

mod keys;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use bytes::Bytes;
use prost::Message;

use keys::kept_key;
pub(super) use keys::{Table, evidence_key};

use super::canonical::{BlockId, Commit, DoubleVote, Hash, Outline, SealedBlock, ValidatorSet};
use super::params::Params;
use super::tip::{Tip, TipRow};
use crate::Fault;
use crate::application::{EngineRow, EngineStore, ValidatorUpdate};

/// The engine's rows.
#[derive(Clone)]
pub(super) struct Rows(pub(super) Arc<dyn EngineStore>);

/// A block of a height that is not decided here.
pub(super) struct Kept {
    pub(super) block: SealedBlock,
    /// The message that announced it; a block that came with its decision has none.
    pub(super) announcement: Option<Bytes>,
}

impl Rows {
    pub(super) fn block(&self, height: u64) -> Result<Option<SealedBlock>, Fault> {
        let Some(bytes) = self.block_bytes(height)? else {
            return Ok(None);
        };
        SealedBlock::decode(bytes)
            .map(Some)
            .map_err(|_| damaged("block", height))
    }

    pub(super) fn block_bytes(&self, height: u64) -> Result<Option<Bytes>, Fault> {
        self.0.read(&Table::Blocks.at(height))
    }

    pub(super) fn commit(&self, height: u64) -> Result<Option<Commit>, Fault> {
        let Some(bytes) = self.0.read(&Table::Commits.at(height))? else {
            return Ok(None);
        };
        Commit::decode(&bytes)
            .map(Some)
            .map_err(|_| damaged("commit", height))
    }

    /// What a block says of itself, without its transactions: no hash is made again.
    pub(super) fn outline(&self, height: u64) -> Result<Option<Outline>, Fault> {
        let (Some(bytes), Some(commit)) = (self.block_bytes(height)?, self.commit(height)?) else {
            return Ok(None);
        };
        Outline::read(bytes, commit.block_id)
            .map(Some)
            .map_err(|_| damaged("block", height))
    }

    /// The signatures that decided a height: those that the next block carries, or, for the newest, those that this
    /// node saw. Says whether the next block carries them.
    pub(super) fn commit_shown(&self, height: u64) -> Result<Option<(Commit, bool)>, Fault> {
        if let Some(next) = self.outline(height + 1)? {
            return Ok(Some((next.last_commit, true)));
        }
        Ok(self.commit(height)?.map(|commit| (commit, false)))
    }

    pub(super) fn height_of(&self, block_hash: &[u8]) -> Result<Option<u64>, Fault> {
        let bytes = self.0.read(&Table::HeightsByHash.key(block_hash))?;
        Ok(bytes.and_then(|bytes| Some(u64::from_be_bytes(bytes[..].try_into().ok()?))))
    }

    pub(super) fn validators(&self, hash: &Hash) -> Result<Option<ValidatorSet>, Fault> {
        let Some(bytes) = self.0.read(&Table::Validators.key(hash))? else {
            return Ok(None);
        };
        let row = ValidatorsRow::decode(bytes).map_err(|_| damaged("set of validators", 0))?;
        let updates = row
            .validators
            .into_iter()
            .map(|validator| {
                Ok(ValidatorUpdate {
                    public_key: validator
                        .public_key
                        .try_into()
                        .map_err(|_| damaged("set of validators", 0))?,
                    power: validator.power,
                })
            })
            .collect::<Result<Vec<_>, Fault>>()?;
        ValidatorSet::new(&updates)
            .map(Some)
            .map_err(|_| damaged("set of validators", 0))
    }

    /// The parameters with which the block after this height is made.
    pub(super) fn params_after(&self, height: u64) -> Result<Option<Params>, Fault> {
        Ok(self
            .tip_row(height)?
            .map(|row| Params::from_row(&row.params)))
    }

    /// The parameters with which the first block of a chain is made.
    pub(super) fn founding_params(&self, first_height: u64) -> Result<Params, Fault> {
        let below = first_height.saturating_sub(1);
        self.params_after(below)?
            .ok_or_else(|| damaged("founding", below))
    }

    /// The chain as it stood after a height.
    pub(super) fn tip(&self, chain_id: &str, height: u64) -> Result<Tip, Fault> {
        let missing = |what| damaged(what, height);
        let row = self.tip_row(height)?.ok_or_else(|| missing("tip"))?;
        let commit = self.commit(height)?.ok_or_else(|| missing("commit"))?;
        let block = self.outline(height)?.ok_or_else(|| missing("block"))?;
        let header = block.header;
        let set = |hash: &[u8]| {
            let hash = hash.try_into().map_err(|_| missing("set of validators"))?;
            self.validators(&hash)?
                .ok_or_else(|| missing("set of validators"))
        };
        Ok(Tip {
            chain_id: chain_id.to_owned(),
            height,
            block_id: block.id,
            time: header.time,
            results_hash: row.results_hash[..]
                .try_into()
                .map_err(|_| missing("hash of results"))?,
            last_validators: set(&header.validators_hash)?,
            validators: set(&header.next_validators_hash)?,
            next_validators: set(&row.next_validators_hash)?,
            params: Params::from_row(&row.params),
            app_hash: row.app_hash,
            proof_due: row.proof_due,
            commit,
        })
    }

    /// Blocks of a height, as long as it is not decided.
    pub(super) fn kept(&self, height: u64) -> Result<Vec<Kept>, Fault> {
        self.0
            .scan(&Table::Kept.at(height))?
            .into_iter()
            .map(|(_, value)| {
                let row = KeptRow::decode(value).map_err(|_| damaged("kept block", height))?;
                Ok(Kept {
                    block: SealedBlock::decode(row.block)
                        .map_err(|_| damaged("kept block", height))?,
                    announcement: row.announcement,
                })
            })
            .collect()
    }

    /// Keeps a block before consensus learns of it, whose log will hold the name alone.
    pub(super) fn keep(
        &self,
        block: &SealedBlock,
        announcement: Option<Bytes>,
    ) -> Result<(), Fault> {
        self.0.write(vec![kept_row(block, announcement)])
    }

    /// Notes as what the chain is founded: the genesis alone does not tell what the application made of it.
    pub(super) fn found(&self, tip: &Tip) -> Result<(), Fault> {
        self.0.write(founding(tip))
    }

    /// Whether a block carried this evidence.
    pub(super) fn has_evidence(&self, double: &DoubleVote) -> Result<bool, Fault> {
        Ok(self.0.read(&evidence_key(double))?.is_some())
    }

    fn tip_row(&self, height: u64) -> Result<Option<TipRow>, Fault> {
        let Some(bytes) = self.0.read(&Table::Tips.at(height))? else {
            return Ok(None);
        };
        TipRow::decode(bytes)
            .map(Some)
            .map_err(|_| damaged("tip", height))
    }
}

/// The rows of a chain without a block.
pub(super) fn founding(tip: &Tip) -> Vec<EngineRow> {
    vec![tip_row(tip)]
}

/// The rows of a decided block; `kept` are the blocks of its height that were kept until now.
pub(super) fn decided(block: &SealedBlock, tip: &Tip, kept: &[BlockId]) -> Vec<EngineRow> {
    let height = tip.height;
    let mut rows = vec![
        put(Table::Blocks.at(height), block.bytes().clone()),
        put(Table::Commits.at(height), tip.commit.encode()),
        tip_row(tip),
        put(
            Table::HeightsByHash.key(&block.id().hash),
            height.to_be_bytes().to_vec(),
        ),
        validators_row(&tip.next_validators),
    ];
    let evidence = block.block().evidence.iter();
    rows.extend(evidence.map(|double| put(evidence_key(double), Bytes::new())));
    // The founding validators, which no block before this one brought.
    if block.header().last_block_id == BlockId::default() {
        rows.push(validators_row(&tip.validators));
        rows.push(validators_row(&tip.last_validators));
    }
    rows.extend(kept.iter().map(|id| EngineRow {
        key: kept_key(height, id),
        value: None,
    }));
    rows
}

fn tip_row(tip: &Tip) -> EngineRow {
    let row = TipRow {
        app_hash: tip.app_hash.clone(),
        results_hash: tip.results_hash.to_vec(),
        next_validators_hash: tip.next_validators.hash().to_vec(),
        params: tip.params.to_row(),
        proof_due: tip.proof_due,
    };
    put(Table::Tips.at(tip.height), row.encode_to_vec())
}

fn validators_row(set: &ValidatorSet) -> EngineRow {
    let validators = set
        .to_updates()
        .into_iter()
        .map(|validator| ValidatorRow {
            public_key: validator.public_key.to_vec(),
            power: validator.power,
        })
        .collect();
    put(
        Table::Validators.key(&set.hash()),
        ValidatorsRow { validators }.encode_to_vec(),
    )
}

fn kept_row(block: &SealedBlock, announcement: Option<Bytes>) -> EngineRow {
    let value = KeptRow {
        block: block.bytes().clone(),
        announcement,
    };
    put(
        kept_key(block.header().height, &block.id()),
        value.encode_to_vec(),
    )
}

/// Whether a row is that of a block which consensus may name.
pub(super) fn check_kept(key: &[u8], value: &[u8]) -> Result<(), &'static str> {
    let broken = "the block that is kept here cannot be read";
    let row = KeptRow::decode(value).map_err(|_| broken)?;
    let block = SealedBlock::decode(row.block).map_err(|_| broken)?;
    let name = [
        &block.header().height.to_be_bytes()[..],
        &block.id().to_bytes(),
    ]
    .concat();
    if name == key {
        Ok(())
    } else {
        Err("the block that is kept here has another name")
    }
}

fn put(key: Vec<u8>, value: impl Into<Bytes>) -> EngineRow {
    EngineRow {
        key,
        value: Some(value.into()),
    }
}

fn damaged(what: &str, height: u64) -> Fault {
    Fault(format!(
        "the engine's rows: {what} of height {height} is missing or cannot be read"
    ))
}

#[derive(Clone, PartialEq, Message)]
struct ValidatorsRow {
    #[prost(message, repeated, tag = "1")]
    validators: Vec<ValidatorRow>,
}

#[derive(Clone, PartialEq, Message)]
struct ValidatorRow {
    #[prost(bytes = "vec", tag = "1")]
    public_key: Vec<u8>,
    #[prost(uint64, tag = "2")]
    power: u64,
}

#[derive(Clone, PartialEq, Message)]
struct KeptRow {
    #[prost(bytes = "bytes", tag = "1")]
    block: Bytes,
    #[prost(bytes = "bytes", optional, tag = "2")]
    announcement: Option<Bytes>,
}
