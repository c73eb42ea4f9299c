//! A transaction as the pool knows it: bytes, and what is said about them.

use std::fmt;
use std::time::Instant;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::application::TxResult;
use crate::embedded::NodeId;

/// The SHA-256 of the whole envelope, signatures included: one body under another signature is another transaction.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TxId(pub [u8; 32]);

impl TxId {
    /// The id of a transaction's bytes.
    #[must_use]
    pub fn of(transaction: &[u8]) -> Self {
        Self(Sha256::digest(transaction).into())
    }
}

impl fmt::Display for TxId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for TxId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// By which way a transaction came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Through this node's own gateway.
    Here,
    /// From another node.
    Peer(NodeId),
}

/// A transaction that waits for a block.
#[derive(Clone, Debug)]
pub(in crate::embedded) struct Entry {
    pub(in crate::embedded) id: TxId,
    pub(in crate::embedded) transaction: Bytes,
    pub(in crate::embedded) lane: Bytes,
    pub(in crate::embedded) valid_until: Option<i64>,
    pub(in crate::embedded) origin: Origin,
    pub(in crate::embedded) since: Instant,
}

impl Entry {
    /// Its size inside a block.
    pub(in crate::embedded) fn bytes(&self) -> u64 {
        block_bytes(&self.transaction)
    }
}

/// The size of a transaction inside a block, as protobuf counts it: its own bytes, a tag, its length as a varint.
pub(super) fn block_bytes(transaction: &[u8]) -> u64 {
    (1 + prost::length_delimiter_len(transaction.len()) + transaction.len()) as u64
}

/// Why the pool did not take a transaction. What the application refuses is no such case: that is a [`TxResult`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// It waits, is being checked, or stands in a block. Sending it again did no harm.
    #[error("already_known: the transaction waits, is being checked, or stands in a block")]
    AlreadyKnown,
    /// No block could carry it.
    #[error("too_large: the transaction has {bytes} bytes, more than the {bytes_max} of the pool")]
    TooLarge {
        /// Its bytes.
        bytes: usize,
        /// The bound.
        bytes_max: usize,
    },
    /// The pool is full of transactions whose turn comes earlier.
    #[error("pool_full: {transactions} transactions of {bytes} bytes wait, and come first")]
    PoolFull {
        /// Transactions that wait.
        transactions: usize,
        /// Their bytes.
        bytes: u64,
    },
    /// The sender's own share of the pool is full.
    #[error("lane_full: {transactions} transactions of {bytes} bytes of this sender wait already")]
    LaneFull {
        /// Transactions of the sender that wait.
        transactions: usize,
        /// Their bytes.
        bytes: u64,
    },
    /// More bytes wait for their check than the node holds.
    #[error("pool_busy: too much waits for its check; try again")]
    Busy,
    /// The node stops.
    #[error("stopping: the node stops")]
    Stopping,
}

/// Why the pool let a transaction go that it had taken, without a block.
pub(super) enum DropReason {
    /// The pool was full, and of all that waited its turn was the last.
    PoolFull,
    /// Block time passed its end.
    Expired,
    /// It no longer passes the door.
    Refused(TxResult),
}

impl fmt::Display for DropReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DropReason::PoolFull => formatter.write_str("pool_full"),
            DropReason::Expired => formatter.write_str("expired"),
            DropReason::Refused(result) => {
                write!(formatter, "refused, code {}: {}", result.code, result.log)
            }
        }
    }
}
