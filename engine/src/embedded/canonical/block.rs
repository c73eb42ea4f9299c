//! A block, its bytes, and its name.

use bytes::Bytes;
use prost::Message;
use sha2::{Digest, Sha256};
use tendermint_proto::v0_38::types as wire;

use super::list::decode_short;
use super::validators::VALIDATORS_MAX;
use super::{BlockId, Commit, DoubleVote, Hash, Header, evidence_hash, merkle};

/// Bytes of a part, over which a block's second hash is made.
const PART_BYTES: usize = 65_536;

/// Transactions of a block: no more wait in a pool.
pub const TRANSACTIONS_MAX: usize = 100_000;

/// Bytes that are not what they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed bytes")]
pub struct Malformed;

/// A block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The header.
    pub header: Header,
    /// The transactions, in order.
    pub transactions: Vec<Bytes>,
    /// Evidence of double signing.
    pub evidence: Vec<DoubleVote>,
    /// What decided the parent.
    pub last_commit: Commit,
}

/// A block with its bytes and its name. Owning one is the proof that they belong together, and that the header's
/// hashes of transactions, evidence and commit are those of the block's own.
#[derive(Clone, Debug)]
pub struct SealedBlock {
    block: Block,
    bytes: Bytes,
    id: BlockId,
}

impl Block {
    /// Fills in the hashes of the content, and names the block.
    #[must_use]
    pub fn seal(mut self) -> SealedBlock {
        self.header.data_hash = data_hash(&self.transactions);
        self.header.evidence_hash = evidence_hash(&self.evidence);
        self.header.last_commit_hash = self.last_commit.hash();
        let bytes = Bytes::from(self.to_wire().encode_to_vec());
        let id = name(&self.header, &bytes);
        SealedBlock {
            block: self,
            bytes,
            id,
        }
    }

    // Go writes the parent's name and commit of the first block although they are empty; so do we, or the parts
    // would have another hash.
    pub(super) fn to_wire(&self) -> wire::Block {
        wire::Block {
            header: Some(self.header.to_wire()),
            data: Some(wire::Data {
                txs: self
                    .transactions
                    .iter()
                    .map(|bytes| bytes.to_vec())
                    .collect(),
            }),
            evidence: Some(wire::EvidenceList {
                evidence: self.evidence.iter().map(DoubleVote::to_wire).collect(),
            }),
            last_commit: Some(self.last_commit.to_wire()),
        }
    }
}

impl SealedBlock {
    /// Reads a block: only the one encoding that [`Block::seal`] would give is accepted.
    pub fn decode(bytes: Bytes) -> Result<Self, Malformed> {
        let message = UnreadMessage::decode(bytes.clone()).map_err(|_| Malformed)?;
        let data = message.data.ok_or(Malformed)?;
        let data: OutlineData = decode_short(data, 1, TRANSACTIONS_MAX)?;
        let evidence = message.evidence.ok_or(Malformed)?;
        let evidence: wire::EvidenceList = decode_short(evidence, 1, VALIDATORS_MAX)?;
        let last_commit = message.last_commit.ok_or(Malformed)?;
        let last_commit: wire::Commit = decode_short(last_commit, 4, VALIDATORS_MAX)?;
        let evidence = evidence.evidence.into_iter();
        let block = Block {
            header: Header::from_wire(message.header)?,
            transactions: data.txs,
            evidence: evidence
                .map(DoubleVote::from_wire)
                .collect::<Result<_, _>>()?,
            last_commit: Commit::from_wire(Some(last_commit))?,
        };

        let sealed = block.clone().seal();
        if sealed.bytes == bytes && sealed.block == block {
            Ok(sealed)
        } else {
            Err(Malformed)
        }
    }

    /// The block.
    #[must_use]
    pub fn block(&self) -> &Block {
        &self.block
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.block.header
    }

    /// The block's bytes.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The block's name.
    #[must_use]
    pub fn id(&self) -> BlockId {
        self.id
    }
}

/// What a block says of itself, read from the bytes of one that was sealed here: nothing is hashed and no transaction is
/// copied.
#[derive(Clone, Debug)]
pub struct Outline {
    /// The block's name.
    pub id: BlockId,
    /// The header.
    pub header: Header,
    /// What decided the parent.
    pub last_commit: Commit,
    /// How many transactions it has.
    pub transactions: usize,
    /// How many bytes it has.
    pub bytes: usize,
}

impl Outline {
    /// Reads the bytes of a sealed block; its name stands beside it.
    pub fn read(bytes: Bytes, id: BlockId) -> Result<Self, Malformed> {
        let length = bytes.len();
        let message = OutlineMessage::decode(bytes).map_err(|_| Malformed)?;
        Ok(Self {
            id,
            header: Header::from_wire(message.header)?,
            last_commit: Commit::from_wire(message.last_commit)?,
            transactions: message.data.ok_or(Malformed)?.txs.len(),
            bytes: length,
        })
    }
}

/// `wire::Block`, whose lists are not read yet.
#[derive(Clone, PartialEq, Message)]
struct UnreadMessage {
    #[prost(message, optional, tag = "1")]
    header: Option<wire::Header>,
    #[prost(bytes = "bytes", optional, tag = "2")]
    data: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "3")]
    evidence: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "4")]
    last_commit: Option<Bytes>,
}

/// `wire::Block`, whose transactions stay in the bytes that are read.
#[derive(Clone, PartialEq, Message)]
struct OutlineMessage {
    #[prost(message, optional, tag = "1")]
    header: Option<wire::Header>,
    #[prost(message, optional, tag = "2")]
    data: Option<OutlineData>,
    #[prost(message, optional, tag = "4")]
    last_commit: Option<wire::Commit>,
}

#[derive(Clone, PartialEq, Message)]
struct OutlineData {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    txs: Vec<Bytes>,
}

impl BlockId {
    /// Whether these are the bytes of the block with this name.
    #[must_use]
    pub fn has_bytes(&self, bytes: &[u8]) -> bool {
        (self.parts, self.parts_hash) == parts(bytes)
    }
}

fn name(header: &Header, bytes: &[u8]) -> BlockId {
    let (parts, parts_hash) = parts(bytes);
    BlockId {
        hash: header.hash(),
        parts,
        parts_hash,
    }
}

/// How many parts these bytes have, and the root over them.
fn parts(bytes: &[u8]) -> (u32, Hash) {
    let parts: Vec<&[u8]> = bytes.chunks(PART_BYTES).collect();
    (parts.len() as u32, merkle::root(&parts))
}

/// The hash of a block's transactions.
#[must_use]
pub fn data_hash(transactions: &[Bytes]) -> Hash {
    let hashes: Vec<Hash> = transactions
        .iter()
        .map(|bytes| Sha256::digest(bytes).into())
        .collect();
    merkle::root(&hashes)
}
