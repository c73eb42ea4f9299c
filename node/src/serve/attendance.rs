//! Which departments' nodes are lost, and which are back: one line each. What the libraries below say of a connection
//! that ends is for their makers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use polity_engine::embedded::NodeId;
use polity_engine::embedded::gossip::GossipView;

use crate::app::App;

/// Two nodes that dial each other at once keep one connection of two: who is back by then was not lost.
const GRACE: Duration = Duration::from_secs(1);

/// Says who goes and who comes back, until it is dropped.
pub(super) async fn watch(app: Arc<App>, gossip: GossipView) {
    let mut changes = gossip.watch();
    let mut attendance = Attendance::default();
    loop {
        for (peer, is_there) in attendance.look(gossip.peers()) {
            let unit = app.department_of(&peer.0);
            let unit = unit.as_deref().unwrap_or("not registered");
            if is_there {
                tracing::info!(unit, %peer, "peer is back");
            } else {
                tracing::warn!(unit, %peer, "peer is lost");
            }
        }
        if changes.changed().await.is_err() {
            return;
        }
        tokio::time::sleep(GRACE).await;
    }
}

/// The peers that have been there since the start, and whether they still are.
#[derive(Default)]
struct Attendance(BTreeMap<NodeId, bool>);

impl Attendance {
    /// Who has gone or come back since the last look. Who comes for the first time is expected, and no news.
    fn look(&mut self, peers: Vec<(NodeId, bool)>) -> Vec<(NodeId, bool)> {
        let mut news = Vec::new();
        let mut seen = BTreeMap::new();
        for (peer, is_there) in peers {
            let before = self.0.get(&peer).copied();
            if before.is_some_and(|was_there| was_there != is_there) {
                news.push((peer, is_there));
            }
            if before.is_some() || is_there {
                seen.insert(peer, is_there);
            }
        }
        self.0 = seen;
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_was_there_is_lost_and_only_who_was_lost_is_back() {
        let (ann, ben) = (NodeId([1; 20]), NodeId([2; 20]));
        let mut attendance = Attendance::default();
        for (peers, news) in [
            (vec![(ann, false), (ben, false)], vec![]),
            (vec![(ann, true), (ben, false)], vec![]),
            (vec![(ann, true), (ben, true)], vec![]),
            (vec![(ann, false), (ben, true)], vec![(ann, false)]),
            (vec![(ann, false), (ben, true)], vec![]),
            (vec![(ann, true), (ben, true)], vec![(ann, true)]),
            // No longer a peer: the ledger says so, and no line.
            (vec![(ann, true)], vec![]),
            (vec![(ann, true), (ben, false)], vec![]),
        ] {
            assert_eq!(attendance.look(peers.clone()), news, "{peers:?}");
        }
    }
}
