//! A state as a node holds it.

use std::collections::BTreeMap;

use ics23::commitment_proof::Proof;
use ics23::{CommitmentProof, ExistenceProof, InnerOp, NonExistenceProof};
use polity_ledger::merkle::Hash;
use polity_ledger::merkle::jellyfish::{content_hash, leaf_of};
use polity_ledger::merkle::proof::{ExistenceProof as Path, Proof as Shown, prove};
use polity_ledger::merkle::tree::StateTree;

/// Values, and the tree over their hashes.
pub(crate) struct State {
    pub(crate) values: BTreeMap<Vec<u8>, Vec<u8>>,
    tree: StateTree,
}

impl State {
    pub(crate) fn of(values: BTreeMap<Vec<u8>, Vec<u8>>) -> Self {
        let mut updates: Vec<_> = values
            .iter()
            .map(|(key, value)| {
                let key_hash = content_hash(key);
                (key_hash, Some(leaf_of(&key_hash, value)))
            })
            .collect();
        updates.sort();
        let mut tree = StateTree::new();
        tree.apply(&updates);
        Self { values, tree }
    }

    pub(crate) fn root(&self) -> Hash {
        self.tree.root()
    }

    /// The value and the proof that a node would answer with.
    pub(crate) fn answer(&self, key: &[u8]) -> (Vec<u8>, CommitmentProof) {
        let proof = match prove(&self.tree, &content_hash(key)) {
            Shown::Present(path) => Proof::Exist(self.existence(&path)),
            Shown::Absent { left, right } => Proof::Nonexist(NonExistenceProof {
                key: key.to_vec(),
                left: left.map(|path| self.existence(&path)),
                right: right.map(|path| self.existence(&path)),
            }),
        };
        let value = self.values.get(key).cloned().unwrap_or_default();
        (value, CommitmentProof { proof: Some(proof) })
    }

    fn existence(&self, path: &Path) -> ExistenceProof {
        let leaf = |hash: &Hash| {
            self.values
                .iter()
                .find(|(key, _)| content_hash(key) == *hash)
        };
        let (key, value) = leaf(&path.key_hash).expect("a leaf");
        let steps = path.path.iter().map(|step| InnerOp {
            hash: ics23::HashOp::Sha256.into(),
            prefix: step.prefix.clone(),
            suffix: step.suffix.clone(),
        });
        ExistenceProof {
            key: key.clone(),
            value: value.clone(),
            leaf: jmt::ics23_spec().leaf_spec,
            path: steps.collect(),
        }
    }
}
