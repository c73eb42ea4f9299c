//! Reading, and changes that can be taken back.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::mem;

use super::keys::{BESIDE, PUT_ONCE};
use key::Key;

mod key;

/// The one infallible read of the rules. A store that cannot read stops the process.
pub trait Read {
    /// The value at `key`, or none.
    fn get(&self, key: &[u8]) -> Option<Vec<u8>>;
}

/// A new value; `None` deletes.
type Change = Option<Vec<u8>>;

/// Ordered changes: `None` deletes.
pub type Changes = BTreeMap<Vec<u8>, Change>;

impl Read for BTreeMap<Vec<u8>, Vec<u8>> {
    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        BTreeMap::get(self, key).cloned()
    }
}

/// What a key had among the changes before a write; `None`: nothing.
type Replaced = Option<Change>;

/// Changes over a base, with points to which they can be rolled back.
pub struct Overlay<'a> {
    base: &'a dyn Read,
    /// What can no longer be rolled back: the earlier transactions of a block.
    kept: BTreeMap<Key, Change>,
    /// What still can. It is small, and most reads of a transaction are of what it has just written.
    changes: BTreeMap<Key, Change>,
    /// What each write replaced in `changes`, newest last.
    journal: Vec<(Key, Replaced)>,
}

/// A point to return to.
#[derive(Clone, Copy, Debug)]
pub struct Savepoint(usize);

impl<'a> Overlay<'a> {
    /// No changes over `base`.
    pub fn new(base: &'a dyn Read) -> Self {
        Overlay {
            base,
            kept: BTreeMap::new(),
            changes: BTreeMap::new(),
            journal: Vec::new(),
        }
    }

    /// Writes a value. In the tree an empty value is none: readers could not tell them apart.
    pub fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        let is_none = value.is_empty() && key.first().is_some_and(|prefix| *prefix < BESIDE);
        self.write(key, (!is_none).then_some(value));
    }

    /// Deletes a key.
    pub fn delete(&mut self, key: Vec<u8>) {
        self.write(key, None);
    }

    fn write(&mut self, key: Vec<u8>, value: Change) {
        let key = Key::from(&key[..]);
        let replaced = self.changes.insert(key.clone(), value);
        self.journal.push((key, replaced));
    }

    /// The value at `key`: lent where it is among the changes, so that nothing is copied to be looked at.
    pub(super) fn peek(&self, key: &[u8]) -> Option<Cow<'_, [u8]>> {
        match self.change(key) {
            Some(value) => value.as_deref().map(Cow::Borrowed),
            None => self.base.get(key).map(Cow::Owned),
        }
    }

    fn change(&self, key: &[u8]) -> Option<&Change> {
        let key = Key::from(key);
        self.changes.get(&key).or_else(|| self.kept.get(&key))
    }

    /// The present point.
    pub fn savepoint(&self) -> Savepoint {
        Savepoint(self.journal.len())
    }

    /// Takes back all that was written since `point`.
    pub fn roll_back(&mut self, point: Savepoint) {
        while self.journal.len() > point.0 {
            let Some((key, replaced)) = self.journal.pop() else {
                return;
            };
            match replaced {
                Some(value) => self.changes.insert(key, value),
                None => self.changes.remove(&key),
            };
        }
    }

    /// Keeps all that was written: earlier points can no longer be returned to.
    pub fn keep(&mut self) {
        self.journal.clear();
        self.kept.extend(mem::take(&mut self.changes));
    }

    /// The changes, less those that leave the base as it was.
    pub fn into_changes(mut self) -> Changes {
        self.keep();
        let base = self.base;
        let changes = self.kept.into_iter();
        changes
            .map(|(key, value)| (Vec::from(&key), value))
            .filter(|(key, value)| is_put_once(key, value) || base.get(key) != *value)
            .collect()
    }
}

/// Whether the change puts a row that the base cannot have.
fn is_put_once(key: &[u8], value: &Change) -> bool {
    value.is_some() && key.first().is_some_and(|prefix| PUT_ONCE.contains(prefix))
}

impl Read for Overlay<'_> {
    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        match self.change(key) {
            Some(value) => value.clone(),
            None => self.base.get(key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

        assert_eq!(overlay.get(&[1]), Some(vec![11]));
        assert_eq!(overlay.get(&[2]), Some(vec![20]));
        assert_eq!(overlay.into_changes(), [(vec![1], Some(vec![11]))].into());
    }

    #[test]
    fn what_is_kept_survives_a_rollback_and_is_read_beneath_what_followed() {
        let base = BTreeMap::new();
        let mut overlay = Overlay::new(&base);
        overlay.put(vec![1], vec![10]);
        overlay.put(vec![2], vec![20]);
        overlay.keep();
        let point = overlay.savepoint();
        overlay.put(vec![1], vec![11]);
        overlay.delete(vec![2]);
        assert_eq!(
            (overlay.get(&[1]), overlay.get(&[2])),
            (Some(vec![11]), None)
        );
        overlay.roll_back(point);

        assert_eq!(
            (overlay.get(&[1]), overlay.get(&[2])),
            (Some(vec![10]), Some(vec![20]))
        );
    }

    #[test]
    fn a_write_that_changes_nothing_is_no_change() {
        let base: BTreeMap<Vec<u8>, Vec<u8>> = [(vec![1], vec![10])].into();
        let mut overlay = Overlay::new(&base);
        overlay.put(vec![1], vec![10]);
        overlay.delete(vec![9]);
        assert!(overlay.into_changes().is_empty());
    }
}
