//! Votes, and the bytes that they sign.

use std::fmt;

use ed25519_dalek::VerifyingKey;
use prost::Message;
use tendermint_proto::v0_38::types as wire;

use super::header::{positive, to_wire_time};
use super::{Address, BlockId, Malformed};
use crate::application::Timestamp;

/// Bytes of a signature.
pub const SIGNATURE_BYTES: usize = 64;

/// What a vote stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum VoteKind {
    /// The block is sound.
    Prevote,
    /// The block may be decided.
    Precommit,
}

/// One validator's word on one round.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Vote {
    /// What it stands for.
    pub kind: VoteKind,
    /// The height.
    pub height: u64,
    /// The round, at most `i32::MAX`.
    pub round: u32,
    /// The block, or none.
    pub block: Option<BlockId>,
    /// The validator.
    pub address: Address,
}

/// An Ed25519 signature.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signature(pub [u8; SIGNATURE_BYTES]);

/// A vote with its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedVote {
    /// The vote.
    pub vote: Vote,
    /// The validator's signature.
    pub signature: Signature,
}

/// The one time that all votes carry: 1970-01-01T00:00:01Z. Times of votes would make every signature of a round
/// another message, and consensus here does not read them. At the epoch itself, JSON readers take the field for missing.
#[must_use]
pub fn vote_time() -> Timestamp {
    Timestamp {
        seconds: 1,
        nanos: 0,
    }
}

impl Vote {
    /// The bytes that a vote signs: CometBFT's canonical vote, with its length before it.
    #[must_use]
    pub fn sign_bytes(&self, chain_id: &str) -> Vec<u8> {
        wire::CanonicalVote {
            r#type: self.kind.to_wire(),
            height: self.height as i64,
            round: self.round.into(),
            block_id: self.block.map(BlockId::to_canonical),
            timestamp: Some(to_wire_time(vote_time())),
            chain_id: chain_id.to_owned(),
        }
        .encode_length_delimited_to_vec()
    }
}

impl SignedVote {
    /// Whether this key made the signature.
    #[must_use]
    pub fn is_signed_by(&self, chain_id: &str, key: &VerifyingKey) -> bool {
        self.signature.is_by(key, &self.vote.sign_bytes(chain_id))
    }

    pub(super) fn to_wire(&self, validator_index: i32) -> wire::Vote {
        wire::Vote {
            r#type: self.vote.kind.to_wire(),
            height: self.vote.height as i64,
            round: self.vote.round as i32,
            block_id: Some(self.vote.block.unwrap_or_default().to_wire()),
            timestamp: Some(to_wire_time(vote_time())),
            validator_address: self.vote.address.0.to_vec(),
            validator_index,
            signature: self.signature.0.to_vec(),
            extension: Vec::new(),
            extension_signature: Vec::new(),
        }
    }

    pub(super) fn from_wire(vote: Option<wire::Vote>) -> Result<(Self, i32), Malformed> {
        let vote = vote.ok_or(Malformed)?;
        let block = BlockId::from_wire(vote.block_id)?;
        let signed = Self {
            vote: Vote {
                kind: VoteKind::from_wire(vote.r#type)?,
                height: positive(vote.height)?,
                round: vote.round.try_into().map_err(|_| Malformed)?,
                block: (!block.is_none()).then_some(block),
                address: Address::from_slice(&vote.validator_address)?,
            },
            signature: Signature::from_slice(&vote.signature)?,
        };
        Ok((signed, vote.validator_index))
    }
}

impl VoteKind {
    fn to_wire(self) -> i32 {
        match self {
            VoteKind::Prevote => 1,
            VoteKind::Precommit => 2,
        }
    }

    fn from_wire(kind: i32) -> Result<Self, Malformed> {
        match kind {
            1 => Ok(VoteKind::Prevote),
            2 => Ok(VoteKind::Precommit),
            _ => Err(Malformed),
        }
    }
}

impl Signature {
    /// Reads 64 bytes.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, Malformed> {
        Ok(Self(bytes.try_into().map_err(|_| Malformed)?))
    }

    /// Whether this key signed these bytes. Stricter than CometBFT, never laxer: what is accepted here, it accepts.
    #[must_use]
    pub fn is_by(&self, key: &VerifyingKey, message: &[u8]) -> bool {
        key.verify_strict(message, &ed25519_dalek::Signature::from_bytes(&self.0))
            .is_ok()
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Signature({}…)", hex::encode(&self.0[..4]))
    }
}
