//! Snapshots, by which a new node starts from a recent state instead of from genesis.

use bytes::Bytes;

/// A snapshot that a node can give.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Height whose state it holds.
    pub height: u64,
    /// The application's number for the format.
    pub format: u32,
    /// Number of its chunks.
    pub chunks: u32,
    /// Identifies its content.
    pub hash: Bytes,
    /// Anything that the application needs beside it.
    pub metadata: Bytes,
}

/// The answer to an offered snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfferVerdict {
    /// Taken: its chunks may come.
    Accept,
    /// No snapshot at all shall be used.
    Abort,
    /// Not this one.
    Reject,
    /// None of this format.
    RejectFormat,
    /// None from these senders.
    RejectSender,
}

/// A chunk to apply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApplyChunk {
    /// Its position within the snapshot, from 0.
    pub index: u32,
    /// Its bytes, unjudged.
    pub chunk: Bytes,
    /// The peer that sent it.
    pub sender: String,
}

/// The answer to a chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplyChunkResult {
    /// How to go on.
    pub verdict: ApplyVerdict,
    /// Chunks to fetch again.
    pub refetch_chunks: Vec<u32>,
    /// Senders to ask no more.
    pub reject_senders: Vec<String>,
}

/// How to go on after a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplyVerdict {
    /// Applied.
    Accept,
    /// No snapshot at all shall be used.
    Abort,
    /// Try this chunk again.
    Retry,
    /// Start this snapshot again.
    RetrySnapshot,
    /// Try another snapshot.
    RejectSnapshot,
}
