//! Whether this node can serve members: what a supervisor or a load balancer asks.

use std::sync::Arc;

use polity_ledger::continuation::validators;

use crate::app::App;
use crate::gateway::Readiness;
use crate::metrics::Metrics;

/// Answers for a node with this consensus key.
pub(super) fn readiness(app: Arc<App>, metrics: Arc<Metrics>, key: [u8; 32]) -> Readiness {
    Arc::new(move || {
        let snapshot = app.snapshot();
        let is_alone = || validators(&*snapshot).iter().all(|other| other.key == key);
        judge(
            snapshot.height(),
            metrics.catching_up.get() != 0,
            metrics.peers.get() != 0 || is_alone(),
        )
    })
}

/// Whoever hears nobody cannot know that others went on, and has nobody to decide with.
fn judge(height: u64, catching_up: bool, hears_who_decides: bool) -> Result<(), String> {
    match (height, catching_up, hears_who_decides) {
        (_, _, false) => Err("no peer is connected".into()),
        (0, _, true) => Err("no block yet".into()),
        (_, true, true) => Err("catching up with the others".into()),
        (_, false, true) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_ready_that_has_what_the_others_have_and_hears_them() {
        for (height, catching_up, hears, expected) in [
            (7, false, true, Ok(())),
            (7, true, true, Err("catching up with the others")),
            (0, false, true, Err("no block yet")),
            (7, false, false, Err("no peer is connected")),
            (0, true, false, Err("no peer is connected")),
        ] {
            let found = judge(height, catching_up, hears);
            assert_eq!(found, expected.map_err(String::from), "{height}");
        }
    }
}
