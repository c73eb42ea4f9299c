//! What the engine keeps in the application's store, and under which keys.
//!
//! | first byte | then | holds |
//! |---|---|---|
//! | `B` | height | a decided block |
//! | `C` | height | the signatures that decided it |
//! | `T` | height | what the chain is after it, beside the block; below the first block, as what it was founded |
//! | `V` | hash | a set of validators; headers name it by the hash |
//! | `H` | block hash | the block's height |
//! | `E` | hash of evidence | nothing: a block carried it |
//! | `U` | height, block's name | a block that consensus may name after a restart, until its height is decided |
//!
//! Everything is found from the height of the application's own last commit, so a rollback of the application by one
//! height takes the engine along.

use std::sync::Arc;

use bytes::Bytes;
use prost::Message;
use sha2::{Digest, Sha256};

use super::canonical::{BlockId, Commit, DoubleVote, Hash, SealedBlock, ValidatorSet};
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
        self.0.read(&at(b'B', height))
    }

    pub(super) fn commit(&self, height: u64) -> Result<Option<Commit>, Fault> {
        let Some(bytes) = self.0.read(&at(b'C', height))? else {
            return Ok(None);
        };
        Commit::decode(&bytes)
            .map(Some)
            .map_err(|_| damaged("commit", height))
    }

    /// The signatures that decided a height: those that the next block carries, or, for the newest, those that this
    /// node saw. Says whether the next block carries them.
    pub(super) fn commit_shown(&self, height: u64) -> Result<Option<(Commit, bool)>, Fault> {
        if let Some(next) = self.block(height + 1)? {
            return Ok(Some((next.block().last_commit.clone(), true)));
        }
        Ok(self.commit(height)?.map(|commit| (commit, false)))
    }

    pub(super) fn height_of(&self, block_hash: &[u8]) -> Result<Option<u64>, Fault> {
        let bytes = self.0.read(&[b"H", block_hash].concat())?;
        Ok(bytes.and_then(|bytes| Some(u64::from_be_bytes(bytes[..].try_into().ok()?))))
    }

    pub(super) fn validators(&self, hash: &Hash) -> Result<Option<ValidatorSet>, Fault> {
        let Some(bytes) = self.0.read(&[b"V", &hash[..]].concat())? else {
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
        let block = self.block(height)?.ok_or_else(|| missing("block"))?;
        let header = block.header();
        let commit = self.commit(height)?.ok_or_else(|| missing("commit"))?;
        let set = |hash: &[u8]| {
            let hash = hash.try_into().map_err(|_| missing("set of validators"))?;
            self.validators(&hash)?
                .ok_or_else(|| missing("set of validators"))
        };
        Ok(Tip {
            chain_id: chain_id.to_owned(),
            height,
            block_id: block.id(),
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

    /// Blocks of a height, as long as it is not decided: after a rollback, the one that was decided before it too.
    pub(super) fn kept(&self, height: u64) -> Result<Vec<Kept>, Fault> {
        let taken_back = self.block(height)?.map(|block| {
            Ok(Kept {
                block,
                announcement: None,
            })
        });
        self.0
            .scan(&at(b'U', height))?
            .into_iter()
            .map(|(_, value)| {
                let row = KeptRow::decode(value).map_err(|_| damaged("kept block", height))?;
                Ok(Kept {
                    block: SealedBlock::decode(row.block)
                        .map_err(|_| damaged("kept block", height))?,
                    announcement: row.announcement,
                })
            })
            .chain(taken_back)
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

    /// The same for a block that comes with its decision: this node never votes for it, so only a death of the process
    /// must not lose it.
    pub(super) fn keep_decided(&self, block: &SealedBlock) -> Result<(), Fault> {
        self.0.write_later(vec![kept_row(block, None)])
    }

    /// Notes as what the chain is founded: the genesis alone does not tell what the application made of it.
    pub(super) fn found(&self, tip: &Tip) -> Result<(), Fault> {
        self.0.write(vec![tip_row(tip)])
    }

    /// Whether a block carried this evidence.
    pub(super) fn has_evidence(&self, double: &DoubleVote) -> Result<bool, Fault> {
        Ok(self.0.read(&evidence_key(double))?.is_some())
    }

    fn tip_row(&self, height: u64) -> Result<Option<TipRow>, Fault> {
        let Some(bytes) = self.0.read(&at(b'T', height))? else {
            return Ok(None);
        };
        TipRow::decode(bytes)
            .map(Some)
            .map_err(|_| damaged("tip", height))
    }
}

/// The rows of a decided block; `kept` are the blocks of its height that were kept until now.
pub(super) fn decided(block: &SealedBlock, tip: &Tip, kept: &[BlockId]) -> Vec<EngineRow> {
    let height = tip.height;
    let mut rows = vec![
        put(at(b'B', height), block.bytes().clone()),
        put(at(b'C', height), tip.commit.encode()),
        tip_row(tip),
        put(
            [b"H", &block.id().hash[..]].concat(),
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
    put(at(b'T', tip.height), row.encode_to_vec())
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
        [b"V", &set.hash()[..]].concat(),
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

fn put(key: Vec<u8>, value: impl Into<Bytes>) -> EngineRow {
    EngineRow {
        key,
        value: Some(value.into()),
    }
}

fn at(table: u8, height: u64) -> Vec<u8> {
    [&[table], &height.to_be_bytes()[..]].concat()
}

fn kept_key(height: u64, id: &BlockId) -> Vec<u8> {
    [&at(b'U', height)[..], &id.to_bytes()].concat()
}

fn evidence_key(double: &DoubleVote) -> Vec<u8> {
    [b"E", &Sha256::digest(double.bytes())[..]].concat()
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

#[cfg(test)]
mod tests {
    use super::super::sample::{Chain, key, update};

    #[test]
    fn a_chain_is_found_again_from_its_height_alone() {
        let mut chain = Chain::found(&[10, 10, 10, 7]);
        for height in 1..=6u64 {
            let updates = match height {
                3 => vec![update(&key(4), 20)],
                _ => Vec::new(),
            };
            chain.grow(height as usize % 3, 0, &[], updates);
            let found = chain.rows.tip(&chain.tip.chain_id, height).unwrap();
            assert_eq!(format!("{found:?}"), format!("{:?}", chain.tip));
        }
        assert!(chain.rows.tip(&chain.tip.chain_id, 7).is_err());
        let hash = chain.blocks[2].id().hash;
        assert_eq!(chain.rows.height_of(&hash), Ok(Some(3)));
    }

    #[test]
    fn a_kept_block_stays_until_its_height_is_decided() {
        let mut chain = Chain::found(&[10; 4]);
        let block = chain.next_block(Vec::new());
        chain
            .rows
            .keep(&block, Some(b"announced"[..].into()))
            .unwrap();

        let kept = chain.rows.kept(1).unwrap();
        assert_eq!(kept[0].block.id(), block.id());
        assert_eq!(kept[0].announcement.as_deref(), Some(&b"announced"[..]));
        assert!(chain.rows.kept(2).unwrap().is_empty());
        chain.grow(0, 0, &[], Vec::new());
        let rows = super::decided(&block, &chain.tip, &[block.id()]);
        chain.rows.0.write(rows).unwrap();
        let kept = chain.rows.kept(1).unwrap();
        assert_eq!(kept.len(), 1, "the decided one, for a rollback");
        assert_eq!(kept[0].announcement, None);
    }
}
