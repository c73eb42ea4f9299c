//! Proof that a validator voted twice in one round.

use ed25519_dalek::VerifyingKey;
use prost::Message;
use tendermint_proto::v0_38::types::{self as wire, evidence::Sum};

use super::header::{from_wire_time, to_wire_time};
use super::{Hash, Malformed, SignedVote, merkle};
use crate::application::Timestamp;

/// Two votes of one validator for different blocks in one round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoubleVote {
    /// The vote for the block with the smaller name.
    pub first: SignedVote,
    /// The other one.
    pub second: SignedVote,
    /// The validator's place in its set.
    pub validator_index: u32,
    /// Its power.
    pub validator_power: u64,
    /// Power of all validators of that height.
    pub total_power: u64,
    /// Time of the block of that height.
    pub time: Timestamp,
}

impl DoubleVote {
    /// Orders two votes as CometBFT does: by the bytes of the block's name.
    #[must_use]
    pub fn order(one: SignedVote, other: SignedVote) -> (SignedVote, SignedVote) {
        if one.vote.block < other.vote.block {
            (one, other)
        } else {
            (other, one)
        }
    }

    /// Whether the votes contradict each other and this key made both.
    #[must_use]
    pub fn is_proven(&self, chain_id: &str, key: &VerifyingKey) -> bool {
        let (one, other) = (&self.first.vote, &self.second.vote);
        let same_round = (one.kind, one.height, one.round, one.address)
            == (other.kind, other.height, other.round, other.address);
        same_round
            && one.block < other.block
            && self.first.is_signed_by(chain_id, key)
            && self.second.is_signed_by(chain_id, key)
    }

    pub(super) fn to_wire(&self) -> wire::Evidence {
        wire::Evidence {
            sum: Some(Sum::DuplicateVoteEvidence(self.to_message())),
        }
    }

    pub(super) fn from_wire(evidence: wire::Evidence) -> Result<Self, Malformed> {
        let Some(Sum::DuplicateVoteEvidence(double)) = evidence.sum else {
            return Err(Malformed);
        };
        let (first, index) = SignedVote::from_wire(double.vote_a)?;
        let (second, _) = SignedVote::from_wire(double.vote_b)?;
        Ok(Self {
            first,
            second,
            validator_index: index.try_into().map_err(|_| Malformed)?,
            validator_power: double.validator_power.try_into().map_err(|_| Malformed)?,
            total_power: double
                .total_voting_power
                .try_into()
                .map_err(|_| Malformed)?,
            time: from_wire_time(double.timestamp)?,
        })
    }

    /// The bytes by which a piece of evidence is counted and known.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.to_message().encode_to_vec()
    }

    fn to_message(&self) -> wire::DuplicateVoteEvidence {
        let index = self.validator_index as i32;
        wire::DuplicateVoteEvidence {
            vote_a: Some(self.first.to_wire(index)),
            vote_b: Some(self.second.to_wire(index)),
            total_voting_power: self.total_power as i64,
            validator_power: self.validator_power as i64,
            timestamp: Some(to_wire_time(self.time)),
        }
    }
}

/// The hash of a block's evidence.
#[must_use]
pub fn evidence_hash(evidence: &[DoubleVote]) -> Hash {
    let entries: Vec<Vec<u8>> = evidence.iter().map(DoubleVote::bytes).collect();
    merkle::root(&entries)
}
