//! How far nodes are, as they tell each other.
//!
//! Consensus rests where nothing happens, and whoever rests takes no blocks in. A node that was cut off while the others
//! made one more would so lag until the next block; what its peers tell when they meet again wakes it. A lie costs
//! little: a node that was woken for one finds nothing to take in, and makes an empty block where it is its turn, so it
//! is woken now and then only; and it says of itself that it is catching up until the next block.
//!
//! A node that starts asks this too: whoever does not know how far the others are signs nothing yet.

use std::collections::BTreeMap;

use tokio::sync::watch;

use crate::embedded::NodeId;

/// The height of this node, the newest height above it that a peer told, and what each peer told last.
#[derive(Clone, Debug)]
pub struct Heights {
    own: watch::Sender<u64>,
    ahead: watch::Sender<u64>,
    told: watch::Sender<BTreeMap<NodeId, u64>>,
}

impl Heights {
    /// Of a node at this height, which has heard nothing yet.
    #[must_use]
    pub fn new(own: u64) -> Self {
        Self {
            own: watch::Sender::new(own),
            ahead: watch::Sender::new(0),
            told: watch::Sender::default(),
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

    /// What each peer told last.
    #[must_use]
    pub fn told(&self) -> watch::Receiver<BTreeMap<NodeId, u64>> {
        self.told.subscribe()
    }

    /// Whether a peer told of a height that this node lacks, or none has told anything yet.
    pub(super) fn is_behind(&self) -> bool {
        let highest = self.told.borrow().values().max().copied();
        highest.is_none_or(|highest| highest > self.own())
    }

    pub(super) fn own(&self) -> u64 {
        *self.own.borrow()
    }

    pub(in crate::embedded) fn hear(&self, peer: NodeId, height: u64) {
        self.told.send_modify(|told| {
            told.insert(peer, height);
        });
        if height > self.own() {
            self.ahead.send_replace(height);
        }
    }
}
