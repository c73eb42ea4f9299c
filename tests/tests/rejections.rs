//! No rejection without a test that provokes it, and none of an action without one about that action.
//!
//! The sources are read as text: where a rule gives a rejection, its production half names
//! `Rejection::Variant`; a table test, an assertion or a scenario that provokes it names it too, and
//! would fail if something else came. So nobody has to remember a list.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use polity_ledger::{Rejection, actions};
use polity_tests::checkout;

/// One source file: what it does, and what tests it.
struct Source {
    path: PathBuf,
    production: String,
    tests: String,
}

#[test]
fn every_rejection_is_provoked_by_a_test() {
    let sources = sources();
    let provoked: BTreeSet<&str> = sources
        .iter()
        .flat_map(|source| provoked(&source.tests))
        .collect();
    let missing: Vec<&str> = Rejection::ALL
        .iter()
        .map(|rejection| rejection.name())
        .filter(|name| !provoked.contains(name))
        .collect();
    assert!(missing.is_empty(), "no test provokes {missing:?}");
}

#[test]
fn every_rejection_of_an_action_is_provoked_by_a_test_about_it() {
    let sources = sources();
    let mut missing = Vec::new();
    for source in &sources {
        let given = given(&source.production);
        if given.is_empty() || !source.path.starts_with("ledger/src") {
            continue;
        }
        // A test about an action is beside it, or names it; what others share, any test provokes.
        let action = action_of(&source.path);
        let about = sources.iter().filter(|other| {
            other.path == source.path || action.is_none_or(|name| names(&other.tests, name))
        });
        let provoked: BTreeSet<&str> = about.flat_map(|source| provoked(&source.tests)).collect();
        let unprovoked = given.into_iter().filter(|name| !provoked.contains(name));
        missing.extend(unprovoked.map(|name| format!("{}: {name}", source.path.display())));
    }
    assert!(
        missing.is_empty(),
        "no test provokes\n{}",
        missing.join("\n")
    );
}

/// Names of the rejections that a production half can give.
fn given(production: &str) -> BTreeSet<&'static str> {
    variants(production)
        .filter_map(|variant| NAMES.with(|names| names.get(variant).copied()))
        .collect()
}

/// Names of the rejections that tests expect: `rejected NAME`, `refused NAME`, or the variant.
fn provoked(tests: &str) -> BTreeSet<&str> {
    let mut provoked: BTreeSet<&str> = given(tests);
    for word in ["rejected ", "refused "] {
        provoked.extend(tests.split(word).skip(1).map(slug));
    }
    provoked
}

/// The slug that a text begins with.
fn slug(text: &str) -> &str {
    let end = text.find(|character: char| !(character.is_ascii_lowercase() || character == '_'));
    &text[..end.unwrap_or(text.len())]
}

/// What follows `Rejection::` in a text.
fn variants(text: &str) -> impl Iterator<Item = &str> {
    text.split("Rejection::").skip(1).map(|rest| {
        let end = rest.find(|character: char| !character.is_ascii_alphanumeric());
        &rest[..end.unwrap_or(rest.len())]
    })
}

thread_local! {
    /// Names by variant.
    static NAMES: BTreeMap<String, &'static str> = Rejection::ALL
        .iter()
        .map(|rejection| (format!("{rejection:?}"), rejection.name()))
        .collect();
}

/// The action that a file is about, as its message is called.
fn action_of(path: &Path) -> Option<&'static str> {
    let stem = path.file_stem()?.to_string_lossy().replace('_', "");
    let is_action = path
        .parent()
        .is_some_and(|parent| parent.ends_with("actions"));
    let named = |name: &&str| is_action && name.to_lowercase() == stem;
    actions::ALL.iter().map(|(_, name, _)| *name).find(named)
}

/// Whether a text speaks of an action: as a message or in a helper's name.
fn names(tests: &str, action: &str) -> bool {
    tests.contains(action)
}

fn sources() -> Vec<Source> {
    let directories = [
        "ledger/src",
        "node/src",
        "client/src",
        "tests/tests",
        "tests/src",
        "tests/scenarios",
    ];
    let sources: Vec<Source> = directories
        .iter()
        .flat_map(|directory| checkout::files(directory))
        // The list itself gives none, and neither does this test.
        .filter(|path| !path.ends_with("rejection.rs") && !path.ends_with("rejections.rs"))
        .map(|path| source(&path))
        .collect();
    assert!(sources.len() > 100, "the sources are not where they were");
    sources
}

fn source(path: &Path) -> Source {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let path = path.strip_prefix(checkout::root()).expect("it is below");
    let (production, tests) = halves(path, text);
    Source {
        path: path.to_owned(),
        production,
        tests,
    }
}

/// What a file does, and what tests it: everything, in a file of tests.
fn halves(path: &Path, text: String) -> (String, String) {
    let is_test = path.components().any(|part| {
        let part = part.as_os_str().to_string_lossy();
        matches!(&*part, "tests" | "tests.rs" | "world") || part.ends_with("_tests.rs")
    });
    if is_test {
        return (String::new(), text);
    }
    match text.split_once("#[cfg(test)]\nmod tests {") {
        Some((production, tests)) => (production.to_owned(), tests.to_owned()),
        None => (text, String::new()),
    }
}
