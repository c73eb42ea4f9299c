//! Consumed transaction ids: refused until they have expired.
//!
//! One leaf per minute of expiry chains a hash over the ids in order; the rows beside it hold
//! the ids themselves. When the minute is over they are forgotten, as many in each block as it can bear.

use polity_proto::v1::{ConsumedIds, TimerKind};
use prost::Message;
use sha2::{Digest, Sha256};

use super::{Overlay, Read, keys, objects, timers};

const MINUTE: u64 = 60;

/// Whether the id was in a block before.
pub fn contains(state: &dyn Read, id: &[u8; 32]) -> bool {
    state
        .get(&keys::key_with(keys::CONSUMED_ID, &[], id))
        .is_some()
}

/// Consumes an id until `valid_until`.
pub fn insert(state: &mut Overlay<'_>, id: &[u8; 32], valid_until: u64) {
    // The minute after: an id is still refused in its last second.
    let minute = valid_until / MINUTE + 1;
    let key = keys::key(keys::CONSUMED, &[minute]);
    let mut ids: ConsumedIds = objects::value(state, &key).unwrap_or_default();
    if ids.count == 0 {
        timers::set(state, minute * MINUTE, TimerKind::ConsumedIds, minute);
    }
    let row = keys::key(keys::CONSUMED_AT, &[minute, ids.count]);
    ids.chain = Sha256::new()
        .chain_update(&ids.chain)
        .chain_update(id)
        .finalize()
        .to_vec();
    ids.count += 1;

    state.put(row, id.to_vec());
    state.put(keys::key_with(keys::CONSUMED_ID, &[], id), Vec::new());
    state.put(key, ids.encode_to_vec());
}

/// Forgets ids of a minute that is over, at most so many, the newest first; how many that were. The minute's leaf goes
/// with its last id, and its chain with the first: nothing is added to a minute that is over.
pub fn forget(state: &mut Overlay<'_>, minute: u64, at_most: u64) -> u64 {
    let key = keys::key(keys::CONSUMED, &[minute]);
    let ids: ConsumedIds = objects::value(state, &key).unwrap_or_default();
    let left = ids.count.saturating_sub(at_most);
    for position in left..ids.count {
        let row = keys::key(keys::CONSUMED_AT, &[minute, position]);
        if let Some(id) = state.get(&row) {
            state.delete(keys::key_with(keys::CONSUMED_ID, &[], &id));
        }
        state.delete(row);
    }
    if left == 0 {
        state.delete(key);
    } else if left < ids.count {
        let rest = ConsumedIds {
            chain: Vec::new(),
            count: left,
        };
        state.put(key, rest.encode_to_vec());
    }
    ids.count - left
}

/// Whether ids of that minute are still kept.
pub fn is_kept(state: &dyn Read, minute: u64) -> bool {
    state.get(&keys::key(keys::CONSUMED, &[minute])).is_some()
}
