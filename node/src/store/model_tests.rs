//! Random histories of a store against a model that keeps a whole map for every height.

use std::collections::BTreeMap;

use polity_ledger::state::keys::is_leaf;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::sample::{
    APPEND_ONLY_PREFIX, Changes, Contents, DERIVED_PREFIX, commit_of, contents, options,
};
use super::{LeafChange, Store, StoreOptions};

/// What happens to a store.
#[derive(Debug, Clone)]
enum Step {
    Commit(Changes),
    RollBack,
    Reopen,
    Compact,
    ReadAll,
}

type LeafRow = ([u8; 32], Option<[u8; 32]>, Vec<u8>);
type State = BTreeMap<Vec<u8>, Vec<u8>>;

/// The state of each height from 0 on, with the contents of the store then.
struct Model {
    heights: Vec<(State, Contents)>,
    heights_to_roll_back: u64,
}

impl Model {
    fn newest(&self) -> &State {
        &self.heights[self.heights.len() - 1].0
    }

    fn height(&self) -> u64 {
        self.heights.len() as u64 - 1
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_store_says_what_a_map_for_every_height_says(steps in vec(step(), 1..40)) {
        let directory = tempfile::tempdir().unwrap();
        let mut store = Store::open(directory.path(), with_few_undo_heights()).unwrap();
        let mut model = Model { heights: vec![(State::new(), contents(&store))], heights_to_roll_back: 0 };

        for step in steps {
            match step {
                Step::Commit(changes) => commit(&store, &mut model, changes),
                Step::RollBack => roll_back(&store, &mut model)?,
                Step::Reopen => {
                    drop(store);
                    store = Store::open(directory.path(), with_few_undo_heights()).unwrap();
                }
                Step::Compact => store.compact().unwrap(),
                Step::ReadAll => read_all(&store, &model)?,
            }
            prop_assert_eq!(&contents(&store), &model.heights[model.heights.len() - 1].1);
        }
        read_all(&store, &model)?;
        prop_assert_eq!(store.check().unwrap().leaves, leaves_of(&model).len() as u64);
    }
}

fn with_few_undo_heights() -> StoreOptions {
    StoreOptions {
        undo_heights: 3,
        hot_bytes_max: 64 << 10,
        ..options()
    }
}

fn commit(store: &Store, model: &mut Model, mut changes: Changes) {
    let height = model.height() + 1;
    changes.insert(
        [&[APPEND_ONLY_PREFIX], height.to_be_bytes().as_slice()].concat(),
        Some(vec![7]),
    );
    let mut state = model.newest().clone();
    for (key, value) in &changes {
        match value {
            Some(value) => state.insert(key.clone(), value.clone()),
            None => state.remove(key),
        };
    }

    store.commit(commit_of(height, changes)).unwrap();
    model.heights.push((state, contents(store)));
    model.heights_to_roll_back = (model.heights_to_roll_back + 1).min(3);
}

fn roll_back(store: &Store, model: &mut Model) -> Result<(), TestCaseError> {
    prop_assert_eq!(
        store.heights_to_roll_back().unwrap(),
        model.heights_to_roll_back
    );
    if model.heights_to_roll_back == 0 {
        prop_assert!(store.roll_back().is_err());
        return Ok(());
    }

    model.heights.pop();
    model.heights_to_roll_back -= 1;
    prop_assert_eq!(store.roll_back().unwrap(), model.height());
    Ok(())
}

fn read_all(store: &Store, model: &Model) -> Result<(), TestCaseError> {
    let snapshot = store.snapshot();
    let keys = keys();
    // Twice: the first time from the files, the second from memory.
    for key in keys.iter().chain(&keys) {
        let (read, newest) = (snapshot.get(key), model.newest().get(key).cloned());
        let is_forgotten = key[0] == DERIVED_PREFIX && read.is_none();
        prop_assert!(is_forgotten || read == newest, "{:?}", key);
    }
    for (height, (state, _)) in (0..).zip(&model.heights) {
        let then = snapshot.at(height).unwrap();
        for key in keys.iter().filter(|key| is_leaf(key)) {
            prop_assert_eq!(
                then.get(key),
                state.get(key).cloned(),
                "{:?} at {}",
                key,
                height
            );
        }
    }
    prop_assert!(snapshot.at(model.height() + 1).is_err());

    let mut leaves = Vec::new();
    snapshot
        .for_each_leaf(|leaf| leaves.push((leaf.key_hash, Some(leaf.hash), leaf.key)))
        .unwrap();
    prop_assert_eq!(leaves, leaves_of(model));
    Ok(())
}

fn leaves_of(model: &Model) -> Vec<LeafRow> {
    let authenticated = model.newest().iter().filter(|(key, _)| is_leaf(key));
    let leaves = authenticated.map(|(key, value)| LeafChange::of(key, Some(value)));
    let mut leaves: Vec<_> = leaves
        .map(|leaf| (leaf.key_hash, leaf.hash, leaf.key))
        .collect();
    leaves.sort();
    leaves
}

/// Keys that could be confounded: of several lengths, beginnings of one another, full of zeros and of ones.
fn keys() -> Vec<Vec<u8>> {
    let mut keys = vec![
        vec![0x01; 255],
        vec![0x02],
        vec![0x00],
        vec![0x80],
        vec![0x81, 0, 0],
        vec![0xff; 40],
        vec![DERIVED_PREFIX, 1],
        vec![DERIVED_PREFIX, 2],
    ];
    for number in [0, 1, 2, u64::MAX - 2, u64::MAX - 1, u64::MAX] {
        let number = number.to_be_bytes();
        keys.push([&[0x02], number.as_slice()].concat());
        keys.push([&[0x02], number.as_slice(), number.as_slice()].concat());
        keys.push([&[0x80], number.as_slice()].concat());
    }
    keys
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => changes().prop_map(Step::Commit),
        3 => Just(Step::RollBack),
        1 => Just(Step::Reopen),
        1 => Just(Step::Compact),
        2 => Just(Step::ReadAll),
    ]
}

fn changes() -> impl Strategy<Value = Changes> {
    let value = prop::option::weighted(0.8, vec(any::<u8>(), 0..60));
    btree_map(prop::sample::select(keys()), value, 0..12)
}
