//! The list of what a backup holds beside the store, which has a list of its own: every file, its length and its hash.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{STORE, at};
use crate::fault::{Fault, FaultKind};
use crate::store::{ListedFile, hash_file, sync};

const LIST_FILE: &str = "backup.json";

/// The list is read whole; this many bytes name more files than an engine can have.
const LIST_BYTES_MAX: u64 = 64 << 20;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    files: Vec<ListedFile>,
}

/// Lists what was copied out of a home, as the home has it, and reads every copy against that.
///
/// # Errors
/// `Io` where a copy is not as the home has it: no store has anything to do with that.
pub(super) fn write(backup: &Path, home: &Path) -> Result<(), Fault> {
    let names = names(backup)?;
    let files = names.iter().map(|name| measure(home, name));
    let list = List {
        files: files.collect::<Result<_, Fault>>()?,
    };
    let path = backup.join(LIST_FILE);
    let text = serde_json::to_string_pretty(&list)
        .map_err(|error| Fault::new(FaultKind::Internal, format!("listing files: {error}")))?;
    let mut file = File::create(&path).map_err(at("writing", &path))?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(at("writing", &path))?;
    sync(backup)?;
    verify(backup).map_err(|fault| Fault::new(FaultKind::Io, fault.words()))
}

/// Reads every file of a backup, those of its store excepted, against the list.
///
/// # Errors
/// `StoreDamaged` if a file is missing, changed or not listed; `Usage` where there is no list.
pub(super) fn verify(backup: &Path) -> Result<(), Fault> {
    let list = read(backup)?;
    let mut present = names(backup)?;
    for listed in &list.files {
        let path = backup.join(&listed.name);
        // Only what was found in the backup is opened: a name is no way out of it.
        if !present.remove(&listed.name) {
            return Err(damaged(&path, "is listed but missing"));
        }
        if measure(backup, &listed.name)? != *listed {
            return Err(damaged(&path, "is not as it was written"));
        }
    }
    match present.first() {
        Some(name) => Err(damaged(&backup.join(name), "is not listed")),
        None => Ok(()),
    }
}

fn read(backup: &Path) -> Result<List, Fault> {
    let path = backup.join(LIST_FILE);
    let file = File::open(&path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            let words = format!("{} is no backup: it holds no {LIST_FILE}", backup.display());
            Fault::new(FaultKind::Usage, words)
        }
        _ => at("reading", &path)(error),
    })?;
    let mut text = Vec::new();
    file.take(LIST_BYTES_MAX)
        .read_to_end(&mut text)
        .map_err(at("reading", &path))?;
    serde_json::from_slice(&text).map_err(|error| damaged(&path, &format!("is no list: {error}")))
}

/// The files of a backup by their paths in it, but for the list and the store.
fn names(backup: &Path) -> Result<BTreeSet<String>, Fault> {
    let mut names = BTreeSet::new();
    let mut directories = vec![String::new()];
    while let Some(directory) = directories.pop() {
        let path = backup.join(&directory);
        for entry in fs::read_dir(&path).map_err(at("reading", &path))? {
            let entry = entry.map_err(at("reading", &path))?;
            let name = format!("{directory}{}", entry.file_name().to_string_lossy());
            if name == LIST_FILE || name == STORE {
                continue;
            }
            if entry.file_type().map_err(at("reading", &path))?.is_dir() {
                directories.push(format!("{name}/"));
            } else {
                names.insert(name);
            }
        }
    }
    Ok(names)
}

fn measure(root: &Path, name: &str) -> Result<ListedFile, Fault> {
    let read = hash_file(&root.join(name))?;
    Ok(ListedFile::new(name.to_owned(), read))
}

fn damaged(path: &Path, words: &str) -> Fault {
    let words = format!("{} {words}", path.display());
    Fault::new(FaultKind::StoreDamaged, words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_that_is_not_as_the_home_has_it_is_no_damage_of_the_store() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        for (place, text) in [("home", "blocks"), ("backup", "bl0cks")] {
            fs::create_dir_all(path(place)).unwrap();
            fs::write(path(place).join("config.toml"), text).unwrap();
        }
        let fault = write(&path("backup"), &path("home")).unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Io);
        assert!(fault.words().contains("config.toml"), "{fault}");
    }
}
