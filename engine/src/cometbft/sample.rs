//! Programs that stand in for CometBFT in tests.

use std::path::PathBuf;

/// A program, written by another process: a file that this one had open for writing could not be run while a
/// child of a neighbouring test still held it.
pub(super) fn script(text: &str) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("cometbft");
    let write = "printf '#!/bin/sh\n%s\n' \"$1\" > \"$2\" && chmod 700 \"$2\"";
    let written = std::process::Command::new("sh")
        .args(["-c", write, "sh", text])
        .arg(&path)
        .status();
    assert!(written.unwrap().success());
    (directory, path)
}
