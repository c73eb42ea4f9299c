//! One hash for an ordered list of byte strings: what a block's timers did, for example, which no
//! transaction carries.
//!
//! The tree is that of RFC 9162, so that [`verify_inclusion`](super::history::verify_inclusion)
//! serves lists as it serves histories.

use super::Hash;
use super::history::{Frontier, leaf_hash, prove_inclusion};

/// The root over the items in their order.
#[must_use]
pub fn root<I: AsRef<[u8]>>(items: &[I]) -> Hash {
    let mut frontier = Frontier::default();
    for item in items {
        frontier.append(leaf_hash(item.as_ref()));
    }
    frontier.root()
}

/// Shows that the item at `index` is in the list; `None` if there is no such item.
#[must_use]
pub fn prove<I: AsRef<[u8]>>(items: &[I], index: usize) -> Option<Vec<Hash>> {
    ListTree::new(items).prove(index)
}

/// All hashes over a list, for whoever shows many of its items.
#[derive(Clone, Debug)]
pub struct ListTree {
    // From the leaves up.
    levels: Vec<Vec<Hash>>,
}

impl ListTree {
    /// Hashes the items in their order.
    #[must_use]
    pub fn new<I: AsRef<[u8]>>(items: &[I]) -> ListTree {
        let mut levels = vec![Vec::with_capacity(items.len())];
        let mut frontier = Frontier::default();
        for item in items {
            let leaf = leaf_hash(item.as_ref());
            levels[0].push(leaf);
            for node in frontier.append(leaf) {
                let level = node.level as usize;
                if level == levels.len() {
                    levels.push(Vec::new());
                }
                levels[level].push(node.hash);
            }
        }
        ListTree { levels }
    }

    /// How many items there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.levels[0].len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Shows that the item at `index` is in the list; `None` if there is no such item.
    #[must_use]
    pub fn prove(&self, index: usize) -> Option<Vec<Hash>> {
        let node = |level: u32, index: u64| {
            let level = self.levels.get(level as usize)?;
            level.get(usize::try_from(index).ok()?).copied()
        };
        prove_inclusion(index as u64, self.len() as u64, node)
    }
}

#[cfg(test)]
mod tests {
    use super::super::history::{EMPTY_ROOT, inner_hash, verify_inclusion};
    use super::*;

    #[test]
    fn the_root_of_a_list_is_that_of_rfc_9162() {
        let [a, b, c] = [b"a", b"b", b"c"].map(|item| leaf_hash(item));
        assert_eq!(root::<&[u8]>(&[]), EMPTY_ROOT);
        assert_eq!(root(&["a"]), a);
        assert_eq!(root(&["a", "b", "c"]), inner_hash(&inner_hash(&a, &b), &c));
        assert_ne!(root(&["a", "b"]), root(&["b", "a"]));
        assert_ne!(root(&["ab"]), root(&["a", "b"]));
    }

    #[test]
    fn every_item_of_a_list_is_proven_and_no_other() {
        for count in 0..20_u64 {
            let items: Vec<String> = (0..count).map(|number| number.to_string()).collect();
            let root = root(&items);
            for (index, item) in items.iter().enumerate() {
                let proof = prove(&items, index).unwrap();
                let leaf = leaf_hash(item.as_bytes());
                assert!(verify_inclusion(&leaf, index as u64, count, &proof, &root));
                assert!(!verify_inclusion(
                    &leaf_hash(b"x"),
                    index as u64,
                    count,
                    &proof,
                    &root
                ));
            }
            assert_eq!(prove(&items, items.len()), None);
        }
    }
}
