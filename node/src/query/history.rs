//! Histories: pages with what proves them whole, inclusion and consistency.

use polity_ledger::merkle::Hash;
use polity_ledger::merkle::history::{prove_consistency, prove_inclusion};
use polity_ledger::state::{Read, history, keys, objects};
use polity_proto::v1::{
    ConsistencyAnswer, ConsistencyRequest, EntryContext, Envelope, HistoryAnswer, HistoryEntry,
    HistoryRequest, InclusionAnswer, InclusionRequest, ObjectKind, Receipt, Record,
};
use prost::Message;
use sha2::{Digest, Sha256};

use super::{QueryError, View};
use crate::app::{App, BlockRecord};
use crate::fault::{Fault, FaultKind};
use crate::store::Position;

/// Most entries of a page.
const ENTRIES_MAX: u64 = 500;

/// Path /history.
pub(super) fn page(view: &View, request: &HistoryRequest) -> Result<HistoryAnswer, QueryError> {
    let (kind, record) = record_of(view, request.kind, request.number)?;
    let count = record.history_count;
    let limit = u64::from(request.limit).clamp(1, ENTRIES_MAX);
    let (from, until) = if request.newest {
        let until = count.saturating_sub(request.from);
        (until.saturating_sub(limit), until)
    } else {
        let from = request.from.min(count);
        (from, from.saturating_add(limit).min(count))
    };
    let node = node_of(view, kind, request.number);
    let entries: Vec<Vec<u8>> = (from..until)
        .map(|index| {
            view.get(&keys::history_entry(kind, request.number, index))
                .map(Vec::from)
                .ok_or(QueryError::NotFound("an entry of the history"))
        })
        .collect::<Result<_, _>>()?;
    let consistency = if until == count || until == 0 {
        Vec::new()
    } else {
        prove_consistency(until, count, &node)
            .ok_or(QueryError::NotFound("a node of the history"))?
    };
    Ok(HistoryAnswer {
        height: view.height,
        from,
        count,
        root: record.history_root,
        peaks: peaks(from, &node)?,
        contexts: contexts(view, &entries)?,
        entries,
        consistency: consistency.into_iter().map(|hash| hash.to_vec()).collect(),
    })
}

/// Path /consistency.
pub(super) fn consistency(
    view: &View,
    request: &ConsistencyRequest,
) -> Result<ConsistencyAnswer, QueryError> {
    let (kind, record) = record_of(view, request.kind, request.number)?;
    let count = record.history_count;
    if request.old > count {
        return Err(QueryError::NotFound("so many entries"));
    }
    let node = node_of(view, kind, request.number);
    let path = if request.old == 0 || request.old == count {
        Vec::new()
    } else {
        prove_consistency(request.old, count, &node)
            .ok_or(QueryError::NotFound("a node of the history"))?
    };
    Ok(ConsistencyAnswer {
        height: view.height,
        count,
        root: record.history_root,
        path: path.into_iter().map(|hash| hash.to_vec()).collect(),
    })
}

/// Path /inclusion.
pub(super) fn inclusion(
    view: &View,
    request: &InclusionRequest,
) -> Result<InclusionAnswer, QueryError> {
    let (kind, record) = record_of(view, request.kind, request.number)?;
    let count = record.history_count;
    let entry = view
        .get(&keys::history_entry(kind, request.number, request.index))
        .filter(|_| request.index < count)
        .ok_or(QueryError::NotFound("this entry"))?;
    let node = node_of(view, kind, request.number);
    let path = prove_inclusion(request.index, count, &node)
        .ok_or(QueryError::NotFound("a node of the history"))?;
    Ok(InclusionAnswer {
        height: view.height,
        count,
        entry: entry.into(),
        path: path.into_iter().map(|hash| hash.to_vec()).collect(),
    })
}

fn record_of(view: &View, kind: i32, number: u64) -> Result<(ObjectKind, Record), QueryError> {
    let kind = ObjectKind::try_from(kind).map_err(|_| QueryError::BadRequest("unknown kind"))?;
    let prefix = objects::prefix_with_history(kind).ok_or(QueryError::BadRequest(
        "objects of this kind have no history of their own",
    ))?;
    let record = objects::value(view, &objects::object_key(prefix, number))
        .ok_or(QueryError::NotFound("this object"))?;
    Ok((kind, record))
}

fn node_of(view: &View, kind: ObjectKind, number: u64) -> impl Fn(u32, u64) -> Option<Hash> {
    let snapshot = std::sync::Arc::clone(&view.snapshot);
    move |level, index| history::node(&*snapshot, kind, number, level, index)
}

/// The peaks of the tree over the first `count` entries, largest first.
fn peaks(count: u64, node: &impl Fn(u32, u64) -> Option<Hash>) -> Result<Vec<Vec<u8>>, QueryError> {
    let mut peaks = Vec::new();
    let mut before = 0;
    for level in (0..64).rev().filter(|level| count >> level & 1 == 1) {
        let hash =
            node(level, before >> level).ok_or(QueryError::NotFound("a node of the history"))?;
        peaks.push(hash.to_vec());
        before += 1 << level;
    }
    Ok(peaks)
}

/// What a receipt's place holds, read once for neighbouring entries that point there: one transaction may have made
/// hundreds.
struct Place {
    position: Position,
    time: u64,
    receipt: Option<Receipt>,
    transaction_id: Vec<u8>,
}

/// The events that entries point to, for a reader; the reader proves each by its receipt.
fn contexts(view: &View, entries: &[Vec<u8>]) -> Result<Vec<EntryContext>, QueryError> {
    let mut place: Option<Place> = None;
    let contexts = entries.iter().map(|entry| {
        let Ok(entry) = HistoryEntry::decode(&entry[..]) else {
            return Ok(EntryContext::default());
        };
        let position = Position {
            height: entry.height,
            index: entry.position,
        };
        let place = match place.take() {
            Some(known) if known.position == position => place.insert(known),
            Some(_) | None => place.insert(Place::read(view, position)?),
        };
        let events = place.receipt.as_ref().map(|receipt| &receipt.events);
        Ok(EntryContext {
            event: events.and_then(|events| events.get(entry.event as usize).cloned()),
            time: place.time,
            transaction_id: place.transaction_id.clone(),
        })
    });
    contexts.collect()
}

impl Place {
    fn read(view: &View, position: Position) -> Result<Place, QueryError> {
        let Position { height, index } = position;
        view.count_read(1);
        let block = view.snapshot.block(height)?;
        let block = block.map(|bytes| BlockRecord::read(&bytes)).transpose()?;
        let transactions = block.as_ref().map_or(0, |block| block.transactions);
        let time = match &block {
            Some(block) => block.time,
            None => App::block_time(&view.snapshot, 0)?,
        };
        let receipt = if height > 0 && index < transactions {
            view.snapshot.receipt(position)?
        } else {
            let of_timer = u64::from(index - transactions.min(index));
            view.get(&keys::key(keys::TIMER_RECEIPT, &[height, of_timer]))
                .map(Vec::from)
        };
        let receipt = receipt.map(|bytes| Receipt::decode(&bytes[..]));
        let receipt = receipt.transpose().map_err(|_| damaged("a receipt"))?;
        let envelope = view.snapshot.transaction(position)?;
        let envelope = envelope.map(|bytes| Envelope::decode(&bytes[..]));
        let envelope = envelope.transpose().map_err(|_| damaged("a transaction"))?;
        let transaction_id =
            envelope.map_or_else(Vec::new, |envelope| Sha256::digest(&envelope.body).to_vec());
        Ok(Place {
            position,
            time,
            receipt,
            transaction_id,
        })
    }
}

fn damaged(what: &str) -> Fault {
    let words = format!("{what} of a history's entry is not as it was written");
    Fault::new(FaultKind::StoreDamaged, words)
}
