//! Which transactions need no second look.

use std::collections::HashMap;

use super::TxId;

/// What became of a transaction that was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It is being checked, or waits.
    Taken,
    /// It stands in a block.
    Committed,
}

/// The newest transactions by id, in two generations: when the young one is full, it becomes the old one. A refused
/// transaction is forgotten, because what refused it may pass: the quota, or a member who is yet to join.
pub(super) struct Seen {
    generation_max: usize,
    young: HashMap<TxId, Fate>,
    old: HashMap<TxId, Fate>,
}

impl Seen {
    /// Remembers at least the newest `generation_max` ids, and at most twice as many.
    pub(super) fn new(generation_max: usize) -> Self {
        Self {
            generation_max,
            young: HashMap::new(),
            old: HashMap::new(),
        }
    }

    /// Takes a transaction for its check; `false` when it was taken before.
    pub(super) fn take(&mut self, id: TxId) -> bool {
        if self.fate(&id).is_some() {
            return false;
        }
        self.remember(id, Fate::Taken);
        true
    }

    pub(super) fn commit(&mut self, id: TxId) {
        self.remember(id, Fate::Committed);
    }

    pub(super) fn forget(&mut self, id: &TxId) {
        self.young.remove(id);
        self.old.remove(id);
    }

    pub(super) fn is_known(&self, id: &TxId) -> bool {
        self.fate(id).is_some()
    }

    pub(super) fn is_committed(&self, id: &TxId) -> bool {
        self.fate(id) == Some(Fate::Committed)
    }

    fn fate(&self, id: &TxId) -> Option<Fate> {
        self.young.get(id).or_else(|| self.old.get(id)).copied()
    }

    fn remember(&mut self, id: TxId, fate: Fate) {
        if self.young.len() >= self.generation_max {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(id, fate);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u64) -> TxId {
        TxId::of(&number.to_be_bytes())
    }

    #[test]
    fn what_was_taken_is_not_taken_again_until_it_is_forgotten() {
        let mut seen = Seen::new(10);

        assert!(seen.take(id(1)));
        assert!(!seen.take(id(1)));
        seen.forget(&id(1));
        assert!(seen.take(id(1)));
        seen.commit(id(1));
        assert!(seen.is_committed(&id(1)) && !seen.take(id(1)));
    }

    #[test]
    fn the_newest_are_remembered_and_memory_is_bounded() {
        let mut seen = Seen::new(100);
        for number in 0..1_000 {
            assert!(seen.take(id(number)));
            assert!(seen.young.len() + seen.old.len() <= 200);
        }

        assert!((900..1_000).all(|number| seen.is_known(&id(number))));
        assert!(!seen.is_known(&id(0)));
    }
}
