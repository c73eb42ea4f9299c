//! What the state tree hashes, and how: the three constants and two functions of `jmt` 0.12.

use sha2::{Digest, Sha256};

use super::Hash;

/// Opens the hashed bytes of a leaf.
pub const LEAF_PREFIX: &[u8; 13] = b"JMT::LeafNode";

/// Opens the hashed bytes of an inner node; one vowel short, so that it takes 16 bytes.
pub const INNER_PREFIX: &[u8; 16] = b"JMT::IntrnalNode";

/// Stands for a subtree without leaves, and is the root of the empty tree.
pub const EMPTY: Hash = *b"SPARSE_MERKLE_PLACEHOLDER_HASH__";

/// The hash of a raw key or of a value, as both enter the tree.
#[must_use]
pub fn content_hash(content: &[u8]) -> Hash {
    Sha256::digest(content).into()
}

/// The hash of the leaf of a raw value under the hash of its key.
#[must_use]
pub fn leaf_of(key_hash: &Hash, value: &[u8]) -> Hash {
    leaf_hash(key_hash, &content_hash(value))
}

/// The hash of a leaf.
#[must_use]
pub fn leaf_hash(key_hash: &Hash, value_hash: &Hash) -> Hash {
    tagged_pair::<13, 77>(LEAF_PREFIX, key_hash, value_hash)
}

/// The hash of an inner node.
#[must_use]
pub fn inner_hash(left: &Hash, right: &Hash) -> Hash {
    tagged_pair::<16, 80>(INNER_PREFIX, left, right)
}

/// The bit of a key that chooses the side at `depth` (0 = the most significant): true is right.
#[must_use]
pub fn goes_right(key_hash: &Hash, depth: usize) -> bool {
    key_hash[depth / 8] >> (7 - depth % 8) & 1 == 1
}

// One update of a whole buffer: three small updates cost the hasher a tenth more.
fn tagged_pair<const TAG: usize, const WHOLE: usize>(
    tag: &[u8; TAG],
    first: &Hash,
    second: &Hash,
) -> Hash {
    let mut bytes = [0; WHOLE];
    bytes[..TAG].copy_from_slice(tag);
    bytes[TAG..TAG + 32].copy_from_slice(first);
    bytes[TAG + 32..].copy_from_slice(second);
    Sha256::digest(bytes).into()
}
