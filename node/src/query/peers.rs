//! Which peers the engine may speak with: registered nodes, and this node's own bootstrap peers.

use std::sync::PoisonError;

use polity_engine::application::QueryResult;
use polity_ledger::state::{keys, names, objects};
use polity_proto::v1::{Node, Unit};

use super::QueryError;
use crate::app::App;

/// The code of a peer that is not accepted.
const UNKNOWN_PEER: u32 = 20;

/// The numbers of the nodes that were not removed when they were last looked at, and the newest number that there was.
#[derive(Default)]
pub(crate) struct KnownNodes {
    registered: Vec<u64>,
    newest: u64,
}

impl App {
    /// Paths /p2p/filter/id/ID and /p2p/filter/addr/ADDRESS: code 0 accepts. An address proves nothing, the id does.
    pub(super) fn filter_peer(&self, peer: &str) -> Result<QueryResult, QueryError> {
        let Some(id) = peer.strip_prefix("id/") else {
            return Ok(QueryResult::default());
        };
        if self.options.bootstrap_peers.iter().any(|known| known == id) || self.is_registered(id) {
            return Ok(QueryResult::default());
        }
        Ok(QueryResult {
            code: UNKNOWN_PEER,
            log: "unknown_peer: not a registered node of this organisation".into(),
            ..QueryResult::default()
        })
    }

    /// The nodes of all departments that are not removed. Asked for after every block, so whoever registers and removes
    /// nodes without end makes it no longer: what is removed never comes back, and is looked at once.
    pub(crate) fn registered_nodes(&self) -> Vec<Node> {
        let mut known = self.nodes.lock().unwrap_or_else(PoisonError::into_inner);
        // Under the lock: no older state than that of those who asked before.
        let snapshot = self.snapshot();
        let node = |number| objects::get::<Node>(&*snapshot, number);
        let newer = (known.newest + 1..).map_while(node);
        let nodes = known.registered.iter().filter_map(|number| node(*number));
        let mut nodes: Vec<Node> = nodes.chain(newer).collect();

        if let Some(last) = nodes.last() {
            known.newest = known.newest.max(last.number);
        }
        nodes.retain(|node| node.removed_at == 0);
        known.registered = nodes.iter().map(|node| node.number).collect();
        nodes
    }

    /// The handle of the department whose registered node this is.
    pub(crate) fn department_of(&self, node_id: &[u8]) -> Option<String> {
        let node = self.registered_node(node_id)?;
        let unit = objects::get::<Unit>(&*self.snapshot(), node.unit)?;
        Some(unit.handle)
    }

    fn is_registered(&self, id: &str) -> bool {
        hex::decode(id).is_ok_and(|id| self.registered_node(&id).is_some())
    }

    fn registered_node(&self, id: &[u8]) -> Option<Node> {
        let snapshot = self.snapshot();
        names::find(&*snapshot, &keys::key_with(keys::NODE_ID, &[], id))
            .and_then(|number| objects::get::<Node>(&*snapshot, number))
            .filter(|node| node.removed_at == 0)
    }
}
