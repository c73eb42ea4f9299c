//! A block's header and its hash.

use std::fmt;

use prost::Message;
use sha2::{Digest, Sha256};
use tendermint_proto::google::protobuf::Timestamp as WireTime;
use tendermint_proto::v0_38::{types as wire, version};

use super::{BlockId, Malformed, merkle};
use crate::application::{BlockParams, Timestamp};

/// A SHA-256 hash.
pub type Hash = [u8; 32];
/// The address of a validator: the first 20 bytes of the hash of its key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(pub [u8; 20]);

impl Address {
    /// Reads 20 bytes.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, Malformed> {
        Ok(Self(bytes.try_into().map_err(|_| Malformed)?))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex::encode_upper(self.0))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// The version of blocks that CometBFT v0.38 makes.
pub const BLOCK_PROTOCOL: u64 = 11;

/// A header: what a block says of itself, of its parent and of who may decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Version of the application's rules.
    pub app_version: u64,
    /// Names the chain.
    pub chain_id: String,
    /// The block's height, from 1.
    pub height: u64,
    /// The block's time.
    pub time: Timestamp,
    /// Names the parent; nothing for the first block.
    pub last_block_id: BlockId,
    /// Hash of the signatures that decided the parent.
    pub last_commit_hash: Hash,
    /// Root over the transactions' hashes.
    pub data_hash: Hash,
    /// Hash of the validators of this height.
    pub validators_hash: Hash,
    /// Hash of the validators of the next height.
    pub next_validators_hash: Hash,
    /// Hash of the parameters of this height.
    pub consensus_hash: Hash,
    /// State after the parent.
    pub app_hash: Vec<u8>,
    /// Root over the results of the parent's transactions.
    pub last_results_hash: Hash,
    /// Hash of the evidence in this block.
    pub evidence_hash: Hash,
    /// The validator that made the block.
    pub proposer_address: Address,
}

impl Header {
    /// The header's hash: the root over its fields.
    #[must_use]
    pub fn hash(&self) -> Hash {
        merkle::root(&[
            version(self.app_version).encode_to_vec(),
            self.chain_id.encode_to_vec(),
            (self.height as i64).encode_to_vec(),
            to_wire_time(self.time).encode_to_vec(),
            self.last_block_id.to_wire().encode_to_vec(),
            bytes(&self.last_commit_hash),
            bytes(&self.data_hash),
            bytes(&self.validators_hash),
            bytes(&self.next_validators_hash),
            bytes(&self.consensus_hash),
            bytes(&self.app_hash),
            bytes(&self.last_results_hash),
            bytes(&self.evidence_hash),
            bytes(&self.proposer_address.0),
        ])
    }

    pub(super) fn to_wire(&self) -> wire::Header {
        wire::Header {
            version: Some(version(self.app_version)),
            chain_id: self.chain_id.clone(),
            height: self.height as i64,
            time: Some(to_wire_time(self.time)),
            last_block_id: Some(self.last_block_id.to_wire()),
            last_commit_hash: self.last_commit_hash.to_vec(),
            data_hash: self.data_hash.to_vec(),
            validators_hash: self.validators_hash.to_vec(),
            next_validators_hash: self.next_validators_hash.to_vec(),
            consensus_hash: self.consensus_hash.to_vec(),
            app_hash: self.app_hash.clone(),
            last_results_hash: self.last_results_hash.to_vec(),
            evidence_hash: self.evidence_hash.to_vec(),
            proposer_address: self.proposer_address.0.to_vec(),
        }
    }

    pub(super) fn from_wire(header: Option<wire::Header>) -> Result<Self, Malformed> {
        let header = header.ok_or(Malformed)?;
        let version = header.version.ok_or(Malformed)?;
        if version.block != BLOCK_PROTOCOL {
            return Err(Malformed);
        }
        let hash = |bytes: Vec<u8>| Hash::try_from(bytes).map_err(|_| Malformed);
        Ok(Self {
            app_version: version.app,
            chain_id: header.chain_id,
            height: positive(header.height)?,
            time: from_wire_time(header.time)?,
            last_block_id: BlockId::from_wire(header.last_block_id)?,
            last_commit_hash: hash(header.last_commit_hash)?,
            data_hash: hash(header.data_hash)?,
            validators_hash: hash(header.validators_hash)?,
            next_validators_hash: hash(header.next_validators_hash)?,
            consensus_hash: hash(header.consensus_hash)?,
            app_hash: header.app_hash,
            last_results_hash: hash(header.last_results_hash)?,
            evidence_hash: hash(header.evidence_hash)?,
            proposer_address: Address::from_slice(&header.proposer_address)?,
        })
    }
}

/// Hash of the parameters that every header names.
#[must_use]
pub fn consensus_hash(block: &BlockParams) -> Hash {
    let hashed = wire::HashedParams {
        block_max_bytes: block.max_bytes,
        block_max_gas: block.max_gas,
    };
    Sha256::digest(hashed.encode_to_vec()).into()
}

/// Heights are positive and fit into 63 bits.
pub(super) fn positive(height: i64) -> Result<u64, Malformed> {
    match u64::try_from(height) {
        Ok(height) if height > 0 => Ok(height),
        Ok(_) | Err(_) => Err(Malformed),
    }
}

pub(super) fn to_wire_time(time: Timestamp) -> WireTime {
    WireTime {
        seconds: time.seconds,
        nanos: time.nanos as i32,
    }
}

pub(super) fn from_wire_time(time: Option<WireTime>) -> Result<Timestamp, Malformed> {
    let time = time.ok_or(Malformed)?;
    match u32::try_from(time.nanos) {
        Ok(nanos) if nanos < 1_000_000_000 => Ok(Timestamp {
            seconds: time.seconds,
            nanos,
        }),
        Ok(_) | Err(_) => Err(Malformed),
    }
}

/// Bytes as a field of their own; nothing at all where they are empty, as in Go.
fn bytes(bytes: &[u8]) -> Vec<u8> {
    bytes.to_vec().encode_to_vec()
}

fn version(app: u64) -> version::Consensus {
    version::Consensus {
        block: BLOCK_PROTOCOL,
        app,
    }
}
