//! What the node keeps of a block beside its transactions: enough to execute it again.

use polity_engine::application::Misbehavior;
use prost::Message;

/// Evidence of double signing that a block carried.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct EvidenceRecord {
    /// Address of the validator: 20 bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub address: Vec<u8>,
    /// Height of the double signature.
    #[prost(uint64, tag = "2")]
    pub height: u64,
    /// Its time in Unix seconds.
    #[prost(uint64, tag = "3")]
    pub time: u64,
}

impl EvidenceRecord {
    /// What an engine says of it.
    pub fn of(piece: &Misbehavior) -> EvidenceRecord {
        EvidenceRecord {
            address: piece.validator_address.to_vec(),
            height: piece.height,
            time: piece.time.unix_seconds(),
        }
    }
}

/// A block as the node executed it.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct BlockRecord {
    /// Block time, Unix seconds.
    #[prost(uint64, tag = "1")]
    pub time: u64,
    /// The parent's time; absent for the first block.
    #[prost(uint64, optional, tag = "2")]
    pub parent_time: Option<u64>,
    /// Hash of the block's header.
    #[prost(bytes = "vec", tag = "3")]
    pub hash: Vec<u8>,
    /// Address of the proposer.
    #[prost(bytes = "vec", tag = "4")]
    pub proposer: Vec<u8>,
    /// Evidence inside the block.
    #[prost(message, repeated, tag = "5")]
    pub evidence: Vec<EvidenceRecord>,
    /// State after the block.
    #[prost(bytes = "vec", tag = "6")]
    pub app_hash: Vec<u8>,
    /// How many transactions it has.
    #[prost(uint32, tag = "7")]
    pub transactions: u32,
    /// Nanoseconds beside `time`.
    #[prost(uint32, tag = "8")]
    pub time_nanos: u32,
    /// What changed among the validators, as encoded updates: key then power, big-endian.
    #[prost(bytes = "vec", repeated, tag = "9")]
    pub validator_updates: Vec<Vec<u8>>,
}

impl BlockRecord {
    /// Reads what this node wrote.
    pub fn read(bytes: &[u8]) -> Result<BlockRecord, crate::fault::Fault> {
        BlockRecord::decode(bytes).map_err(|_| {
            crate::fault::Fault::new(crate::fault::FaultKind::StoreDamaged, "a block record")
        })
    }
}
