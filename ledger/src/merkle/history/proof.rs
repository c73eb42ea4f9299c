//! Making and checking the proofs of a history: RFC 9162 §2.1.3 and §2.1.4.
//!
//! Checking takes whatever a stranger sends and answers yes or no. A proof has exactly the length
//! that count and index demand; there is one proof of each fact and no second form of it.

use super::{EMPTY_ROOT, Frontier, inner_hash, leaf_hash};
use crate::merkle::Hash;

/// Shows that the entry at `index` is in a history of `count` entries: hashes from the leaf
/// upwards. `node` gives stored complete nodes by (level, index). `None` if there is no such
/// entry or a node is missing.
pub fn prove_inclusion(
    index: u64,
    count: u64,
    node: impl Fn(u32, u64) -> Option<Hash>,
) -> Option<Vec<Hash>> {
    if index >= count {
        return None;
    }
    let mut proof = Vec::new();
    let (mut start, mut end) = (0, count);
    while end - start > 1 {
        let middle = start + left_size(end - start);
        let sibling = if index < middle {
            (middle, end)
        } else {
            (start, middle)
        };
        proof.push(range_root(sibling.0, sibling.1, &node)?);
        if index < middle {
            end = middle;
        } else {
            start = middle;
        }
    }
    proof.reverse();
    Some(proof)
}

/// Shows that a history of `new_count` entries begins with the `old_count` entries that it once
/// had. `None` if the old count is the greater one or a node is missing. The proof is empty where
/// both counts are equal or the old one is zero.
pub fn prove_consistency(
    old_count: u64,
    new_count: u64,
    node: impl Fn(u32, u64) -> Option<Hash>,
) -> Option<Vec<Hash>> {
    if old_count > new_count {
        return None;
    }
    if old_count == 0 {
        return Some(Vec::new());
    }
    let mut proof = Vec::new();
    let (mut start, mut end) = (0, new_count);
    // Down to the subtree that ends where the old history ended.
    while end != old_count {
        let middle = start + left_size(end - start);
        let sibling = if old_count <= middle {
            (middle, end)
        } else {
            (start, middle)
        };
        proof.push(range_root(sibling.0, sibling.1, &node)?);
        if old_count <= middle {
            end = middle;
        } else {
            start = middle;
        }
    }
    // A subtree that begins at zero is the old history itself, whose root the verifier has.
    if start != 0 {
        proof.push(range_root(start, end, &node)?);
    }
    proof.reverse();
    Some(proof)
}

/// The root of a history of `count` entries, from its stored nodes; `None` if one is missing.
pub fn root_of(count: u64, node: impl Fn(u32, u64) -> Option<Hash>) -> Option<Hash> {
    if count == 0 {
        return Some(EMPTY_ROOT);
    }
    range_root(0, count, &node)
}

/// Whether the entry with this leaf hash is at `index` of the history with `count` entries and
/// this root (RFC 9162 §2.1.3.2).
#[must_use]
pub fn verify_inclusion(
    leaf_hash: &Hash,
    index: u64,
    count: u64,
    proof: &[Hash],
    root: &Hash,
) -> bool {
    if index >= count {
        return false;
    }
    let mut place = index;
    let mut last = count - 1;
    let mut hash = *leaf_hash;
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            hash = inner_hash(sibling, &hash);
            // The right edge has levels without a sibling; they are skipped.
            let skipped = place.trailing_zeros();
            place >>= skipped;
            last >>= skipped;
        } else {
            hash = inner_hash(&hash, sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Whether the history with `new_count` entries and `new_root` begins with the history that had
/// `old_count` entries and `old_root` (RFC 9162 §2.1.4.2).
#[must_use]
pub fn verify_consistency(
    old_count: u64,
    old_root: &Hash,
    new_count: u64,
    new_root: &Hash,
    proof: &[Hash],
) -> bool {
    if old_count > new_count {
        return false;
    }
    if old_count == new_count {
        let known = old_count > 0 || *old_root == EMPTY_ROOT;
        return known && proof.is_empty() && old_root == new_root;
    }
    if old_count == 0 {
        return proof.is_empty() && *old_root == EMPTY_ROOT;
    }
    // An old history that is one complete subtree is its own first hash.
    let (first, rest) = match (old_count.is_power_of_two(), proof) {
        (true, rest) => (old_root, rest),
        (false, [first, rest @ ..]) => (first, rest),
        (false, []) => return false,
    };
    let skipped = (old_count - 1).trailing_ones();
    let mut place = (old_count - 1) >> skipped;
    let mut last = (new_count - 1) >> skipped;
    let (mut old_hash, mut new_hash) = (*first, *first);
    for sibling in rest {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            old_hash = inner_hash(sibling, &old_hash);
            new_hash = inner_hash(sibling, &new_hash);
            // Here `place` is not zero: it is odd, or equal to `last`.
            let skipped = place.trailing_zeros();
            place >>= skipped;
            last >>= skipped;
        } else {
            new_hash = inner_hash(&new_hash, sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && old_hash == *old_root && new_hash == *new_root
}

/// Whether these entries are the whole history with this root.
#[must_use]
pub fn verify_whole<E: AsRef<[u8]>>(entries: impl IntoIterator<Item = E>, root: &Hash) -> bool {
    let mut frontier = Frontier::default();
    for entry in entries {
        frontier.append(leaf_hash(entry.as_ref()));
    }
    frontier.root() == *root
}

/// How many of `size` leaves lie on the left: the greatest power of two below `size`, which is
/// at least 2.
fn left_size(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

/// The root over the leaves from `start` to `end`, of which there is at least one. Every range
/// that the proofs ask for begins at a multiple of the power of two that its size needs.
fn range_root(start: u64, end: u64, node: &impl Fn(u32, u64) -> Option<Hash>) -> Option<Hash> {
    let size = end - start;
    if size.is_power_of_two() {
        let level = size.trailing_zeros();
        return node(level, start >> level);
    }
    let middle = start + left_size(size);
    Some(inner_hash(
        &range_root(start, middle, node)?,
        &range_root(middle, end, node)?,
    ))
}
