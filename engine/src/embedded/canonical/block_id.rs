//! What names a block: the hash of its header, and the root over its parts.

use std::fmt;

use tendermint_proto::v0_38::types as wire;

use super::{Hash, Malformed};

/// A block's whole name. Votes sign all of it, so it is also the value that consensus decides on.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockId {
    /// Hash of the header.
    pub hash: Hash,
    /// Number of parts of 64 KiB.
    pub parts: u32,
    /// Root over the parts.
    pub parts_hash: Hash,
}

impl BlockId {
    /// Bytes of [`Self::to_bytes`].
    pub const BYTES: usize = 68;

    /// The name in 68 bytes: header hash, number of parts (big-endian), parts hash.
    #[must_use]
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..32].copy_from_slice(&self.hash);
        bytes[32..36].copy_from_slice(&self.parts.to_be_bytes());
        bytes[36..].copy_from_slice(&self.parts_hash);
        bytes
    }

    /// The inverse of [`Self::to_bytes`], for the name of a block. The one before the first block is no block's: evidence
    /// writes a vote for it as one for nothing, which nobody signed, and whoever proposed a block with that would be refused.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        let (hash, rest) = bytes.split_first_chunk::<32>().ok_or(Malformed)?;
        let (parts, rest) = rest.split_first_chunk::<4>().ok_or(Malformed)?;
        let id = Self {
            hash: *hash,
            parts: u32::from_be_bytes(*parts),
            parts_hash: rest.try_into().map_err(|_| Malformed)?,
        };
        if id.is_none() {
            return Err(Malformed);
        }
        Ok(id)
    }

    /// The name before the first block.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn to_wire(self) -> wire::BlockId {
        let is_none = self.is_none();
        let bytes = |hash: Hash| if is_none { Vec::new() } else { hash.to_vec() };
        wire::BlockId {
            hash: bytes(self.hash),
            part_set_header: Some(wire::PartSetHeader {
                total: self.parts,
                hash: bytes(self.parts_hash),
            }),
        }
    }

    /// As votes sign it.
    pub(super) fn to_canonical(self) -> wire::CanonicalBlockId {
        wire::CanonicalBlockId {
            hash: self.hash.to_vec(),
            part_set_header: Some(wire::CanonicalPartSetHeader {
                total: self.parts,
                hash: self.parts_hash.to_vec(),
            }),
        }
    }

    pub(super) fn from_wire(id: Option<wire::BlockId>) -> Result<Self, Malformed> {
        let id = id.ok_or(Malformed)?;
        let parts = id.part_set_header.ok_or(Malformed)?;
        if id.hash.is_empty() && parts.hash.is_empty() && parts.total == 0 {
            return Ok(Self::default());
        }
        Ok(Self {
            hash: id.hash.try_into().map_err(|_| Malformed)?,
            parts: parts.total,
            parts_hash: parts.hash.try_into().map_err(|_| Malformed)?,
        })
    }
}

impl fmt::Display for BlockId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex::encode_upper(self.hash))
    }
}

impl fmt::Debug for BlockId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "BlockId({self})")
    }
}
