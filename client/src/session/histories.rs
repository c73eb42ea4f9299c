//! Histories: all that happened to an object, rebuilt to the root that the state proves.

use polity_ledger::state::objects;
use polity_proto::v1::{EntryContext, HistoryAnswer, HistoryEntry, HistoryRequest, ObjectKind};
use prost::Message;

use super::Moment;
use super::Session;
use super::read::{LIST_ATTEMPTS, decode};
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
    /// Its root, proven in the state.
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

impl Session {
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
