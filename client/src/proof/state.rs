//! State values and their absence, by ICS-23 proofs against a header's app hash.

use ics23::commitment_proof::Proof;
use ics23::{CommitmentProof, ExistenceProof, HostFunctionsManager, InnerOp};
use polity_ledger::merkle::jellyfish;
use polity_proto::v1::KeysAnswer;
use prost13::Message;

use crate::rpc::QueryAnswer;
use crate::trust::VerifiedHeader;
use crate::visible::of_node;
use crate::{Error, Result};

/// The form of a state proof in `proof_ops`.
pub const STATE_PROOF_FORM: &str = "ics23:jmt";

/// The largest encoded proof that is read: two values with their paths.
pub const PROOF_BYTES_MAX: usize = 4 * 1024 * 1024;

/// One step for each bit of a key's hash.
const PATH_STEPS_MAX: usize = 256;

/// Verifies the answer to a question for one key, as [`crate::rpc::Client::abci_query`] gives it
/// for path `/key`. `header` is that of the height after the answer's. None: the key is absent.
pub fn verify_query(
    answer: &QueryAnswer,
    key: &[u8],
    header: &VerifiedHeader,
) -> Result<Option<Vec<u8>>> {
    if answer.code != 0 {
        return Err(Error::trouble(format!(
            "the node has no answer (code {}): {}",
            answer.code,
            of_node(&answer.log)
        )));
    }
    proves_height(header, answer.height)?;
    let [op] = answer.proof_ops.as_slice() else {
        return Err(Error::proof("an answer about state has one proof"));
    };
    if op.form != STATE_PROOF_FORM || op.key != key || answer.key != key {
        return Err(Error::proof(
            "the answer is not about the key that was asked for",
        ));
    }

    verify_key(header.app_hash(), key, &answer.value, &op.data)?;
    Ok(present(&answer.value))
}

/// Verifies the answer to a question for several keys (path `/keys`): one value or absence for
/// each key that was asked for, in the same order.
pub fn verify_keys(
    answer: &KeysAnswer,
    keys: &[Vec<u8>],
    header: &VerifiedHeader,
) -> Result<Vec<Option<Vec<u8>>>> {
    proves_height(header, answer.height)?;
    if answer.answers.len() != keys.len() {
        return Err(Error::proof("not every key was answered"));
    }

    let pairs = answer.answers.iter().zip(keys);
    pairs
        .map(|(answer, key)| {
            if answer.key != *key {
                return Err(Error::proof(
                    "the answer is not about the key that was asked for",
                ));
            }
            verify_key(header.app_hash(), key, &answer.value, &answer.proof)?;
            Ok(present(&answer.value))
        })
        .collect()
}

/// Verifies that the state with this root has `value` under `key`; an empty value claims that the
/// key is absent. `proof` is an encoded `ics23.CommitmentProof`.
pub fn verify_key(root: &[u8], key: &[u8], value: &[u8], proof: &[u8]) -> Result<()> {
    // ICS-23 has no proof in a tree without leaves; its root says it all.
    if root == jellyfish::EMPTY && value.is_empty() {
        return Ok(());
    }
    if root.len() != 32 {
        return Err(Error::proof("the header has no root of state"));
    }
    if proof.len() > PROOF_BYTES_MAX {
        return Err(Error::proof("the proof of a state value is too large"));
    }

    let proof = CommitmentProof::decode(proof).map_err(|error| {
        Error::proof("the proof of a state value is malformed").with_source(error)
    })?;
    let spec = jmt::ics23_spec();
    let root = root.to_vec();
    // The library panics on some proofs of an impossible shape, so the shape comes first.
    let proven = match &proof.proof {
        Some(Proof::Exist(existence)) if !value.is_empty() => {
            well_formed(existence)
                && ics23::verify_membership::<HostFunctionsManager>(
                    &proof, &spec, &root, key, value,
                )
        }
        Some(Proof::Nonexist(absence)) if value.is_empty() => {
            absence.left.iter().chain(&absence.right).all(well_formed)
                && neighbours_part(absence.left.as_ref(), absence.right.as_ref())
                && absence.key == key
                && ics23::verify_non_membership::<HostFunctionsManager>(&proof, &spec, &root, key)
        }
        Some(Proof::Exist(_) | Proof::Nonexist(_) | Proof::Batch(_) | Proof::Compressed(_))
        | None => false,
    };
    if !proven {
        return Err(Error::proof("the proof of a state value does not hold"));
    }
    Ok(())
}

fn proves_height(header: &VerifiedHeader, height: u64) -> Result<()> {
    if height.checked_add(1) != Some(header.height()) {
        return Err(Error::proof(format!(
            "the header of height {} says nothing about the state of height {height}",
            header.height()
        )));
    }
    Ok(())
}

fn present(value: &[u8]) -> Option<Vec<u8>> {
    (!value.is_empty()).then(|| value.to_vec())
}

/// Exactly the tree's own leaf, and inner steps with one sibling each.
fn well_formed(existence: &ExistenceProof) -> bool {
    existence.leaf == jmt::ics23_spec().leaf_spec
        && existence.path.len() <= PATH_STEPS_MAX
        && existence.path.iter().all(has_one_sibling)
}

fn has_one_sibling(step: &InnerOp) -> bool {
    let Some(left) = step.prefix.strip_prefix(jellyfish::INNER_PREFIX.as_slice()) else {
        return false;
    };
    step.hash == i32::from(ics23::HashOp::Sha256)
        && matches!((left.len(), step.suffix.len()), (32, 0) | (0, 32))
}

/// The ways of two neighbours part somewhere below the root.
fn neighbours_part(left: Option<&ExistenceProof>, right: Option<&ExistenceProof>) -> bool {
    let (Some(left), Some(right)) = (left, right) else {
        return true;
    };
    let mut downwards = left.path.iter().rev().zip(right.path.iter().rev());
    downwards.any(|(left, right)| left != right)
}

#[cfg(test)]
mod tests;
