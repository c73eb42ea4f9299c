//! What nodes say to each other: a length of four bytes, then one of four things.
//!
//! ```text
//! length u32 │ 0 │ height u64                     I am still here, and this is my newest height
//!            │ 1 │ (length u32 │ transaction)…     take these
//!            │ 2 │ id…                             I have these, of 32 bytes each
//!            │ 3 │ id…                             give me these
//! ```
//!
//! Numbers are big-endian. Every bound is looked at before anything of that size is kept.

use std::io;

use bytes::Bytes;
use libp2p::futures::AsyncReadExt;

use super::secure::Reader;
use crate::embedded::pool::TxId;

/// Bytes of a frame after its length: two of the largest transactions.
pub(super) const FRAME_BYTES_MAX: usize = (2 << 20) + 64;
/// Transactions of a frame.
pub(super) const TRANSACTIONS_MAX: usize = 4_096;
/// Ids of a frame.
pub(super) const IDS_MAX: usize = 8_192;

const LENGTH_BYTES: usize = 4;
const ID_BYTES: usize = 32;
const ALIVE: u8 = 0;
const TRANSACTIONS: u8 = 1;
const HAVE: u8 = 2;
const WANT: u8 = 3;

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    Alive(u64),
    Transactions(Vec<Bytes>),
    Have(Vec<TxId>),
    Want(Vec<TxId>),
}

/// Bytes that no correct node sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum FrameError {
    #[error("a frame of {0} bytes")]
    Length(usize),
    #[error("a frame of unknown kind {0}")]
    Kind(u8),
    #[error("more in one frame than is allowed")]
    TooMany,
    #[error("a frame that does not end where its parts end")]
    Parts,
}

/// Why nothing more can be read from a peer.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error("the connection ended: {0}")]
    Ended(#[from] io::Error),
    #[error(transparent)]
    Junk(#[from] FrameError),
}

impl Frame {
    /// The frame with its length in front.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![0; LENGTH_BYTES];
        match self {
            Frame::Alive(height) => {
                bytes.push(ALIVE);
                bytes.extend(height.to_be_bytes());
            }
            Frame::Transactions(transactions) => {
                let size: usize = transactions
                    .iter()
                    .map(|one| LENGTH_BYTES + one.len())
                    .sum();
                bytes.reserve(1 + size);
                bytes.push(TRANSACTIONS);
                for transaction in transactions {
                    bytes.extend(length(transaction.len()));
                    bytes.extend_from_slice(transaction);
                }
            }
            Frame::Have(ids) => write_ids(&mut bytes, HAVE, ids),
            Frame::Want(ids) => write_ids(&mut bytes, WANT, ids),
        }
        let size = length(bytes.len() - LENGTH_BYTES);
        bytes[..LENGTH_BYTES].copy_from_slice(&size);
        bytes
    }

    /// Reads a frame without its length. Transactions are copied, so that a small one that waits does not hold on to
    /// the large frame in which it came.
    pub(super) fn decode(bytes: &[u8]) -> Result<Frame, FrameError> {
        let (kind, rest) = bytes.split_first().ok_or(FrameError::Length(0))?;
        match *kind {
            ALIVE => {
                let height = rest.try_into().map_err(|_| FrameError::Parts)?;
                Ok(Frame::Alive(u64::from_be_bytes(height)))
            }
            TRANSACTIONS => read_transactions(rest).map(Frame::Transactions),
            HAVE => read_ids(rest).map(Frame::Have),
            WANT => read_ids(rest).map(Frame::Want),
            unknown => Err(FrameError::Kind(unknown)),
        }
    }
}

/// Reads the next frame.
pub(super) async fn read(reader: &mut Reader) -> Result<Frame, ReadError> {
    let mut length = [0; LENGTH_BYTES];
    reader.read_exact(&mut length).await?;
    let length = u32::from_be_bytes(length) as usize;
    if !(1..=FRAME_BYTES_MAX).contains(&length) {
        return Err(FrameError::Length(length).into());
    }
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes).await?;
    Ok(Frame::decode(&bytes)?)
}

/// Frames are bounded far below four gigabytes.
fn length(bytes: usize) -> [u8; LENGTH_BYTES] {
    u32::try_from(bytes).unwrap_or(u32::MAX).to_be_bytes()
}

fn write_ids(bytes: &mut Vec<u8>, kind: u8, ids: &[TxId]) {
    bytes.push(kind);
    for id in ids {
        bytes.extend_from_slice(&id.0);
    }
}

fn read_ids(bytes: &[u8]) -> Result<Vec<TxId>, FrameError> {
    let (ids, rest) = bytes.as_chunks::<ID_BYTES>();
    if !rest.is_empty() || ids.is_empty() {
        return Err(FrameError::Parts);
    }
    if ids.len() > IDS_MAX {
        return Err(FrameError::TooMany);
    }
    Ok(ids.iter().map(|id| TxId(*id)).collect())
}

fn read_transactions(mut bytes: &[u8]) -> Result<Vec<Bytes>, FrameError> {
    let mut transactions = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<LENGTH_BYTES>() {
        let length = u32::from_be_bytes(*length) as usize;
        let (transaction, rest) = rest.split_at_checked(length).ok_or(FrameError::Parts)?;
        if transaction.is_empty() {
            return Err(FrameError::Parts);
        }
        if transactions.len() == TRANSACTIONS_MAX {
            return Err(FrameError::TooMany);
        }
        transactions.push(Bytes::copy_from_slice(transaction));
        bytes = rest;
    }
    if !bytes.is_empty() || transactions.is_empty() {
        return Err(FrameError::Parts);
    }
    Ok(transactions)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frames() -> impl Strategy<Value = Frame> {
        let ids = proptest::collection::vec(any::<[u8; 32]>().prop_map(TxId), 1..20);
        let transaction = proptest::collection::vec(any::<u8>(), 1..40).prop_map(Bytes::from);
        prop_oneof![
            any::<u64>().prop_map(Frame::Alive),
            proptest::collection::vec(transaction, 1..20).prop_map(Frame::Transactions),
            ids.clone().prop_map(Frame::Have),
            ids.prop_map(Frame::Want),
        ]
    }

    proptest! {
        #[test]
        fn a_frame_is_read_as_it_was_written(frame in frames()) {
            let bytes = frame.encode();
            let (length, body) = bytes.split_first_chunk().unwrap();
            prop_assert_eq!(u32::from_be_bytes(*length) as usize, body.len());
            prop_assert_eq!(Frame::decode(body), Ok(frame));
        }

        #[test]
        fn noise_is_refused_or_read_as_what_it_is(bytes: Vec<u8>) {
            if let Ok(frame) = Frame::decode(&bytes) {
                prop_assert_eq!(&frame.encode()[LENGTH_BYTES..], &bytes[..]);
            }
        }
    }

    #[test]
    fn what_is_out_of_bounds_is_refused_by_its_reason() {
        let ids = |count: usize| [vec![HAVE], vec![7; count * ID_BYTES]].concat();
        let transactions =
            |count: usize| [vec![TRANSACTIONS], [0, 0, 0, 1, 9].repeat(count)].concat();
        let cases: [(Vec<u8>, FrameError); 9] = [
            (vec![], FrameError::Length(0)),
            (vec![4], FrameError::Kind(4)),
            (vec![ALIVE, 0], FrameError::Parts),
            (vec![TRANSACTIONS], FrameError::Parts),
            (vec![TRANSACTIONS, 0, 0, 0, 0], FrameError::Parts),
            (vec![TRANSACTIONS, 0, 0, 0, 2, 9], FrameError::Parts),
            (vec![WANT, 1, 2], FrameError::Parts),
            (ids(IDS_MAX + 1), FrameError::TooMany),
            (transactions(TRANSACTIONS_MAX + 1), FrameError::TooMany),
        ];
        for (bytes, expected) in cases {
            assert_eq!(Frame::decode(&bytes), Err(expected));
        }
        assert!(Frame::decode(&ids(IDS_MAX)).is_ok());
        assert!(Frame::decode(&transactions(TRANSACTIONS_MAX)).is_ok());
    }
}
