//! The programs under test.

use std::path::{Path, PathBuf};

/// Names the directory of the programs where they are not beside the tests.
const DIRECTORY_VARIABLE: &str = "POLITY_BINARIES";

/// The path of one of our programs, `polityd` or `polity`, built in the same profile as the test.
///
/// # Panics
/// Where it is not built: with the command that builds it.
#[track_caller]
pub fn path(name: &str) -> PathBuf {
    let path = directory().join(name);
    assert!(
        path.is_file(),
        "{} is missing; build it first: cargo build --release --workspace --bins",
        path.display()
    );
    path
}

fn directory() -> PathBuf {
    if let Some(directory) = std::env::var_os(DIRECTORY_VARIABLE) {
        return directory.into();
    }
    // A test runs as target/PROFILE/deps/NAME-HASH, an example as target/PROFILE/examples/NAME, and the programs lie in
    // target/PROFILE.
    let own = std::env::current_exe().expect("a program knows its own path");
    let beside = own.parent().unwrap_or(Path::new("."));
    match beside.parent() {
        Some(profile) if beside.ends_with("deps") || beside.ends_with("examples") => {
            profile.to_owned()
        }
        Some(_) | None => beside.to_owned(),
    }
}
