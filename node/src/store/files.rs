//! Files and directories, each on the disk when a call returns.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Hash;
use crate::fault::{Fault, FaultKind};
use crate::whole_file::sync_directory;

/// A file in the list of a backup.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListedFile {
    /// The path in the backup.
    pub(crate) name: String,
    pub(crate) bytes: u64,
    sha256: String,
}

impl ListedFile {
    /// As it is listed under this name, where it was read as so long, with that hash.
    pub(crate) fn new(name: String, (bytes, sha256): (u64, Hash)) -> ListedFile {
        ListedFile {
            name,
            bytes,
            sha256: hex::encode(sha256),
        }
    }
}

pub(crate) fn require_empty(directory: &Path) -> Result<(), Fault> {
    match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(io_fault("reading", directory, &error)),
        Ok(mut entries) => {
            if entries.next().is_none() {
                return Ok(());
            }
            let words = format!("{} is not empty", directory.display());
            Err(Fault::new(FaultKind::Usage, words))
        }
    }
}

/// Gives a finished directory its name, in one step that survives a power cut.
pub(crate) fn put_in_place(partial: &Path, target: &Path) -> Result<(), Fault> {
    sync(partial)?;
    fs::rename(partial, target).map_err(|error| io_fault("renaming", partial, &error))?;
    sync_directory(target).map_err(|error| io_fault("syncing", target, &error))
}

pub(super) fn file_names(directory: &Path) -> Result<Vec<String>, Fault> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).map_err(|error| io_fault("reading", directory, &error))? {
        let entry = entry.map_err(|error| io_fault("reading", directory, &error))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

pub(crate) fn hash_file(path: &Path) -> Result<(u64, Hash), Fault> {
    read_file(path, path, |_| Ok(()))
}

/// Copies a file to the disk; answers how long it is, and its hash. A fault in it is told of `known`, the name by which an
/// operator finds it.
pub(super) fn copy_file(from: &Path, known: &Path, to: &Path) -> Result<(u64, Hash), Fault> {
    let fault = |error: io::Error| io_fault("writing", to, &error);
    let mut copy = File::create(to).map_err(fault)?;
    let read = read_file(from, known, |bytes| copy.write_all(bytes).map_err(fault))?;
    copy.sync_all().map_err(fault)?;
    Ok(read)
}

/// Hands a file to `take`, piece by piece; answers how long it is, and its hash.
fn read_file(
    path: &Path,
    known: &Path,
    mut take: impl FnMut(&[u8]) -> Result<(), Fault>,
) -> Result<(u64, Hash), Fault> {
    let fault = |error: io::Error| io_fault("reading", known, &error);
    let mut file = File::open(path).map_err(fault)?;
    let mut hasher = Sha256::new();
    let mut bytes = 0;
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer).map_err(fault)? {
            0 => return Ok((bytes, hasher.finalize().into())),
            read => {
                hasher.update(&buffer[..read]);
                take(&buffer[..read])?;
                bytes += read as u64;
            }
        }
    }
}

pub(crate) fn remove_tree(directory: &Path) -> Result<(), Fault> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(io_fault("removing", directory, &error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// `NAME.SUFFIX` in the same directory, so that renaming stays on one file system.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    PathBuf::from(name)
}

pub(crate) fn sync(path: &Path) -> Result<(), Fault> {
    File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(|error| io_fault("syncing", path, &error))
}

pub(super) fn io_fault(doing: &str, path: &Path, error: &io::Error) -> Fault {
    Fault::from_io(&format!("{doing} {}", path.display()), error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_copied_is_told_by_the_name_under_which_it_is_found() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let fault = copy_file(&path("held"), &path("known"), &path("copy")).unwrap_err();
        assert!(fault.words().contains("known"), "{fault}");
        assert!(!fault.words().contains("held"), "{fault}");
    }
}
