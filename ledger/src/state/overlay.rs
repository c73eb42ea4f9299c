//! Reading, and changes that can be taken back.

use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::mem;
use std::rc::Rc;

use prost::bytes::Bytes;

use super::history::{Appending, Rows, Waiting};
use super::keys::{PUT_ONCE, is_leaf};
use key::Key;
use slots::{Change, Slots};

mod key;
mod slots;

/// The one infallible read of the rules. A store that cannot read stops the process.
pub trait Read {
    /// The value at `key`, or none.
    fn get(&self, key: &[u8]) -> Option<Bytes>;

    /// Makes ready what will be asked for soon. Answers a hint of it, which may be of another height.
    fn read_ahead(&self, key: &[u8]) -> Option<Bytes> {
        self.get(key)
    }

    /// Takes a row that was forgotten and has been derived again; whoever remembers rows may remember it.
    fn remember(&self, _key: &[u8], _row: &[u8]) {}

    /// What `decode` makes of the value at `key`. A key's values are always decoded by the same function, so what
    /// remembers values remembers them decoded: a block reads most of them many times.
    fn decoded(&self, key: &[u8], decode: Decode) -> Option<Rc<dyn Any>> {
        self.get(key).map(decode)
    }
}

/// Makes an object of a value; it reads nothing else.
pub type Decode = fn(Bytes) -> Rc<dyn Any>;

/// Ordered changes: `None` deletes.
pub type Changes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

impl Read for BTreeMap<Vec<u8>, Vec<u8>> {
    fn get(&self, key: &[u8]) -> Option<Bytes> {
        BTreeMap::get(self, key).map(|value| Bytes::copy_from_slice(value))
    }
}

/// Changes over a base, with points to which they can be rolled back. What was read of the base is remembered:
/// the base does not change meanwhile.
pub struct Overlay<'a> {
    base: &'a dyn Read,
    slots: RefCell<Slots>,
    /// The slot of each write that can still be rolled back, and its change before; newest last.
    journal: Vec<(usize, Option<Change>)>,
    /// Entries that histories get when the changes are taken out; newest last.
    waiting: Vec<Waiting>,
}

/// A key's place in the overlay that gave it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place(usize);

/// A point to return to.
#[derive(Clone, Copy, Debug)]
pub struct Savepoint {
    journal: usize,
    waiting: usize,
}

impl<'a> Overlay<'a> {
    /// No changes over `base`.
    pub fn new(base: &'a dyn Read) -> Self {
        Overlay::with_room(base, 0)
    }

    /// The same for whoever will touch about so many keys.
    pub fn with_room(base: &'a dyn Read, keys: usize) -> Self {
        Overlay {
            base,
            slots: RefCell::new(Slots::with_room(keys)),
            journal: Vec::new(),
            waiting: Vec::new(),
        }
    }

    /// What the changes are over.
    pub(super) fn base(&self) -> &'a dyn Read {
        self.base
    }

    /// Writes a value. In the tree an empty value is none: readers could not tell them apart.
    pub fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        let is_none = value.is_empty() && is_leaf(&key);
        self.write(&key, (!is_none).then(|| value.into()));
    }

    /// Deletes a key.
    pub fn delete(&mut self, key: Vec<u8>) {
        self.write(&key, None);
    }

    fn write(&mut self, key: &[u8], change: Change) {
        let place = self.place(key);
        self.set(place, change);
    }

    /// Where the overlay keeps what it knows of a key: for whoever reads a value to replace it.
    pub(super) fn place(&mut self, key: &[u8]) -> Place {
        Place(self.slots.get_mut().place(Key::from(key)))
    }

    /// The value there, lent.
    pub(super) fn at(&mut self, place: Place) -> Option<&[u8]> {
        let base = self.base;
        self.slots
            .get_mut()
            .value(place.0, |key| base.get(key))
            .as_deref()
    }

    /// Replaces the value there by one that is not empty.
    pub(super) fn put_at(&mut self, place: Place, value: Vec<u8>) {
        self.set(place, Some(value.into()));
    }

    /// Keeps what decoding the value there would make of it.
    pub(super) fn remember(&mut self, place: Place, decoded: Rc<dyn Any>) {
        self.slots.get_mut().remember(place.0, Some(decoded));
    }

    fn set(&mut self, place: Place, change: Change) {
        let replaced = self.slots.get_mut().set(place.0, Some(change));
        self.journal.push((place.0, replaced));
    }

    /// Keeps an entry until the changes are taken out.
    pub(super) fn wait(&mut self, entry: Waiting) {
        self.waiting.push(entry);
    }

    /// The present point.
    pub fn savepoint(&self) -> Savepoint {
        Savepoint {
            journal: self.journal.len(),
            waiting: self.waiting.len(),
        }
    }

    /// Takes back all that was written since `point`.
    pub fn roll_back(&mut self, point: Savepoint) {
        let slots = self.slots.get_mut();
        self.waiting.truncate(point.waiting);
        let since = point.journal.min(self.journal.len());
        for (place, replaced) in self.journal.drain(since..).rev() {
            slots.set(place, replaced);
        }
    }

    /// Keeps all that was written: earlier points can no longer be returned to.
    pub fn keep(&mut self) {
        self.journal.clear();
    }

    /// The changes, less those that leave the base as it was; histories have got their entries.
    pub fn into_changes(self) -> Changes {
        self.into_changes_with(Appending::run_all)
    }

    /// The same, where `run` runs each of what is appended, in any order, on as many cores as it likes.
    pub fn into_changes_with(mut self, run: impl FnOnce(&mut [Appending])) -> Changes {
        let waiting = mem::take(&mut self.waiting);
        let mut appending = Appending::all(&mut self, waiting);
        run(&mut appending);
        let mut rows = Rows::default();
        for one in appending {
            one.finish(&mut self, &mut rows);
        }

        let base = self.base;
        let slots = self.slots.into_inner().into_iter();
        let mut changes: Vec<(Key, Change)> = slots
            .filter_map(|slot| {
                let change = slot.change?;
                let is_change = is_put_once(&slot.key)
                    || slot
                        .before
                        .unwrap_or_else(|| base.get(&Vec::from(&slot.key)))
                        != change;
                is_change.then_some((slot.key, change))
            })
            .collect();
        changes.sort_unstable_by(|(key, _), (other, _)| key.cmp(other));
        let changes = changes
            .into_iter()
            .map(|(key, change)| (Vec::from(&key), change.map(Vec::from)));
        let rows = [rows.entries, rows.nodes, rows.edges].into_iter().flatten();
        changes
            .chain(rows.map(|(key, row)| (key, Some(row))))
            .collect()
    }
}

/// Whether every change of this key changes something: the base does not have what is put, and has what is deleted.
fn is_put_once(key: &Key) -> bool {
    key.first().is_some_and(|prefix| PUT_ONCE.contains(&prefix))
}

impl Overlay<'_> {
    /// What `decode` makes of the value at `key`, no longer remembered here: if nobody else holds it, it can be changed
    /// in place.
    pub(super) fn take_decoded(&self, key: &[u8], decode: Decode) -> Option<Rc<dyn Any>> {
        let mut slots = self.slots.borrow_mut();
        let place = slots.place(Key::from(key));
        let decoded = slots.decoded(place, |key| self.base.get(key), decode);
        slots.remember(place, None);
        decoded
    }
}

impl Read for Overlay<'_> {
    fn get(&self, key: &[u8]) -> Option<Bytes> {
        let mut slots = self.slots.borrow_mut();
        let place = slots.place(Key::from(key));
        slots.value(place, |key| self.base.get(key)).clone()
    }

    fn decoded(&self, key: &[u8], decode: Decode) -> Option<Rc<dyn Any>> {
        let mut slots = self.slots.borrow_mut();
        let place = slots.place(Key::from(key));
        slots.decoded(place, |key| self.base.get(key), decode)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::state::keys::CONSUMED_ID;

    /// Counts how often it is asked.
    #[derive(Default)]
    struct Counting(Cell<u32>);

    impl Read for Counting {
        fn get(&self, key: &[u8]) -> Option<Bytes> {
            self.0.set(self.0.get() + 1);
            (key == [1]).then(|| Bytes::from_static(&[10]))
        }
    }

    fn values<const N: usize>(overlay: &Overlay<'_>, keys: [u8; N]) -> [Option<u8>; N] {
        keys.map(|key| overlay.get(&[key]).map(|value| value[0]))
    }

    #[test]
    fn a_rollback_restores_exactly_what_was_there() {
        let base: BTreeMap<Vec<u8>, Vec<u8>> = [(vec![1], vec![10]), (vec![2], vec![20])].into();
        let mut overlay = Overlay::new(&base);
        overlay.put(vec![1], vec![11]);
        let point = overlay.savepoint();
        overlay.put(vec![1], vec![12]);
        overlay.delete(vec![2]);
        overlay.put(vec![3], vec![30]);
        overlay.roll_back(point);

        assert_eq!(values(&overlay, [1, 2, 3]), [Some(11), Some(20), None]);
        assert_eq!(overlay.into_changes(), [(vec![1], Some(vec![11]))].into());
    }

    #[test]
    fn what_is_kept_survives_a_rollback_of_what_followed() {
        let base = BTreeMap::new();
        let mut overlay = Overlay::new(&base);
        overlay.put(vec![1], vec![10]);
        overlay.put(vec![2], vec![20]);
        overlay.keep();
        let point = overlay.savepoint();
        overlay.put(vec![1], vec![11]);
        overlay.delete(vec![2]);
        assert_eq!(values(&overlay, [1, 2]), [Some(11), None]);
        overlay.roll_back(point);

        assert_eq!(values(&overlay, [1, 2]), [Some(10), Some(20)]);
    }

    #[test]
    fn a_write_that_changes_nothing_is_no_change() {
        let base: BTreeMap<Vec<u8>, Vec<u8>> = [(vec![1], vec![10])].into();
        let mut overlay = Overlay::new(&base);
        overlay.put(vec![1], vec![10]);
        overlay.delete(vec![9]);
        assert!(overlay.into_changes().is_empty());
    }

    #[test]
    fn what_was_made_of_a_value_is_remembered_until_the_value_changes() {
        let base: BTreeMap<Vec<u8>, Vec<u8>> = [(vec![1], vec![10])].into();
        let mut overlay = Overlay::new(&base);
        let first = |overlay: &Overlay<'_>| {
            let made = overlay.decoded(&[1], |value| Rc::new(value[0]));
            made.and_then(|made| made.downcast_ref::<u8>().copied())
        };
        assert_eq!((first(&overlay), first(&overlay)), (Some(10), Some(10)));
        let point = overlay.savepoint();
        overlay.put(vec![1], vec![11]);
        assert_eq!(first(&overlay), Some(11));
        overlay.delete(vec![1]);
        assert_eq!(first(&overlay), None);
        overlay.roll_back(point);
        assert_eq!(first(&overlay), Some(10));
    }

    #[test]
    fn the_base_is_asked_once_for_a_key_whether_it_has_it_or_not() {
        let base = Counting::default();
        let mut overlay = Overlay::new(&base);
        for _ in 0..3 {
            assert_eq!(values(&overlay, [1, 2]), [Some(10), None]);
        }
        overlay.put(vec![1], vec![11]);
        assert_eq!(overlay.into_changes().len(), 1);
        assert_eq!(base.0.get(), 2);
    }

    #[test]
    fn the_base_is_not_asked_for_what_is_put_once_neither_when_it_is_put_nor_when_it_is_deleted() {
        let base = Counting::default();
        let mut overlay = Overlay::new(&base);
        let row = |number| vec![CONSUMED_ID, number];
        overlay.put(row(1), Vec::new());
        overlay.delete(row(2));
        let changes = [(row(1), Some(Vec::new())), (row(2), None)];
        assert_eq!(overlay.into_changes(), changes.into());
        assert_eq!(base.0.get(), 0);
    }
}
