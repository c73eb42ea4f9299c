//! How often a work reads the state: what it costs everybody, on every machine alike.

use std::cell::Cell;

use prost::bytes::Bytes;

use crate::state::Read;

struct Counted<'s> {
    state: &'s dyn Read,
    reads: Cell<usize>,
}

impl Read for Counted<'_> {
    fn get(&self, key: &[u8]) -> Option<Bytes> {
        self.reads.set(self.reads.get() + 1);
        self.state.get(key)
    }
}

/// What a work tells, and how many reads it took.
pub(crate) fn counted<T>(state: &dyn Read, work: impl FnOnce(&dyn Read) -> T) -> (T, usize) {
    let counted = Counted {
        state,
        reads: Cell::new(0),
    };
    let told = work(&counted);
    (told, counted.reads.get())
}
