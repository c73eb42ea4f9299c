//! Consensus' write-ahead log: in Malachite's format and by its reader and writer, but on the disk no more often than it
//! must be.
//!
//! After a restart a validator must know by what it is bound. So whatever led to a word of its own is on the disk before
//! that word leaves, and this is what Malachite asks for when it publishes one. It asks for the same where a round starts
//! and where a height is decided, and empties the log for each height. None of that binds anybody: a height that comes
//! from a peer with its decision leaves no trace here at all, and what others said after our own last word may be lost
//! with the power, because they say it again. A death of the process loses nothing: the system has the bytes.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use malachitebft_app_channel::app::consensus::Input;
use malachitebft_app_channel::app::engine::wal::{Msg, WalRef, decode_entry, encode_entry};
use malachitebft_app_channel::app::types::core::ValueOrigin;
use malachitebft_app_channel::app::wal::Storage;
use malachitebft_app_channel::app::wal::log::{Log, constants::HEADER_SIZE};
use ractor::{Actor, ActorProcessingErr, ActorRef};

use super::codec::Protobuf;
use super::context::EmbeddedContext;
use super::trouble::Trouble;
use crate::embedded::canonical::{Address, BlockId};
use crate::embedded::start::StartError;

/// An entry as it is replayed.
type Entry = io::Result<Input<EmbeddedContext>>;

/// Whether the store has what the log may name: asked when a height starts again.
pub(in crate::embedded) type HasBlock = Box<dyn Fn(u64, &BlockId) -> io::Result<bool> + Send>;

/// Opens the log of a validator and starts whoever writes it.
pub(super) async fn start(
    path: PathBuf,
    own: Address,
    has_block: HasBlock,
    trouble: Trouble,
) -> Result<WalRef<EmbeddedContext>, StartError> {
    let writer = Writer {
        path: path.clone(),
        trouble,
    };
    let journal = {
        let path = path.clone();
        tokio::task::spawn_blocking(move || Journal::open(&path, own, has_block))
    };
    let journal = journal
        .await
        .map_err(|error| StartError::Other(error.to_string()))?
        .map_err(|error| match error.kind() {
            // The file can be read, and what stands in it is no log.
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                StartError::Other(format!("{}: {error}", path.display()))
            }
            _ => StartError::Disk(path, error),
        })?;
    let (writer, _) = Actor::spawn(None, writer, journal)
        .await
        .map_err(|error| StartError::Other(error.to_string()))?;
    Ok(writer)
}

/// Answers Malachite.
struct Writer {
    path: PathBuf,
    trouble: Trouble,
}

#[async_trait]
impl Actor for Writer {
    type Msg = Msg<EmbeddedContext>;
    type State = Journal;
    type Arguments = Journal;

    async fn pre_start(
        &self,
        _myself: ActorRef<Self::Msg>,
        journal: Journal,
    ) -> Result<Journal, ActorProcessingErr> {
        Ok(journal)
    }

    async fn handle(
        &self,
        _myself: ActorRef<Self::Msg>,
        message: Self::Msg,
        journal: &mut Journal,
    ) -> Result<(), ActorProcessingErr> {
        // A reply that nobody waits for any more is no trouble: consensus is gone then.
        match message {
            Msg::StartedHeight(height, reply) => {
                let _ = reply.send(journal.start(height.0).map_err(Into::into));
            }
            Msg::Reset(height, reply) => {
                journal.restart(height.0);
                let _ = reply.send(Ok(()));
            }
            Msg::Append(height, entry, reply) => {
                let written = self.told(journal.append(height.0, entry));
                let _ = reply.send(written.map_err(Into::into));
            }
            Msg::Flush(reply) => {
                let written = self.told(journal.flush().await);
                let _ = reply.send(written.map_err(Into::into));
            }
            Msg::Dump => {}
        }
        Ok(())
    }
}

impl Writer {
    fn told(&self, written: io::Result<()>) -> io::Result<()> {
        written.inspect_err(|error| self.trouble.tell(&self.path, error))
    }
}

struct Journal {
    log: Log<Unhurried>,
    /// The same file, by which it is brought to the disk.
    disk: Arc<File>,
    own: Address,
    has_block: HasBlock,
    height: u64,
    /// The file still holds what an earlier height left.
    is_of_another_height: bool,
    /// It holds a word of our own that may not be on the disk yet.
    is_owed: bool,
    /// What it says of blocks: whoever sends one again makes it no longer.
    of_blocks: BTreeSet<Vec<u8>>,
}

impl Journal {
    fn open(path: &Path, own: Address, has_block: HasBlock) -> io::Result<Self> {
        let log = Log::open(path)?;
        let disk = File::open(path)?;
        disk.sync_all()?;
        Ok(Self {
            log,
            disk: Arc::new(disk),
            own,
            has_block,
            height: 0,
            is_of_another_height: false,
            is_owed: false,
            of_blocks: BTreeSet::new(),
        })
    }

    /// What was said at a height that starts again; nothing at one that starts for the first time.
    fn start(&mut self, height: u64) -> io::Result<Vec<Entry>> {
        if self.height == height {
            return Ok(Vec::new());
        }
        if self.log.sequence() != height {
            self.restart(height);
            return Ok(Vec::new());
        }
        let entries = self.entries()?;
        for entry in &entries {
            if self.is_of_lost_block(height, entry)? {
                tracing::warn!(
                    height,
                    "the store has lost a block that consensus' write-ahead log speaks of: the height comes from the \
                     others, and the guard still knows what was signed"
                );
                self.restart(height);
                return Ok(Vec::new());
            }
        }
        self.height = height;
        Ok(entries)
    }

    /// A block that may be voted for is on the disk before consensus learns of it. Where it is not there any more, the
    /// store was torn, and whoever followed the log would decide on what is not there.
    fn is_of_lost_block(&self, height: u64, entry: &Entry) -> io::Result<bool> {
        match entry {
            Ok(Input::ProposedValue(proposed, _)) if proposed.validity.is_valid() => {
                (self.has_block)(height, &proposed.value).map(|has| !has)
            }
            _ => Ok(false),
        }
    }

    /// Begins a height of which nothing was said yet: its first entry takes the place of whatever is there.
    fn restart(&mut self, height: u64) {
        self.height = height;
        self.is_of_another_height = true;
        self.is_owed = false;
        self.of_blocks.clear();
    }

    fn append(&mut self, height: u64, entry: Input<EmbeddedContext>) -> io::Result<()> {
        // A block that came with its decision comes again with it after a restart.
        if height != self.height || matches!(entry, Input::ProposedValue(_, ValueOrigin::Sync)) {
            return Ok(());
        }
        let speaker = match &entry {
            Input::Vote(vote) => Some(vote.message.address),
            Input::Proposal(proposal) => Some(proposal.message.address),
            _ => None,
        };
        let is_of_block = matches!(entry, Input::ProposedValue(..));
        let mut bytes = Vec::new();
        encode_entry(entry, &Protobuf::default(), &mut bytes)?;
        if is_of_block && !self.of_blocks.insert(bytes.clone()) {
            return Ok(());
        }
        if self.is_of_another_height {
            self.log.reset(height)?;
            self.is_of_another_height = false;
        }
        self.log.append(&bytes)?;
        self.is_owed |= speaker == Some(self.own);
        Ok(())
    }

    async fn flush(&mut self) -> io::Result<()> {
        if self.is_owed {
            let disk = Arc::clone(&self.disk);
            tokio::task::spawn_blocking(move || disk.sync_data())
                .await
                .map_err(io::Error::other)??;
            self.is_owed = false;
        }
        Ok(())
    }

    /// All entries up to the first that cannot be read, which is told too.
    fn entries(&mut self) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for bytes in self.log.iter()? {
            let entry =
                bytes.and_then(|bytes| decode_entry(&Protobuf::default(), io::Cursor::new(bytes)));
            let is_broken = entry.is_err();
            entries.push(entry);
            if is_broken {
                break;
            }
        }
        Ok(entries)
    }
}

/// A file that its writer cannot sync: when to sync is not for the format to say.
struct Unhurried(File);

impl Storage for Unhurried {
    type OpenOptions = ();

    fn open_with(path: impl AsRef<Path>, options: ()) -> io::Result<Self> {
        let file = <File as Storage>::open_with(path, options)?;
        // Whoever was killed while it was made left a piece of its head, and nothing else.
        if (1..HEADER_SIZE).contains(&file.size_bytes()?) {
            file.set_len(0)?;
        }
        Ok(Self(file))
    }

    fn size_bytes(&self) -> io::Result<u64> {
        self.0.size_bytes()
    }

    fn truncate_to(&mut self, size: u64) -> io::Result<()> {
        self.0.truncate_to(size)
    }

    fn sync_all(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Unhurried {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Unhurried {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Write::flush(&mut self.0)
    }
}

impl Seek for Unhurried {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

#[cfg(test)]
mod tests;
