//! Which departments' nodes are lost, and which are back: one line each. What the libraries below say of a connection
//! that ends is for their makers.

use std::collections::BTreeSet;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use polity_engine::embedded::NodeId;
use polity_engine::embedded::gossip::{Contact, GossipView};

use crate::app::App;

/// Two nodes that dial each other at once keep one connection of two: only who is missed at two looks, so far from each
/// other, is lost.
const GRACE: Duration = Duration::from_secs(1);

/// Says who goes and who comes back, until it is dropped; and at the start, why nobody may come.
pub(super) async fn watch(app: Arc<App>, gossip: GossipView, own: NodeId) {
    if app.department_of(&own.0).is_none() {
        tracing::warn!(
            node = %own,
            height = app.snapshot().height(),
            "this node is not registered as far as it knows: others refuse it until its department registers it"
        );
    }
    let mut changes = gossip.watch();
    let mut attendance = Attendance::default();
    loop {
        for (peer, is_there) in attendance.look(&gossip.peers()) {
            let unit = app.department_of(&peer.0);
            let unit = unit.as_deref().unwrap_or("not registered");
            if is_there {
                tracing::info!(unit, %peer, "peer is back");
            } else {
                tracing::warn!(unit, %peer, "peer is lost");
            }
        }
        if attendance.missed.is_empty() && changes.changed().await.is_err() {
            return;
        }
        tokio::time::sleep(GRACE).await;
    }
}

#[derive(Default)]
struct Attendance {
    /// Who was there once and was not at the last look: of these the next look decides.
    missed: BTreeSet<NodeId>,
    /// Of whom the last line said that they are lost.
    lost: BTreeSet<NodeId>,
}

impl Attendance {
    /// Who has gone or come back since the last look. Whoever comes for the first time was expected, and is no news.
    fn look(&mut self, peers: &[(NodeId, Contact)]) -> Vec<(NodeId, bool)> {
        self.lost
            .retain(|lost| peers.iter().any(|(peer, _)| peer == lost));
        let missed_before = mem::take(&mut self.missed);
        let mut news = Vec::new();
        for (peer, contact) in peers {
            match contact {
                Contact::Awaited => {}
                Contact::Connected => {
                    if self.lost.remove(peer) {
                        news.push((*peer, true));
                    }
                }
                Contact::Lost if self.lost.contains(peer) => {}
                Contact::Lost if missed_before.contains(peer) => {
                    self.lost.insert(*peer);
                    news.push((*peer, false));
                }
                Contact::Lost => {
                    self.missed.insert(*peer);
                }
            }
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use Contact::{Awaited, Connected, Lost};

    use super::*;

    #[test]
    fn only_who_was_there_is_lost_and_only_who_was_lost_is_back() {
        let (ann, ben) = (NodeId([1; 20]), NodeId([2; 20]));
        let mut attendance = Attendance::default();
        for (peers, news) in [
            (vec![(ann, Awaited), (ben, Awaited)], vec![]),
            (vec![(ann, Connected), (ben, Awaited)], vec![]),
            // The one of two connections that ends is no loss.
            (vec![(ann, Lost), (ben, Connected)], vec![]),
            (vec![(ann, Connected), (ben, Connected)], vec![]),
            (vec![(ann, Lost), (ben, Connected)], vec![]),
            (vec![(ann, Lost), (ben, Connected)], vec![(ann, false)]),
            (vec![(ann, Lost), (ben, Connected)], vec![]),
            // Came and went between two looks.
            (vec![(ann, Connected), (ben, Lost)], vec![(ann, true)]),
            (vec![(ann, Connected), (ben, Lost)], vec![(ben, false)]),
            // No longer a peer: the ledger says so, and no line.
            (vec![(ann, Connected)], vec![]),
            (vec![(ann, Connected), (ben, Awaited)], vec![]),
        ] {
            assert_eq!(attendance.look(&peers), news, "{peers:?}");
        }
    }
}
