//! Histories: all that happened to an object, rebuilt to the root that the state proves.

use polity_ledger::merkle::history::{Frontier, leaf_hash};
use polity_ledger::state::objects;
use polity_proto::v1::{EntryContext, HistoryAnswer, HistoryEntry, HistoryRequest, ObjectKind};
use prost::Message;

use super::read::{LIST_ATTEMPTS, decode};
use super::{AsOf, Moment, Session};
use crate::proof::HistoryHead;
use crate::{Error, Result};

/// Entries of one page of a history.
const PAGE_ENTRIES: u32 = 500;

/// An object's whole history, verified.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// Entries, oldest first: all of them, or the newest ones that were asked for.
    pub items: Vec<HistoryItem>,
    /// Index of the first of `items`.
    pub from: u64,
    /// How many entries the history has.
    pub count: u64,
    /// Its root, proven in the state: of a part that ended at a height, as that of the history that goes on from it.
    pub root: Vec<u8>,
    /// The state that proved it.
    pub moment: Moment,
}

/// One entry of a history.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryItem {
    /// Its index.
    pub index: u64,
    /// Where it stands in the chain, and the hash of the object after it: proven.
    pub entry: HistoryEntry,
    /// The event that it points to, as the node told it; [`Session::receipt_at`] proves it.
    pub context: EntryContext,
}

impl History {
    /// The part of a whole history that had happened by a height.
    fn until(mut self, height: u64) -> History {
        let end = self
            .items
            .partition_point(|item| item.entry.height <= height);
        self.items.truncate(end);

        let mut part = Frontier::default();
        for item in &self.items {
            part.append(leaf_hash(&item.entry.encode_to_vec()));
        }
        self.count = part.count();
        self.root = part.root().to_vec();
        self
    }

    /// Its newest entries alone.
    #[must_use]
    pub fn newest(mut self, limit: u32) -> History {
        let older = self.items.len().saturating_sub(limit as usize);
        self.items.drain(..older);
        self.from += older as u64;
        self
    }
}

impl Session {
    /// An object's history as it was then, whole and verified.
    pub async fn history_as_of(&self, kind: ObjectKind, number: u64, at: AsOf) -> Result<History> {
        let whole = self.history(kind, number).await?;
        Ok(match at {
            AsOf::Newest => whole,
            AsOf::Height(height) => whole.until(height),
        })
    }

    /// An object's history, whole and verified: every entry, rebuilt to the root in the state.
    pub async fn history(&self, kind: ObjectKind, number: u64) -> Result<History> {
        let (head, moment) = self.history_head(kind, number).await?;
        let mut items = Vec::new();
        while (items.len() as u64) < head.count {
            let from = items.len() as u64;
            let page = self
                .history_page(kind, number, from, PAGE_ENTRIES, false)
                .await?;
            if page.entries.is_empty() {
                return Err(Error::proof("the history ends before its count"));
            }
            append(&mut items, from, &page)?;
        }
        items.truncate(head.count as usize);
        let entries: Vec<Vec<u8>> = items
            .iter()
            .map(|item| item.entry.encode_to_vec())
            .collect();
        head.verify_whole(&entries)?;
        Ok(History {
            items,
            from: 0,
            count: head.count,
            root: head.root.to_vec(),
            moment,
        })
    }

    /// The newest entries of an object's history, verified to be the newest.
    pub async fn newest_history(
        &self,
        kind: ObjectKind,
        number: u64,
        limit: u32,
    ) -> Result<History> {
        for _ in 0..LIST_ATTEMPTS {
            let page = self.history_page(kind, number, 0, limit, true).await?;
            let (head, moment) = self.history_head(kind, number).await?;
            if page.count != head.count {
                continue;
            }
            if head.verify_page(&page, page.from)? != head {
                return Err(Error::proof("the page does not end with the history"));
            }
            let mut items = Vec::new();
            append(&mut items, page.from, &page)?;
            return Ok(History {
                items,
                from: page.from,
                count: head.count,
                root: head.root.to_vec(),
                moment,
            });
        }
        Err(other_length())
    }

    /// The entries at `from` and after it, at most `limit`, and the head that proves them.
    pub(super) async fn history_part(
        &self,
        kind: ObjectKind,
        number: u64,
        from: u64,
        limit: u32,
    ) -> Result<(Vec<HistoryEntry>, HistoryHead)> {
        for _ in 0..LIST_ATTEMPTS {
            let page = self.history_page(kind, number, from, limit, false).await?;
            let (head, _) = self.history_head(kind, number).await?;
            if page.count != head.count {
                continue;
            }
            head.verify_page(&page, from)?;
            let entries = page.entries.iter().map(|entry| decode(entry));
            return Ok((entries.collect::<Result<_>>()?, head));
        }
        Err(other_length())
    }

    async fn history_head(&self, kind: ObjectKind, number: u64) -> Result<(HistoryHead, Moment)> {
        let prefix = objects::prefix_with_history(kind)
            .ok_or_else(|| Error::usage("objects of this kind have no history of their own"))?;
        let (mut values, moment) = self.read(&[objects::object_key(prefix, number)]).await?;
        let value = values
            .pop()
            .flatten()
            .ok_or_else(|| Error::usage("there is no such object"))?;
        Ok((HistoryHead::from_state_value(&value)?, moment))
    }

    async fn history_page(
        &self,
        kind: ObjectKind,
        number: u64,
        from: u64,
        limit: u32,
        newest: bool,
    ) -> Result<HistoryAnswer> {
        let request = HistoryRequest {
            kind: kind as i32,
            number,
            from,
            limit,
            newest,
        };
        let answer = self
            .ask("/history", &request.encode_to_vec(), 0, false)
            .await?;
        decode(&answer.value)
    }
}

/// An honest history may grow between two questions, and not between all of them.
fn other_length() -> Error {
    Error::proof("the node tells of a history of another length than the state proves")
}

fn append(items: &mut Vec<HistoryItem>, from: u64, page: &HistoryAnswer) -> Result<()> {
    for (offset, entry) in page.entries.iter().enumerate() {
        items.push(HistoryItem {
            index: from + offset as u64,
            entry: decode(entry)?,
            context: page.contexts.get(offset).cloned().unwrap_or_default(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_heights(heights: &[u64]) -> History {
        let mut all = Frontier::default();
        let mut items = Vec::new();
        for (index, height) in heights.iter().enumerate() {
            let entry = HistoryEntry {
                height: *height,
                ..HistoryEntry::default()
            };
            all.append(leaf_hash(&entry.encode_to_vec()));
            items.push(HistoryItem {
                index: index as u64,
                entry,
                context: EntryContext::default(),
            });
        }
        History {
            items,
            from: 0,
            count: all.count(),
            root: all.root().to_vec(),
            moment: Moment::default(),
        }
    }

    #[test]
    fn a_history_until_a_height_is_the_one_that_there_was() {
        let all = of_heights(&[3, 5, 5, 9]);
        assert_eq!(all.clone().until(5), of_heights(&[3, 5, 5]));
        assert_eq!(all.clone().until(2), of_heights(&[]));
        assert_eq!(all.clone().until(9), all);
    }

    #[test]
    fn the_newest_of_then_are_counted_from_then() {
        let newest = of_heights(&[3, 5, 5, 9]).until(5).newest(1);
        let indexes: Vec<u64> = newest.items.iter().map(|item| item.index).collect();
        assert_eq!((newest.from, newest.count, indexes), (2, 3, vec![2]));
    }
}
