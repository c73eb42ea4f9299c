//! The signatures that decided a block.

use prost::Message;
use tendermint_proto::google::protobuf::Timestamp as WireTime;
use tendermint_proto::v0_38::types as wire;

use super::header::to_wire_time;
use super::{
    Address, BlockId, Hash, Malformed, Signature, SignedVote, ValidatorSet, Vote, VoteKind, merkle,
    vote_time,
};

const ABSENT: i32 = wire::BlockIdFlag::Absent as i32;
const FOR_BLOCK: i32 = wire::BlockIdFlag::Commit as i32;
/// Go's empty time, in seconds: 0001-01-01T00:00:00Z. It stands beside absent signatures.
const GO_ZERO_SECONDS: i64 = -62_135_596_800;

/// What decided a block: one entry for each validator of its height, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commit {
    /// Height of the decided block; 0 before the first.
    pub height: u64,
    /// Round of the decision.
    pub round: u32,
    /// The decided block.
    pub block_id: BlockId,
    /// One for each validator.
    pub signatures: Vec<CommitSignature>,
}

/// A validator's share in a decision. Votes for nothing are shown as absent: certificates do not hold them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommitSignature {
    /// No vote for the block is known.
    Absent,
    /// A precommit for the block.
    ForBlock {
        /// The validator.
        address: Address,
        /// Its signature.
        signature: Signature,
    },
}

impl Commit {
    /// Arranges the signatures of a decision in the order of the validators.
    #[must_use]
    pub fn arrange(
        height: u64,
        round: u32,
        block_id: BlockId,
        signatures: impl IntoIterator<Item = (Address, Signature)>,
        validators: &ValidatorSet,
    ) -> Self {
        let mut arranged = vec![CommitSignature::Absent; validators.len()];
        for (address, signature) in signatures {
            if let Some(index) = validators.index_of(&address) {
                arranged[index] = CommitSignature::ForBlock { address, signature };
            }
        }
        Self {
            height,
            round,
            block_id,
            signatures: arranged,
        }
    }

    /// Whether validators with more than two thirds of the power signed, and every signature is good.
    #[must_use]
    pub fn is_decided_by(&self, chain_id: &str, validators: &ValidatorSet) -> bool {
        self.is_decided_beside(&Commit::default(), chain_id, validators)
    }

    /// The same, where the signatures of another commit by the same validators are known to be good: those that both
    /// hold are not verified again.
    #[must_use]
    pub(in crate::embedded) fn is_decided_beside(
        &self,
        verified: &Commit,
        chain_id: &str,
        validators: &ValidatorSet,
    ) -> bool {
        if self.signatures.len() != validators.len() {
            return false;
        }
        let said = |commit: &Commit| (commit.height, commit.round, commit.block_id);
        let says_the_same = said(self) == said(verified);
        let mut power = 0u64;
        for (place, validator) in validators.iter().enumerate() {
            let CommitSignature::ForBlock { address, signature } = &self.signatures[place] else {
                continue;
            };
            let is_verified =
                says_the_same && verified.signatures.get(place) == self.signatures.get(place);
            let is_good = || {
                let vote = self.vote(*address, *signature);
                vote.is_signed_by(chain_id, &validator.public_key)
            };
            if *address != validator.address || !(is_verified || is_good()) {
                return false;
            }
            power += validator.power;
        }
        validators.is_decisive(power)
    }

    /// Those who signed.
    pub fn signers(&self) -> impl Iterator<Item = (Address, Signature)> + '_ {
        self.signatures.iter().filter_map(|entry| match entry {
            CommitSignature::Absent => None,
            CommitSignature::ForBlock { address, signature } => Some((*address, *signature)),
        })
    }

    /// The hash that the next header carries.
    #[must_use]
    pub fn hash(&self) -> Hash {
        let entries: Vec<Vec<u8>> = self
            .signatures
            .iter()
            .map(|entry| entry.to_wire().encode_to_vec())
            .collect();
        merkle::root(&entries)
    }

    /// The bytes for the store.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.to_wire().encode_to_vec()
    }

    /// The inverse of [`Self::encode`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        Self::from_wire(Some(wire::Commit::decode(bytes).map_err(|_| Malformed)?))
    }

    pub(super) fn to_wire(&self) -> wire::Commit {
        wire::Commit {
            height: self.height as i64,
            round: self.round as i32,
            block_id: Some(self.block_id.to_wire()),
            signatures: self
                .signatures
                .iter()
                .map(CommitSignature::to_wire)
                .collect(),
        }
    }

    pub(super) fn from_wire(commit: Option<wire::Commit>) -> Result<Self, Malformed> {
        let commit = commit.ok_or(Malformed)?;
        let signatures = commit.signatures.into_iter();
        Ok(Self {
            height: commit.height.try_into().map_err(|_| Malformed)?,
            round: commit.round.try_into().map_err(|_| Malformed)?,
            block_id: BlockId::from_wire(commit.block_id)?,
            signatures: signatures
                .map(CommitSignature::from_wire)
                .collect::<Result<_, _>>()?,
        })
    }

    fn vote(&self, address: Address, signature: Signature) -> SignedVote {
        SignedVote {
            vote: Vote {
                kind: VoteKind::Precommit,
                height: self.height,
                round: self.round,
                block: Some(self.block_id),
                address,
            },
            signature,
        }
    }
}

impl CommitSignature {
    fn to_wire(&self) -> wire::CommitSig {
        match self {
            CommitSignature::Absent => wire::CommitSig {
                block_id_flag: ABSENT,
                validator_address: Vec::new(),
                timestamp: Some(WireTime {
                    seconds: GO_ZERO_SECONDS,
                    nanos: 0,
                }),
                signature: Vec::new(),
            },
            CommitSignature::ForBlock { address, signature } => wire::CommitSig {
                block_id_flag: FOR_BLOCK,
                validator_address: address.0.to_vec(),
                timestamp: Some(to_wire_time(vote_time())),
                signature: signature.0.to_vec(),
            },
        }
    }

    /// What differs from the one form of an entry is found when the block is encoded again.
    fn from_wire(entry: wire::CommitSig) -> Result<Self, Malformed> {
        match entry.block_id_flag {
            ABSENT => Ok(CommitSignature::Absent),
            FOR_BLOCK => Ok(CommitSignature::ForBlock {
                address: Address::from_slice(&entry.validator_address)?,
                signature: Signature::from_slice(&entry.signature)?,
            }),
            _ => Err(Malformed),
        }
    }
}
