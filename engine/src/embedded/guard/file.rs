//! The guard's file: two slots, written in turn, so that a torn write leaves the other one whole.
//!
//! It is written in place, never replaced: so its inode and its birth stay those that are noted inside, and a copy
//! gives itself away.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use rustix::fs::{FlockOperation, flock};
use sha2::{Digest, Sha256};

use super::Word;

const MAGIC: [u8; 8] = *b"POLGUARD";
/// magic, number, inode, birth, floor, whether there is a word, the word, checksum
const SLOT_BYTES: usize = 8 + 8 + 8 + 8 + 8 + 1 + Word::BYTES + 32;
/// Slots lie in blocks of their own, because a torn write tears a block.
const SLOT_DISTANCE: u64 = 4_096;

/// Why a guard does not work. The node must not sign then, so it stops.
#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    /// The file cannot be read or written.
    #[error("the guard {path}: {source}", path = .0.display(), source = .1)]
    Io(PathBuf, #[source] io::Error),
    /// The file is none of ours, or both of its records are torn.
    #[error("the guard {path} is damaged: move it away, and the node watches three heights before it signs", path = .0.display())]
    Damaged(PathBuf),
    /// Another process signs with this key.
    #[error("the guard {path} is in use by another process", path = .0.display())]
    InUse(PathBuf),
}

#[derive(Debug)]
pub(super) struct GuardFile {
    path: PathBuf,
    file: File,
    number: u64,
}

pub(super) struct Opened {
    pub(super) file: GuardFile,
    pub(super) last: Option<Word>,
    pub(super) floor: u64,
    pub(super) is_trusted: bool,
}

struct Slot {
    number: u64,
    is_of_this_file: bool,
    floor: u64,
    last: Option<Word>,
}

impl GuardFile {
    pub(super) fn create(path: &Path) -> Result<(), GuardError> {
        let trouble = |error| GuardError::Io(path.to_owned(), error);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path);
        let file = match file {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
            Err(error) => return Err(trouble(error)),
        };
        let mut guard = GuardFile {
            path: path.to_owned(),
            file,
            number: 0,
        };
        guard.write(None, 0)?;
        match path.parent() {
            Some(directory) => File::open(directory)
                .and_then(|directory| directory.sync_all())
                .map_err(trouble),
            None => Ok(()),
        }
    }

    pub(super) fn open(path: &Path) -> Result<Opened, GuardError> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        GuardFile::open_by(path, &mut options)
    }

    /// Opens a file that is there, only to be read.
    pub(super) fn open_to_read(path: &Path) -> Result<Opened, GuardError> {
        GuardFile::open_by(path, &mut OpenOptions::new())
    }

    fn open_by(path: &Path, options: &mut OpenOptions) -> Result<Opened, GuardError> {
        let trouble = |error| GuardError::Io(path.to_owned(), error);
        let file = options.read(true).open(path).map_err(trouble)?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| GuardError::InUse(path.to_owned()))?;
        let is_new = file.metadata().map_err(trouble)?.len() == 0;
        let mut guard = GuardFile {
            path: path.to_owned(),
            file,
            number: 0,
        };
        if is_new {
            return Ok(Opened {
                file: guard,
                last: None,
                floor: 0,
                is_trusted: false,
            });
        }

        let slots = [guard.read_slot(0)?, guard.read_slot(1)?];
        let newest = slots
            .into_iter()
            .flatten()
            .max_by_key(|slot| slot.number)
            .ok_or_else(|| GuardError::Damaged(path.to_owned()))?;
        guard.number = newest.number;
        Ok(Opened {
            file: guard,
            last: newest.last,
            floor: newest.floor,
            is_trusted: newest.is_of_this_file,
        })
    }

    /// Writes a record and returns when the disk has it.
    pub(super) fn write(&mut self, last: Option<&Word>, floor: u64) -> Result<(), GuardError> {
        let (inode, birth) = self.identity()?;
        self.number += 1;
        let mut bytes = Vec::with_capacity(SLOT_BYTES);
        bytes.extend_from_slice(&MAGIC);
        for number in [self.number, inode, birth, floor] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        bytes.push(u8::from(last.is_some()));
        bytes.extend_from_slice(&last.map_or([0; Word::BYTES], Word::to_bytes));
        let checksum = Sha256::digest(&bytes);
        bytes.extend_from_slice(&checksum);

        let at = (self.number % 2) * SLOT_DISTANCE;
        self.file
            .write_all_at(&bytes, at)
            .and_then(|()| self.file.sync_data())
            .map_err(|error| GuardError::Io(self.path.clone(), error))
    }

    /// Makes this file the guard's own, whatever it was copied from: both slots.
    pub(super) fn trust(&mut self, last: Option<&Word>, floor: u64) -> Result<(), GuardError> {
        self.write(last, floor)?;
        self.write(last, floor)
    }

    fn read_slot(&self, place: u64) -> Result<Option<Slot>, GuardError> {
        let mut bytes = [0; SLOT_BYTES];
        match self.file.read_exact_at(&mut bytes, place * SLOT_DISTANCE) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(GuardError::Io(self.path.clone(), error)),
        }
        let (content, checksum) = bytes.split_at(SLOT_BYTES - 32);
        if !content.starts_with(&MAGIC) || Sha256::digest(content).as_slice() != checksum {
            return Ok(None);
        }

        let number = |at: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&content[at..at + 8]);
            u64::from_be_bytes(bytes)
        };
        let mut word = [0; Word::BYTES];
        word.copy_from_slice(&content[41..]);
        let last = match content[40] {
            0 => None,
            _ => Some(
                Word::from_bytes(&word).ok_or_else(|| GuardError::Damaged(self.path.clone()))?,
            ),
        };
        Ok(Some(Slot {
            number: number(8),
            is_of_this_file: (number(16), number(24)) == self.identity()?,
            floor: number(32),
            last,
        }))
    }

    /// What a copy of the file does not have. The birth is zero where the file system notes none.
    fn identity(&self) -> Result<(u64, u64), GuardError> {
        let trouble = |error| GuardError::Io(self.path.clone(), error);
        let metadata = self.file.metadata().map_err(trouble)?;
        let birth = metadata
            .created()
            .ok()
            .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
            .map_or(0, |time| time.as_nanos() as u64);
        Ok((metadata.ino(), birth))
    }
}
