//! The authenticated state: a binary Merkle tree over key hashes, held in memory.
//!
//! Only leaves are ever stored by a node, never inner nodes: a restart builds the tree again. It
//! is 256 independent [`Subtree`]s, one for each first byte of the key hash, below eight levels
//! that are folded after each batch. The root holds neither height nor time.

use super::Hash;
use super::jellyfish::{EMPTY, goes_right, inner_hash};
use super::subtree::{Leaf, ROOT_DEPTH, Shape, Subtree, Update};

#[cfg(test)]
mod tests;

/// How many parts the tree has.
pub const SUBTREES: usize = 1 << ROOT_DEPTH;

/// The state tree.
#[derive(Clone, Debug)]
pub struct StateTree {
    subtrees: Vec<Subtree>,
    /// The eight folded levels as a heap: 1 is the root, the children of `i` are `2i` and
    /// `2i + 1`, and the last 256 repeat the roots of the parts.
    top: Vec<(Hash, Shape)>,
}

/// The way from the root to where a key is or would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// Hashes beside the way, from the leaf upwards.
    pub siblings: Vec<Hash>,
    /// What stands at the end: the key's own leaf, or the only leaf of the subtree where the key
    /// would be, or nothing.
    pub leaf: Option<Leaf>,
}

/// The changes of one part, to be run on any thread.
#[derive(Debug)]
pub struct Job<'a> {
    subtree: &'a mut Subtree,
    updates: &'a [Update],
    done: bool,
}

impl Default for StateTree {
    fn default() -> Self {
        Self::new()
    }
}

impl StateTree {
    /// The empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self {
            subtrees: vec![Subtree::default(); SUBTREES],
            top: vec![(EMPTY, Shape::Empty); 2 * SUBTREES],
        }
    }

    /// The tree over all its leaves (key hash, leaf hash), in ascending order of key hash.
    ///
    /// # Panics
    /// If the key hashes do not ascend strictly.
    #[must_use]
    pub fn build(leaves: &[(Hash, Hash)]) -> Self {
        assert_ascending(leaves);
        let mut parts = vec![Subtree::default(); SUBTREES];
        for part in leaves.chunk_by(|one, next| one.0[0] == next.0[0]) {
            parts[usize::from(part[0].0[0])] = Subtree::build(part);
        }
        Self::from_subtrees(parts)
    }

    /// The tree over its parts, in order: for a caller that builds parts on several threads or
    /// reads the leaves of one part at a time.
    ///
    /// # Panics
    /// If there are not exactly 256 parts, or one is not in its place.
    #[must_use]
    pub fn from_subtrees(subtrees: Vec<Subtree>) -> Self {
        assert_eq!(subtrees.len(), SUBTREES, "wrong number of parts");
        for (first_byte, subtree) in subtrees.iter().enumerate() {
            let in_place = subtree
                .first()
                .is_none_or(|key| usize::from(key[0]) == first_byte);
            assert!(in_place, "a part is not in its place");
        }
        let mut tree = Self {
            subtrees,
            ..Self::new()
        };
        tree.fold((0..SUBTREES).collect());
        tree
    }

    /// Applies changes in ascending order of key hash and returns the new root. Deleting an
    /// absent key changes nothing.
    ///
    /// # Panics
    /// If the key hashes do not ascend strictly.
    pub fn apply(&mut self, updates: &[Update]) -> Hash {
        self.apply_with(updates, |jobs| jobs.iter_mut().for_each(Job::run))
    }

    /// Like [`StateTree::apply`], but the caller runs the jobs, for example on several threads.
    /// There is one job for each part that has changes; their order does not matter.
    ///
    /// # Panics
    /// If the key hashes do not ascend strictly, or a job was not run.
    pub fn apply_with(&mut self, updates: &[Update], run: impl FnOnce(&mut [Job<'_>])) -> Hash {
        assert_ascending(updates);
        let mut parts = updates
            .chunk_by(|one, next| one.0[0] == next.0[0])
            .peekable();
        let mut jobs = Vec::new();
        let mut touched = Vec::new();
        for (first_byte, subtree) in self.subtrees.iter_mut().enumerate() {
            let here = |part: &&[Update]| usize::from(part[0].0[0]) == first_byte;
            if let Some(updates) = parts.next_if(here) {
                jobs.push(Job {
                    subtree,
                    updates,
                    done: false,
                });
                touched.push(first_byte);
            }
        }
        run(&mut jobs);
        assert!(
            jobs.iter().all(|job| job.done),
            "a part of a batch was not applied"
        );

        self.fold(touched);
        self.root()
    }

    /// The root hash: the app hash of a block.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.top[1].0
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.subtrees.iter().map(Subtree::len).sum()
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.top[1].1 == Shape::Empty
    }

    /// Bytes of memory that the nodes take, spare room included.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.subtrees.iter().map(Subtree::memory_bytes).sum()
    }

    /// The way to where a key is or would be.
    #[must_use]
    pub fn prove(&self, key_hash: &Hash) -> Path {
        let mut siblings = Vec::with_capacity(32);
        let mut index = 1;
        let mut depth = 0;
        while depth < ROOT_DEPTH && self.top[index].1 == Shape::Inner {
            let next = 2 * index + usize::from(goes_right(key_hash, depth));
            siblings.push(self.top[next ^ 1].0);
            index = next;
            depth += 1;
        }
        // A leaf that is alone below this node may be in any part below it.
        while depth < ROOT_DEPTH {
            index *= 2;
            index += usize::from(self.top[index].1 == Shape::Empty);
            depth += 1;
        }
        let leaf = self.subtrees[index - SUBTREES].walk(key_hash, &mut siblings);
        siblings.reverse();
        Path { siblings, leaf }
    }

    /// The nearest key hashes below and above one, which may itself be present or not.
    #[must_use]
    pub fn neighbours(&self, key_hash: &Hash) -> (Option<Hash>, Option<Hash>) {
        let part = usize::from(key_hash[0]);
        let (below, above) = self.subtrees[part].neighbours(key_hash);
        (
            below.or_else(|| self.subtrees[..part].iter().rev().find_map(Subtree::last)),
            above.or_else(|| self.subtrees[part + 1..].iter().find_map(Subtree::first)),
        )
    }

    /// Hashes again what lies above the touched parts, which are in ascending order.
    fn fold(&mut self, mut touched: Vec<usize>) {
        for part in &mut touched {
            self.top[SUBTREES + *part] = self.subtrees[*part].root();
            *part += SUBTREES;
        }
        for _ in 0..ROOT_DEPTH {
            for index in &mut touched {
                *index /= 2;
            }
            touched.dedup();
            for &index in &touched {
                self.top[index] = join(self.top[2 * index], self.top[2 * index + 1]);
            }
        }
    }
}

impl Job<'_> {
    /// Applies the changes; a second call does nothing.
    pub fn run(&mut self) {
        if !self.done {
            self.subtree.apply(self.updates);
            self.done = true;
        }
    }

    /// How many changes there are: a measure of the work.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.updates.len()
    }
}

fn join(left: (Hash, Shape), right: (Hash, Shape)) -> (Hash, Shape) {
    match (left.1, right.1) {
        (Shape::Empty, Shape::Empty | Shape::Leaf) => right,
        (Shape::Leaf, Shape::Empty) => left,
        (Shape::Leaf | Shape::Inner, Shape::Leaf | Shape::Inner)
        | (Shape::Inner, Shape::Empty)
        | (Shape::Empty, Shape::Inner) => (inner_hash(&left.0, &right.0), Shape::Inner),
    }
}

fn assert_ascending<T>(sorted: &[(Hash, T)]) {
    let ascends = sorted.windows(2).all(|pair| pair[0].0 < pair[1].0);
    assert!(ascends, "key hashes do not ascend strictly");
}
