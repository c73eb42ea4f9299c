//! Backups: a consistent copy of a running store with a list of its files and their hashes, and the way back.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::files::{
    ListedFile, beside, copy_file, file_names, hash_file, io_fault, put_in_place, remove_tree,
    require_empty,
};
use super::format::FORMAT_FILE;
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

impl Store {
    /// Writes a consistent copy of the store into `target`, which must not exist or be empty. Commits go on meanwhile.
    /// Every byte is copied, so that no bad sector is in both, and the copy is read whole before it counts.
    ///
    /// # Errors
    /// `Usage` if the target is in use, `StoreDamaged` if the store cannot be read as it was written, `Io` also where the
    /// target's disk does not keep what it is given, `DiskFull`.
    /// The store itself is untouched by any of them.
    pub fn back_up(&self, target: &Path) -> Result<BackupSummary, Fault> {
        require_empty(target)?;
        let partial = beside(target, "partial");
        remove_tree(&partial)?;
        fs::create_dir_all(&partial).map_err(|error| io_fault("preparing", &partial, &error))?;

        // Links, which hold the files still while they are copied.
        let held = held(self.directory());
        remove_tree(&held)?;
        self.rocks.checkpoint(&held)?;
        let copied = self.copy(&held, &partial);
        remove_tree(&held)?;
        let copied = copied?;
        let list = describe(&partial, copied.clone()).map_err(|fault| match fault.kind() {
            FaultKind::StoreDamaged => damaged_where(self.directory(), &partial, &copied, &fault),
            _ => fault,
        })?;
        write_list(&partial, &list)?;
        crash_point::reach(CrashPoint::BackupBeforeRename);
        put_in_place(&partial, target)?;
        summary(&list)
    }

    /// Copies a checkpoint's files and the store's form into a directory.
    fn copy(&self, held: &Path, partial: &Path) -> Result<Vec<ListedFile>, Fault> {
        let names = file_names(held)?;
        let mut sources: Vec<PathBuf> = names.iter().map(|name| held.join(name)).collect();
        sources.push(self.directory().join(FORMAT_FILE));
        let bytes = sources
            .iter()
            .map(|file| fs::metadata(file).map_or(0, |file| file.len()));
        super::free_space_check(partial, bytes.sum())?;

        let copies = sources.iter().map(|source| {
            let name = source.file_name().unwrap_or_default();
            // The links are gone when somebody looks for what is told.
            let known = self.directory().join(name);
            let read = copy_file(source, &known, &partial.join(name))?;
            Ok(ListedFile::new(name.to_string_lossy().into_owned(), read))
        });
        copies.collect()
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
/// `StoreDamaged` if the backup is not as it was written, `Usage` if there is none or `directory` is in use, `Io` and
/// `DiskFull`. `directory` stays empty then.
pub fn restore(
    backup: &Path,
    directory: &Path,
    options: StoreOptions,
) -> Result<(BackupSummary, CheckReport), Fault> {
    restore_after(backup, directory, options, || Ok(()))
}

/// The same; `before` is called once the store is whole and verified, and before it has its place. Where that fails there
/// is no store.
pub(crate) fn restore_after(
    backup: &Path,
    directory: &Path,
    options: StoreOptions,
    before: impl FnOnce() -> Result<(), Fault>,
) -> Result<(BackupSummary, CheckReport), Fault> {
    require_empty(directory)?;
    let list = read_verified_list(backup)?;
    let summary = summary(&list)?;
    let partial = restoring(directory);
    remove_tree(&partial)?;
    fs::create_dir_all(&partial).map_err(|error| io_fault("making", &partial, &error))?;
    super::free_space_check(
        &partial,
        options.free_bytes_min.saturating_add(summary.bytes),
    )?;

    for file in &list.files {
        let listed = backup.join(&file.name);
        let copied = copy_file(&listed, &listed, &partial.join(&file.name))?;
        require_listed(file, copied, &listed)?;
    }
    let store = Store::open(&partial, options)?;
    let report = store.check()?;
    require_same(&summary, &store)?;
    drop(store);
    before()?;
    crash_point::reach(CrashPoint::RestoreBeforeRename);
    put_in_place(&partial, directory)?;
    Ok((summary, report))
}

/// Where a store's files are held still. They keep their space on the disk also where the store has replaced them, so what
/// a crash leaves is removed at the next start.
pub(super) fn held(store: &Path) -> PathBuf {
    beside(store, "held")
}

/// Where a store, or what belongs to it, is made whole before it takes this name. It is left by a restore that ends before.
pub(crate) fn restoring(path: &Path) -> PathBuf {
    beside(path, "restoring")
}

/// Lists the files of a copy, and reads it whole: what it says of itself is true, or it is no backup.
fn describe(copy: &Path, files: Vec<ListedFile>) -> Result<List, Fault> {
    // Opening would change the listed files; so a look into a copy made of links.
    let look = beside(copy, "look");
    remove_tree(&look)?;
    fs::create_dir_all(&look).map_err(|error| io_fault("making", &look, &error))?;
    for file in &files {
        let (from, to) = (copy.join(&file.name), look.join(&file.name));
        let linked = if file.name.ends_with(".sst") {
            fs::hard_link(&from, &to)
        } else {
            fs::copy(&from, &to).map(drop)
        };
        linked.map_err(|error| io_fault("writing", &to, &error))?;
    }
    let store = Store::open(&look, StoreOptions::default())?;
    store.check()?;
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

/// Whose disk is at fault where the copy of a store shows damage. The list has the hashes of what the store gave: a
/// copy with others was not kept as it was written, and one with these is as damaged as the store.
fn damaged_where(store: &Path, copy: &Path, files: &[ListedFile], fault: &Fault) -> Fault {
    for file in files {
        let path = copy.join(&file.name);
        if hash_file(&path).is_ok_and(|read| require_listed(file, read, &path).is_err()) {
            let words = format!(
                "{} does not read as it was written: its disk keeps something else, and the store is not to blame",
                path.display()
            );
            return Fault::new(FaultKind::Io, words);
        }
    }
    let words = format!(
        "the store {} is not as it was written, as its copy shows: {}",
        store.display(),
        fault.words()
    );
    Fault::new(FaultKind::StoreDamaged, words)
}

fn read_verified_list(backup: &Path) -> Result<List, Fault> {
    let path = backup.join(LIST_NAME);
    let file = File::open(&path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            let words = format!("{} is no backup: it holds no {LIST_NAME}", backup.display());
            Fault::new(FaultKind::Usage, words)
        }
        _ => io_fault("reading", &path, &error),
    })?;
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
        let path = backup.join(&listed.name);
        require_listed(listed, hash_file(&path)?, &path)?;
    }
    match present.first() {
        Some(name) => Err(damaged_backup(&backup.join(name), "is not listed")),
        None => Ok(list),
    }
}

fn require_listed(listed: &ListedFile, read: (u64, Hash), path: &Path) -> Result<(), Fault> {
    if ListedFile::new(listed.name.clone(), read) == *listed {
        Ok(())
    } else {
        Err(damaged_backup(path, "is not as it was written"))
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

fn damaged_backup(path: &Path, words: &str) -> Fault {
    Fault::new(
        FaultKind::StoreDamaged,
        format!("{} {words}", path.display()),
    )
}

#[cfg(test)]
mod tests {
    use super::super::sample::{commit_up_to, file_ending, flip_byte, options};
    use super::*;

    #[test]
    fn a_disk_that_keeps_something_else_than_it_is_given_is_not_the_store_s_fault() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let store = Store::open(&path("store"), options()).unwrap();
        commit_up_to(&store, 5);
        store.back_up(&path("backup")).unwrap();
        let files = read_verified_list(&path("backup")).unwrap().files;
        let found = Fault::new(FaultKind::StoreDamaged, "a stored leaf");
        let blamed = || damaged_where(&path("store"), &path("backup"), &files, &found);

        assert_eq!(blamed().kind(), FaultKind::StoreDamaged);
        let table = file_ending(&path("backup"), ".sst");
        flip_byte(&table, 50);
        let fault = blamed();
        assert_eq!(fault.kind(), FaultKind::Io);
        assert!(
            fault.words().starts_with(&table.display().to_string()),
            "{fault}"
        );
    }
}
