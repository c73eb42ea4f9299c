//! Backups: a consistent copy of a running store with a list of its files and their hashes, and the way back.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::options::StoreOptions;
use super::{CheckReport, Hash, Store};
use crate::crash_point::{self, CrashPoint};
use crate::fault::{Fault, FaultKind};

/// The list of a backup's files, beside them.
const LIST_NAME: &str = "backup.json";

/// The list of a backup is read whole; this many bytes name more files than a store can have.
const LIST_BYTES_MAX: u64 = 16 << 20;

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupSummary {
    /// The height of the copy.
    pub height: u64,
    /// Root of the state tree at that height.
    pub app_hash: Hash,
    /// The organisation that the store belongs to, if it does.
    pub organisation: Option<Hash>,
    /// Bytes of all files.
    pub bytes: u64,
    /// Number of files.
    pub files: usize,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    height: u64,
    app_hash: String,
    organisation: Option<String>,
    files: Vec<ListedFile>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListedFile {
    name: String,
    bytes: u64,
    sha256: String,
}

impl Store {
    /// Writes a consistent copy of the store into `target`, which must not exist or be empty. Commits go on meanwhile.
    /// On the same file system the copy shares its bytes with the store: take it to another disk.
    ///
    /// # Errors
    /// `Io` if the target is in use or cannot be written, `DiskFull`. The store itself is untouched by any of them.
    pub fn back_up(&self, target: &Path) -> Result<BackupSummary, Fault> {
        require_empty(target)?;
        let partial = beside(target, "partial");
        remove_tree(&partial)?;
        if let Some(parent) = partial.parent() {
            fs::create_dir_all(parent).map_err(|error| io_fault("preparing", parent, &error))?;
        }

        self.rocks.checkpoint(&partial)?;
        let list = describe(&partial)?;
        write_list(&partial, &list)?;
        crash_point::reach(CrashPoint::BackupBeforeRename);
        put_in_place(&partial, target)?;
        summary(&list)
    }
}

/// Says what a backup holds, after reading every byte of it against its list.
///
/// # Errors
/// `StoreDamaged` if a file is missing, changed or not listed; `Io` if it cannot be read.
pub fn verify_backup(backup: &Path) -> Result<BackupSummary, Fault> {
    summary(&read_verified_list(backup)?)
}

/// Makes a store in `directory`, which must not exist or be empty, from a backup; then reads it whole.
///
/// # Errors
/// `StoreDamaged` if the backup is not as it was written, `Io` and `DiskFull`. `directory` stays empty then.
pub fn restore(
    backup: &Path,
    directory: &Path,
    options: StoreOptions,
) -> Result<(BackupSummary, CheckReport), Fault> {
    require_empty(directory)?;
    let list = read_verified_list(backup)?;
    let summary = summary(&list)?;
    let partial = beside(directory, "restoring");
    remove_tree(&partial)?;
    fs::create_dir_all(&partial).map_err(|error| io_fault("making", &partial, &error))?;
    super::free_space_check(
        &partial,
        options.free_bytes_min.saturating_add(summary.bytes),
    )?;

    for file in &list.files {
        let copy = partial.join(&file.name);
        fs::copy(backup.join(&file.name), &copy)
            .map_err(|error| io_fault("writing", &copy, &error))?;
        sync(&copy)?;
    }
    let store = Store::open(&partial, options)?;
    let report = store.check()?;
    require_same(&summary, &store)?;
    drop(store);
    crash_point::reach(CrashPoint::RestoreBeforeRename);
    put_in_place(&partial, directory)?;
    Ok((summary, report))
}

/// Lists the files of a checkpoint, and opens it to see which height it has.
fn describe(checkpoint: &Path) -> Result<List, Fault> {
    let mut files = Vec::new();
    for name in file_names(checkpoint)? {
        let (bytes, sha256) = hash_file(&checkpoint.join(&name))?;
        files.push(ListedFile {
            name,
            bytes,
            sha256: hex::encode(sha256),
        });
    }

    // Opening would change the listed files; so a look into a copy made of links.
    let look = beside(checkpoint, "look");
    remove_tree(&look)?;
    fs::create_dir_all(&look).map_err(|error| io_fault("making", &look, &error))?;
    for file in &files {
        let (from, to) = (checkpoint.join(&file.name), look.join(&file.name));
        let linked = if file.name.ends_with(".sst") {
            fs::hard_link(&from, &to)
        } else {
            fs::copy(&from, &to).map(drop)
        };
        linked.map_err(|error| io_fault("writing", &to, &error))?;
    }
    let store = Store::open(&look, StoreOptions::default())?;
    let snapshot = store.snapshot();
    let list = List {
        height: snapshot.height(),
        app_hash: hex::encode(snapshot.app_hash()),
        organisation: snapshot.organisation()?.map(hex::encode),
        files,
    };
    drop((snapshot, store));
    remove_tree(&look)?;
    Ok(list)
}

fn read_verified_list(backup: &Path) -> Result<List, Fault> {
    let path = backup.join(LIST_NAME);
    let file = File::open(&path).map_err(|error| io_fault("reading", &path, &error))?;
    let mut text = String::new();
    file.take(LIST_BYTES_MAX)
        .read_to_string(&mut text)
        .map_err(|error| io_fault("reading", &path, &error))?;
    let list: List = serde_json::from_str(&text)
        .map_err(|error| damaged_backup(&path, &format!("is no list: {error}")))?;

    let mut present: BTreeSet<String> = file_names(backup)?.into_iter().collect();
    present.remove(LIST_NAME);
    for listed in &list.files {
        // A name is a name and no way out of the directory: only what stands in the directory is accepted.
        if !present.remove(&listed.name) {
            return Err(damaged_backup(
                &backup.join(&listed.name),
                "is listed but missing",
            ));
        }
        let (bytes, sha256) = hash_file(&backup.join(&listed.name))?;
        if bytes != listed.bytes || hex::encode(sha256) != listed.sha256 {
            return Err(damaged_backup(
                &backup.join(&listed.name),
                "is not as it was written",
            ));
        }
    }
    match present.first() {
        Some(name) => Err(damaged_backup(&backup.join(name), "is not listed")),
        None => Ok(list),
    }
}

fn write_list(directory: &Path, list: &List) -> Result<(), Fault> {
    let path = directory.join(LIST_NAME);
    let text = serde_json::to_string_pretty(list).map_err(|error| {
        Fault::new(
            FaultKind::Internal,
            format!("writing the list of a backup: {error}"),
        )
    })?;
    let write = |text: &str| {
        let mut file = File::create(&path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write(&text).map_err(|error| io_fault("writing", &path, &error))
}

fn summary(list: &List) -> Result<BackupSummary, Fault> {
    let hash = |text: &str| -> Result<Hash, Fault> {
        let mut hash = Hash::default();
        hex::decode_to_slice(text, &mut hash).map_err(|_| {
            Fault::new(
                FaultKind::StoreDamaged,
                "the list of the backup has no hash where one belongs",
            )
        })?;
        Ok(hash)
    };
    Ok(BackupSummary {
        height: list.height,
        app_hash: hash(&list.app_hash)?,
        organisation: list.organisation.as_deref().map(hash).transpose()?,
        bytes: list.files.iter().map(|file| file.bytes).sum(),
        files: list.files.len(),
    })
}

fn require_same(summary: &BackupSummary, store: &Store) -> Result<(), Fault> {
    let snapshot = store.snapshot();
    let found = (
        snapshot.height(),
        snapshot.app_hash(),
        snapshot.organisation()?,
    );
    if found != (summary.height, summary.app_hash, summary.organisation) {
        let words = "the restored store has another height, app hash or organisation than the backup's list";
        return Err(Fault::new(FaultKind::StoreDamaged, words));
    }
    Ok(())
}

fn require_empty(directory: &Path) -> Result<(), Fault> {
    match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(io_fault("reading", directory, &error)),
        Ok(mut entries) => {
            if entries.next().is_none() {
                return Ok(());
            }
            let words = format!(
                "{} is not empty: give an empty directory",
                directory.display()
            );
            Err(Fault::new(FaultKind::Io, words))
        }
    }
}

/// Gives a finished directory its name, in one step that survives a power cut.
fn put_in_place(partial: &Path, target: &Path) -> Result<(), Fault> {
    sync(partial)?;
    fs::rename(partial, target).map_err(|error| io_fault("renaming", partial, &error))?;
    match target.parent() {
        Some(parent) if parent != Path::new("") => sync(parent),
        Some(_) | None => Ok(()),
    }
}

fn file_names(directory: &Path) -> Result<Vec<String>, Fault> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).map_err(|error| io_fault("reading", directory, &error))? {
        let entry = entry.map_err(|error| io_fault("reading", directory, &error))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn hash_file(path: &Path) -> Result<(u64, Hash), Fault> {
    let fault = |error: io::Error| io_fault("reading", path, &error);
    let mut file = File::open(path).map_err(fault)?;
    let mut hasher = Sha256::new();
    let mut bytes = 0;
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer).map_err(fault)? {
            0 => return Ok((bytes, hasher.finalize().into())),
            read => {
                hasher.update(&buffer[..read]);
                bytes += read as u64;
            }
        }
    }
}

fn remove_tree(directory: &Path) -> Result<(), Fault> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(io_fault("removing", directory, &error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// `NAME.SUFFIX` in the same directory, so that renaming stays on one file system.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    PathBuf::from(name)
}

fn sync(path: &Path) -> Result<(), Fault> {
    File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(|error| io_fault("syncing", path, &error))
}

fn io_fault(doing: &str, path: &Path, error: &io::Error) -> Fault {
    Fault::from_io(&format!("{doing} {}", path.display()), error)
}

fn damaged_backup(path: &Path, words: &str) -> Fault {
    Fault::new(
        FaultKind::StoreDamaged,
        format!("{} {words}", path.display()),
    )
}
