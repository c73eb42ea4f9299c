//! The newest values in memory, in front of the files: a warm read is a map read.
//!
//! One cache serves the committing thread and the readers of older snapshots. Each swap of the snapshot has a number,
//! its *epoch*, and each entry knows since which epoch it holds: a reader takes an entry only if it held already at
//! the reader's epoch, and adds what it read from the files only while its epoch is the newest.
//!
//! Memory is bounded by two generations: when the young one holds half of the bound, the old one is dropped and the
//! young one becomes old. What is read while old becomes young again.
//!
//! Rows that are put once pass it by, because they are many and hardly one is ever read. That one is not there is
//! remembered all the same, until it is put: a transaction's id is asked for at the door, in a proposal and in its
//! block, and the files take longer to say no.

use std::collections::HashMap;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

const SHARDS: usize = 16;

/// What an entry costs beside its bytes: map slot, two vectors, epoch, slack of the allocator.
const ENTRY_OVERHEAD_BYTES: usize = 160;

/// A bounded cache of the newest values, absent ones included.
pub(super) struct Cache {
    shards: Vec<Mutex<Shard>>,
    shard_bytes_max: usize,
    // First bytes of the keys whose values pass the cache by.
    passing: Vec<u8>,
    hits: AtomicU64,
    misses: AtomicU64,
}

impl Cache {
    pub(super) fn new(bytes_max: usize, passing: &[u8]) -> Cache {
        Cache {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            shard_bytes_max: bytes_max / SHARDS,
            passing: passing.to_vec(),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    /// The value (or the known absence) of a key, as a reader of this epoch sees it.
    pub(super) fn get(&self, key: &[u8], epoch: u64) -> Option<Option<Vec<u8>>> {
        let found = self.shard(key).get(key, epoch, self.shard_bytes_max);
        let counter = if found.is_some() {
            &self.hits
        } else {
            &self.misses
        };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    /// Remembers what a reader of this epoch found in the files.
    pub(super) fn fill(&self, key: &[u8], value: Option<&[u8]>, epoch: u64) {
        if value.is_some() && self.passes(key) {
            return;
        }
        let mut shard = self.shard(key);
        if shard.epoch == epoch && !shard.young.contains_key(key) {
            shard.insert(
                key.to_vec(),
                Entry {
                    value: value.map(<[u8]>::to_vec),
                    since: epoch,
                },
                self.shard_bytes_max,
            );
        }
    }

    /// Takes over what a commit changed, and begins its epoch.
    pub(super) fn begin_epoch(
        &self,
        epoch: u64,
        changes: impl IntoIterator<Item = (Vec<u8>, Option<Vec<u8>>)>,
    ) {
        // Every shard first: from here on no reader of the former epoch adds what has just become old.
        for shard in &self.shards {
            lock(shard).epoch = epoch;
        }
        for (key, value) in changes {
            let mut shard = self.shard(&key);
            if self.passes(&key) {
                shard.remove(&key);
                continue;
            }
            let entry = Entry {
                value,
                since: epoch,
            };
            shard.insert(key, entry, self.shard_bytes_max);
        }
    }

    /// Forgets everything and begins an epoch.
    pub(super) fn clear(&self, epoch: u64) {
        for shard in &self.shards {
            *lock(shard) = Shard {
                epoch,
                ..Shard::default()
            };
        }
    }

    /// How many reads found their key here, and how many did not.
    pub(super) fn hits_and_misses(&self) -> (u64, u64) {
        (
            self.hits.load(Ordering::Relaxed),
            self.misses.load(Ordering::Relaxed),
        )
    }

    fn passes(&self, key: &[u8]) -> bool {
        key.first()
            .is_some_and(|first| self.passing.contains(first))
    }

    // Neighbouring keys differ in their last bytes. Who crowds a shard on purpose makes it slower, no more.
    fn shard(&self, key: &[u8]) -> MutexGuard<'_, Shard> {
        let mixed = key.iter().fold(0usize, |mixed, byte| {
            mixed.wrapping_mul(31).wrapping_add(usize::from(*byte))
        });
        lock(&self.shards[mixed % SHARDS])
    }
}

#[derive(Default)]
struct Shard {
    epoch: u64,
    young: HashMap<Vec<u8>, Entry>,
    old: HashMap<Vec<u8>, Entry>,
    young_bytes: usize,
}

struct Entry {
    value: Option<Vec<u8>>,
    since: u64,
}

impl Shard {
    fn get(&mut self, key: &[u8], epoch: u64, bytes_max: usize) -> Option<Option<Vec<u8>>> {
        if let Some(entry) = self.young.get(key) {
            return (entry.since <= epoch).then(|| entry.value.clone());
        }

        let (key, entry) = self.old.remove_entry(key)?;
        let found = (entry.since <= epoch).then(|| entry.value.clone());
        self.insert(key, entry, bytes_max);
        found
    }

    fn insert(&mut self, key: Vec<u8>, entry: Entry, bytes_max: usize) {
        let key_bytes = key.len();
        self.young_bytes += key_bytes + entry.bytes();
        if let Some(before) = self.young.insert(key, entry) {
            self.young_bytes -= key_bytes + before.bytes();
        }
        if self.young_bytes > bytes_max / 2 {
            self.old = mem::take(&mut self.young);
            self.young_bytes = 0;
        }
    }

    fn remove(&mut self, key: &[u8]) {
        if let Some(entry) = self.young.remove(key) {
            self.young_bytes -= key.len() + entry.bytes();
        }
        self.old.remove(key);
    }
}

impl Entry {
    fn bytes(&self) -> usize {
        ENTRY_OVERHEAD_BYTES + self.value.as_ref().map_or(0, Vec::len)
    }
}

// A panic aborts a node; in a test that goes on after one, the map is still whole.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Option<Vec<u8>> {
        Some(text.as_bytes().to_vec())
    }

    #[test]
    fn a_reader_of_an_older_epoch_never_sees_a_newer_value() {
        let cache = Cache::new(1 << 20, &[]);
        cache.fill(b"a", Some(b"old"), 0);
        cache.begin_epoch(1, [(b"a".to_vec(), value("new"))]);
        assert_eq!(cache.get(b"a", 0), None);
        assert_eq!(cache.get(b"a", 1), Some(value("new")));
    }

    #[test]
    fn a_reader_of_an_older_epoch_adds_nothing() {
        let cache = Cache::new(1 << 20, &[]);
        cache.begin_epoch(1, []);
        cache.fill(b"a", Some(b"old"), 0);
        assert_eq!(cache.get(b"a", 1), None);
    }

    #[test]
    fn absence_is_remembered_as_well() {
        let cache = Cache::new(1 << 20, &[]);
        cache.fill(b"a", None, 0);
        assert_eq!(cache.get(b"a", 0), Some(None));
    }

    #[test]
    fn of_what_passes_by_only_absence_is_held_and_until_it_is_put() {
        let cache = Cache::new(1 << 20, b"p");
        cache.fill(b"pass", Some(b"by"), 0);
        assert_eq!(cache.get(b"pass", 0), None);
        cache.fill(b"pass", None, 0);
        assert_eq!(cache.get(b"pass", 0), Some(None));
        cache.begin_epoch(1, [(b"pass".to_vec(), value("by"))]);
        assert_eq!((cache.get(b"pass", 0), cache.get(b"pass", 1)), (None, None));
        cache.fill(b"pass", None, 0);
        assert_eq!(cache.get(b"pass", 1), None);
    }

    #[test]
    fn memory_stays_within_its_bound_and_what_is_read_stays() {
        let cache = Cache::new(SHARDS * 4096, &[]);
        cache.fill(b"read often", Some(b"kept"), 0);
        for number in 0..10_000u32 {
            cache.fill(&number.to_be_bytes(), Some(&[0; 64]), 0);
            assert_eq!(cache.get(b"read often", 0), Some(value("kept")));
        }
        let entries = |shard: &Mutex<Shard>| {
            let shard = lock(shard);
            shard.young.len() + shard.old.len()
        };
        let entries: usize = cache.shards.iter().map(entries).sum();
        assert!(entries > 0);
        assert!(
            entries * (ENTRY_OVERHEAD_BYTES + 64) <= SHARDS * 4096,
            "{entries} entries"
        );
    }
}
