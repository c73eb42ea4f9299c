//! Row 7: the root of the state after a batch of changes, against `jmt` over RocksDB, at ten million keys.
//!
//! Both sides apply the same batches, and their roots must be equal. Both end a batch with everything on the disk
//! that a restart needs, in one synced write: `jmt` its nodes (the stale ones deleted), ours the leaves from which
//! a restart builds the tree. Values are written by neither.
//!
//! Filling takes minutes, so the databases are kept in the cache directory, and a later run goes on from there.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

use jmt::storage::{LeafNode, Node, NodeKey, TreeReader};
use jmt::{JellyfishMerkleTree, KeyHash, OwnedValue, Sha256Jmt, Version};
use polity_ledger::merkle::Hash;
use polity_ledger::merkle::jellyfish::leaf_of;
use polity_ledger::merkle::subtree::Update;
use polity_ledger::merkle::tree::StateTree;
use sha2::{Digest, Sha256};

use super::Row;
use super::bare::Bare;
use super::comparison::{PAIRS, Sample, Side, alternate};
use super::figure::{Figure, Goal};
use super::workload::scattered;

pub(super) const ROW: Row = Row {
    number: 7,
    title: "authenticated root ÷ jmt over RocksDB, ten million keys, batches of ten thousand",
    measure,
};

/// Versions that fill the trees, each with about a million new keys.
const FILLING_VERSIONS: Version = 10;
const KEYS: u64 = 10_000_000;
const BATCH: u64 = 10_000;
/// Batches of one sample: `jmt` needs seconds for them.
const BATCHES: u64 = 5;
const CACHE_BYTES: usize = 512 << 20;
/// The row that holds the newest version; no hash and no name of a node is as short.
const NEWEST: &[u8] = b"newest";

fn measure() -> Vec<Figure> {
    let directory = cache_directory();
    let jmt = RefCell::new(Jmt::open(&directory.join("jmt")));
    let ours = RefCell::new(Ours::open(&directory.join("leaves")));
    jmt.borrow_mut().advance(FILLING_VERSIONS);
    let first = jmt.borrow().versions.max(ours.borrow().versions);
    jmt.borrow_mut().advance(first);
    ours.borrow_mut().advance(first);
    assert_eq!(
        jmt.borrow().root,
        ours.borrow().tree.root(),
        "the roots differ"
    );

    let next = Cell::new(first);
    let ratios = alternate(
        PAIRS,
        Side {
            name: "tree in memory",
            run: Box::new(|| {
                let batches: Vec<Batch> =
                    (next.get()..next.get() + BATCHES).map(Batch::of).collect();
                let mut ours = ours.borrow_mut();
                Sample::of(BATCHES * BATCH, || {
                    batches.iter().for_each(|batch| ours.apply(batch))
                })
            }),
        },
        Side {
            name: "jmt",
            run: Box::new(|| {
                let batches: Vec<Batch> =
                    (next.get()..next.get() + BATCHES).map(Batch::of).collect();
                next.set(next.get() + BATCHES);
                let mut jmt = jmt.borrow_mut();
                let sample = Sample::of(BATCHES * BATCH, || {
                    batches.iter().for_each(|batch| jmt.apply(batch))
                });
                assert_eq!(jmt.root, ours.borrow().tree.root(), "the roots differ");
                sample
            }),
        },
    );
    let goal = Goal::at_least(8.0).with_stretch(20.0);
    vec![Figure::new("7", goal, ratios)]
}

fn cache_directory() -> PathBuf {
    let home = || env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let cache = env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(home);
    let directory = cache
        .unwrap_or_else(env::temp_dir)
        .join("polity/bench/root");
    std::fs::create_dir_all(&directory).expect("the cache directory can be made");
    directory
}

/// The changes of one version: keys by number, with the values that they get.
struct Batch {
    version: Version,
    values: BTreeMap<Hash, (u64, Vec<u8>)>,
}

impl Batch {
    /// A tenth of the keys while the trees are filled, then ten thousand that are there. Filling goes from the left
    /// to the right of the tree: `jmt` would read and rewrite most of its nodes for each million of scattered keys.
    fn of(version: Version) -> Batch {
        let value = |number: u64| [number.to_be_bytes(), version.to_be_bytes()].concat();
        let entry = |number: u64| {
            let key_hash: Hash = Sha256::digest(key(number)).into();
            (key_hash, (number, value(number)))
        };
        let values = if version < FILLING_VERSIONS {
            let is_filled_now =
                |key_hash: &Hash| u64::from(key_hash[0]) * FILLING_VERSIONS / 256 == version;
            let entries = (0..KEYS).map(entry);
            entries
                .filter(|(key_hash, _)| is_filled_now(key_hash))
                .collect()
        } else {
            let numbers = (0..BATCH).map(|place| scattered(version << 20 | place) % KEYS);
            numbers.map(entry).collect()
        };
        Batch { version, values }
    }

    fn updates(&self) -> Vec<Update> {
        let update = |(key_hash, (_, value)): (&Hash, &(u64, Vec<u8>))| {
            (*key_hash, Some(leaf_of(key_hash, value)))
        };
        self.values.iter().map(update).collect()
    }
}

/// A key of the state, as an account's is.
fn key(number: u64) -> Vec<u8> {
    [&[9], number.to_be_bytes().as_slice()].concat()
}

/// How many versions a database holds.
fn versions_of(database: &Bare) -> Version {
    let newest = database
        .get(NEWEST)
        .map(|bytes| bytes.try_into().expect("a number was written"));
    newest.map_or(0, Version::from_be_bytes)
}

fn newest(version: Version) -> (Vec<u8>, Vec<u8>) {
    (NEWEST.to_vec(), (version + 1).to_be_bytes().to_vec())
}

/// Our tree, and the leaves on the disk.
struct Ours {
    tree: StateTree,
    leaves: Bare,
    versions: Version,
}

impl Ours {
    /// The leaves as an earlier run left them, and the tree built again.
    fn open(directory: &Path) -> Ours {
        let mut ours = Ours {
            tree: StateTree::new(),
            leaves: Bare::open(directory, CACHE_BYTES),
            versions: 0,
        };
        for version in 0..versions_of(&ours.leaves) {
            ours.versions = version + 1;
            ours.grow(&Batch::of(version).updates());
        }
        ours
    }

    fn advance(&mut self, versions: Version) {
        for version in self.versions..versions {
            self.apply(&Batch::of(version));
        }
    }

    fn apply(&mut self, batch: &Batch) {
        let updates = batch.updates();
        self.grow(&updates);
        let rows =
            updates
                .iter()
                .zip(batch.values.values())
                .map(|((key_hash, leaf), (number, _))| {
                    let leaf = leaf.expect("every change of a batch has a value");
                    (key_hash.to_vec(), [&leaf[..], &key(*number)].concat())
                });
        self.leaves
            .write(rows.chain([newest(batch.version)]), std::iter::empty());
        self.versions = batch.version + 1;
    }

    /// On two threads, as a node does.
    fn grow(&mut self, updates: &[Update]) {
        self.tree.apply_with(updates, |jobs| {
            let (left, right) = jobs.split_at_mut(jobs.len() / 2);
            thread::scope(|scope| {
                scope.spawn(|| left.iter_mut().for_each(|job| job.run()));
                right.iter_mut().for_each(|job| job.run());
            });
        });
    }
}

/// `jmt` over RocksDB, whose stale nodes are deleted at once.
struct Jmt {
    nodes: Bare,
    versions: Version,
    root: Hash,
}

impl Jmt {
    fn open(directory: &Path) -> Jmt {
        let nodes = Bare::open(directory, CACHE_BYTES);
        let versions = versions_of(&nodes);
        let mut jmt = Jmt {
            nodes,
            versions,
            root: Hash::default(),
        };
        if let Some(newest) = versions.checked_sub(1) {
            let tree = JellyfishMerkleTree::<_, sha2::Sha256>::new(&jmt);
            jmt.root = tree
                .get_root_hash(newest)
                .expect("the newest version has a root")
                .0;
        }
        jmt
    }

    fn advance(&mut self, versions: Version) {
        if self.versions < versions {
            println!("  filling jmt from version {} to {versions}", self.versions);
        }
        for version in self.versions..versions {
            let started = Instant::now();
            self.apply(&Batch::of(version));
            println!(
                "    version {version} in {:.0} s",
                started.elapsed().as_secs_f64()
            );
        }
    }

    fn apply(&mut self, batch: &Batch) {
        let tree = Sha256Jmt::new(&*self);
        let values = batch.values.iter();
        let values = values.map(|(key_hash, (_, value))| (KeyHash(*key_hash), Some(value.clone())));
        let (root, update) = tree
            .put_value_set(values, batch.version)
            .expect("jmt applies a batch");
        let nodes = update.node_batch.nodes().iter();
        let puts =
            nodes.map(|(key, node)| (name(key), borsh::to_vec(node).expect("a node is encoded")));
        let stale = update
            .stale_node_index_batch
            .iter()
            .map(|index| name(&index.node_key));
        self.nodes.write(puts.chain([newest(batch.version)]), stale);
        self.root = root.0;
        self.versions = batch.version + 1;
    }
}

/// The name of a node: versions ascend, so that what is written together lies together.
fn name(key: &NodeKey) -> Vec<u8> {
    let path = borsh::to_vec(key.nibble_path()).expect("a path is encoded");
    [key.version().to_be_bytes().as_slice(), &path].concat()
}

impl TreeReader for Jmt {
    fn get_node_option(&self, key: &NodeKey) -> anyhow::Result<Option<Node>> {
        let bytes = self.nodes.get(&name(key));
        Ok(bytes.map(|bytes| borsh::from_slice(&bytes)).transpose()?)
    }

    fn get_value_option(&self, _: Version, _: KeyHash) -> anyhow::Result<Option<OwnedValue>> {
        unreachable!("a batch reads no values")
    }

    fn get_rightmost_leaf(&self) -> anyhow::Result<Option<(NodeKey, LeafNode)>> {
        unreachable!("nothing is restored")
    }
}
