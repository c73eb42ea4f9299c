//! What holds after every block, whatever the transactions were: each invariant is a check over a
//! whole state, for simulation, scenarios and audits. Nothing here is a rule of its own; a broken
//! invariant is a mistake of the rules.
//!
//! Some invariants speak of a state and the next one: the basis of every event (9), what stays
//! frozen (13), the consolidated result (16), ids that live (18). They look at a [`Step`], one
//! block with the states around it. Only equal hashes (17) need several nodes: the simulator and
//! the suites with real nodes compare them.

mod authority;
mod bases;
mod decisions;
mod people;
mod records;
mod steps;
mod value;
#[cfg(test)]
mod workload;

use std::collections::BTreeMap;
use std::fmt;

use polity_proto::v1::{TimerBucket, TimerKind};

pub use steps::{Step, StepCheck};

use crate::judge::Now;
use crate::state::{Object, Read, keys, objects, timers};

/// A whole state: every key with its value, rows beside the tree too.
pub type State = BTreeMap<Vec<u8>, Vec<u8>>;

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invariant {number}: {words}")]
pub struct Broken {
    /// Its number in the specification of the ledger.
    pub number: u32,
    /// What was found.
    pub words: String,
}

/// One check over a whole state at a block's time.
pub type Check = fn(&State, Now) -> Result<(), Broken>;

/// Every check with its number and name, cheap ones first.
pub const ALL: &[(u32, &str, Check)] = &[
    (1, "the sum of each asset is zero", value::sums),
    (2, "no account is below its credit limit", value::limits),
    (3, "posted + released = held", value::holds),
    (4, "hard lines are never negative", value::lines),
    (5, "units are a tree", people::tree),
    (6, "rules of kinds hold", people::kinds),
    (
        7,
        "no assignment outlives its time, member, role or unit",
        people::assignments,
    ),
    (8, "elected roles are filled by election", people::elected),
    (
        10,
        "nobody granted themselves anything, and nothing exceeds its source",
        authority::grants,
    ),
    (
        11,
        "nobody breaks a static duty rule without exception",
        authority::duties,
    ),
    (12, "who prepared did not approve", decisions::approvals),
    (
        13,
        "policy and electorate are those of the opening",
        decisions::frozen,
    ),
    (
        13,
        "nothing is adopted over an objection",
        decisions::objections,
    ),
    (
        14,
        "one response for each member and version",
        decisions::responses,
    ),
    (15, "lists are whole", records::lists),
    (15, "histories are whole", records::histories),
    (18, "no id is consumed twice", records::consumed),
];

/// Every check over a block and the states around it, with its number and name.
pub const STEPS: &[(u32, &str, StepCheck)] = &[
    (9, "every event has a basis that held then", bases::bases),
    (
        13,
        "electorate and policy are those of the opening",
        steps::frozen,
    ),
    (
        16,
        "what units gained together came from outside",
        steps::results,
    ),
    (18, "an id that lives is not forgotten", steps::remembered),
];

/// Checks a block with the states around it: the first invariant that is broken.
pub fn check_step(step: &Step<'_>) -> Result<(), Broken> {
    for (_, _, check) in STEPS {
        check(step)?;
    }
    Ok(())
}

/// Checks all of it: the first that is broken.
pub fn check(state: &State, now: Now) -> Result<(), Broken> {
    for (_, _, check) in ALL {
        check(state, now)?;
    }
    Ok(())
}

/// Breaks an invariant unless `holds`; the words are only made where it does not.
fn ensure<W: fmt::Display>(
    number: u32,
    holds: bool,
    words: impl FnOnce() -> W,
) -> Result<(), Broken> {
    if holds {
        return Ok(());
    }
    Err(Broken {
        number,
        words: words().to_string(),
    })
}

/// Every object of a kind, by number.
fn all<T: Object>(state: &State) -> impl Iterator<Item = T> + '_ {
    rows(state, T::PREFIX).filter_map(|(key, _)| objects::get(state, number(key, 0)))
}

/// Every row under a prefix.
fn rows(state: &State, prefix: u8) -> impl Iterator<Item = (&Vec<u8>, &Vec<u8>)> + '_ {
    state.range(vec![prefix]..vec![prefix + 1])
}

/// The number at a place of a key that is a prefix and numbers.
fn number(key: &[u8], place: usize) -> u64 {
    let bytes = key.iter().skip(1 + 8 * place).take(8);
    bytes.fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Whether this timer is set, or waits behind others that are due.
fn has_timer(state: &State, due: u64, kind: TimerKind, number: u64) -> bool {
    let key = keys::key(keys::TIMER_BUCKET, &[timers::bucket_of(due)]);
    let bucket: TimerBucket = objects::value(state, &key).unwrap_or_default();
    bucket
        .timers
        .iter()
        .any(|timer| timer.due == due && timer.kind() == kind && timer.number == number)
}

/// An object that the state must hold.
fn find<T: Object>(state: &dyn Read, number: u64) -> Option<T> {
    objects::get(state, number)
}

#[cfg(test)]
mod tests;
