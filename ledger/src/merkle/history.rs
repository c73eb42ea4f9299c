//! Histories: append-only logs that prove that they are whole, by the tree of RFC 9162 §2.1.
//!
//! Nodes are named by level and index: level 0 holds the leaf hashes in order, and the node
//! (level, index) covers the leaves from `index << level` to `(index + 1) << level`. Only such
//! complete nodes are ever stored; they never change, whatever is appended.

use sha2::{Digest, Sha256};

use super::Hash;

mod proof;
#[cfg(test)]
mod tests;

pub use proof::{prove_consistency, prove_inclusion, root_of, verify_consistency};
pub use proof::{verify_inclusion, verify_whole};

/// The most entries of a history that a frontier is decoded for.
pub const ENTRIES_MAX: u64 = 1 << 48;

/// The hash of an entry.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Sha256::new()
        .chain_update([0])
        .chain_update(entry)
        .finalize()
        .into()
}

/// The hash of two nodes that lie side by side.
#[must_use]
pub fn inner_hash(left: &Hash, right: &Hash) -> Hash {
    let mut bytes = [1; 65];
    bytes[1..33].copy_from_slice(left);
    bytes[33..].copy_from_slice(right);
    Sha256::digest(bytes).into()
}

/// The root of a history without entries.
pub const EMPTY_ROOT: Hash = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

/// A complete inner node, as it is to be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompletedNode {
    /// 1 or more; the leaves are at level 0.
    pub level: u32,
    /// The node's place in its level.
    pub index: u64,
    /// The node's hash.
    pub hash: Hash,
}

/// The right edge of a history: all that appending needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    count: u64,
    /// The complete subtrees that cover all entries, largest first: one for each bit of `count`.
    peaks: Vec<Hash>,
}

/// Why bytes are not a frontier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrontierError {
    /// More entries than [`ENTRIES_MAX`].
    #[error("history has too many entries")]
    TooManyEntries,
    /// Not 32 bytes for each bit of the count.
    #[error("frontier has the wrong length for its count")]
    WrongLength,
}

impl Frontier {
    /// How many entries the history has.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The complete subtrees that cover all entries, largest first.
    #[must_use]
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// Appends one entry by its leaf hash and returns the inner nodes that it completes, lowest
    /// first. The leaf itself is node (0, old count) and not among them, since its entry is kept.
    pub fn append(&mut self, leaf_hash: Hash) -> Vec<CompletedNode> {
        let merges = self.count.trailing_ones();
        let mut completed = Vec::with_capacity(merges as usize);
        let mut hash = leaf_hash;
        for (level, left) in (1..=merges).zip(self.peaks.iter().rev()) {
            hash = inner_hash(left, &hash);
            completed.push(CompletedNode {
                level,
                index: self.count >> level,
                hash,
            });
        }
        self.peaks.truncate(self.peaks.len() - completed.len());
        self.peaks.push(hash);
        self.count += 1;
        completed
    }

    /// The root over all entries.
    #[must_use]
    pub fn root(&self) -> Hash {
        let smallest_first = self.peaks.iter().rev().copied();
        smallest_first
            .reduce(|right, left| inner_hash(&left, &right))
            .unwrap_or(EMPTY_ROOT)
    }

    /// The peaks one after the other; the count is kept beside them.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.peaks.concat()
    }

    /// Reads what [`Frontier::encode`] wrote.
    ///
    /// # Errors
    /// If the bytes have the wrong length for the count, or the count is over its bound.
    pub fn decode(count: u64, peaks: &[u8]) -> Result<Self, FrontierError> {
        if count > ENTRIES_MAX {
            return Err(FrontierError::TooManyEntries);
        }
        let (hashes, rest) = peaks.as_chunks::<32>();
        if !rest.is_empty() || hashes.len() != count.count_ones() as usize {
            return Err(FrontierError::WrongLength);
        }
        // Room for one more: whoever reads it appends to it.
        let mut peaks = Vec::with_capacity(hashes.len() + 1);
        peaks.extend_from_slice(hashes);
        Ok(Self { count, peaks })
    }

    /// The frontier of a history whose root tells it: of one without entries, or whose entries are one complete subtree.
    #[must_use]
    pub fn of_root(count: u64, root: &[u8]) -> Option<Self> {
        if count == 0 {
            return Some(Self::default());
        }
        let is_complete = count.is_power_of_two() && count <= ENTRIES_MAX;
        let peaks = vec![root.try_into().ok()?];
        is_complete.then_some(Self { count, peaks })
    }

    /// Finds the frontier among stored nodes (level, index); `None` where one is missing.
    pub fn from_nodes(count: u64, node: impl Fn(u32, u64) -> Option<Hash>) -> Option<Self> {
        let levels = (0..u64::BITS).rev().filter(|level| count >> level & 1 == 1);
        // The peak of a bit begins where the higher bits end, so its index ends in a zero.
        let peaks = levels.map(|level| node(level, (count >> level) - 1));
        Some(Self {
            count,
            peaks: peaks.collect::<Option<_>>()?,
        })
    }
}
