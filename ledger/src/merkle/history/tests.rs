//! Histories against RFC 9162 written down again as it defines itself: by recursion over entries.

use sha2::{Digest, Sha256};

use super::*;
use crate::merkle::Hash;

/// MTH of RFC 9162 §2.1.1.
fn root(entries: &[Vec<u8>]) -> Hash {
    match entries {
        [] => Sha256::digest([]).into(),
        [entry] => leaf_hash(entry),
        [_, _, ..] => {
            let (left, right) = entries.split_at(split(entries.len()));
            inner_hash(&root(left), &root(right))
        }
    }
}

/// PATH of RFC 9162 §2.1.3.1.
fn path(index: usize, entries: &[Vec<u8>]) -> Vec<Hash> {
    if entries.len() == 1 {
        return Vec::new();
    }
    let middle = split(entries.len());
    let (left, right) = entries.split_at(middle);
    let (mut below, sibling) = if index < middle {
        (path(index, left), root(right))
    } else {
        (path(index - middle, right), root(left))
    };
    below.push(sibling);
    below
}

/// SUBPROOF of RFC 9162 §2.1.4.1.
fn subproof(old: usize, entries: &[Vec<u8>], whole: bool) -> Vec<Hash> {
    if old == entries.len() {
        return if whole {
            Vec::new()
        } else {
            vec![root(entries)]
        };
    }
    let middle = split(entries.len());
    let (left, right) = entries.split_at(middle);
    let (mut below, sibling) = if old <= middle {
        (subproof(old, left, whole), root(right))
    } else {
        (subproof(old - middle, right, false), root(left))
    };
    below.push(sibling);
    below
}

/// The greatest power of two below the size.
fn split(size: usize) -> usize {
    let mut power = 1;
    while power * 2 < size {
        power *= 2;
    }
    power
}

const SIZES: usize = 70;

/// Entries, their leaf hashes and every inner node that appending reported.
struct Log {
    entries: Vec<Vec<u8>>,
    frontiers: Vec<Frontier>,
    nodes: Vec<CompletedNode>,
}

impl Log {
    fn new() -> Self {
        let entries: Vec<_> = (0..SIZES)
            .map(|number| format!("entry {number}").into())
            .collect();
        let mut log = Self {
            entries,
            frontiers: vec![Frontier::default()],
            nodes: Vec::new(),
        };
        let mut frontier = Frontier::default();
        for entry in &log.entries {
            log.nodes.extend(frontier.append(leaf_hash(entry)));
            log.frontiers.push(frontier.clone());
        }
        log
    }

    fn node(&self, level: u32, index: u64) -> Option<Hash> {
        if level == 0 {
            return self
                .entries
                .get(index as usize)
                .map(|entry| leaf_hash(entry));
        }
        let mut found = self
            .nodes
            .iter()
            .filter(|node| (node.level, node.index) == (level, index));
        let hash = found.next().map(|node| node.hash);
        assert!(found.next().is_none(), "a node was reported twice");
        hash
    }

    fn root(&self, count: usize) -> Hash {
        self.frontiers[count].root()
    }
}

#[test]
fn roots_and_frontiers_agree_with_the_definition() {
    let log = Log::new();
    for count in 0..=SIZES {
        let frontier = &log.frontiers[count];
        assert_eq!(frontier.count(), count as u64);
        assert_eq!(frontier.root(), root(&log.entries[..count]));
        assert!(verify_whole(&log.entries[..count], &frontier.root()));
        assert_eq!(
            root_of(count as u64, |l, i| log.node(l, i)),
            Some(frontier.root())
        );
        assert_eq!(
            Frontier::decode(count as u64, &frontier.encode()).as_ref(),
            Ok(frontier)
        );
        let found = Frontier::from_nodes(count as u64, |l, i| log.node(l, i));
        assert_eq!(found.as_ref(), Some(frontier));
    }
}

#[test]
fn appending_reports_each_complete_inner_node_once() {
    let log = Log::new();
    let mut expected = Vec::new();
    for level in 1..7 {
        for index in 0..SIZES >> level {
            let range = index << level..(index + 1) << level;
            let hash = root(&log.entries[range]);
            expected.push(CompletedNode {
                level: level as u32,
                index: index as u64,
                hash,
            });
        }
    }
    let mut reported = log.nodes.clone();
    reported.sort_by_key(|node| (node.level, node.index));
    assert_eq!(reported, expected);
}

#[test]
fn inclusion_proofs_agree_with_the_definition_and_verify() {
    let log = Log::new();
    for count in 0..=SIZES {
        for index in 0..count {
            let (at, of) = (index as u64, count as u64);
            let proof = prove_inclusion(at, of, |l, i| log.node(l, i)).unwrap();
            assert_eq!(proof, path(index, &log.entries[..count]));
            let leaf = leaf_hash(&log.entries[index]);
            assert!(verify_inclusion(&leaf, at, of, &proof, &log.root(count)));
            refuse_changed_inclusion(&leaf, at, of, &proof, &log.root(count));
        }
        assert_eq!(
            prove_inclusion(count as u64, count as u64, |l, i| log.node(l, i)),
            None
        );
    }
}

fn refuse_changed_inclusion(leaf: &Hash, index: u64, count: u64, proof: &[Hash], root: &Hash) {
    for other in (0..count + 2).filter(|other| *other != index) {
        assert!(
            !verify_inclusion(leaf, other, count, proof, root),
            "{index} as {other}"
        );
    }
    assert!(!verify_inclusion(&flip(leaf), index, count, proof, root));
    assert!(!verify_inclusion(leaf, index, count, proof, &flip(root)));
    for changed in changed_proofs(proof) {
        assert!(!verify_inclusion(leaf, index, count, &changed, root));
    }
}

#[test]
fn consistency_proofs_agree_with_the_definition_and_verify() {
    let log = Log::new();
    for new in 0..=SIZES {
        for old in 0..=new {
            let (from, to) = (old as u64, new as u64);
            let proof = prove_consistency(from, to, |l, i| log.node(l, i)).unwrap();
            if old > 0 {
                assert_eq!(proof, subproof(old, &log.entries[..new], true));
            }
            let (old_root, new_root) = (log.root(old), log.root(new));
            assert!(verify_consistency(from, &old_root, to, &new_root, &proof));
            assert!(!verify_consistency(
                from,
                &flip(&old_root),
                to,
                &new_root,
                &proof
            ));
            // Every history begins with the empty one, so there is nothing to refuse.
            let refusable = old > 0 || new == 0;
            let changed = verify_consistency(from, &old_root, to, &flip(&new_root), &proof);
            assert_eq!(changed, !refusable);
            for changed in changed_proofs(&proof) {
                assert!(!verify_consistency(
                    from, &old_root, to, &new_root, &changed
                ));
            }
            for other in (0..to + 2).filter(|other| *other != from) {
                assert!(!verify_consistency(other, &old_root, to, &new_root, &proof));
            }
        }
        assert_eq!(
            prove_consistency(new as u64 + 1, new as u64, |l, i| log.node(l, i)),
            None
        );
    }
}

/// The proof with each hash changed, removed, doubled or swapped, and longer at either end.
fn changed_proofs(proof: &[Hash]) -> Vec<Vec<Hash>> {
    let mut changed = vec![[proof, &[[0; 32]]].concat(), [&[[0; 32]], proof].concat()];
    for place in 0..proof.len() {
        let mut other = proof.to_vec();
        other[place] = flip(&proof[place]);
        changed.push(other);
        let mut other = proof.to_vec();
        other.remove(place);
        changed.push(other);
        let mut other = proof.to_vec();
        other.insert(place, proof[place]);
        changed.push(other);
        if place > 0 {
            let mut other = proof.to_vec();
            other.swap(place - 1, place);
            changed.push(other);
        }
    }
    changed
}

fn flip(hash: &Hash) -> Hash {
    let mut other = *hash;
    other[31] ^= 1;
    other
}

#[test]
fn numbers_at_their_ends_are_refused_without_a_panic() {
    let ends = [
        0,
        1,
        2,
        3,
        1 << 32,
        (1 << 63) - 1,
        1 << 63,
        (1 << 63) + 1,
        u64::MAX - 1,
        u64::MAX,
    ];
    let hash = [7; 32];
    for one in ends {
        for other in ends {
            for length in [0, 1, 2, 31, 32, 62, 63, 64, 65, 66, 1000] {
                let proof = vec![hash; length];
                // One leaf is its own root; nothing else here can be true.
                let itself = (one, other, length) == (0, 1, 0);
                assert_eq!(verify_inclusion(&hash, one, other, &proof, &hash), itself);
                let same = one == other && one > 0 && length == 0;
                assert_eq!(verify_consistency(one, &hash, other, &hash, &proof), same);
            }
        }
        assert!(!verify_consistency(0, &EMPTY_ROOT, 0, &hash, &[]));
        assert_eq!(verify_consistency(0, &EMPTY_ROOT, one, &hash, &[]), one > 0);
    }
}

#[test]
fn nodes_that_are_missing_give_no_proof() {
    let log = Log::new();
    let leaves_only = |level: u32, index: u64| (level == 0).then(|| log.node(0, index)).flatten();
    assert_eq!(
        prove_inclusion(0, 3, leaves_only).map(|proof| proof.len()),
        Some(2)
    );
    assert_eq!(prove_inclusion(0, 4, leaves_only), None);
    assert_eq!(prove_consistency(3, 70, leaves_only), None);
    assert_eq!(root_of(4, leaves_only), None);
    assert_eq!(Frontier::from_nodes(6, leaves_only), None);
    assert_eq!(
        prove_inclusion(u64::MAX - 1, u64::MAX, |l, i| log.node(l, i)),
        None
    );
}

#[test]
fn bytes_that_are_no_frontier_are_refused() {
    let cases = [
        (0, 32, FrontierError::WrongLength),
        (1, 0, FrontierError::WrongLength),
        (1, 31, FrontierError::WrongLength),
        (1, 33, FrontierError::WrongLength),
        (3, 32, FrontierError::WrongLength),
        (4, 64, FrontierError::WrongLength),
        (ENTRIES_MAX + 1, 64, FrontierError::TooManyEntries),
        (u64::MAX, 64 * 32, FrontierError::TooManyEntries),
    ];
    for (count, length, error) in cases {
        assert_eq!(
            Frontier::decode(count, &vec![0; length]),
            Err(error),
            "{count} {length}"
        );
    }
    assert!(Frontier::decode(ENTRIES_MAX, &[0; 32]).is_ok());
}

#[test]
fn the_published_vectors_of_certificate_transparency_hold() {
    let entries: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    for (count, expected) in roots.iter().enumerate() {
        let entries: Vec<_> = entries[..count]
            .iter()
            .map(|entry| entry.to_vec())
            .collect();
        let hex: String = root(&entries)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(hex, *expected);
        assert!(verify_whole(&entries, &root(&entries)));
    }
}

#[test]
fn the_root_tells_the_frontier_of_no_entries_and_of_one_complete_tree() {
    let mut frontier = Frontier::default();
    for count in 0..=65u64 {
        let told = Frontier::of_root(count, &frontier.root());
        let is_told = frontier.peaks().len() <= 1;
        assert_eq!(told, is_told.then(|| frontier.clone()), "{count} entries");
        frontier.append(leaf_hash(&count.to_be_bytes()));
    }
    assert_eq!(Frontier::of_root(4, &[7; 31]), None);
}
