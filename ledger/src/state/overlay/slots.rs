//! What an overlay knows of the keys that were touched: found by a hash of the key, and told in the order in which
//! they were touched, so that nothing depends on the hash.

use std::any::Any;
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::rc::Rc;

use prost::bytes::Bytes;

use super::Decode;
use super::key::Key;

/// A value, or that there is none.
pub(super) type Change = Option<Bytes>;

/// One key.
pub(super) struct Slot {
    pub(super) key: Key,
    /// What the base holds, once it was asked.
    pub(super) before: Option<Change>,
    /// What was written over it.
    pub(super) change: Option<Change>,
    /// What was made of the present value.
    decoded: Option<Rc<dyn Any>>,
}

/// Where a slot is, with as much of its key's hash as tells most others apart without a look at them.
#[derive(Clone, Copy)]
struct Entry {
    tag: u32,
    place: NonZeroU32,
}

/// Most entries of the index that are looked at for a key.
const LOOKS_MAX: usize = 64;

/// All of them.
pub(super) struct Slots {
    slots: Vec<Slot>,
    /// Open addressing, at most half full.
    index: Vec<Option<Entry>>,
    /// Keys that the index has no room for near where their hash puts them. Hardly one comes here by chance; keys that
    /// somebody chose to meet would else all be compared with each other.
    crowded: BTreeMap<Key, usize>,
}

impl Slots {
    /// Room for so many keys before anything has to be moved.
    pub(super) fn with_room(keys: usize) -> Slots {
        Slots {
            slots: Vec::with_capacity(keys),
            index: vec![None; (2 * keys).next_power_of_two()],
            crowded: BTreeMap::new(),
        }
    }

    /// The place of a key; it has one from now on.
    pub(super) fn place(&mut self, key: Key) -> usize {
        if 2 * (self.slots.len() + 1) > self.index.len() {
            self.grow();
        }
        let next = self.slots.len();
        let place = match self.entry(&key) {
            (Some(at), tag) => self.index[at].get_or_insert(Entry::new(tag, next)).place(),
            (None, _) => *self.crowded.entry(key.clone()).or_insert(next),
        };
        if place == next {
            self.slots.push(Slot {
                key,
                before: None,
                change: None,
                decoded: None,
            });
        }
        place
    }

    /// Sets what was written; returns what had been before.
    pub(super) fn set(&mut self, place: usize, change: Option<Change>) -> Option<Change> {
        let slot = &mut self.slots[place];
        slot.decoded = None;
        std::mem::replace(&mut slot.change, change)
    }

    /// Remembers what would be made of the present value, or nothing of it.
    pub(super) fn remember(&mut self, place: usize, decoded: Option<Rc<dyn Any>>) {
        self.slots[place].decoded = decoded;
    }

    /// The present value.
    pub(super) fn value(&mut self, place: usize, base: impl FnOnce(&[u8]) -> Change) -> &Change {
        let slot = &mut self.slots[place];
        match &slot.change {
            Some(change) => change,
            None => slot
                .before
                .get_or_insert_with(|| base(&Vec::from(&slot.key))),
        }
    }

    /// What `decode` makes of the present value.
    pub(super) fn decoded(
        &mut self,
        place: usize,
        base: impl FnOnce(&[u8]) -> Change,
        decode: Decode,
    ) -> Option<Rc<dyn Any>> {
        if let Some(decoded) = &self.slots[place].decoded {
            return Some(Rc::clone(decoded));
        }
        let value = self.value(place, base).clone()?;
        let decoded = decode(value);
        self.slots[place].decoded = Some(Rc::clone(&decoded));
        Some(decoded)
    }

    /// Every key that was touched.
    pub(super) fn into_iter(self) -> impl Iterator<Item = Slot> {
        self.slots.into_iter()
    }

    /// Where the index has the key, or has room for it; `None` where the key is among the crowded. And its tag.
    fn entry(&self, key: &Key) -> (Option<usize>, u32) {
        let mixed = key.mixed();
        let tag = (mixed >> 32) as u32;
        let mask = self.index.len() - 1;
        let mut looks = (0..LOOKS_MAX).map(|look| (mixed as usize).wrapping_add(look) & mask);
        let at = looks.find(|at| {
            self.index[*at]
                .is_none_or(|entry| entry.tag == tag && self.slots[entry.place()].key == *key)
        });
        (at, tag)
    }

    fn grow(&mut self) {
        self.index = vec![None; (2 * self.index.len()).max(64)];
        self.crowded.clear();
        for place in 0..self.slots.len() {
            let key = &self.slots[place].key;
            match self.entry(key) {
                (Some(at), tag) => self.index[at] = Some(Entry::new(tag, place)),
                (None, _) => {
                    self.crowded.insert(key.clone(), place);
                }
            }
        }
    }
}

impl Entry {
    /// The places of a block are far fewer than a `u32` counts.
    fn new(tag: u32, place: usize) -> Entry {
        let place = NonZeroU32::MIN.saturating_add(place as u32);
        Entry { tag, place }
    }

    fn place(self) -> usize {
        self.place.get() as usize - 1
    }
}

#[cfg(test)]
mod tests {
    use super::super::key::mix;
    use super::*;

    fn places(slots: &mut Slots, keys: &[Vec<u8>]) -> Vec<usize> {
        let keys = keys.iter();
        keys.map(|key| slots.place(Key::from(&key[..]))).collect()
    }

    #[test]
    fn every_key_has_one_place_however_many_there_are() {
        let mut slots = Slots::with_room(0);
        let keys: Vec<Vec<u8>> = (0..10_000u64)
            .map(|number| number.to_be_bytes()[6..].repeat(1 + number as usize % 60))
            .collect();
        let first = places(&mut slots, &keys);
        assert_eq!(first, (0..keys.len()).collect::<Vec<_>>());
        assert_eq!(places(&mut slots, &keys), first);
    }

    #[test]
    fn keys_that_somebody_chose_to_meet_are_not_all_compared_with_each_other() {
        // As long as a document's key. A word that equals what was mixed before it leaves nothing of that.
        let meeting = |number: u64| {
            let begins = [0, number, 0];
            let word = mix(begins.into_iter(), 33);
            let words = [begins[0], begins[1], begins[2], word].map(u64::to_be_bytes);
            [words.as_flattened(), &[0]].concat()
        };
        let mut slots = Slots::with_room(0);
        let keys: Vec<Vec<u8>> = (0..10_000).map(meeting).collect();
        let hash = Key::from(&keys[0][..]).mixed();
        assert!(keys.iter().all(|key| Key::from(&key[..]).mixed() == hash));

        let first = places(&mut slots, &keys);
        assert_eq!(first, (0..keys.len()).collect::<Vec<_>>());
        assert_eq!(places(&mut slots, &keys), first);
        assert_eq!(slots.crowded.len(), keys.len() - LOOKS_MAX);
    }
}
