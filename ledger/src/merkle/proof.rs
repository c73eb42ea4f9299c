//! Proofs of presence and absence as plain data, in the form that ICS-23 gives them.
//!
//! The raw keys and the values are not in the tree. Whoever answers a reader adds them, for the key
//! itself or for both neighbours of an absent key, and wraps the steps into the messages of the
//! `ics23` crate with SHA-256 for every hash and no length prefix. In an empty tree nothing can be
//! shown by ICS-23: absence there is a root equal to [`EMPTY`](super::jellyfish::EMPTY). Nor can
//! the presence of an empty value, which ICS-23 refuses.

use super::Hash;
use super::jellyfish::{INNER_PREFIX, goes_right};
use super::tree::{Path, StateTree};

/// What the tree shows about a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The key is there.
    Present(ExistenceProof),
    /// The key is not there: the leaves next to its place, which are next to each other. Without
    /// a left one the right one is the first of the tree, and likewise at the other end. Both
    /// are missing only in the empty tree.
    Absent {
        /// The nearest leaf below.
        left: Option<ExistenceProof>,
        /// The nearest leaf above.
        right: Option<ExistenceProof>,
    },
}

/// The way of one leaf to the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExistenceProof {
    /// SHA-256 of the leaf's raw key.
    pub key_hash: Hash,
    /// Steps from the leaf upwards: a step's hash is SHA-256(prefix ‖ hash so far ‖ suffix).
    pub path: Vec<InnerOp>,
}

/// One step towards the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InnerOp {
    /// The domain of inner nodes, and the left sibling where the leaf is on the right.
    pub prefix: Vec<u8>,
    /// The right sibling where the leaf is on the left, else nothing.
    pub suffix: Vec<u8>,
}

/// Shows a key's presence or absence.
#[must_use]
pub fn prove(tree: &StateTree, key_hash: &Hash) -> Proof {
    let path = tree.prove(key_hash);
    if path.leaf.is_some_and(|leaf| leaf.key_hash == *key_hash) {
        return Proof::Present(existence(key_hash, &path));
    }
    let (below, above) = tree.neighbours(key_hash);
    let show = |neighbour: Hash| existence(&neighbour, &tree.prove(&neighbour));
    Proof::Absent {
        left: below.map(show),
        right: above.map(show),
    }
}

fn existence(key_hash: &Hash, path: &Path) -> ExistenceProof {
    let depths = (0..path.siblings.len()).rev();
    let path = path.siblings.iter().zip(depths).map(|(sibling, depth)| {
        if goes_right(key_hash, depth) {
            InnerOp {
                prefix: [INNER_PREFIX.as_slice(), sibling].concat(),
                suffix: Vec::new(),
            }
        } else {
            InnerOp {
                prefix: INNER_PREFIX.to_vec(),
                suffix: sibling.to_vec(),
            }
        }
    });
    ExistenceProof {
        key_hash: *key_hash,
        path: path.collect(),
    }
}
