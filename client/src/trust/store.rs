//! Believed headers kept between two runs: `HOME/trust/ROOT/HEIGHT.json`, and the hashes of more of them (`links`).
//!
//! A file is written whole under another name and then renamed, and its content is a function of
//! root and height; so two processes with one home do not disturb each other. What cannot be written is no reason not to
//! read: then the next run knows less of what this one saw.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::block::LightBlock;
use super::root::TrustRoot;
use super::verify::whole;
use crate::{Error, Result, files};

/// How many headers are kept: the root's and the newest.
const BLOCKS_MAX: usize = 64;

/// No process takes longer to write one file.
const WRITE_MAX: Duration = Duration::from_secs(60 * 60);

/// The file of hashes.
const LINKS: &str = "links";

/// The largest file that is written or read back.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Where the believed headers of one root are kept.
#[derive(Clone, Debug)]
pub struct TrustStore {
    directory: PathBuf,
    chain_id: String,
    /// Why the first of what was not kept was not, by this or a copy of it.
    unkept: Arc<OnceLock<Error>>,
}

impl TrustStore {
    /// The headers in `home` that were verified from `root`.
    #[must_use]
    pub fn in_home(home: &Path, root: &TrustRoot) -> Self {
        Self {
            directory: home.join("trust").join(root.fingerprint()),
            chain_id: root.chain_id().to_owned(),
            unkept: Arc::default(),
        }
    }

    /// Those that were verified from another root, in the same home.
    pub(super) fn of_root(&self, root: &TrustRoot) -> Self {
        Self {
            directory: self.directory.with_file_name(root.fingerprint()),
            chain_id: root.chain_id().to_owned(),
            unkept: self.unkept.clone(),
        }
    }

    /// What is kept, by rising height. A file that is not in one piece is passed over: what it
    /// held is verified anew.
    pub(super) fn load(&self) -> Result<Vec<LightBlock>> {
        let heights = self.heights()?;
        Ok(heights.into_iter().filter_map(|h| self.read(h)).collect())
    }

    /// Why something could not be kept.
    pub(super) fn unkept(&self) -> Option<&Error> {
        self.unkept.get()
    }

    /// Keeps one more believed header.
    pub(super) fn keep(&self, block: &LightBlock) {
        let kept = serde_json::to_vec(block)
            .map_err(|error| Error::trouble("a header cannot be kept").with_source(error))
            .and_then(|bytes| self.keep_bytes(block.height(), &bytes));
        self.note(kept);
    }

    /// The hashes that were kept, a line each.
    pub(super) fn links(&self) -> Result<String> {
        match fs::read(self.directory.join(LINKS)) {
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            Err(error) => Err(self.cannot("read", error)),
        }
    }

    /// Adds to them. Another process may add its own meanwhile, the same perhaps.
    pub(super) fn add_link(&self, line: &str) {
        let path = self.directory.join(LINKS);
        let added = self
            .make_directory()
            .and_then(|()| OpenOptions::new().append(true).create(true).open(path))
            .and_then(|mut file| file.write_all(line.as_bytes()))
            .map_err(|error| self.cannot("write to", error));
        self.note(added);
    }

    fn note(&self, kept: Result<()>) {
        if let Err(error) = kept {
            // Of several the first is told.
            let _ = self.unkept.set(error);
        }
    }

    fn keep_bytes(&self, height: u64, bytes: &[u8]) -> Result<()> {
        if bytes.len() as u64 > FILE_BYTES_MAX {
            return Ok(());
        }

        self.write(height, bytes)
            .map_err(|error| self.cannot("write to", error))?;
        self.prune()
    }

    fn read(&self, height: u64) -> Option<LightBlock> {
        let mut bytes = Vec::new();
        let file = File::open(self.path(height)).ok()?;
        file.take(FILE_BYTES_MAX).read_to_end(&mut bytes).ok()?;
        let block: LightBlock = serde_json::from_slice(&bytes).ok()?;

        let ours = block.height() == height
            && block.signed_header().header.chain_id.as_str() == self.chain_id;
        (ours && whole(&block)).then_some(block)
    }

    fn write(&self, height: u64, bytes: &[u8]) -> io::Result<()> {
        static WRITES: AtomicU64 = AtomicU64::new(0);

        self.make_directory()?;
        let write = WRITES.fetch_add(1, Ordering::Relaxed);
        let fresh = format!(".{height}.{}.{write}", std::process::id());
        // A height that is known and forgotten again would let a node show the past as the present.
        files::put(
            &self.path(height),
            &self.directory.join(fresh),
            0o644,
            bytes,
        )
    }

    fn make_directory(&self) -> io::Result<()> {
        if self.directory.is_dir() {
            return Ok(());
        }
        let mut builder = DirBuilder::new();
        builder
            .recursive(true)
            .mode(0o700)
            .create(&self.directory)?;
        let mut made = self.directory.ancestors().take(2);
        made.try_for_each(files::sync_parent)
    }

    /// Removes headers beyond those that are kept, and what processes that died left half written.
    fn prune(&self) -> Result<()> {
        let heights = self.heights()?;
        let surplus = heights.len().saturating_sub(BLOCKS_MAX);
        let surplus = heights.iter().skip(1).take(surplus);
        let mut surplus: Vec<PathBuf> = surplus.map(|height| self.path(*height)).collect();
        let written = self.names()?.filter(|name| name.starts_with('.'));
        let written = written.map(|name| self.directory.join(name));
        surplus.extend(written.filter(|path| is_left_over(path)));
        for path in surplus {
            match fs::remove_file(path) {
                // Another process may have been quicker.
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(self.cannot("prune", error));
                }
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    fn heights(&self) -> Result<Vec<u64>> {
        let stems = self.names()?;
        let heights = stems.filter_map(|name| name.strip_suffix(".json")?.parse().ok());
        let mut heights: Vec<u64> = heights.collect();
        heights.sort_unstable();
        Ok(heights)
    }

    /// The names of all files.
    fn names(&self) -> Result<impl Iterator<Item = String> + use<>> {
        let entries = match fs::read_dir(&self.directory) {
            Ok(entries) => entries.collect::<io::Result<Vec<_>>>(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        };
        let entries = entries
            .map_err(|error| self.cannot("read", error))?
            .into_iter();
        Ok(entries.filter_map(|entry| entry.file_name().into_string().ok()))
    }

    fn path(&self, height: u64) -> PathBuf {
        self.directory.join(format!("{height}.json"))
    }

    fn cannot(&self, verb: &str, error: io::Error) -> Error {
        Error::trouble(format!("cannot {verb} {}", self.directory.display())).with_source(error)
    }
}

/// Whether a file is older than any process takes to write it.
fn is_left_over(path: &Path) -> bool {
    let modified = fs::metadata(path).and_then(|file| file.modified());
    modified.is_ok_and(|modified| modified.elapsed().is_ok_and(|age| age > WRITE_MAX))
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::recorded::{chain, genesis_root, light_block};

    #[test]
    fn what_a_process_that_died_left_half_written_is_removed_and_what_one_writes_is_not() {
        let home = tempfile::tempdir().expect("a directory");
        let store = TrustStore::in_home(home.path(), &genesis_root());
        store.keep(&light_block(&chain(), 1));
        let written = |name: &str, modified: SystemTime| {
            let file = File::create(store.directory.join(name)).expect("made");
            file.set_modified(modified).expect("set");
        };
        let now = SystemTime::now();
        written(".2.4711.0", now - 2 * WRITE_MAX);
        written(".2.4712.0", now);
        written("links", now - 2 * WRITE_MAX);

        store.keep(&light_block(&chain(), 2));

        assert!(store.unkept().is_none());
        let mut names: Vec<String> = store.names().expect("names").collect();
        names.sort_unstable();
        assert_eq!(names, [".2.4712.0", "1.json", "2.json", "links"]);
    }
}
