//! What an overlay knows of the keys that were touched: found by a hash of the key, and told in the order in which
//! they were touched, so that nothing depends on the hash.

use std::any::Any;
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

/// All of them.
pub(super) struct Slots {
    slots: Vec<Slot>,
    /// Open addressing, at most half full. Who grinds keys that meet here gains little: a block bounds how many
    /// there are.
    index: Vec<Option<Entry>>,
}

impl Slots {
    /// Room for so many keys before anything has to be moved.
    pub(super) fn with_room(keys: usize) -> Slots {
        Slots {
            slots: Vec::with_capacity(keys),
            index: vec![None; (2 * keys).next_power_of_two()],
        }
    }

    /// The place of a key; it has one from now on.
    pub(super) fn place(&mut self, key: Key) -> usize {
        if 2 * (self.slots.len() + 1) > self.index.len() {
            self.grow();
        }
        let (at, tag) = self.entry(&key);
        if let Some(entry) = self.index[at] {
            return entry.place();
        }
        self.index[at] = Some(Entry::new(tag, self.slots.len()));
        self.slots.push(Slot {
            key,
            before: None,
            change: None,
            decoded: None,
        });
        self.slots.len() - 1
    }

    /// Sets what was written; returns what had been before.
    pub(super) fn set(&mut self, place: usize, change: Option<Change>) -> Option<Change> {
        let slot = &mut self.slots[place];
        slot.decoded = None;
        std::mem::replace(&mut slot.change, change)
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

    /// Where the index has the key, or has room for it; and its tag.
    fn entry(&self, key: &Key) -> (usize, u32) {
        let mixed = key.mixed();
        let tag = (mixed >> 32) as u32;
        let mask = self.index.len() - 1;
        let mut at = mixed as usize & mask;
        while let Some(entry) = self.index[at] {
            if entry.tag == tag && self.slots[entry.place()].key == *key {
                break;
            }
            at = (at + 1) & mask;
        }
        (at, tag)
    }

    fn grow(&mut self) {
        self.index = vec![None; (2 * self.index.len()).max(64)];
        for place in 0..self.slots.len() {
            let (at, tag) = self.entry(&self.slots[place].key);
            self.index[at] = Some(Entry::new(tag, place));
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
    use super::*;

    #[test]
    fn every_key_has_one_place_however_many_there_are() {
        let mut slots = Slots::with_room(0);
        let keys: Vec<Vec<u8>> = (0..10_000u64)
            .map(|number| number.to_be_bytes()[6..].repeat(1 + number as usize % 60))
            .collect();
        let places: Vec<usize> = keys
            .iter()
            .map(|key| slots.place(Key::from(&key[..])))
            .collect();
        let again: Vec<usize> = keys
            .iter()
            .map(|key| slots.place(Key::from(&key[..])))
            .collect();
        assert_eq!(places, (0..keys.len()).collect::<Vec<_>>());
        assert_eq!(again, places);
    }
}
