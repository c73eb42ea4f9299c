//! The state tree in memory: rebuilt from the store's leaves, ahead of it between execution and commit.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ics23::CommitmentProof;
use polity_ledger::merkle::proof::{self, ExistenceProof, Proof};
use polity_ledger::merkle::subtree::Subtree;
use polity_ledger::merkle::tree::StateTree;
use prost13::Message;

use super::internal;
use crate::cores;
use crate::fault::{Fault, FaultKind};
use crate::store::Snapshot;

/// A question waits so long for the commit of a block that is already executed.
const COMMIT_WAIT: Duration = Duration::from_secs(5);
/// Fewer updates than this are not worth a second thread.
const PARALLEL_MIN: usize = 512;
/// Of its 256 parts, so many are updated by one core in a row.
const JOBS_TOGETHER: usize = 32;

/// Why a proof cannot be given now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The asked height is not the newest: the tree of the past is gone.
    #[error("only the newest height is proven key by key; the past is proven by histories")]
    NotNewest,
    /// A leaf of the tree is missing in the store.
    #[error("the store lacks a leaf of the tree")]
    LeafMissing,
    /// The store cannot be read.
    #[error(transparent)]
    Fault(#[from] Fault),
}

struct Versioned {
    tree: StateTree,
    height: u64,
}

/// The tree, shared between the block in hand and questions.
pub(crate) struct SharedTree {
    versioned: Mutex<Versioned>,
    moved: Condvar,
}

impl SharedTree {
    /// Builds the tree from the leaves of a snapshot, on all cores, and checks its root; breaks off where it is
    /// `unwanted` before that.
    pub(crate) fn rebuild(snapshot: &Snapshot, unwanted: &AtomicBool) -> Result<SharedTree, Fault> {
        let tree = build(snapshot, unwanted)?;
        let belongs = snapshot.organisation()?.is_some();
        if belongs && tree.root() != snapshot.app_hash() {
            let words = "the leaves in the store do not give the committed app hash";
            return Err(Fault::new(FaultKind::StoreDamaged, words));
        }
        let versioned = Versioned {
            tree,
            height: snapshot.height(),
        };
        Ok(SharedTree {
            versioned: Mutex::new(versioned),
            moved: Condvar::new(),
        })
    }

    /// Applies a block's updates; the tree is then one height ahead of the store. Returns the root.
    pub(crate) fn advance(
        &self,
        height: u64,
        updates: &[([u8; 32], Option<[u8; 32]>)],
    ) -> [u8; 32] {
        let mut versioned = self.lock();
        versioned.height = height;
        if updates.len() < PARALLEL_MIN {
            return versioned.tree.apply(updates);
        }
        versioned.tree.apply_with(updates, |jobs| {
            let parts = jobs.chunks_mut(JOBS_TOGETHER).collect();
            cores::each(parts, |part| part.iter_mut().for_each(|job| job.run()));
        })
    }

    /// Where the tree stands.
    pub(crate) fn height(&self) -> u64 {
        self.lock().height
    }

    /// Goes back to what the store holds: a block was executed and is executed anew.
    pub(crate) fn reset(&self, snapshot: &Snapshot) -> Result<(), Fault> {
        let tree = build(snapshot, &AtomicBool::new(false))?;
        *self.lock() = Versioned {
            tree,
            height: snapshot.height(),
        };
        Ok(())
    }

    /// Wakes questions that wait for a commit.
    pub(crate) fn committed(&self) {
        self.moved.notify_all();
    }

    /// What the tree shows about each of these keys, and the newest snapshot at the same height, from which the rest of
    /// a proof is read: the tree is held only for what is in memory, because the block in hand waits for it.
    pub(crate) fn show(
        &self,
        newest: impl Fn() -> Arc<Snapshot>,
        key_hashes: &[[u8; 32]],
    ) -> Option<(Vec<Proof>, Arc<Snapshot>)> {
        let until = Instant::now() + COMMIT_WAIT;
        let mut guard = self.lock();
        loop {
            let snapshot = newest();
            if snapshot.height() == guard.height {
                let shown = key_hashes.iter().map(|key| proof::prove(&guard.tree, key));
                return Some((shown.collect(), snapshot));
            }
            let left = until.checked_duration_since(Instant::now())?;
            guard = match self
                .moved
                .wait_timeout(guard, left.min(Duration::from_millis(20)))
            {
                Ok((guard, _)) => guard,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }

    fn lock(&self) -> MutexGuard<'_, Versioned> {
        self.versioned
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn build(snapshot: &Snapshot, unwanted: &AtomicBool) -> Result<StateTree, Fault> {
    let subtree = |byte: usize| {
        if unwanted.load(Ordering::Relaxed) {
            return Err(internal("the tree is not wanted any more"));
        }
        Ok(Subtree::build(&snapshot.leaf_hashes(byte as u8)?))
    };
    let part = |first: usize, last: usize| -> Result<Vec<Subtree>, Fault> {
        (first..last).map(subtree).collect()
    };
    let (left, right) = cores::both(|| part(0, 128), || part(128, 256));
    let mut subtrees = left?;
    subtrees.extend(right?);
    Ok(StateTree::from_subtrees(subtrees))
}

/// The encoded ICS-23 proof that a key has this value, or that it is absent, of what the tree shows about the key.
pub(crate) fn ics23_proof(
    snapshot: &Snapshot,
    key: &[u8],
    value: Option<&[u8]>,
    shown: &Proof,
) -> Result<Vec<u8>, ProofError> {
    let proof = match (shown, value) {
        (Proof::Present(path), Some(value)) => {
            ics23::commitment_proof::Proof::Exist(existence(path, key.to_vec(), value.to_vec()))
        }
        (Proof::Absent { left, right }, None) => {
            let neighbour = |path: &Option<ExistenceProof>| {
                let path = path.as_ref();
                path.map(|path| neighbour(snapshot, path)).transpose()
            };
            ics23::commitment_proof::Proof::Nonexist(ics23::NonExistenceProof {
                key: key.to_vec(),
                left: neighbour(left)?,
                right: neighbour(right)?,
            })
        }
        (Proof::Present(_), None) | (Proof::Absent { .. }, Some(_)) => {
            return Err(ProofError::LeafMissing);
        }
    };
    Ok(CommitmentProof { proof: Some(proof) }.encode_to_vec())
}

fn neighbour(
    snapshot: &Snapshot,
    path: &ExistenceProof,
) -> Result<ics23::ExistenceProof, ProofError> {
    let leaf = snapshot
        .leaf(&path.key_hash)?
        .ok_or(ProofError::LeafMissing)?;
    let value = snapshot
        .try_get(&leaf.key)?
        .ok_or(ProofError::LeafMissing)?;
    Ok(existence(path, leaf.key, value))
}

/// A path as ICS-23 shows it.
pub(crate) fn existence(
    path: &ExistenceProof,
    key: Vec<u8>,
    value: Vec<u8>,
) -> ics23::ExistenceProof {
    let spec = jmt::ics23_spec();
    ics23::ExistenceProof {
        key,
        value,
        leaf: spec.leaf_spec,
        path: path
            .path
            .iter()
            .map(|op| ics23::InnerOp {
                hash: ics23::HashOp::Sha256.into(),
                prefix: op.prefix.clone(),
                suffix: op.suffix.clone(),
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Store, StoreOptions};

    #[test]
    fn a_tree_that_is_unwanted_is_not_built_to_its_end() {
        let directory = tempfile::tempdir().unwrap();
        let options = StoreOptions {
            free_bytes_min: 0,
            ..StoreOptions::default()
        };
        let store = Store::open(directory.path(), options).unwrap();
        let is_built =
            |unwanted| SharedTree::rebuild(&store.snapshot(), &AtomicBool::new(unwanted)).is_ok();
        assert_eq!([false, true].map(is_built), [true, false]);
    }
}
