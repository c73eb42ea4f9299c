//! Histories of objects: RFC 9162 trees whose count and root stand beside the object.

use polity_proto::v1::{HistoryEntry, ObjectKind};
use prost::Message;
use sha2::{Digest, Sha256};

use super::record::Parts;
use super::{Overlay, Read, keys, objects, overlay};
use crate::merkle::history::{Frontier, leaf_hash};

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

/// Appends an entry that speaks of the object as it is now. The object exists.
pub fn append(state: &mut Overlay<'_>, kind: ObjectKind, number: u64, place: Place) {
    let prefix = objects::prefix_with_history(kind).expect("the kind has histories");
    let place_of_object = state.place(&objects::object_key(prefix, number));
    let record = record_at(state, place_of_object);
    let count = record.history_count;
    let entry = HistoryEntry {
        height: place.height,
        position: place.position,
        event: place.event,
        object_hash: Sha256::digest(record.object).to_vec(),
    }
    .encode_to_vec();
    let place_of_edge = state.place(&keys::history_edge(kind, number));
    let mut frontier = Frontier::decode(count, state.at(place_of_edge).unwrap_or_default())
        .expect("the right edge fits its history's count");
    let completed = frontier.append(leaf_hash(&entry));
    let after = Parts {
        history_count: frontier.count(),
        history_root: &frontier.root(),
        ..record_at(state, place_of_object)
    }
    .joined();

    state.put(keys::history_entry(kind, number, count), entry);
    for node in completed {
        if node.level > 0 && node.level.is_multiple_of(NODE_LEVELS) {
            let key = keys::history_node(kind, number, node.level, node.index);
            state.put(key, node.hash.to_vec());
        }
    }
    state.put_at(place_of_edge, frontier.encode());
    state.put_at(place_of_object, after);
}

fn record_at<'s>(state: &'s mut Overlay<'_>, place: overlay::Place) -> Parts<'s> {
    Parts::of(state.at(place).expect("an object with a history exists"))
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
        return node[..].try_into().ok();
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
