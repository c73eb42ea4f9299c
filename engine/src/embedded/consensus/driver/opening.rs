//! When this node begins to take part.
//!
//! A machine that was set back to a snapshot has an old guard that looks like its own, and nothing here tells how much
//! the key has signed since. The others do: what was signed stands at heights that they have decided, or at the next
//! one. So consensus begins once more than two thirds of the nodes have told how far they are, and the guard stays above
//! the highest of these words until this node has the blocks. So many nodes are needed to decide anything too, and two
//! such groups have honest nodes in common; waiting for them costs a network that starts together nothing.
//!
//! Nobody is waited for without end. Some may be away for long, and a liar may tell of blocks that nobody has: both cost
//! ten seconds, counted while there is a peer who could hear what is signed.

use std::collections::BTreeMap;
use std::time::Duration;

use malachitebft_app_channel::app::types::core::HeightParams;
use malachitebft_app_channel::{NetworkRequest, Reply};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, interval};

use super::Driver;
use crate::embedded::NodeId;
use crate::embedded::consensus::context::{Height, Ours};
use crate::embedded::gossip::{Heights, Peer};

/// So long more of the others are waited for once there is one, and the next of the blocks that they told of.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often is looked whether consensus has met anybody.
const GLANCE: Duration = Duration::from_secs(1);

/// Malachite's question where to begin, and what this node waits for.
#[derive(Default)]
pub(super) struct Opening {
    ready: Option<Reply<(Height, HeightParams<Ours>)>>,
    has_heard: bool,
    lacking: Option<Lacking>,
}

/// Blocks that this node lacked when it began.
struct Lacking {
    up_to: u64,
    given_up_at: Instant,
}

impl Opening {
    pub(super) fn waits_for_others(&self) -> bool {
        !self.has_heard
    }

    /// The node stops before it began. Nobody answers Malachite, whose host would wait for that.
    pub(super) fn let_go(&mut self) {
        self.has_heard = true;
        self.ready = None;
    }

    /// A height was decided. Where it came from a node that is ahead, the next ones come soon.
    pub(super) fn decided(&mut self, height: u64, is_synced: bool, now: Instant) {
        self.lacking.take_if(|lacking| height >= lacking.up_to);
        if let Some(lacking) = self.lacking.as_mut().filter(|_| is_synced) {
            lacking.given_up_at = now + PATIENCE;
        }
    }

    /// When blocks that do not come are given up; none while nothing is lacking.
    pub(super) fn give_up_time(&self) -> Option<Instant> {
        let lacking = self.lacking.as_ref();
        lacking.map(|lacking| lacking.given_up_at)
    }
}

/// Whom this node asks how far they are.
pub(super) struct Others {
    pub(super) heights: Heights,
    pub(super) registered: watch::Receiver<Vec<Peer>>,
    pub(super) network: mpsc::Sender<NetworkRequest>,
    /// Whether this validator needs none of them to decide a block.
    pub(super) decides_alone: bool,
}

impl Others {
    /// Ready once enough of them were heard, or once it is in vain to wait for more.
    pub(super) async fn heard(self) {
        let mut told = self.heights.told();
        let mut glance = interval(GLANCE);
        let mut since = self.decides_alone.then(Instant::now);
        while !are_enough(&told.borrow_and_update(), &self.registered.borrow())
            && since.is_none_or(|since| since.elapsed() < PATIENCE)
        {
            let is_met = tokio::select! {
                changed = told.changed() => changed.is_ok(),
                _ = glance.tick() => since.is_none() && self.is_consensus_connected().await,
            };
            if is_met {
                since.get_or_insert_with(Instant::now);
            }
        }
    }

    /// Where gossip gets through to nobody, consensus may.
    async fn is_consensus_connected(&self) -> bool {
        let dump = NetworkRequest::dump_state(&self.network).await;
        matches!(dump, Ok(Some(dump)) if !dump.peers.is_empty())
    }
}

/// Whether more than two thirds of all nodes have told their heights; this one knows its own.
fn are_enough(told: &BTreeMap<NodeId, u64>, registered: &[Peer]) -> bool {
    let heard = registered.iter().filter(|peer| told.contains_key(&peer.id));
    exceed_two_thirds(heard.count() as u64 + 1, registered.len() as u64 + 1)
}

/// Whether these are more than two thirds of all. Powers have room for it: in all they are an eighth of what counts.
fn exceed_two_thirds(some: u64, all: u64) -> bool {
    3 * some > 2 * all
}

impl Driver {
    pub(super) fn others(&self) -> Others {
        let validators = &self.tip.validators;
        let own = validators.find(&self.means.address);
        let power = own.map_or(0, |validator| validator.power);
        Others {
            heights: self.means.heights.clone(),
            registered: self.means.registered.clone(),
            network: self.means.requests.clone(),
            decides_alone: exceed_two_thirds(power, validators.total_power()),
        }
    }

    /// Malachite asks where to begin.
    pub(super) fn ready(&mut self, reply: Reply<(Height, HeightParams<Ours>)>) {
        self.opening.ready = Some(reply);
        self.open();
    }

    /// The others were heard, or given up.
    pub(super) fn has_heard(&mut self) {
        self.opening.has_heard = true;
        self.open();
    }

    fn open(&mut self) {
        if !self.opening.has_heard {
            return;
        }
        let Some(reply) = self.opening.ready.take() else {
            return;
        };
        let highest = self.means.heights.told().borrow().values().max().copied();
        if let Some(up_to) = highest.filter(|highest| *highest > self.tip.height) {
            tracing::info!(
                height = self.tip.height,
                up_to,
                "this node lacks blocks that its peers have: it signs nothing before it has them"
            );
            self.means.guard.stay_above(up_to);
            self.opening.lacking = Some(Lacking {
                up_to,
                given_up_at: Instant::now() + PATIENCE,
            });
        }
        let _ = reply.send((Height(self.tip.next_height()), self.height_params()));
    }

    pub(super) fn give_up(&mut self) {
        if let Some(Lacking { up_to, .. }) = self.opening.lacking.take() {
            tracing::warn!(
                up_to,
                height = self.tip.height,
                "peers told of blocks that do not come: this node signs without them"
            );
            self.means.guard.stay_above(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peers(count: u8) -> Vec<Peer> {
        let peer = |seed| Peer {
            id: NodeId([seed; 20]),
            address: None,
        };
        (1..=count).map(peer).collect()
    }

    #[test]
    fn more_than_two_thirds_of_all_nodes_are_heard_or_known() {
        for (registered, heard, expected) in [
            (0, 0, true),
            (1, 0, false),
            (1, 1, true),
            (2, 1, false),
            (2, 2, true),
            (3, 1, false),
            (3, 2, true),
            (6, 3, false),
            (6, 4, true),
        ] {
            let told = (1..=heard).map(|seed| (NodeId([seed; 20]), 0)).collect();
            let enough = are_enough(&told, &peers(registered));
            assert_eq!(enough, expected, "{heard} of {registered}");
        }
        let strangers = (100..110).map(|seed| (NodeId([seed; 20]), 0)).collect();
        assert!(!are_enough(&strangers, &peers(3)));
    }

    #[tokio::test]
    async fn enough_of_the_others_are_heard_when_the_last_of_them_tells() {
        let heights = Heights::new(7);
        let (_registered, registered) = watch::channel(peers(3));
        let (network, _asked) = mpsc::channel(1);
        let others = Others {
            heights: heights.clone(),
            registered,
            network,
            decides_alone: false,
        };
        let heard = others.heard();
        tokio::pin!(heard);
        for seed in [1, 100, 1] {
            heights.hear(NodeId([seed; 20]), 9);
            tokio::select! {
                biased;
                () = &mut heard => panic!("one of three was heard"),
                () = tokio::task::yield_now() => {}
            }
        }
        heights.hear(NodeId([2; 20]), 9);
        heard.await;
    }

    #[test]
    fn blocks_that_do_not_come_are_given_up_and_each_that_comes_gives_time() {
        let now = Instant::now();
        let second = Duration::from_secs(1);
        let mut opening = Opening {
            lacking: Some(Lacking {
                up_to: 12,
                given_up_at: now + PATIENCE,
            }),
            ..Opening::default()
        };
        opening.decided(10, false, now + second);
        assert_eq!(opening.give_up_time(), Some(now + PATIENCE));
        opening.decided(11, true, now + second);
        assert_eq!(opening.give_up_time(), Some(now + second + PATIENCE));
        opening.decided(12, true, now + 2 * second);
        assert_eq!(opening.give_up_time(), None);
    }
}
