//! The state tree against `jmt` itself, and its proofs against the `ics23` verifier.

use std::collections::BTreeMap;

use ics23::HostFunctionsManager;
use ics23::commitment_proof::Proof as Commitment;
use jmt::mock::MockTreeStore;
use jmt::{KeyHash, Sha256Jmt};

use super::*;
use crate::merkle::jellyfish::{LEAF_PREFIX, content_hash, leaf_of};
use crate::merkle::proof::{ExistenceProof, Proof, prove};

/// Our tree and `jmt`, told the same.
struct Pair {
    ours: StateTree,
    theirs: MockTreeStore,
    version: u64,
    values: BTreeMap<Hash, Vec<u8>>,
}

impl Pair {
    fn new() -> Self {
        Self {
            ours: StateTree::new(),
            theirs: MockTreeStore::default(),
            version: 0,
            values: BTreeMap::new(),
        }
    }

    /// Applies the changes to both and compares everything that can be compared cheaply.
    fn apply(&mut self, changes: &BTreeMap<Hash, Option<Vec<u8>>>) {
        self.version += 1;
        let theirs = Sha256Jmt::new(&self.theirs);
        let set = changes
            .iter()
            .map(|(key, value)| (KeyHash(*key), value.clone()));
        let (root, batch) = theirs.put_value_set(set, self.version).unwrap();
        self.theirs.write_tree_update_batch(batch).unwrap();
        for (key, value) in changes {
            match value {
                Some(value) => self.values.insert(*key, value.clone()),
                None => self.values.remove(key),
            };
        }

        assert_eq!(
            self.ours.apply(&updates(changes)),
            root.0,
            "version {}",
            self.version
        );
        assert_eq!(self.ours.len(), self.values.len());
        assert_eq!(self.ours.is_empty(), self.values.is_empty());
    }

    /// The tree made at once from the same leaves is the same.
    fn check_build(&self) {
        let built = StateTree::build(&self.leaves());
        assert_eq!(built.root(), self.ours.root());
        assert_eq!(built.len(), self.ours.len());
    }

    fn leaves(&self) -> Vec<(Hash, Hash)> {
        self.values
            .iter()
            .map(|(key, value)| (*key, leaf_of(key, value)))
            .collect()
    }

    fn check_neighbours(&self, key: &Hash) {
        let below = self.values.range(..*key).next_back().map(|(key, _)| *key);
        let above = self
            .values
            .range(*key..)
            .find(|(found, _)| *found != key)
            .map(|(key, _)| *key);
        assert_eq!(self.ours.neighbours(key), (below, above));
    }
}

fn updates(changes: &BTreeMap<Hash, Option<Vec<u8>>>) -> Vec<Update> {
    changes
        .iter()
        .map(|(key, value)| (*key, value.as_deref().map(|value| leaf_of(key, value))))
        .collect()
}

/// Numbers from a seed: the same in each run.
struct Numbers(Hash);

impl Numbers {
    fn new(seed: &str) -> Self {
        Self(content_hash(seed.as_bytes()))
    }

    fn hash(&mut self) -> Hash {
        self.0 = content_hash(&self.0);
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        let bytes = self.hash();
        u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize % bound
    }
}

/// Key hashes as SHA-256 makes them, and key hashes as it never will: alike in all but a few
/// bits, so that the tree gets long chains at every depth.
fn key(numbers: &mut Numbers, form: usize) -> Hash {
    let random = numbers.hash();
    let mut key = [0; 32];
    match form {
        0 => key = content_hash(&[random[0], random[1] & 1]),
        1 => key[31] = random[0] & 0x3f,
        2 => {
            key[random[0] as usize % 32] = 1 << (random[1] % 8);
        }
        3 => key[..2].copy_from_slice(&[random[0], random[1] & 0x81]),
        _ => {
            key = [0xff; 32];
            key[7] = random[0] | 0xf3;
            key[8] = random[1] | 0x3f;
        }
    }
    key
}

#[test]
fn roots_equal_those_of_jmt_over_inserts_updates_and_deletes() {
    for (form, versions) in [(0, 300), (1, 50), (2, 50), (3, 60), (4, 60), (5, 120)] {
        let mut numbers = Numbers::new(&format!("versions of form {form}"));
        let mut pair = Pair::new();
        for version in 0..versions {
            // Waves: the tree grows, shrinks to nothing or nearly so, and grows again.
            let deletes = [1, 3, 6, 9, 10][version / 8 % 5];
            let mut changes = BTreeMap::new();
            for _ in 0..1 + numbers.below(30) {
                let form = if form == 5 { numbers.below(5) } else { form };
                let key = key(&mut numbers, form);
                let value = vec![numbers.below(4) as u8; 1 + numbers.below(3)];
                changes.insert(key, (numbers.below(10) >= deletes).then_some(value));
            }
            pair.apply(&changes);
            for _ in 0..10 {
                let form = numbers.below(5);
                pair.check_neighbours(&key(&mut numbers, form));
            }
            let present = pair
                .values
                .keys()
                .nth(numbers.below(pair.values.len().max(1)));
            present.iter().for_each(|key| pair.check_neighbours(key));
            if version % 10 == 0 {
                pair.check_build();
            }
        }
    }
}

#[test]
fn a_tree_that_lost_every_key_is_the_empty_tree_again() {
    let mut numbers = Numbers::new("all deleted");
    let mut pair = Pair::new();
    let keys: BTreeMap<_, _> = (0..500).map(|_| (numbers.hash(), Some(vec![1]))).collect();
    pair.apply(&keys);
    pair.apply(&keys.keys().map(|key| (*key, None)).collect());
    assert_eq!(pair.ours.root(), EMPTY);
    assert_eq!(pair.ours.root(), StateTree::new().root());
}

#[test]
fn deleting_what_is_absent_changes_nothing() {
    let mut numbers = Numbers::new("absent");
    let mut tree = StateTree::new();
    tree.apply(&[([0; 32], None)]);
    assert_eq!(tree.root(), EMPTY);
    let mut leaves: Vec<_> = (0..300).map(|_| (numbers.hash(), Some([3; 32]))).collect();
    leaves.sort();
    let root = tree.apply(&leaves);
    let mut absent: Vec<_> = (0..300).map(|_| (numbers.hash(), None)).collect();
    absent.sort();
    assert_eq!(tree.apply(&absent), root);
    assert_eq!(tree.len(), 300);
}

#[test]
fn parts_in_any_order_give_the_same_root() {
    fn may_go_to_another_thread<T: Send>(_: &T) {}
    let mut numbers = Numbers::new("parts");
    let mut changes: Vec<Update> = (0..2000).map(|_| (numbers.hash(), Some([1; 32]))).collect();
    changes.sort();
    let run = |jobs: &mut [Job<'_>]| {
        jobs.iter().for_each(may_go_to_another_thread);
        assert_eq!(jobs.iter().map(Job::weight).sum::<usize>(), 2000);
        jobs.iter_mut().rev().for_each(Job::run);
    };
    let alone = StateTree::new().apply(&changes);
    assert_eq!(StateTree::new().apply_with(&changes, run), alone);

    let leaves: Vec<_> = changes
        .iter()
        .map(|(key, value)| (*key, value.unwrap()))
        .collect();
    let part = |byte: usize| {
        let part = leaves.iter().filter(|(key, _)| usize::from(key[0]) == byte);
        Subtree::build(&part.copied().collect::<Vec<_>>())
    };
    assert_eq!(
        StateTree::from_subtrees((0..SUBTREES).map(part).collect()).root(),
        alone
    );
}

#[test]
#[should_panic(expected = "key hashes do not ascend strictly")]
fn a_key_that_is_changed_twice_in_a_batch_stops_the_process() {
    StateTree::new().apply(&[([1; 32], None), ([1; 32], Some([2; 32]))]);
}

#[test]
#[should_panic(expected = "a part of a batch was not applied")]
fn a_job_that_was_not_run_stops_the_process() {
    StateTree::new().apply_with(&[([1; 32], Some([2; 32]))], |_| {});
}

/// Wraps our plain proof as a node does: with raw keys and values.
fn commitment(proof: &Proof, raw_key: &[u8], raw: &Raw) -> ics23::CommitmentProof {
    let wrap = |proof: &ExistenceProof| {
        let (key, value) = &raw[&proof.key_hash];
        let hash = ics23::HashOp::Sha256.into();
        let path = proof.path.iter().cloned();
        ics23::ExistenceProof {
            key: key.clone(),
            value: value.clone(),
            leaf: Some(ics23::LeafOp {
                hash,
                prehash_key: hash,
                prehash_value: hash,
                length: ics23::LengthOp::NoPrefix.into(),
                prefix: LEAF_PREFIX.to_vec(),
            }),
            path: path
                .map(|step| ics23::InnerOp {
                    hash,
                    prefix: step.prefix,
                    suffix: step.suffix,
                })
                .collect(),
        }
    };
    let proof = match proof {
        Proof::Present(proof) => Commitment::Exist(wrap(proof)),
        Proof::Absent { left, right } => Commitment::Nonexist(ics23::NonExistenceProof {
            key: raw_key.to_vec(),
            left: left.as_ref().map(wrap),
            right: right.as_ref().map(wrap),
        }),
    };
    ics23::CommitmentProof { proof: Some(proof) }
}

/// What a node keeps beside the tree: key hash to raw key and value.
type Raw = BTreeMap<Hash, (Vec<u8>, Vec<u8>)>;

fn present(proof: &ics23::CommitmentProof, root: Hash, key: &[u8], value: &[u8]) -> bool {
    let spec = jmt::ics23_spec();
    ics23::verify_membership::<HostFunctionsManager>(proof, &spec, &root.to_vec(), key, value)
}

fn absent(proof: &ics23::CommitmentProof, root: Hash, key: &[u8]) -> bool {
    let spec = jmt::ics23_spec();
    ics23::verify_non_membership::<HostFunctionsManager>(proof, &spec, &root.to_vec(), key)
}

/// A tree over keys named by number, `jmt` over the same, and what a node keeps beside it.
fn named_tree(count: usize) -> (StateTree, MockTreeStore, Raw) {
    let named = (0..count).map(|n| (format!("key {n}").into_bytes(), vec![n as u8; 1 + n % 40]));
    let raw: Raw = named
        .map(|(key, value)| (content_hash(&key), (key, value)))
        .collect();
    let leaves: Vec<_> = raw
        .iter()
        .map(|(hash, (_, value))| (*hash, leaf_of(hash, value)))
        .collect();
    let theirs = MockTreeStore::default();
    raw.iter()
        .for_each(|(hash, (key, _))| theirs.put_key_preimage(KeyHash(*hash), key));
    let values = raw
        .iter()
        .map(|(hash, (_, value))| (KeyHash(*hash), Some(value.clone())));
    let (_, batch) = Sha256Jmt::new(&theirs).put_value_set(values, 0).unwrap();
    theirs.write_tree_update_batch(batch).unwrap();
    (StateTree::build(&leaves), theirs, raw)
}

#[test]
fn proofs_are_those_of_jmt_and_satisfy_ics23() {
    let names = (0..20_000).map(|number| format!("absent {number}").into_bytes());
    let hashed: Vec<_> = names.map(|key| (content_hash(&key), key)).collect();
    for count in [1, 2, 3, 5, 17, 300] {
        let (tree, theirs, raw) = named_tree(count);
        let root = tree.root();
        for (hash, (key, value)) in &raw {
            let proof = commitment(&prove(&tree, hash), key, &raw);
            assert!(present(&proof, root, key, value));
            assert!(!present(&proof, root, key, b"another value"));
            assert!(!present(&proof, root, b"another key", value));
            assert!(!present(&proof, content_hash(b"another root"), key, value));
            assert!(!absent(&proof, root, key));
            let (found, expected) = Sha256Jmt::new(&theirs)
                .get_with_ics23_proof(key.clone(), 0)
                .unwrap();
            assert_eq!((found.as_ref(), &proof), (Some(value), &expected));
        }
        let (first, last) = (raw.keys().next().unwrap(), raw.keys().next_back().unwrap());
        let before = hashed.iter().filter(|(hash, _)| hash < first).take(5);
        let behind = hashed.iter().filter(|(hash, _)| hash > last).take(5);
        let mut ends = [false; 2];
        for (hash, key) in hashed[..100].iter().chain(before).chain(behind) {
            let shown = prove(&tree, hash);
            let Proof::Absent { left, right } = &shown else {
                panic!("a key that is not there")
            };
            ends = [ends[0] || left.is_none(), ends[1] || right.is_none()];
            let proof = commitment(&shown, key, &raw);
            assert!(absent(&proof, root, key));
            assert!(!absent(&proof, content_hash(b"another root"), key));
            assert!(!present(&proof, root, key, b"value"));
            for (key, _) in raw.values().take(4) {
                assert!(
                    !absent(&proof, root, key),
                    "a present key passes for absent"
                );
            }
            let (found, expected) = Sha256Jmt::new(&theirs)
                .get_with_ics23_proof(key.clone(), 0)
                .unwrap();
            assert_eq!((found, proof), (None, expected));
        }
        assert_eq!(
            ends,
            [true, true],
            "no absent key lay beyond an end of {count}"
        );
    }
}

#[test]
fn absence_in_the_empty_tree_has_no_neighbours() {
    assert_eq!(
        prove(&StateTree::new(), &[5; 32]),
        Proof::Absent {
            left: None,
            right: None
        }
    );
}

#[test]
fn a_proof_that_was_touched_is_refused() {
    let (tree, _, raw) = named_tree(15);
    let root = tree.root();
    for (hash, (key, value)) in &raw {
        let Proof::Present(honest) = prove(&tree, hash) else {
            panic!("present")
        };
        for touched in touched(&honest) {
            assert!(!present(
                &commitment(&Proof::Present(touched), key, &raw),
                root,
                key,
                value
            ));
        }
    }
    for number in 0..20 {
        let key = format!("absent {number}").into_bytes();
        let Proof::Absent { left, right } = prove(&tree, &content_hash(&key)) else {
            panic!("absent")
        };
        let refuse = |left: Option<ExistenceProof>, right: Option<ExistenceProof>| {
            let proof = commitment(&Proof::Absent { left, right }, &key, &raw);
            assert!(!absent(&proof, root, &key));
        };
        if let (Some(_), Some(_)) = (&left, &right) {
            refuse(left.clone(), None);
            refuse(None, right.clone());
            refuse(right.clone(), left.clone());
        }
        for touched in left.iter().flat_map(touched) {
            refuse(Some(touched), right.clone());
        }
        for touched in right.iter().flat_map(touched) {
            refuse(left.clone(), Some(touched));
        }
        // A leaf further away than the neighbour would hide what lies between.
        let far = left
            .as_ref()
            .and_then(|left| tree.neighbours(&left.key_hash).0);
        if let Some(Proof::Present(far)) = far.map(|far| prove(&tree, &far)) {
            refuse(Some(far), right.clone());
        }
    }
}

/// The proof with every byte of every step changed, and every step left out.
fn touched(proof: &ExistenceProof) -> Vec<ExistenceProof> {
    let mut all = Vec::new();
    for step in 0..proof.path.len() {
        let mut other = proof.clone();
        other.path.remove(step);
        all.push(other);
        for byte in 0..proof.path[step].prefix.len() {
            let mut other = proof.clone();
            other.path[step].prefix[byte] ^= 1;
            all.push(other);
        }
        for byte in 0..proof.path[step].suffix.len() {
            let mut other = proof.clone();
            other.path[step].suffix[byte] ^= 1;
            all.push(other);
        }
        let mut other = proof.clone();
        let op = &mut other.path[step];
        (op.prefix, op.suffix) = (op.suffix.clone(), op.prefix.clone());
        all.push(other);
    }
    all
}
