//! A history as a node keeps it.

use std::collections::BTreeMap;

use polity_ledger::merkle::history::{Frontier, leaf_hash, prove_consistency};
use polity_proto::v1::HistoryAnswer;

use crate::proof::HistoryHead;

/// Entries, and the tree over them.
pub(crate) struct Log {
    pub(crate) entries: Vec<Vec<u8>>,
    nodes: BTreeMap<(u32, u64), [u8; 32]>,
}

impl Log {
    pub(crate) fn of(entries: Vec<Vec<u8>>) -> Self {
        let mut nodes = BTreeMap::new();
        let mut frontier = Frontier::default();
        for (index, entry) in (0..).zip(&entries) {
            nodes.insert((0, index), leaf_hash(entry));
            for node in frontier.append(leaf_hash(entry)) {
                nodes.insert((node.level, node.index), node.hash);
            }
        }
        Self { entries, nodes }
    }

    pub(crate) fn count(&self) -> u64 {
        self.entries.len() as u64
    }

    pub(crate) fn node(&self) -> impl Fn(u32, u64) -> Option<[u8; 32]> {
        |level, index| self.nodes.get(&(level, index)).copied()
    }

    pub(crate) fn head(&self, count: u64) -> HistoryHead {
        let part = Frontier::from_nodes(count, self.node()).expect("nodes");
        HistoryHead {
            count,
            root: part.root(),
        }
    }

    pub(crate) fn page(&self, from: u64, limit: usize) -> HistoryAnswer {
        let entries: Vec<_> = self
            .entries
            .iter()
            .skip(from as usize)
            .take(limit)
            .cloned()
            .collect();
        let end = from + entries.len() as u64;
        let before = Frontier::from_nodes(from, self.node()).expect("nodes");
        HistoryAnswer {
            height: 7,
            from,
            count: self.count(),
            root: self.head(self.count()).root.to_vec(),
            peaks: before.peaks().iter().map(|peak| peak.to_vec()).collect(),
            entries,
            consistency: vectors(prove_consistency(end, self.count(), self.node())),
            contexts: Vec::new(),
        }
    }
}

/// A path as it is sent.
pub(crate) fn vectors(path: Option<Vec<[u8; 32]>>) -> Vec<Vec<u8>> {
    let path = path.expect("a path").into_iter();
    path.map(|hash| hash.to_vec()).collect()
}
