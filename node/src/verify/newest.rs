//! Tables that hold the newest state alone: `leaves` and `rows`.

use polity_ledger::merkle::jellyfish::{content_hash, leaf_of};
use polity_ledger::state::keys;

use super::replica::State;
use super::{DIFFERS, MISSING, STRAY, wrong};
use crate::fault::Fault;
use crate::store::{Hash, Snapshot, StoreOptions, Table, leaf_row};

pub(super) fn compare(
    snapshot: &Snapshot,
    state: &State,
    options: &StoreOptions,
) -> Result<(), Fault> {
    compare_leaves(snapshot, state)?;
    compare_rows(snapshot, state, options)
}

/// The leaves of the tree: hash of a key → hash of its leaf, and the key.
fn compare_leaves(snapshot: &Snapshot, state: &State) -> Result<(), Fault> {
    let height = snapshot.height();
    let mut found = 0;
    snapshot.for_each_row(Table::Leaves, |key_hash, row| {
        let key = row.get(32..).unwrap_or_default();
        let value = state
            .get(key)
            .ok_or_else(|| wrong(Table::Leaves, height, key_hash, STRAY))?;
        let (expected_hash, expected) = leaf(key, value);
        if expected_hash[..] != *key_hash || expected != row {
            return Err(wrong(Table::Leaves, height, key_hash, DIFFERS));
        }
        found += 1;
        Ok(())
    })?;
    let leaves = || state.iter().filter(|(key, _)| keys::is_leaf(key));
    if leaves().count() != found {
        for (key, value) in leaves() {
            let (key_hash, _) = leaf(key, value);
            if snapshot.row(Table::Leaves, &key_hash)?.is_none() {
                return Err(wrong(Table::Leaves, height, &key_hash, MISSING));
            }
        }
    }
    Ok(())
}

fn leaf(key: &[u8], value: &[u8]) -> (Hash, Vec<u8>) {
    let key_hash = content_hash(key);
    (key_hash, leaf_row(&leaf_of(&key_hash, value), key))
}

/// The rows beside the tree.
fn compare_rows(snapshot: &Snapshot, state: &State, options: &StoreOptions) -> Result<(), Fault> {
    let height = snapshot.height();
    let made = state.range(vec![keys::BESIDE]..);
    let mut made = made.filter(|(key, _)| options.is_written(key)).peekable();
    snapshot.for_each_row(Table::Rows, |key, value| {
        if let Some((missing, _)) = made.next_if(|(made, _)| made[..] < *key) {
            return Err(wrong(Table::Rows, height, missing, MISSING));
        }
        match made.next_if(|(made, _)| made[..] == *key) {
            None => Err(wrong(Table::Rows, height, key, STRAY)),
            Some((_, made)) if made != value => Err(wrong(Table::Rows, height, key, DIFFERS)),
            Some(_) => Ok(()),
        }
    })?;
    match made.next() {
        Some((missing, _)) => Err(wrong(Table::Rows, height, missing, MISSING)),
        None => Ok(()),
    }
}
