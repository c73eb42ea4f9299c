//! The hash of a list: RFC 6962's tree over SHA-256, as CometBFT uses it for everything in a header.

use sha2::{Digest, Sha256};

use super::Hash;

/// The root over these leaves; the hash of nothing where there are none.
pub(super) fn root(leaves: &[impl AsRef<[u8]>]) -> Hash {
    match leaves {
        [] => Sha256::digest([]).into(),
        [leaf] => Sha256::new()
            .chain_update([0])
            .chain_update(leaf.as_ref())
            .finalize()
            .into(),
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            Sha256::new()
                .chain_update([1])
                .chain_update(root(left))
                .chain_update(root(right))
                .finalize()
                .into()
        }
    }
}
