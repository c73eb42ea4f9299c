//! Consumed transaction ids: refused until they have expired.
//!
//! One leaf per minute of expiry chains a hash over the ids in order; the rows beside it hold the ids themselves, those
//! of one block in one row. When the minute is over they are forgotten, as many in each block as it can bear.

use std::collections::BTreeMap;

use polity_proto::v1::{ConsumedIds, TimerKind};
use prost::Message;
use sha2::{Digest, Sha256};

use super::{Overlay, Read, keys, objects, timers};
use crate::time::MINUTE;

/// An id in a row of ids.
pub(crate) const ID_BYTES: usize = 32;

/// Whether the id was in a block before.
pub fn contains(state: &dyn Read, id: &[u8; ID_BYTES]) -> bool {
    state.get(&id_key(id)).is_some()
}

/// Makes the answer to [`contains`] ready.
pub fn read_ahead(state: &dyn Read, id: &[u8; ID_BYTES]) {
    state.read_ahead(&id_key(id));
}

/// The ids that a block consumes, by the minute of their expiry.
#[derive(Default)]
pub struct Consuming {
    minutes: BTreeMap<u64, Vec<u8>>,
}

impl Consuming {
    /// Consumes an id until `valid_until`.
    pub fn add(&mut self, state: &mut Overlay<'_>, id: &[u8; ID_BYTES], valid_until: u64) {
        // The minute after: an id is still refused in its last second.
        let minute = valid_until / MINUTE + 1;
        let ids = self.minutes.entry(minute).or_default();
        if ids.is_empty() && !is_kept(state, minute) {
            timers::set(state, minute * MINUTE, TimerKind::ConsumedIds, minute);
        }
        ids.extend_from_slice(id);
        state.put(id_key(id), Vec::new());
    }

    /// Writes what each minute has got.
    pub fn finish(self, state: &mut Overlay<'_>) {
        for (minute, added) in self.minutes {
            let key = keys::key(keys::CONSUMED, &[minute]);
            let before: ConsumedIds = objects::value(state, &key).unwrap_or_default();
            let after = chained(before, &added);
            state.put(keys::key(keys::CONSUMED_AT, &[minute, after.count]), added);
            state.put(key, after.encode_to_vec());
        }
    }
}

/// The record of a minute that has got the ids of one more row.
pub(crate) fn chained(before: ConsumedIds, row: &[u8]) -> ConsumedIds {
    let link = |ids: ConsumedIds, id: &[u8]| ConsumedIds {
        chain: Sha256::new()
            .chain_update(&ids.chain)
            .chain_update(id)
            .finalize()
            .to_vec(),
        count: ids.count + 1,
    };
    row.chunks(ID_BYTES).fold(before, link)
}

/// Forgets ids of a minute that is over, at most so many, the newest first; how many that were. The minute's leaf goes
/// with its last id, and its chain with the first: nothing is added to a minute that is over.
pub fn forget(state: &mut Overlay<'_>, minute: u64, at_most: u64) -> u64 {
    let key = keys::key(keys::CONSUMED, &[minute]);
    let ids: ConsumedIds = objects::value(state, &key).unwrap_or_default();
    let least = ids.count.saturating_sub(at_most);
    let mut left = ids.count;
    while left > least
        && let Some(row) = state.get(&keys::key(keys::CONSUMED_AT, &[minute, left]))
    {
        let first = left.saturating_sub((row.len() / ID_BYTES) as u64);
        let kept = least.saturating_sub(first);
        let (stay, go) = row.split_at(kept as usize * ID_BYTES);
        for id in go.chunks(ID_BYTES) {
            state.delete(id_key(id));
        }
        state.delete(keys::key(keys::CONSUMED_AT, &[minute, left]));
        left = first + kept;
        if !stay.is_empty() {
            state.put(keys::key(keys::CONSUMED_AT, &[minute, left]), stay.to_vec());
        }
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

fn id_key(id: &[u8]) -> Vec<u8> {
    keys::key_with(keys::CONSUMED_ID, &[], id)
}
