//! Histories of objects: RFC 9162 trees whose count and root stand beside the object.

use polity_proto::v1::{HistoryEntry, ObjectKind};
use prost::Message;
use sha2::{Digest, Sha256};

use super::record::Parts;
use super::{Overlay, Read, keys, objects};
use crate::merkle::Hash;
use crate::merkle::history::{Frontier, leaf_hash};

/// Inner nodes are kept at each level that is a multiple of this; those between are computed
/// from at most `2^NODE_LEVELS` nodes below, which saves the disk of most nodes.
pub const NODE_LEVELS: u32 = 4;

/// Where in the chain an event stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Height of the block.
    pub height: u64,
    /// Position of the receipt in the block.
    pub position: u32,
    /// Index of the event in the receipt.
    pub event: u32,
}

/// An entry that waits for the end of its block. It holds no object: a block may bring a large one many entries.
#[derive(Debug)]
pub(super) struct Waiting {
    kind: ObjectKind,
    number: u64,
    place: Place,
    /// Hash of the object at the moment that the entry speaks of.
    object_hash: Hash,
}

/// Appends an entry that speaks of the object as it is now. The object exists.
///
/// The history has it when the block ends: all entries that a block brings to one history are appended together.
pub fn append(state: &mut Overlay<'_>, kind: ObjectKind, number: u64, place: Place) {
    let object_hash = Sha256::digest(record_of(state, kind, number).object).into();
    state.wait(Waiting {
        kind,
        number,
        place,
        object_hash,
    });
}

/// What one history gets in a block. Those of different histories know nothing of each other.
pub struct Appending {
    kind: ObjectKind,
    number: u64,
    frontier: Frontier,
    waiting: Vec<Waiting>,
    root: Hash,
    rows: Rows,
}

/// What is kept of a history beside its object's record.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) entries: Vec<(Vec<u8>, Vec<u8>)>,
    pub(super) nodes: Vec<(Vec<u8>, Vec<u8>)>,
    pub(super) edges: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Appending {
    /// All of a block, in the order of histories.
    pub(super) fn all(state: &mut Overlay<'_>, mut waiting: Vec<Waiting>) -> Vec<Appending> {
        // Entries of one history stay in the order in which they came.
        waiting.sort_by_key(Waiting::history);
        let mut waiting = waiting.into_iter().peekable();
        let mut all = Vec::new();
        while let Some(first) = waiting.next() {
            let history = first.history();
            let mut of_history = vec![first];
            while let Some(next) = waiting.next_if(|next| next.history() == history) {
                of_history.push(next);
            }
            all.push(Appending::of(state, of_history));
        }
        all
    }

    fn of(state: &mut Overlay<'_>, waiting: Vec<Waiting>) -> Appending {
        let Waiting { kind, number, .. } = waiting[0];
        let base = state.base();
        let record = record_of(state, kind, number);
        let (count, root) = (record.history_count, record.history_root);
        let frontier = Frontier::of_root(count, root)
            .or_else(|| frontier(base, kind, number, count, root))
            .expect("a history has its nodes");
        Appending {
            kind,
            number,
            frontier,
            waiting,
            root: Hash::default(),
            rows: Rows::default(),
        }
    }

    /// Runs all of a block, one after the other.
    pub fn run_all(all: &mut [Appending]) {
        all.iter_mut().for_each(Appending::run);
    }

    /// Hashes the entries and what is above them.
    pub fn run(&mut self) {
        let (kind, number) = (self.kind, self.number);
        for waiting in std::mem::take(&mut self.waiting) {
            let entry = waiting.entry();
            let key = keys::history_entry(kind, number, self.frontier.count());
            for node in self.frontier.append(leaf_hash(&entry)) {
                if node.level > 0 && node.level.is_multiple_of(NODE_LEVELS) {
                    let key = keys::history_node(kind, number, node.level, node.index);
                    self.rows.nodes.push((key, node.hash.to_vec()));
                }
            }
            self.rows.entries.push((key, entry));
        }
        let edge = (keys::history_edge(kind, number), self.frontier.encode());
        self.rows.edges.push(edge);
        self.root = self.frontier.root();
    }

    /// Writes count and root beside the object; adds the rows to those of others.
    ///
    /// # Panics
    /// If it was not run.
    pub(super) fn finish(mut self, state: &mut Overlay<'_>, rows: &mut Rows) {
        assert!(self.waiting.is_empty(), "a history was not appended to");
        let after = Parts {
            history_count: self.frontier.count(),
            history_root: &self.root,
            ..record_of(state, self.kind, self.number)
        }
        .joined();
        state.put(object_key(self.kind, self.number).into(), after);

        rows.entries.append(&mut self.rows.entries);
        rows.nodes.append(&mut self.rows.nodes);
        rows.edges.append(&mut self.rows.edges);
    }
}

impl Waiting {
    fn history(&self) -> (i32, u64) {
        (self.kind as i32, self.number)
    }

    fn entry(&self) -> Vec<u8> {
        HistoryEntry {
            height: self.place.height,
            position: self.place.position,
            event: self.place.event,
            object_hash: self.object_hash.to_vec(),
        }
        .encode_to_vec()
    }
}

/// Makes ready what an entry of this history will ask for.
pub fn read_ahead(state: &dyn Read, kind: ObjectKind, number: u64) {
    let record = state.read_ahead(&object_key(kind, number));
    let Some(record) = record else { return };
    let Parts {
        history_count,
        history_root,
        ..
    } = Parts::of(&record);
    let edge = keys::history_edge(kind, number);
    if Frontier::of_root(history_count, history_root).is_some() || state.read_ahead(&edge).is_some()
    {
        return;
    }
    // The record may be newer than the nodes.
    if let Some(frontier) = from_nodes(state, kind, number, history_count) {
        state.remember(&edge, &frontier.encode());
    }
}

/// The right edge of a history that has this root: as it is remembered, or found among the nodes.
fn frontier(
    state: &dyn Read,
    kind: ObjectKind,
    number: u64,
    count: u64,
    root: &[u8],
) -> Option<Frontier> {
    let edge = state.get(&keys::history_edge(kind, number));
    let remembered = edge.and_then(|edge| Frontier::decode(count, &edge).ok());
    remembered
        .filter(|frontier| frontier.root()[..] == *root)
        .or_else(|| from_nodes(state, kind, number, count))
}

fn from_nodes(state: &dyn Read, kind: ObjectKind, number: u64, count: u64) -> Option<Frontier> {
    Frontier::from_nodes(count, |level, index| {
        node(state, kind, number, level, index)
    })
}

fn record_of<'s>(state: &'s mut Overlay<'_>, kind: ObjectKind, number: u64) -> Parts<'s> {
    let place = state.place(&object_key(kind, number));
    Parts::of(state.at(place).expect("an object with a history exists"))
}

fn object_key(kind: ObjectKind, number: u64) -> [u8; 9] {
    let prefix = objects::prefix_with_history(kind).expect("the kind has histories");
    objects::short_key(prefix, number)
}

/// A node of a history: kept, or computed from those below. `None` outside of the history.
pub fn node(
    state: &dyn Read,
    kind: ObjectKind,
    number: u64,
    level: u32,
    index: u64,
) -> Option<[u8; 32]> {
    if level == 0 {
        let entry = state.get(&keys::history_entry(kind, number, index))?;
        return Some(leaf_hash(&entry));
    }
    if level.is_multiple_of(NODE_LEVELS) {
        let node = state.get(&keys::history_node(kind, number, level, index))?;
        return node[..].try_into().ok();
    }
    let left = node(state, kind, number, level - 1, index.checked_mul(2)?)?;
    let right = node(
        state,
        kind,
        number,
        level - 1,
        index.checked_mul(2)?.checked_add(1)?,
    )?;
    Some(crate::merkle::history::inner_hash(&left, &right))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::world::World;

    fn pay(world: &mut World) {
        let pay = world.payment("finn:main", "gia:main", 1);
        world.check("finn", None, pay, "accepted");
    }

    #[test]
    fn a_forgotten_edge_is_found_among_the_nodes() {
        let forget = |state: &mut BTreeMap<Vec<u8>, Vec<u8>>| {
            state.retain(|key, _| !keys::DERIVED.contains(&key[0]));
        };
        let mut remembering = World::with_treasury();
        let mut forgetful = remembering.clone();
        for _ in 0..40 {
            forget(&mut forgetful.state);
            pay(&mut remembering);
            pay(&mut forgetful);
        }

        forget(&mut remembering.state);
        forget(&mut forgetful.state);
        assert_eq!(remembering.state, forgetful.state);
    }

    #[test]
    fn an_edge_that_does_not_make_the_root_counts_as_forgotten() {
        let mut world = World::with_treasury();
        (0..5).for_each(|_| pay(&mut world));
        let (kind, number) = (ObjectKind::Account, world.account("gia:main").number);
        let value = world.state[&object_key(kind, number)[..]].clone();
        let Parts {
            history_count: count,
            history_root: root,
            ..
        } = Parts::of(&value);
        let key = keys::history_edge(kind, number);
        let edge = world.state[&key].clone();
        let mut wrong = edge.clone();
        wrong[0] ^= 1;
        world.state.insert(key, wrong);

        let found = frontier(&world.state, kind, number, count, root);
        assert_eq!(found.map(|found| found.encode()), Some(edge));
    }
}
