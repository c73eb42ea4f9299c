//! Histories: all that happened to an object, rebuilt to the root that the state proves.

use polity_ledger::merkle::history::{Frontier, leaf_hash};
use polity_ledger::state::objects;
use polity_proto::v1::{EntryContext, HistoryAnswer, HistoryEntry, HistoryRequest, ObjectKind};
use prost::Message;

use super::read::decode;
use super::{AsOf, Moment, Session};
use crate::proof::{ENTRIES_PER_PAGE_MAX, HistoryHead};
use crate::{Error, Result};

/// Entries of one page of a history.
const PAGE_ENTRIES: u32 = ENTRIES_PER_PAGE_MAX;
/// Bytes of a page: an entry with what is told beside it takes less than 300.
const PAGE_BYTES_MAX: usize = 1024 * PAGE_ENTRIES as usize;

/// How often a history that grows while it is read is read again.
const ATTEMPTS_MAX: usize = 8;

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
    /// The part of a whole history that had happened by a height. It is proven where the state that proves the whole
    /// reaches that height.
    fn until(mut self, height: u64) -> History {
        self.moment.is_proven &= height <= self.moment.height;
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
    /// An object's history as it was then, whole and verified. Its moment is not proven where no header proves the state of
    /// that height yet: then entries may be missing.
    pub async fn history_as_of(&self, kind: ObjectKind, number: u64, at: AsOf) -> Result<History> {
        let whole = self.history(kind, number).await?;
        Ok(match at {
            AsOf::Newest => whole,
            AsOf::Height(height) => whole.until(height),
        })
    }

    /// An object's history, whole and verified: every entry, rebuilt to the root in the state.
    pub async fn history(&self, kind: ObjectKind, number: u64) -> Result<History> {
        self.newest_entries(kind, number, u64::MAX).await
    }

    /// The newest entries of an object's history, verified to be the newest: `limit`, or all where they are fewer.
    pub async fn newest_history(
        &self,
        kind: ObjectKind,
        number: u64,
        limit: u32,
    ) -> Result<History> {
        let read = self.newest_entries(kind, number, limit.into()).await?;
        // Entries that came while it was read stand behind those that were asked for, and are newer.
        Ok(read.newest(limit))
    }

    /// Each page is proven before the next one is asked for, so a node cannot make anybody keep more than the state
    /// proves to be there.
    async fn newest_entries(&self, kind: ObjectKind, number: u64, limit: u64) -> Result<History> {
        let mut head = self.history_head(kind, number).await?;
        let from = head.0.count.saturating_sub(limit);
        let mut items = Vec::new();
        let mut part: Option<HistoryHead> = None;
        loop {
            let next = part.map_or(from, |part| part.count);
            if next == head.0.count {
                break;
            }
            let page = self
                .proven_page(kind, number, next, PAGE_ENTRIES, &mut head)
                .await?;
            part = Some(match part {
                Some(part) => head.0.verify_next_page(&page, &part, PAGE_ENTRIES)?,
                None => head.0.verify_page(&page, next, PAGE_ENTRIES)?,
            });
            append(&mut items, next, &page)?;
        }
        let (head, moment) = head;
        Ok(History {
            items,
            from,
            count: head.count,
            root: head.root.to_vec(),
            moment,
        })
    }

    /// The entries at `from` and after it, as many as there are up to `limit`, and the head that proves them.
    pub(super) async fn history_part(
        &self,
        kind: ObjectKind,
        number: u64,
        from: u64,
        limit: u32,
    ) -> Result<(Vec<HistoryEntry>, HistoryHead)> {
        let mut head = self.history_head(kind, number).await?;
        let page = self
            .proven_page(kind, number, from, limit, &mut head)
            .await?;
        head.0.verify_page(&page, from, limit)?;
        let entries = page.entries.iter().map(|entry| decode(entry));
        Ok((entries.collect::<Result<_>>()?, head.0))
    }

    /// A page that claims to be of the history that the head proves. An honest one may have grown since the head was
    /// read; then the head is read again, and not for ever.
    async fn proven_page(
        &self,
        kind: ObjectKind,
        number: u64,
        from: u64,
        limit: u32,
        head: &mut (HistoryHead, Moment),
    ) -> Result<HistoryAnswer> {
        for _ in 0..ATTEMPTS_MAX {
            let page = self.history_page(kind, number, from, limit).await?;
            if page.count != head.0.count {
                *head = self.history_head(kind, number).await?;
            }
            if page.count == head.0.count {
                return Ok(page);
            }
        }
        Err(Error::proof(
            "the node tells of a history of another length than the state proves",
        ))
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
    ) -> Result<HistoryAnswer> {
        let request = HistoryRequest {
            kind: kind as i32,
            number,
            from,
            limit,
            newest: false,
        };
        self.rpc()
            .query("/history", &request.encode_to_vec(), 0, false, page)
            .await
    }
}

/// Reads a page, unless it is larger than one can be.
fn page(bytes: &[u8]) -> Result<HistoryAnswer> {
    if bytes.len() > PAGE_BYTES_MAX {
        return Err(Error::proof("the page of the history is too large"));
    }
    let page: HistoryAnswer = decode(bytes)?;
    if page.contexts.len() > page.entries.len() {
        return Err(Error::proof("the page tells of more than its entries"));
    }
    Ok(page)
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
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::json;

    use super::*;
    use crate::recorded::{Node, session_at};

    #[test]
    fn a_page_that_tells_of_more_than_it_can_hold_is_refused_before_it_is_kept() {
        let told = |entries: usize, contexts: usize, id: usize| {
            let context = EntryContext {
                transaction_id: vec![7; id],
                ..EntryContext::default()
            };
            let answer = HistoryAnswer {
                entries: vec![vec![7; 50]; entries],
                contexts: vec![context; contexts],
                ..HistoryAnswer::default()
            };
            page(&answer.encode_to_vec())
        };
        assert!(told(500, 500, 32).is_ok());
        assert!(told(2, 1, 32).is_ok());
        for refused in [told(2, 3, 32), told(0, 1, 0), told(1, 1, PAGE_BYTES_MAX)] {
            let error = refused.expect_err("too much");
            assert_eq!(error.kind(), crate::ErrorKind::ProofFailed, "{error}");
        }
    }

    #[tokio::test]
    async fn such_a_page_is_a_failed_proof_and_no_other_node_is_asked() {
        let answer = HistoryAnswer {
            contexts: vec![EntryContext::default()],
            ..HistoryAnswer::default()
        };
        let value = STANDARD.encode(answer.encode_to_vec());
        let answer = json!({"result": {"response": {"code": 0, "value": value}}}).to_string();
        let lying = Node::start(move |_, _| answer.clone().into()).await;
        let other = Node::of_chain(|_| {}).await;
        let session = session_at([lying.url.clone(), other.url.clone()]);

        let page = session.history_page(ObjectKind::Unit, 1, 0, PAGE_ENTRIES);
        let error = page.await.expect_err("it tells of more than its entries");
        assert_eq!(error.kind(), crate::ErrorKind::ProofFailed, "{error}");
        assert_eq!(other.calls(), 0);
    }

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
