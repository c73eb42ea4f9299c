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
//!
//! Rows that are derived from others are nowhere else: one that has been dropped is derived again.

use std::hash::BuildHasher;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use hashbrown::{DefaultHashBuilder, HashTable};

use super::table::KEY_BYTES_MAX;

const SHARDS: usize = 16;

/// What an entry costs beside its bytes: its slot, in a table that is two thirds full, and slack of the allocator.
const ENTRY_OVERHEAD_BYTES: usize = size_of::<Entry>() * 3 / 2 + 24;

/// A bounded cache of the newest values, absent ones included.
pub(super) struct Cache {
    shards: Vec<Mutex<Shard>>,
    shard_bytes_max: usize,
    // First bytes of the keys whose values pass the cache by.
    passing: Vec<u8>,
    // First bytes of the keys whose values are not in the files.
    derived: Vec<u8>,
    // Seeded at random: which keys fall on one place is not known beforehand.
    hasher: DefaultHashBuilder,
    hits: AtomicU64,
    misses: AtomicU64,
}

impl Cache {
    pub(super) fn new(bytes_max: usize, passing: &[u8], derived: &[u8]) -> Cache {
        Cache {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            shard_bytes_max: bytes_max / SHARDS,
            passing: passing.to_vec(),
            derived: derived.to_vec(),
            hasher: DefaultHashBuilder::default(),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    /// The value (or the known absence) of a key, as a reader of this epoch sees it.
    pub(super) fn get(&self, key: &[u8], epoch: u64) -> Option<Option<Vec<u8>>> {
        let place = self.place(key);
        let found = self.shard(place).get(place, epoch, self.shard_bytes_max);
        let counter = if found.is_some() {
            &self.hits
        } else {
            &self.misses
        };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    /// The value (or the known absence) of a key, of whichever epoch, which then stays for a while.
    pub(super) fn keep(&self, key: &[u8]) -> Option<Option<Vec<u8>>> {
        let place = self.place(key);
        self.shard(place).get(place, u64::MAX, self.shard_bytes_max)
    }

    /// Remembers what a reader of this epoch found in the files.
    pub(super) fn fill(&self, key: &[u8], value: Option<&[u8]>, epoch: u64) {
        // No state holds a longer key; anybody may ask for one.
        if key.len() > KEY_BYTES_MAX || value.is_some() && self.passes(key) {
            return;
        }
        let place = self.place(key);
        let mut shard = self.shard(place);
        if shard.epoch == epoch && shard.young(place).is_none() {
            shard.insert(Entry::new(place, value, epoch), self.shard_bytes_max);
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
            let place = self.place(&key);
            let mut shard = self.shard(place);
            if self.passes(&key) {
                shard.remove(place);
                continue;
            }
            let entry = Entry::new(place, value.as_deref(), epoch);
            shard.insert(entry, self.shard_bytes_max);
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

    /// Whether the files do not have the value of this key.
    pub(super) fn has_alone(&self, key: &[u8]) -> bool {
        begins_with_one_of(key, &self.derived)
    }

    fn passes(&self, key: &[u8]) -> bool {
        begins_with_one_of(key, &self.passing)
    }

    fn place<'k>(&self, key: &'k [u8]) -> Place<'k> {
        Place {
            key,
            hash: self.hasher.hash_one(key),
        }
    }

    fn shard(&self, place: Place<'_>) -> MutexGuard<'_, Shard> {
        // Other bits than those by which a table finds its slots.
        lock(&self.shards[(place.hash >> 32) as usize % SHARDS])
    }
}

/// A key with its hash.
#[derive(Clone, Copy)]
struct Place<'k> {
    key: &'k [u8],
    hash: u64,
}

#[derive(Default)]
struct Shard {
    epoch: u64,
    young: HashTable<Entry>,
    old: HashTable<Entry>,
    young_bytes: usize,
}

/// A value, or that there is none. One allocation holds the key and the value.
struct Entry {
    bytes: Box<[u8]>,
    hash: u64,
    since: u64,
    key_bytes: u8,
    is_absent: bool,
}

const _: () = assert!(KEY_BYTES_MAX <= u8::MAX as usize);

impl Shard {
    fn young(&self, place: Place<'_>) -> Option<&Entry> {
        let is_it = |entry: &Entry| entry.key() == place.key;
        self.young.find(place.hash, is_it)
    }

    fn get(&mut self, place: Place<'_>, epoch: u64, bytes_max: usize) -> Option<Option<Vec<u8>>> {
        if let Some(entry) = self.young(place) {
            return entry.seen_at(epoch);
        }

        let entry = take(&mut self.old, place)?;
        let found = entry.seen_at(epoch);
        self.insert(entry, bytes_max);
        found
    }

    fn insert(&mut self, entry: Entry, bytes_max: usize) {
        self.young_bytes += entry.cost();
        let is_it = |other: &Entry| other.key() == entry.key();
        match self.young.find_mut(entry.hash, is_it) {
            Some(before) => self.young_bytes -= mem::replace(before, entry).cost(),
            None => {
                let hash = entry.hash;
                self.young.insert_unique(hash, entry, |other| other.hash);
            }
        }
        if self.young_bytes > bytes_max / 2 {
            self.old = mem::take(&mut self.young);
            self.young_bytes = 0;
        }
    }

    fn remove(&mut self, place: Place<'_>) {
        if let Some(entry) = take(&mut self.young, place) {
            self.young_bytes -= entry.cost();
        }
        take(&mut self.old, place);
    }
}

fn begins_with_one_of(key: &[u8], prefixes: &[u8]) -> bool {
    key.first().is_some_and(|first| prefixes.contains(first))
}

fn take(table: &mut HashTable<Entry>, place: Place<'_>) -> Option<Entry> {
    let is_it = |entry: &Entry| entry.key() == place.key;
    let found = table.find_entry(place.hash, is_it).ok()?;
    Some(found.remove().0)
}

impl Entry {
    fn new(place: Place<'_>, value: Option<&[u8]>, since: u64) -> Entry {
        Entry {
            bytes: [place.key, value.unwrap_or_default()].concat().into(),
            hash: place.hash,
            since,
            key_bytes: u8::try_from(place.key.len()).expect("longer keys are not kept"),
            is_absent: value.is_none(),
        }
    }

    fn key(&self) -> &[u8] {
        &self.bytes[..usize::from(self.key_bytes)]
    }

    /// What a reader of this epoch may take of it.
    fn seen_at(&self, epoch: u64) -> Option<Option<Vec<u8>>> {
        let value = || self.bytes[usize::from(self.key_bytes)..].to_vec();
        (self.since <= epoch).then(|| (!self.is_absent).then(value))
    }

    /// What it costs of the bound.
    fn cost(&self) -> usize {
        ENTRY_OVERHEAD_BYTES + self.bytes.len()
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
        let cache = Cache::new(1 << 20, &[], &[]);
        cache.fill(b"a", Some(b"old"), 0);
        cache.begin_epoch(1, [(b"a".to_vec(), value("new"))]);
        assert_eq!(cache.get(b"a", 0), None);
        assert_eq!(cache.get(b"a", 1), Some(value("new")));
    }

    #[test]
    fn a_reader_of_an_older_epoch_adds_nothing() {
        let cache = Cache::new(1 << 20, &[], &[]);
        cache.begin_epoch(1, []);
        cache.fill(b"a", Some(b"old"), 0);
        assert_eq!(cache.get(b"a", 1), None);
    }

    #[test]
    fn a_newer_value_need_not_be_read_ahead() {
        let cache = Cache::new(1 << 20, &[], &[]);
        assert_eq!(cache.keep(b"a"), None);
        cache.begin_epoch(1, [(b"a".to_vec(), value("new"))]);
        assert_eq!(cache.keep(b"a"), Some(value("new")));
    }

    #[test]
    fn absence_is_remembered_as_well() {
        let cache = Cache::new(1 << 20, &[], &[]);
        cache.fill(b"a", None, 0);
        assert_eq!(cache.get(b"a", 0), Some(None));
    }

    #[test]
    fn of_what_passes_by_only_absence_is_held_and_until_it_is_put() {
        let cache = Cache::new(1 << 20, b"p", b"");
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
        let cache = Cache::new(SHARDS * 4096, &[], &[]);
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
