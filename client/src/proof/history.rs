//! Histories of objects: an entry is in one, a page belongs to one, one only grew.

use polity_ledger::merkle::history::{
    ENTRIES_MAX, Frontier, leaf_hash, verify_consistency, verify_inclusion, verify_whole,
};
use polity_proto::v1::{ConsistencyAnswer, HistoryAnswer, InclusionAnswer, Record};
use prost::Message;

use crate::{Error, Result};

/// The most entries of one page.
pub const ENTRIES_PER_PAGE_MAX: u32 = 500;

/// No path is longer: one hash for each level, and one more for consistency.
const PATH_HASHES_MAX: usize = 65;

/// How long a history is and the root over it, as they stand beside the object in its state value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryHead {
    /// How many entries there are.
    pub count: u64,
    /// The root of RFC 9162 over all of them.
    pub root: [u8; 32],
}

impl HistoryHead {
    /// Reads the head out of a *proven* state value of an object that has a history.
    pub fn from_state_value(value: &[u8]) -> Result<Self> {
        let record = Record::decode(value)
            .map_err(|error| Error::proof("the state value is malformed").with_source(error))?;
        let root = record.history_root.as_slice();
        Ok(Self {
            count: record.history_count,
            root: root
                .try_into()
                .map_err(|_| Error::proof("the state value has no history"))?,
        })
    }

    /// Verifies that `entry` is at `index` of this history.
    pub fn verify_entry(&self, entry: &[u8], index: u64, path: &[Vec<u8>]) -> Result<()> {
        let path = hashes(path)?;
        if !verify_inclusion(&leaf_hash(entry), index, self.count, &path, &self.root) {
            return Err(Error::proof("the entry is not in the history"));
        }
        Ok(())
    }

    /// Verifies the answer to `/inclusion` for the entry at `index`.
    pub fn verify_inclusion_answer(&self, answer: &InclusionAnswer, index: u64) -> Result<()> {
        if answer.count != self.count {
            return Err(Error::proof("the history has another length"));
        }
        self.verify_entry(&answer.entry, index, &answer.path)
    }

    /// Verifies that this history begins with all of `old`: since then it only grew.
    pub fn verify_grown_from(&self, old: &Self, path: &[Vec<u8>]) -> Result<()> {
        let path = hashes(path)?;
        if !verify_consistency(old.count, &old.root, self.count, &self.root, &path) {
            return Err(Error::proof(
                "the history does not continue the earlier one",
            ));
        }
        Ok(())
    }

    /// Verifies the answer to `/consistency` for the earlier head `old`.
    pub fn verify_consistency_answer(&self, old: &Self, answer: &ConsistencyAnswer) -> Result<()> {
        if answer.count != self.count || answer.root != self.root {
            return Err(Error::proof("the history has another head"));
        }
        self.verify_grown_from(old, &answer.path)
    }

    /// Verifies the answer to `/history` for the entries from `from`, at most `limit`: they stand there in this history,
    /// without a gap, and none that was asked for is left out. Returns the head of the part that ends with the page; the
    /// page is the last one where that equals `self`. The contexts beside the entries are not covered: each is proven by
    /// its receipt.
    pub fn verify_page(&self, answer: &HistoryAnswer, from: u64, limit: u32) -> Result<Self> {
        if answer.from != from || answer.count != self.count || answer.root != self.root {
            return Err(Error::proof("the page is of another history"));
        }
        let limit = u64::from(limit.clamp(1, ENTRIES_PER_PAGE_MAX));
        let there = self.count.min(ENTRIES_MAX).checked_sub(from);
        if there.map(|there| there.min(limit)) != Some(answer.entries.len() as u64) {
            return Err(Error::proof("the page has not the entries that it should"));
        }

        let mut part = before(answer)?;
        for entry in &answer.entries {
            part.append(leaf_hash(entry));
        }
        let part = Self::of(&part);
        self.verify_grown_from(&part, &answer.consistency)?;
        Ok(part)
    }

    /// Verifies the page that goes on from `part`, which an earlier page ended with. The history may have grown between
    /// the two.
    pub fn verify_next_page(
        &self,
        answer: &HistoryAnswer,
        part: &Self,
        limit: u32,
    ) -> Result<Self> {
        let grown = self.verify_page(answer, part.count, limit)?;
        if Self::of(&before(answer)?) != *part {
            return Err(Error::proof("the page does not go on from the one before"));
        }
        Ok(grown)
    }

    fn of(part: &Frontier) -> Self {
        Self {
            count: part.count(),
            root: part.root(),
        }
    }

    /// Verifies that these are all entries of this history, in order.
    pub fn verify_whole<E: AsRef<[u8]>>(&self, entries: &[E]) -> Result<()> {
        if entries.len() as u64 != self.count || !verify_whole(entries, &self.root) {
            return Err(Error::proof("the entries are not the whole history"));
        }
        Ok(())
    }
}

/// All that a page's history has before it.
fn before(answer: &HistoryAnswer) -> Result<Frontier> {
    Frontier::decode(answer.from, &hashes(&answer.peaks)?.concat())
        .map_err(|error| Error::proof("the page's peaks are malformed").with_source(error))
}

fn hashes(path: &[Vec<u8>]) -> Result<Vec<[u8; 32]>> {
    if path.len() > PATH_HASHES_MAX {
        return Err(Error::proof("the proof is too long"));
    }
    let hashes = path.iter().map(|hash| hash.as_slice().try_into());
    hashes
        .collect::<Result<_, _>>()
        .map_err(|_| Error::proof("a proof's hash is not of 32 bytes"))
}

#[cfg(test)]
mod tests;
