//! The guard against signing twice.
//!
//! It remembers the newest thing that this validator's key signed, in a file beside the key and outside of the data,
//! and has the record on the disk before a signature leaves. What is older than the record, or contradicts it, is not
//! signed: not after a restart, not over an emptied log, not over data from yesterday.
//!
//! A file that was copied or restored may be older than the key's last signature, so it is not trusted: its inode and
//! its birth are inside it, and a copy has others. Nor is a missing one. An untrusted guard signs nothing until it has
//! seen this network decide heights while it watched, and then only above them: before, nobody could have been there
//! to sign. Where that cannot happen, because too many are in this state, somebody who knows vouches for the file.

mod file;
mod word;

use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

pub use file::GuardError;
pub use word::{Step, Word};

use file::{GuardFile, Opened};

/// The guard of one key.
#[derive(Debug)]
pub struct Guard {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    file: GuardFile,
    last: Option<Word>,
    // Nothing at or below this height is signed, whatever `last` says.
    floor: u64,
    is_trusted: bool,
    refusals: u64,
    // Whether it was said already that this validator comes to heights that its key signed before.
    is_told: bool,
}

/// What the guard shows of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GuardState {
    /// Whether it signs at all; an untrusted guard watches first.
    pub is_trusted: bool,
    /// Height of the newest signature.
    pub height: u64,
    /// Nothing at or below this height is signed.
    pub floor: u64,
    /// Signatures that it refused since the start.
    pub refusals: u64,
}

impl Guard {
    /// Makes the guard of a key that has signed nothing yet: only together with the key itself. A guard that is there
    /// already is kept.
    pub fn create(path: &Path) -> Result<(), GuardError> {
        GuardFile::create(path)
    }

    /// Opens the guard of a key; one that is missing is made, and not trusted.
    pub fn open(path: &Path) -> Result<Guard, GuardError> {
        let guard = Guard::of(GuardFile::open(path)?);
        if !guard.is_trusted() {
            tracing::warn!(
                file = %path.display(),
                "the guard against signing twice was copied, restored or lost: this validator watches three heights before it signs; where no height comes, `polityd guard` says what to do"
            );
        }
        Ok(guard)
    }

    /// What a guard shows of itself that no process uses, also where its file cannot be written.
    pub fn read(path: &Path) -> Result<GuardState, GuardError> {
        Ok(Guard::of(GuardFile::open_to_read(path)?).state())
    }

    fn of(opened: Opened) -> Guard {
        let Opened {
            file,
            last,
            floor,
            is_trusted,
        } = opened;
        Guard {
            inner: Mutex::new(Inner {
                file,
                last,
                floor,
                is_trusted,
                refusals: 0,
                is_told: false,
            }),
        }
    }

    /// Whether this may be signed. What is permitted is on the disk when this returns.
    pub fn permit(&self, word: &Word) -> Result<bool, GuardError> {
        let mut inner = self.lock();
        let is_new = inner.last.as_ref().is_none_or(|last| word.is_after(last));
        let is_repeated = inner.last.as_ref() == Some(word);
        if !inner.is_trusted || word.height <= inner.floor || !(is_new || is_repeated) {
            inner.refusals += 1;
            inner.tell_refusal(word);
            return Ok(false);
        }
        inner.is_told = false;
        if is_new {
            let floor = inner.floor;
            inner.file.write(Some(word), floor)?;
            inner.last = Some(word.clone());
        }
        Ok(true)
    }

    /// Whether anything of this height could be signed now. What could not stays here, and need not outlive this process.
    #[must_use]
    pub fn may_sign_at(&self, height: u64) -> bool {
        let inner = self.lock();
        let last = inner.last.as_ref().map_or(0, |last| last.height);
        inner.is_trusted && height > inner.floor && height >= last
    }

    /// Whether the newest thing that this key signed is of this height.
    #[must_use]
    pub fn has_spoken_at(&self, height: u64) -> bool {
        let inner = self.lock();
        inner
            .last
            .as_ref()
            .is_some_and(|last| last.height == height)
    }

    /// The network decided this height while this node watched: what is above it was never signed by this key.
    pub fn watched(&self, height: u64) -> Result<(), GuardError> {
        let mut inner = self.lock();
        if inner.is_trusted {
            return Ok(());
        }
        let last = inner.last.clone();
        inner.file.trust(last.as_ref(), height)?;
        inner.floor = height;
        inner.is_trusted = true;
        tracing::info!(height, "the guard signs from the next height on");
        Ok(())
    }

    /// Somebody vouches that this key signed nothing that the file does not tell, or nothing above `floor`; from there on
    /// it signs.
    pub fn vouch(&self, floor: u64) -> Result<(), GuardError> {
        let mut inner = self.lock();
        let (last, floor) = (inner.last.clone(), inner.floor.max(floor));
        inner.file.trust(last.as_ref(), floor)?;
        inner.floor = floor;
        inner.is_trusted = true;
        Ok(())
    }

    /// The chain goes on as another one, and these heights are the new chain's: what was said of them was said of the ended
    /// one, and contradicts nothing there. An untrusted guard stays as it is.
    pub fn forget_ended(&self, heights: &RangeInclusive<u64>) -> Result<(), GuardError> {
        let mut inner = self.lock();
        let newest = inner.last.as_ref().map_or(0, |last| last.height);
        if !inner.is_trusted || !heights.contains(&newest.max(inner.floor)) {
            return Ok(());
        }
        let floor = heights.start().saturating_sub(1);
        inner.file.trust(None, floor)?;
        inner.last = None;
        inner.floor = floor;
        Ok(())
    }

    /// Whether it signs.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        self.lock().is_trusted
    }

    /// What it shows of itself.
    #[must_use]
    pub fn state(&self) -> GuardState {
        let inner = self.lock();
        GuardState {
            is_trusted: inner.is_trusted,
            height: inner.last.as_ref().map_or(0, |last| last.height),
            floor: inner.floor,
            refusals: inner.refusals,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Says why nothing is signed: once while the node catches up over what the key signed before.
    fn tell_refusal(&mut self, word: &Word) {
        // An untrusted guard said already that it only watches.
        if !self.is_trusted {
            return;
        }
        let signed = self.last.as_ref().map_or(0, |last| last.height);
        if word.height > self.floor && word.height >= signed {
            tracing::warn!(?word, last = ?self.last, "not signed: it could contradict what this key signed before");
        } else if !self.is_told {
            self.is_told = true;
            tracing::warn!(
                height = word.height,
                signs_from = self.floor.max(signed) + 1,
                "this node comes again to heights that its key has signed, as after its data was emptied: it signs nothing there"
            );
        }
    }
}

#[cfg(test)]
mod tests;
