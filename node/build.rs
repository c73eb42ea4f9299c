//! Links `polityd` with packed relocations where the loader reads them: they are most of what a program reads once, at
//! its start, and keeps in memory.

use std::process::Command;

/// The first version of the GNU C library whose loader reads them.
const LOADER_MIN: (u32, u32) = (2, 36);

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let is_native = std::env::var("TARGET") == std::env::var("HOST");
    if is_native && loader().is_some_and(|version| version >= LOADER_MIN) {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// The version of this machine's GNU C library, if it has that one.
fn loader() -> Option<(u32, u32)> {
    let told = Command::new("getconf")
        .arg("GNU_LIBC_VERSION")
        .output()
        .ok()?;
    let told = String::from_utf8(told.stdout).ok()?;
    let (major, minor) = told.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
