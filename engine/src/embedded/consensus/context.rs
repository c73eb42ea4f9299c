//! Our types, as Malachite asks for them.

use std::fmt;
use std::time::Duration;

use ed25519_dalek::{SigningKey, VerifyingKey};
use malachitebft_app_channel::app::types::core::{
    self as core, LinearTimeouts, NilOrVal, Round, SignedExtension, VoteType,
};

use super::parts::Part;
use crate::application::PaceParams;
use crate::embedded::canonical::{
    self, Address, BlockId, Signature, Validator, ValidatorSet, Vote as CanonicalVote, VoteKind,
};

/// Consensus over our blocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EmbeddedContext;

/// A height, from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Height(pub(crate) u64);

/// A vote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Vote {
    pub(crate) kind: VoteType,
    pub(crate) height: Height,
    pub(crate) round: Round,
    pub(crate) value: NilOrVal<BlockId>,
    pub(crate) address: Address,
}

/// A proposal: it names a block, whose bytes travel beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proposal {
    pub(crate) height: Height,
    pub(crate) round: Round,
    pub(crate) value: BlockId,
    pub(crate) pol_round: Round,
    pub(crate) address: Address,
}

impl core::Context for EmbeddedContext {
    type Address = Address;
    type Height = Height;
    type ProposalPart = Part;
    type Proposal = Proposal;
    type Validator = Validator;
    type ValidatorSet = ValidatorSet;
    type Timeouts = LinearTimeouts;
    type Value = BlockId;
    type Vote = Vote;
    type Extension = ();
    type SigningScheme = Ed25519;

    fn select_proposer<'a>(
        &self,
        validators: &'a ValidatorSet,
        height: Height,
        round: Round,
    ) -> &'a Validator {
        validators.proposer(height.0, round.as_u32().unwrap_or_default())
    }

    fn new_proposal(
        &self,
        height: Height,
        round: Round,
        value: BlockId,
        pol_round: Round,
        address: Address,
    ) -> Proposal {
        Proposal {
            height,
            round,
            value,
            pol_round,
            address,
        }
    }

    fn new_prevote(
        &self,
        height: Height,
        round: Round,
        value: NilOrVal<BlockId>,
        address: Address,
    ) -> Vote {
        Vote {
            kind: VoteType::Prevote,
            height,
            round,
            value,
            address,
        }
    }

    fn new_precommit(
        &self,
        height: Height,
        round: Round,
        value: NilOrVal<BlockId>,
        address: Address,
    ) -> Vote {
        Vote {
            kind: VoteType::Precommit,
            height,
            round,
            value,
            address,
        }
    }
}

impl Vote {
    /// The vote whose bytes are signed; none for a round that CometBFT could not count.
    pub(crate) fn canonical(&self) -> Option<CanonicalVote> {
        Some(CanonicalVote {
            kind: match self.kind {
                VoteType::Prevote => VoteKind::Prevote,
                VoteType::Precommit => VoteKind::Precommit,
            },
            height: self.height.0,
            round: countable(self.round)?,
            block: match self.value {
                NilOrVal::Nil => None,
                NilOrVal::Val(id) => Some(id),
            },
            address: self.address,
        })
    }
}

impl Proposal {
    /// The bytes that a proposal signs. They begin with byte 0, which no vote's bytes do.
    pub(crate) fn sign_bytes(&self, chain_id: &str) -> Vec<u8> {
        [
            b"\0polity proposal\0",
            &self.height.0.to_be_bytes()[..],
            &self.round.as_i64().to_be_bytes(),
            &self.pol_round.as_i64().to_be_bytes(),
            &self.value.to_bytes(),
            chain_id.as_bytes(),
        ]
        .concat()
    }
}

/// A round that fits into CometBFT's 31 bits.
pub(crate) fn countable(round: Round) -> Option<u32> {
    round.as_u32().filter(|round| i32::try_from(*round).is_ok())
}

/// How long each step of a round waits.
pub(crate) fn timeouts(pace: &PaceParams) -> LinearTimeouts {
    let propose = Duration::from_millis(pace.propose_timeout);
    let vote = Duration::from_millis(pace.vote_timeout);
    let step = Duration::from_millis(pace.timeout_step);
    LinearTimeouts {
        propose,
        propose_delta: step,
        prevote: vote,
        prevote_delta: step,
        precommit: vote,
        precommit_delta: step,
        rebroadcast: propose + vote * 2,
        max_timeout: TIMEOUT_MAX.max(propose).max(vote),
    }
}

/// Timeouts grow by the round, and no further than this or what the parameters begin with: departments that come back
/// together go on soon.
const TIMEOUT_MAX: Duration = Duration::from_secs(5);

impl core::Height for Height {
    const ZERO: Self = Height(0);
    const INITIAL: Self = Height(1);

    fn increment_by(&self, count: u64) -> Self {
        Height(self.0.saturating_add(count))
    }

    fn decrement_by(&self, count: u64) -> Option<Self> {
        self.0.checked_sub(count).map(Height)
    }

    fn as_u64(&self) -> u64 {
        self.0
    }
}

impl fmt::Display for Height {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl core::Address for Address {}

impl core::Value for BlockId {
    type Id = BlockId;

    fn id(&self) -> BlockId {
        *self
    }
}

impl core::Vote<EmbeddedContext> for Vote {
    fn height(&self) -> Height {
        self.height
    }

    fn round(&self) -> Round {
        self.round
    }

    fn value(&self) -> &NilOrVal<BlockId> {
        &self.value
    }

    fn take_value(self) -> NilOrVal<BlockId> {
        self.value
    }

    fn vote_type(&self) -> VoteType {
        self.kind
    }

    fn validator_address(&self) -> &Address {
        &self.address
    }

    fn extension(&self) -> Option<&SignedExtension<EmbeddedContext>> {
        None
    }

    fn take_extension(&mut self) -> Option<SignedExtension<EmbeddedContext>> {
        None
    }

    // Extensions are disabled at every height, so there is nothing to carry.
    fn extend(self, _extension: SignedExtension<EmbeddedContext>) -> Self {
        self
    }
}

impl core::Proposal<EmbeddedContext> for Proposal {
    fn height(&self) -> Height {
        self.height
    }

    fn round(&self) -> Round {
        self.round
    }

    fn value(&self) -> &BlockId {
        &self.value
    }

    fn take_value(self) -> BlockId {
        self.value
    }

    fn pol_round(&self) -> Round {
        self.pol_round
    }

    fn validator_address(&self) -> &Address {
        &self.address
    }
}

impl core::Validator<EmbeddedContext> for Validator {
    fn address(&self) -> &Address {
        &self.address
    }

    fn public_key(&self) -> &VerifyingKey {
        &self.public_key
    }

    fn voting_power(&self) -> u64 {
        self.power
    }
}

impl core::ValidatorSet<EmbeddedContext> for ValidatorSet {
    fn count(&self) -> usize {
        self.len()
    }

    fn total_voting_power(&self) -> u64 {
        self.total_power()
    }

    fn get_by_address(&self, address: &Address) -> Option<&Validator> {
        self.find(address)
    }

    fn get_by_index(&self, index: usize) -> Option<&Validator> {
        self.get(index)
    }
}

/// Ed25519, with keys and signatures of our own types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ed25519;

impl core::SigningScheme for Ed25519 {
    type DecodingError = canonical::Malformed;
    type Signature = Signature;
    type PublicKey = VerifyingKey;
    type PrivateKey = SigningKey;

    fn decode_signature(bytes: &[u8]) -> Result<Signature, canonical::Malformed> {
        Signature::from_slice(bytes)
    }

    fn encode_signature(signature: &Signature) -> Vec<u8> {
        signature.0.to_vec()
    }

    fn decode_public_key(bytes: &[u8]) -> Result<VerifyingKey, canonical::Malformed> {
        let bytes: &[u8; 32] = bytes.try_into().map_err(|_| canonical::Malformed)?;
        VerifyingKey::from_bytes(bytes).map_err(|_| canonical::Malformed)
    }

    fn encode_public_key(key: &VerifyingKey) -> Vec<u8> {
        key.to_bytes().to_vec()
    }
}
