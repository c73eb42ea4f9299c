//! A chain at rest, judged again: every row that an engine keeps is made anew and compared.
//!
//! Whoever executes the blocks again gives what came of them. From that and from the founding follows each header,
//! and the signatures prove that the validators of its height decided it. A block that is not the next one, a
//! signature that does not hold, a row that no block made: each is told by its key.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::canonical::{Commit, Hash, SealedBlock};
use super::consensus::judge;
use super::evidence;
use super::founding::founded;
use super::rows::{self, Rows, Table};
use super::start::StartError;
use super::tip::Tip;
use crate::Fault;
use crate::application::{BlockResult, EngineRow, EngineStore, InitChainResult, Misbehavior};
use crate::cometbft::Genesis;

/// What does not fit.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// A row is not what it must be.
    #[error(transparent)]
    Wrong(#[from] Wrong),
    /// The store does not answer.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// A row that is not what it must be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{words}")]
pub struct Wrong {
    /// Its key.
    pub key: Vec<u8>,
    /// The height that it belongs to; 0 where it belongs to none.
    pub height: u64,
    /// What is wrong with it.
    pub words: String,
}

/// A block of the chain, with the signatures that decided it.
pub struct Decided {
    /// The block.
    pub block: SealedBlock,
    commit: Commit,
}

impl Decided {
    /// What validators did wrong, as the block tells it.
    #[must_use]
    pub fn misbehavior(&self) -> Vec<Misbehavior> {
        evidence::misbehavior(&self.block.block().evidence)
    }
}

/// The rows of one chain, from its founding on.
pub struct Audit {
    rows: Rows,
    first: u64,
    tip: Tip,
    sets: BTreeSet<Hash>,
    evidence: BTreeSet<Vec<u8>>,
    // Rows that find a block by its hash: as many as there are blocks, or one is a stranger.
    found_by_hash: u64,
}

impl Audit {
    /// Begins below the first block; `made` is what the application makes of the genesis.
    pub fn begin(
        store: Arc<dyn EngineStore>,
        genesis: &Genesis,
        made: InitChainResult,
    ) -> Result<Self, AuditError> {
        let rows = Rows(store);
        let tip = founded(genesis, made).map_err(|error| match error {
            StartError::Fault(fault) => fault,
            other => Fault(other.to_string()),
        })?;
        let audit = Self {
            first: tip.next_height(),
            sets: BTreeSet::from([tip.validators.hash()]),
            evidence: BTreeSet::new(),
            found_by_hash: 0,
            rows,
            tip,
        };
        audit.compare(rows::founding(&audit.tip), audit.tip.height)?;
        Ok(audit)
    }

    /// The block of the next height: the one that follows, decided by the validators of its height. What came of it
    /// is told by [`Self::executed`].
    pub fn next_block(&mut self) -> Result<Decided, AuditError> {
        let height = self.tip.next_height();
        let wrong = |table: Table, words: &str| Wrong {
            key: table.at(height),
            height,
            words: words.to_owned(),
        };
        let block = self.rows.block(height);
        let block = block.map_err(|fault| wrong(Table::Blocks, &fault.0))?;
        let block = block.ok_or_else(|| wrong(Table::Blocks, "the block is missing"))?;
        let commit = self.rows.commit(height);
        let commit = commit.map_err(|fault| wrong(Table::Commits, &fault.0))?;
        let commit = commit.ok_or_else(|| wrong(Table::Commits, "the signatures are missing"))?;

        if !commit.is_decided_by(&self.tip.chain_id, &self.tip.validators) {
            let words = "these are not good signatures of more than two thirds of the power";
            return Err(wrong(Table::Commits, words).into());
        }
        if commit.height != height || commit.block_id != block.id() {
            let words = "the signatures that decided this height are for another block";
            return Err(wrong(Table::Blocks, words).into());
        }
        if let Err(rule) = judge::follows(&block, &self.tip) {
            let words = format!("the header's {rule} is not what follows from the blocks before");
            return Err(wrong(Table::Blocks, &words).into());
        }
        // Signatures that were verified at their own height are not verified again.
        let carried = &block.block().last_commit;
        if *carried != self.tip.commit && !judge::is_commit_sound(carried, &self.tip) {
            let words = "the signatures in the block did not decide its parent";
            return Err(wrong(Table::Blocks, words).into());
        }
        let pieces = &block.block().evidence;
        let mut is_new = true;
        for piece in pieces {
            is_new &= self.evidence.insert(rows::evidence_key(piece));
        }
        if !is_new || !evidence::is_proven(&self.rows, &self.tip, pieces)? {
            return Err(wrong(Table::Blocks, "the block carries evidence that is none").into());
        }
        Ok(Decided { block, commit })
    }

    /// Goes on after the block that [`Self::next_block`] gave, with what came of it.
    pub fn executed(&mut self, decided: Decided, result: &BlockResult) -> Result<(), AuditError> {
        let next = self.tip.after(&decided.block, decided.commit, result)?;
        // The block itself was read from its row, which has one form alone.
        let read = Table::Blocks.at(next.height);
        let made = rows::decided(&decided.block, &next, &[]).into_iter();
        self.compare(made.filter(|row| row.key != read), next.height)?;
        self.sets.insert(next.next_validators.hash());
        self.tip = next;
        Ok(())
    }

    /// Judges a row of the table, in any order, once all blocks were executed: whether something made it. Rows above
    /// the newest height are left by heights that were taken back, and are made anew.
    pub fn row(&mut self, key: &[u8], value: &[u8]) -> Result<(), Wrong> {
        let stray = |height: u64, words: &str| Wrong {
            key: key.to_vec(),
            height,
            words: words.to_owned(),
        };
        let unknown = || stray(0, "no block made this row");
        let (table, rest) = Table::of(key).ok_or_else(unknown)?;
        match table {
            Table::Blocks | Table::Commits | Table::Tips => {
                let height = <[u8; 8]>::try_from(rest).map(u64::from_be_bytes);
                let height = height.map_err(|_| unknown())?;
                let is_founding = table == Table::Tips && height + 1 == self.first;
                if height >= self.first || is_founding {
                    Ok(())
                } else {
                    Err(stray(height, "the chain has no such height"))
                }
            }
            Table::HeightsByHash => {
                let height = <[u8; 8]>::try_from(value).map(u64::from_be_bytes);
                let height = height.map_err(|_| unknown())?;
                if (self.first..=self.tip.height).contains(&height) {
                    self.found_by_hash += 1;
                }
                if self.found_by_hash <= self.tip.next_height() - self.first {
                    Ok(())
                } else {
                    Err(stray(
                        height,
                        "more hashes name blocks than there are blocks",
                    ))
                }
            }
            Table::Validators => match <Hash>::try_from(rest) {
                Ok(hash) if self.sets.contains(&hash) || self.is_ahead(key)? => Ok(()),
                Ok(_) | Err(_) => Err(unknown()),
            },
            Table::Evidence => {
                let is_known = self.evidence.contains(key) || self.is_ahead(key)?;
                if is_known && value.is_empty() {
                    Ok(())
                } else {
                    Err(unknown())
                }
            }
            Table::Kept => rows::check_kept(rest, value).map_err(|words| stray(0, words)),
        }
    }

    /// Blocks of the chain.
    #[must_use]
    pub fn blocks(&self) -> u64 {
        self.tip.next_height() - self.first
    }

    /// Whether the table has blocks of heights that the application took back.
    fn is_ahead(&self, key: &[u8]) -> Result<bool, Wrong> {
        let above = self.rows.block_bytes(self.tip.next_height());
        let above = above.map_err(|fault| Wrong {
            key: key.to_vec(),
            height: 0,
            words: fault.0,
        })?;
        Ok(above.is_some())
    }

    fn compare(
        &self,
        made: impl IntoIterator<Item = EngineRow>,
        height: u64,
    ) -> Result<(), AuditError> {
        for row in made {
            if self.rows.0.read(&row.key)? != row.value {
                let words = "it is not what follows from the blocks".to_owned();
                let key = row.key;
                return Err(Wrong { key, height, words }.into());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
