//! Histories of objects: RFC 9162 trees whose count and root stand beside the object.

use polity_proto::v1::{HistoryEntry, ObjectKind, Record};
use prost::Message;
use sha2::{Digest, Sha256};

use super::{Overlay, Read, keys, objects};
use crate::merkle::history::{Frontier, empty_root, leaf_hash};

/// Inner nodes are kept at each level that is a multiple of this; those between are computed
/// from at most `2^NODE_LEVELS` nodes below, which saves the disk of most nodes.
pub const NODE_LEVELS: u32 = 4;

/// Where in the chain an event stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Height of the block.
    pub height: u64,
    /// Position of the receipt in the block.
    pub position: u32,
    /// Index of the event in the receipt.
    pub event: u32,
}

/// A record without object and history.
pub fn empty_record() -> Record {
    Record {
        object: Vec::new(),
        history_count: 0,
        history_root: empty_root().to_vec(),
    }
}

/// Appends an entry that speaks of the object as it is now. The object exists.
pub fn append(state: &mut Overlay<'_>, kind: ObjectKind, number: u64, place: Place) {
    let prefix = objects::prefix_with_history(kind).expect("the kind has histories");
    let key = objects::object_key(prefix, number);
    let bytes = state.get(&key).expect("an object with a history exists");
    let mut record: Record = objects::decode(&bytes);
    let entry = HistoryEntry {
        height: place.height,
        position: place.position,
        event: place.event,
        object_hash: Sha256::digest(&record.object).to_vec(),
    }
    .encode_to_vec();
    append_to(state, kind, number, &mut record, entry);
    state.put(key, record.encode_to_vec());
}

/// Appends an encoded entry to a record that the caller writes.
fn append_to(
    state: &mut Overlay<'_>,
    kind: ObjectKind,
    number: u64,
    record: &mut Record,
    entry: Vec<u8>,
) {
    let edge_key = keys::history_edge(kind, number);
    let edge = state.get(&edge_key).unwrap_or_default();
    let mut frontier = Frontier::decode(record.history_count, &edge)
        .expect("the right edge fits its history's count");
    let completed = frontier.append(leaf_hash(&entry));

    state.put(
        keys::history_entry(kind, number, record.history_count),
        entry,
    );
    for node in completed {
        if node.level > 0 && node.level.is_multiple_of(NODE_LEVELS) {
            let key = keys::history_node(kind, number, node.level, node.index);
            state.put(key, node.hash.to_vec());
        }
    }
    state.put(edge_key, frontier.encode());
    record.history_count = frontier.count();
    record.history_root = frontier.root().to_vec();
}

/// A node of a history: kept, or computed from those below. `None` outside of the history.
pub fn node(
    state: &dyn Read,
    kind: ObjectKind,
    number: u64,
    level: u32,
    index: u64,
) -> Option<[u8; 32]> {
    if level == 0 {
        let entry = state.get(&keys::history_entry(kind, number, index))?;
        return Some(leaf_hash(&entry));
    }
    if level.is_multiple_of(NODE_LEVELS) {
        let node = state.get(&keys::history_node(kind, number, level, index))?;
        return node.try_into().ok();
    }
    let left = node(state, kind, number, level - 1, index.checked_mul(2)?)?;
    let right = node(
        state,
        kind,
        number,
        level - 1,
        index.checked_mul(2)?.checked_add(1)?,
    )?;
    Some(crate::merkle::history::inner_hash(&left, &right))
}
