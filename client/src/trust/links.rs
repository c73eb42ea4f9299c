//! Headers that are known by their hash alone: `HOME/trust/ROOT/links`, a line each.
//!
//! A header that was believed once stays the one of its height, also when it is too old to vouch for others. So what was
//! believed, and what was found on the way down from there, leaves a hash now and then, and the next way down is short.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::store::TrustStore;
use crate::Result;

/// Heights between two that are remembered, at least.
const DISTANCE: u64 = 100;

/// The hash of a header.
pub(super) type HeaderHash = [u8; 32];

/// The hashes of one chain's headers, as far as they are known.
pub(super) struct Links {
    known: Mutex<BTreeMap<u64, HeaderHash>>,
    store: Option<TrustStore>,
}

impl Links {
    /// Begins with what was kept of earlier runs.
    pub(super) fn open(store: Option<TrustStore>) -> Result<Self> {
        let text = match &store {
            Some(store) => store.links()?,
            None => String::new(),
        };
        // A line that is not whole is passed over: what it held is found anew. Of two for one height the later holds.
        let known = text.lines().filter_map(read).collect();
        Ok(Self {
            known: Mutex::new(known),
            store,
        })
    }

    /// The nearest that is known, at this height or above.
    pub(super) fn at_or_above(&self, height: u64) -> Option<(u64, HeaderHash)> {
        let known = self.known();
        let (height, hash) = known.range(height..).next()?;
        Some((*height, *hash))
    }

    /// Remembers a header whose hash is certain, unless one near it is known. What was kept of the same height and is not
    /// its hash is replaced.
    pub(super) fn remember(&self, height: u64, hash: &HeaderHash) -> Result<()> {
        let near = height.saturating_sub(DISTANCE - 1)..height.saturating_add(DISTANCE);
        let is_known = {
            let known = self.known();
            match known.get(&height) {
                Some(kept) => kept == hash,
                None => known.range(near).next().is_some(),
            }
        };
        if is_known {
            return Ok(());
        }
        if let Some(store) = &self.store {
            // It begins with the end of a line, so that one that was torn before spoils no other.
            store.add_link(&format!("\n{height} {}", hex::encode(hash)))?;
        }
        self.known().insert(height, *hash);
        Ok(())
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<u64, HeaderHash>> {
        // The map is whole between two statements, whoever panicked elsewhere.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(line: &str) -> Option<(u64, HeaderHash)> {
    let (height, hash) = line.split_once(' ')?;
    let hash = hex::decode(hash).ok()?;
    Some((height.parse().ok()?, hash.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorded::genesis_root;

    #[test]
    fn what_is_kept_is_known_again_and_half_a_line_is_not() {
        let home = tempfile::tempdir().expect("a directory");
        let store = TrustStore::in_home(home.path(), &genesis_root());
        let open = || Links::open(Some(store.clone())).expect("opens");
        let links = open();
        links.remember(500, &[5; 32]).expect("kept");
        links.remember(401, &[4; 32]).expect("too near");
        links.remember(600, &[6; 32]).expect("kept");
        store.add_link("\n70").expect("torn");
        links.remember(800, &[8; 32]).expect("kept");

        for links in [links, open()] {
            assert_eq!(links.at_or_above(1), Some((500, [5; 32])));
            assert_eq!(links.at_or_above(501), Some((600, [6; 32])));
            assert_eq!(links.at_or_above(601), Some((800, [8; 32])));
            assert_eq!(links.at_or_above(801), None);
        }
    }
}
