//! The points of the keys that sign here: members sign again and again, and to find the point of a key costs a quarter of
//! what a signature costs in a batch.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ed25519_dalek::VerifyingKey;
use polity_ledger::check;

/// Keys that are remembered: 3.5 MiB, as many as the table has room for before it doubles. Whoever sends more of them
/// makes everybody's cost what they cost without.
const KEYS_MAX: usize = 14_336;

#[derive(Default)]
pub(super) struct Points {
    known: Mutex<HashMap<[u8; 32], VerifyingKey>>,
}

impl Points {
    /// The point of a key; `None` where it is none.
    pub(super) fn of(&self, key: &[u8]) -> Option<VerifyingKey> {
        let bytes: [u8; 32] = key.try_into().ok()?;
        if let Some(point) = self.lock().get(&bytes) {
            return Some(*point);
        }
        let point = check::point(key)?;
        let mut known = self.lock();
        if known.len() >= KEYS_MAX {
            known.clear();
        }
        known.insert(bytes, point);
        Some(point)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], VerifyingKey>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
