//! One of the 256 parts of the state tree: all keys whose hash begins with one byte.
//!
//! Parts share nothing, so a caller may update them on several threads. Nodes live in arenas and
//! name each other by number: no allocation per node, and a tree that is freed at once. A node
//! holds the hashes of its children beside their numbers, so hashing a node again reads that node
//! alone and never its siblings, which would cost a cache miss at each level.
//!
//! A subtree without leaves is [`EMPTY`] and a subtree with one leaf is that leaf; so the shape
//! depends on the set of keys alone, never on the order in which they came.

use super::Hash;
use super::jellyfish::{EMPTY, goes_right, inner_hash};
use arena::{Arena, Link, Node};

mod arena;

/// One change: the hash of a key, and the hash of its new leaf or `None` where it is deleted.
pub type Update = (Hash, Option<Hash>);

/// Depth of a part's root: the first byte of the key hash chose the part.
pub(super) const ROOT_DEPTH: usize = 8;

/// The part of the state tree that holds the keys whose hash begins with one byte.
#[derive(Clone, Debug)]
pub struct Subtree {
    root: Child,
    leaves: Arena<Hash>,
    forks: Arena<[Child; 2]>,
    bends: Arena<Child>,
}

/// What stands at the root of a part, as the levels above see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// No leaf.
    Empty,
    /// One leaf, which rises until it meets a neighbour.
    Leaf,
    /// Two leaves or more.
    Inner,
}

/// A leaf of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// SHA-256 of the raw key.
    pub key_hash: Hash,
    /// Hash of the leaf itself, over key hash and value hash.
    pub hash: Hash,
}

impl Default for Subtree {
    fn default() -> Self {
        Self {
            root: Child::EMPTY,
            leaves: Arena::default(),
            forks: Arena::default(),
            bends: Arena::default(),
        }
    }
}

impl Subtree {
    /// A part made at once from its leaves (key hash, leaf hash), in ascending order of key hash.
    ///
    /// # Panics
    /// If the key hashes do not ascend strictly or do not share their first byte.
    #[must_use]
    pub fn build(leaves: &[(Hash, Hash)]) -> Self {
        assert_one_part(leaves);
        let mut subtree = Self::default();
        subtree.leaves.reserve(leaves.len());
        subtree.forks.reserve(leaves.len());
        // Random keys leave 0.443 nodes with one child for each leaf.
        subtree.bends.reserve(leaves.len() * 23 / 50);
        subtree.root = subtree.plant(ROOT_DEPTH, leaves);
        subtree
    }

    /// Applies changes in ascending order of key hash; deleting an absent key changes nothing.
    ///
    /// # Panics
    /// If the key hashes do not ascend strictly or do not share their first byte.
    pub fn apply(&mut self, updates: &[Update]) {
        assert_one_part(updates);
        self.bring_near(updates);
        self.root = self.update(self.root, ROOT_DEPTH, updates);
    }

    /// How many leaves there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.leaves.len()
    }

    /// Whether there is no leaf.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of memory that the nodes take, spare room included.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.leaves.memory_bytes() + self.forks.memory_bytes() + self.bends.memory_bytes()
    }

    pub(super) fn root(&self) -> (Hash, Shape) {
        let shape = match self.root.link.node() {
            Node::Empty => Shape::Empty,
            Node::Leaf(_) => Shape::Leaf,
            Node::Fork(_) | Node::LeftBend(_) | Node::RightBend(_) => Shape::Inner,
        };
        (self.root.hash, shape)
    }

    /// The way from the part's root towards a key: siblings from the top down, and the leaf at
    /// its end, which may be another key's.
    pub(super) fn walk(&self, key_hash: &Hash, siblings: &mut Vec<Hash>) -> Option<Leaf> {
        let mut here = self.root;
        let mut depth = ROOT_DEPTH;
        loop {
            match here.link.node() {
                Node::Empty => return None,
                Node::Leaf(id) => {
                    return Some(Leaf {
                        key_hash: self.leaves[id],
                        hash: here.hash,
                    });
                }
                Node::Fork(_) | Node::LeftBend(_) | Node::RightBend(_) => {
                    let [left, right] = self.children(here, depth);
                    let (next, sibling) = if goes_right(key_hash, depth) {
                        (right, left)
                    } else {
                        (left, right)
                    };
                    siblings.push(sibling.hash);
                    here = next;
                    depth += 1;
                }
            }
        }
    }

    /// The nearest key hashes below and above one that may itself be present or not.
    pub(super) fn neighbours(&self, key_hash: &Hash) -> (Option<Hash>, Option<Hash>) {
        let (mut below, mut above) = (Child::EMPTY, Child::EMPTY);
        let mut here = self.root;
        let mut depth = ROOT_DEPTH;
        while here.link.is_inner() {
            let [left, right] = self.children(here, depth);
            if goes_right(key_hash, depth) {
                below = if left == Child::EMPTY { below } else { left };
                here = right;
            } else {
                above = if right == Child::EMPTY { above } else { right };
                here = left;
            }
            depth += 1;
        }
        if let Node::Leaf(id) = here.link.node() {
            let end = &self.leaves[id];
            below = if end < key_hash { here } else { below };
            above = if end > key_hash { here } else { above };
        }
        (
            self.outermost(below, Side::Right),
            self.outermost(above, Side::Left),
        )
    }

    /// The smallest key hash of the part.
    pub(super) fn first(&self) -> Option<Hash> {
        self.outermost(self.root, Side::Left)
    }

    /// The greatest key hash of the part.
    pub(super) fn last(&self) -> Option<Hash> {
        self.outermost(self.root, Side::Right)
    }

    fn outermost(&self, mut here: Child, side: Side) -> Option<Hash> {
        loop {
            here = match (here.link.node(), side) {
                (Node::Empty, _) => return None,
                (Node::Leaf(id), _) => return Some(self.leaves[id]),
                (Node::Fork(id), Side::Left) => self.forks[id][0],
                (Node::Fork(id), Side::Right) => self.forks[id][1],
                (Node::LeftBend(id) | Node::RightBend(id), _) => self.bends[id],
            }
        }
    }

    fn plant(&mut self, depth: usize, leaves: &[(Hash, Hash)]) -> Child {
        match leaves {
            [] => Child::EMPTY,
            [(key_hash, hash)] => self.new_leaf(key_hash, *hash),
            [_, _, ..] => {
                let middle = leaves.partition_point(|(key_hash, _)| !goes_right(key_hash, depth));
                let left = self.plant(depth + 1, &leaves[..middle]);
                let right = self.plant(depth + 1, &leaves[middle..]);
                self.join(left, right)
            }
        }
    }

    /// Looks at the nodes on the updates' ways, all ways a level at a time. Nearly every node of a large tree has to come
    /// from memory: for ways that are walked one after another they come in turn, for these at once.
    fn bring_near(&self, updates: &[Update]) {
        let ways = updates
            .iter()
            .map(|(key_hash, _)| (key_hash, self.root.link));
        let mut ways: Vec<_> = ways.collect();
        let mut depth = ROOT_DEPTH;
        while !ways.is_empty() {
            ways.retain_mut(|(key_hash, here)| {
                *here = match here.node() {
                    Node::Empty | Node::Leaf(_) => return false,
                    Node::Fork(id) => self.forks[id][usize::from(goes_right(key_hash, depth))].link,
                    Node::LeftBend(id) | Node::RightBend(id) => self.bends[id].link,
                };
                true
            });
            depth += 1;
        }
    }

    /// What stands in the place of `here` after the updates. Every inner node on their ways is
    /// hashed once, however many of them pass it.
    fn update(&mut self, here: Child, depth: usize, updates: &[Update]) -> Child {
        match updates {
            [] => return here,
            [(key_hash, hash)] => match (here.link.node(), *hash) {
                (Node::Empty, None) => return here,
                (Node::Empty, Some(hash)) => return self.new_leaf(key_hash, hash),
                (Node::Leaf(id), None) if self.leaves[id] == *key_hash => {
                    self.leaves.remove(id);
                    return Child::EMPTY;
                }
                (Node::Leaf(_), None) => return here,
                (Node::Leaf(id), Some(hash)) if self.leaves[id] == *key_hash => {
                    return Child { hash, ..here };
                }
                (Node::Leaf(_), Some(_))
                | (Node::Fork(_) | Node::LeftBend(_) | Node::RightBend(_), _) => {}
            },
            [_, _, ..] => {}
        }
        let [old_left, old_right] = self.children(here, depth);
        let middle = updates.partition_point(|(key_hash, _)| !goes_right(key_hash, depth));
        let left = self.update(old_left, depth + 1, &updates[..middle]);
        let right = self.update(old_right, depth + 1, &updates[middle..]);
        if here.link.is_inner() && left == old_left && right == old_right {
            return here;
        }

        self.remove_inner(here.link);
        self.join(left, right)
    }

    /// The two halves of what stands at `depth`. A lone leaf lies in the half that its key names.
    fn children(&self, here: Child, depth: usize) -> [Child; 2] {
        match here.link.node() {
            Node::Empty => [Child::EMPTY; 2],
            Node::Leaf(id) if goes_right(&self.leaves[id], depth) => [Child::EMPTY, here],
            Node::Leaf(_) => [here, Child::EMPTY],
            Node::Fork(id) => self.forks[id],
            Node::LeftBend(id) => [self.bends[id], Child::EMPTY],
            Node::RightBend(id) => [Child::EMPTY, self.bends[id]],
        }
    }

    fn join(&mut self, left: Child, right: Child) -> Child {
        let node = match (left.link.node(), right.link.node()) {
            (_, Node::Empty) if !left.link.is_inner() => return left,
            (Node::Empty, _) if !right.link.is_inner() => return right,
            (_, Node::Empty) => Node::LeftBend(self.bends.insert(left)),
            (Node::Empty, _) => Node::RightBend(self.bends.insert(right)),
            (_, _) => Node::Fork(self.forks.insert([left, right])),
        };
        Child {
            hash: inner_hash(&left.hash, &right.hash),
            link: Link::to(node),
        }
    }

    fn new_leaf(&mut self, key_hash: &Hash, hash: Hash) -> Child {
        let id = self.leaves.insert(*key_hash);
        Child {
            hash,
            link: Link::to(Node::Leaf(id)),
        }
    }

    // The slot is the next one to be filled, so a node that keeps its kind keeps its place.
    fn remove_inner(&mut self, link: Link) {
        match link.node() {
            Node::Empty | Node::Leaf(_) => {}
            Node::Fork(id) => self.forks.remove(id),
            Node::LeftBend(id) | Node::RightBend(id) => self.bends.remove(id),
        }
    }
}

#[derive(Clone, Copy)]
enum Side {
    Left,
    Right,
}

/// A node as its parent knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Child {
    hash: Hash,
    link: Link,
}

impl Child {
    const EMPTY: Self = Self {
        hash: EMPTY,
        link: Link::EMPTY,
    };
}

fn assert_one_part<T>(sorted: &[(Hash, T)]) {
    let ascends = sorted.windows(2).all(|pair| pair[0].0 < pair[1].0);
    assert!(ascends, "key hashes do not ascend strictly");
    let (Some(first), Some(last)) = (sorted.first(), sorted.last()) else {
        return;
    };
    assert!(first.0[0] == last.0[0], "key hashes of several parts");
}
