//! What a validator says: its votes and its proposals.

use bytes::Bytes;
use malachitebft_app_channel::app::types::core::{SignedProposal, SignedVote};
use prost::Message;

use super::{Decoded, copy, defined, kind, kind_number, round, value, value_bytes};
use crate::embedded::canonical::{Address, BlockId, Malformed, Signature};
use crate::embedded::consensus::context::{EmbeddedContext, Height, Proposal, Vote};

#[derive(Clone, PartialEq, Message)]
pub(in crate::embedded::consensus) struct VoteMessage {
    #[prost(uint32, tag = "1")]
    kind: u32,
    #[prost(uint64, tag = "2")]
    height: u64,
    #[prost(int64, tag = "3")]
    round: i64,
    #[prost(bytes = "bytes", optional, tag = "4")]
    value: Option<Bytes>,
    #[prost(bytes = "bytes", tag = "5")]
    address: Bytes,
    #[prost(bytes = "bytes", tag = "6")]
    signature: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(in crate::embedded::consensus) struct ProposalMessage {
    #[prost(uint64, tag = "1")]
    height: u64,
    #[prost(int64, tag = "2")]
    round: i64,
    #[prost(bytes = "bytes", tag = "3")]
    value: Bytes,
    #[prost(int64, tag = "4")]
    pol_round: i64,
    #[prost(bytes = "bytes", tag = "5")]
    address: Bytes,
    #[prost(bytes = "bytes", tag = "6")]
    signature: Bytes,
}

impl From<&SignedVote<EmbeddedContext>> for VoteMessage {
    fn from(vote: &SignedVote<EmbeddedContext>) -> Self {
        Self {
            kind: kind_number(vote.kind),
            height: vote.height.0,
            round: vote.round.as_i64(),
            value: value_bytes(&vote.value),
            address: copy(&vote.address.0),
            signature: copy(&vote.signature.0),
        }
    }
}

impl TryFrom<VoteMessage> for SignedVote<EmbeddedContext> {
    type Error = Malformed;

    fn try_from(message: VoteMessage) -> Decoded<Self> {
        let vote = Vote {
            kind: kind(message.kind)?,
            height: Height(message.height),
            round: defined(message.round)?,
            value: value(message.value)?,
            address: Address::from_slice(&message.address)?,
        };
        Ok(SignedVote::new(
            vote,
            Signature::from_slice(&message.signature)?,
        ))
    }
}

impl From<&SignedProposal<EmbeddedContext>> for ProposalMessage {
    fn from(proposal: &SignedProposal<EmbeddedContext>) -> Self {
        Self {
            height: proposal.height.0,
            round: proposal.round.as_i64(),
            value: copy(&proposal.value.to_bytes()),
            pol_round: proposal.pol_round.as_i64(),
            address: copy(&proposal.address.0),
            signature: copy(&proposal.signature.0),
        }
    }
}

impl TryFrom<ProposalMessage> for SignedProposal<EmbeddedContext> {
    type Error = Malformed;

    fn try_from(message: ProposalMessage) -> Decoded<Self> {
        let proposal = Proposal {
            height: Height(message.height),
            round: defined(message.round)?,
            value: BlockId::from_bytes(&message.value)?,
            pol_round: round(message.pol_round)?,
            address: Address::from_slice(&message.address)?,
        };
        Ok(SignedProposal::new(
            proposal,
            Signature::from_slice(&message.signature)?,
        ))
    }
}
