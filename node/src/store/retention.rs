//! How far back somebody can still ask.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The oldest height that somebody can still ask about; compactions drop what no such question reaches.
#[derive(Default)]
pub(super) struct Retention {
    base: AtomicU64,
    // Snapshots in use ask from the base on that held when they were made: base, how many.
    in_use: Mutex<BTreeMap<u64, usize>>,
}

impl Retention {
    pub(super) fn set_base(&self, base: u64) {
        self.base.store(base, Ordering::Release);
    }

    /// A snapshot begins to ask from this base on.
    pub(super) fn begin_use(&self, base: u64) {
        *self.lock().entry(base).or_default() += 1;
    }

    /// A snapshot is gone.
    pub(super) fn end_use(&self, base: u64) {
        let mut in_use = self.lock();
        if let Some(count) = in_use.get_mut(&base) {
            *count -= 1;
            if *count == 0 {
                in_use.remove(&base);
            }
        }
    }

    /// The oldest height that anybody asks about now.
    pub(super) fn horizon(&self) -> u64 {
        let base = self.base.load(Ordering::Acquire);
        self.lock()
            .keys()
            .next()
            .map_or(base, |oldest| base.min(*oldest))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, usize>> {
        self.in_use.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
