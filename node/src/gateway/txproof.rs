//! The proof that a transaction is in a block: CometBFT's Merkle tree over the transactions' hashes, whose root is
//! `data_hash` of the header.

use polity_ledger::merkle::Hash;
use polity_ledger::merkle::history::leaf_hash;
use polity_ledger::merkle::receipts::{self, ListTree};

/// A Merkle proof by the rules of RFC 6962.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TxProof {
    pub(super) root: Hash,
    pub(super) leaf: Hash,
    /// Siblings, from the leaf up.
    pub(super) aunts: Vec<Hash>,
    pub(super) total: usize,
    pub(super) index: usize,
}

impl TxProof {
    /// Proves the transaction at `index` among those with these hashes; `None` when there is none.
    pub(super) fn new(hashes: &[Hash], index: usize) -> Option<TxProof> {
        Some(TxProof {
            root: receipts::root(hashes),
            leaf: leaf_hash(hashes.get(index)?),
            aunts: ListTree::new(hashes).prove(index)?,
            total: hashes.len(),
            index,
        })
    }
}

#[cfg(test)]
mod tests {
    use polity_ledger::merkle::history::inner_hash;
    use sha2::{Digest, Sha256};

    use super::*;

    /// The largest power of two below `count`, which is at least 2.
    fn split_point(count: usize) -> usize {
        count.next_power_of_two() / 2
    }

    /// The root that a verifier computes, by CometBFT's own recursion over index and total.
    fn recompute(leaf: Hash, aunts: &[Hash], index: usize, total: usize) -> Option<Hash> {
        if total == 1 {
            return aunts.is_empty().then_some(leaf);
        }
        let (last, below) = aunts.split_last()?;
        let left = split_point(total);
        if index < left {
            Some(inner_hash(&recompute(leaf, below, index, left)?, last))
        } else {
            Some(inner_hash(
                last,
                &recompute(leaf, below, index - left, total - left)?,
            ))
        }
    }

    #[test]
    fn every_place_in_blocks_of_every_size_is_proven() {
        for total in 1..40 {
            let hashes: Vec<Hash> = (0..total)
                .map(|n| Sha256::digest([n as u8]).into())
                .collect();
            for index in 0..total {
                let proof = TxProof::new(&hashes, index).unwrap();
                assert_eq!(
                    recompute(proof.leaf, &proof.aunts, index, total),
                    Some(proof.root)
                );
            }
            assert_eq!(TxProof::new(&hashes, total), None);
        }
    }

    #[test]
    fn the_root_of_one_transaction_is_what_cometbft_computed() {
        let hash: Hash = Sha256::digest(b"a=1").into();
        let proof = TxProof::new(&[hash], 0).unwrap();
        assert_eq!(
            hex::encode(proof.root),
            "7778cfac4700af4b8b290ec790b8f540437311dbd532a13017458a4d207369d0"
        );
    }

    #[test]
    fn the_root_of_two_transactions_is_the_data_hash_that_cometbft_computed() {
        let hashes: Vec<Hash> = [b"b=2", b"c=2"]
            .iter()
            .map(|tx| Sha256::digest(tx).into())
            .collect();
        let proof = TxProof::new(&hashes, 1).unwrap();
        assert_eq!(
            hex::encode(proof.root),
            "02dcf69f28af4218035b075e753b6828267391b7fcff98c36e403162f8e0e3e7"
        );
    }
}
