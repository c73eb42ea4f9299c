//! How far nodes are, as they tell each other.
//!
//! Consensus rests where nothing happens, and whoever rests takes no blocks in. A node that was cut off while the others
//! made one more would so lag until the next block; what its peers tell when they meet again wakes it. A lie costs
//! little: a node that was woken for one finds nothing to take in, and makes an empty block where it is its turn, so it
//! is woken now and then only; and it says of itself that it is catching up until the next block.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

/// The height of this node, the newest height above it that a peer told, and the highest that any told.
#[derive(Clone, Debug)]
pub struct Heights {
    own: watch::Sender<u64>,
    ahead: watch::Sender<u64>,
    highest: Arc<AtomicU64>,
}

impl Heights {
    /// Of a node at this height, which has heard nothing yet.
    #[must_use]
    pub fn new(own: u64) -> Self {
        Self {
            own: watch::Sender::new(own),
            ahead: watch::Sender::new(0),
            highest: Arc::default(),
        }
    }

    /// This node has a height now.
    pub fn reach(&self, height: u64) {
        self.own.send_replace(height);
    }

    /// What peers tell that are ahead, each time that one does.
    #[must_use]
    pub fn ahead(&self) -> watch::Receiver<u64> {
        self.ahead.subscribe()
    }

    /// Whether a peer told of a height that this node lacks, or none has told anything yet.
    pub(super) fn is_behind(&self) -> bool {
        !self.has_heard() || self.highest.load(Ordering::Relaxed) > self.own()
    }

    /// Whether a peer told of any height.
    fn has_heard(&self) -> bool {
        self.highest.load(Ordering::Relaxed) > 0
    }

    pub(super) fn own(&self) -> u64 {
        *self.own.borrow()
    }

    pub(super) fn hear(&self, height: u64) {
        self.highest.fetch_max(height, Ordering::Relaxed);
        if height > self.own() {
            self.ahead.send_replace(height);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_heard_of_no_height_cannot_know_that_it_has_all() {
        let heights = Heights::new(7);
        heights.hear(0);
        assert!(heights.is_behind() && !heights.has_heard());
        for (height, is_behind) in [(6, false), (7, false), (8, true)] {
            heights.hear(height);
            assert_eq!(
                (heights.is_behind(), heights.has_heard()),
                (is_behind, true)
            );
        }
        heights.reach(8);
        assert!(!heights.is_behind());
    }
}
