//! The messages of consensus, as protobuf. What comes in is turned into our types or refused.

use bytes::Bytes;
use malachitebft_app_channel::app::types::core::{
    CommitCertificate, CommitSignature, ExtendedCommitCertificate, ExtendedCommitSignature,
    NilOrVal, PolkaCertificate, PolkaSignature, Round, RoundCertificate, RoundCertificateType,
    RoundSignature, SignedProposal, SignedVote, Validity, VoteType,
};
use prost::Message;

use super::context::{Height, Ours, Proposal, Vote};
use super::parts::{Announcement, Part};
use crate::embedded::canonical::{Address, BlockId, Malformed, Signature};

type Decoded<T> = Result<T, Malformed>;

#[derive(Clone, PartialEq, Message)]
pub(super) struct VoteMessage {
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
pub(super) struct ProposalMessage {
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

#[derive(Clone, PartialEq, Message)]
pub(super) struct CertificateMessage {
    #[prost(uint64, tag = "1")]
    pub(super) height: u64,
    #[prost(int64, tag = "2")]
    round: i64,
    #[prost(bytes = "bytes", tag = "3")]
    value: Bytes,
    #[prost(message, repeated, tag = "4")]
    signatures: Vec<SignatureMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct SignatureMessage {
    #[prost(bytes = "bytes", tag = "1")]
    address: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    signature: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct RoundCertificateMessage {
    #[prost(uint64, tag = "1")]
    height: u64,
    #[prost(int64, tag = "2")]
    round: i64,
    #[prost(bool, tag = "3")]
    is_skip: bool,
    #[prost(message, repeated, tag = "4")]
    votes: Vec<RoundSignatureMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct RoundSignatureMessage {
    #[prost(uint32, tag = "1")]
    kind: u32,
    #[prost(bytes = "bytes", optional, tag = "2")]
    value: Option<Bytes>,
    #[prost(bytes = "bytes", tag = "3")]
    address: Bytes,
    #[prost(bytes = "bytes", tag = "4")]
    signature: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ProposedMessage {
    #[prost(uint64, tag = "1")]
    pub(super) height: u64,
    #[prost(int64, tag = "2")]
    round: i64,
    #[prost(int64, tag = "3")]
    valid_round: i64,
    #[prost(bytes = "bytes", tag = "4")]
    proposer: Bytes,
    #[prost(bytes = "bytes", tag = "5")]
    value: Bytes,
    #[prost(bool, tag = "6")]
    is_valid: bool,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct AnnouncementMessage {
    #[prost(uint64, tag = "1")]
    height: u64,
    #[prost(uint32, tag = "2")]
    round: u32,
    #[prost(bytes = "bytes", tag = "3")]
    id: Bytes,
    #[prost(uint64, tag = "4")]
    bytes: u64,
    #[prost(bytes = "bytes", tag = "5")]
    proposer: Bytes,
    #[prost(bytes = "bytes", tag = "6")]
    signature: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct PartMessage {
    #[prost(oneof = "PartContent", tags = "1, 2")]
    content: Option<PartContent>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum PartContent {
    #[prost(message, tag = "1")]
    Announcement(AnnouncementMessage),
    #[prost(bytes = "bytes", tag = "2")]
    Chunk(Bytes),
}

impl From<&SignedVote<Ours>> for VoteMessage {
    fn from(vote: &SignedVote<Ours>) -> Self {
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

impl TryFrom<VoteMessage> for SignedVote<Ours> {
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

impl From<&SignedProposal<Ours>> for ProposalMessage {
    fn from(proposal: &SignedProposal<Ours>) -> Self {
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

impl TryFrom<ProposalMessage> for SignedProposal<Ours> {
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

impl CertificateMessage {
    fn new<'a>(
        height: Height,
        round: Round,
        value: &BlockId,
        signatures: impl Iterator<Item = (&'a Address, &'a Signature)>,
    ) -> Self {
        Self {
            height: height.0,
            round: round.as_i64(),
            value: copy(&value.to_bytes()),
            signatures: signatures
                .map(|(address, signature)| SignatureMessage {
                    address: copy(&address.0),
                    signature: copy(&signature.0),
                })
                .collect(),
        }
    }

    fn signatures(self) -> Decoded<Vec<(Address, Signature)>> {
        self.signatures
            .into_iter()
            .map(|entry| {
                Ok((
                    Address::from_slice(&entry.address)?,
                    Signature::from_slice(&entry.signature)?,
                ))
            })
            .collect()
    }
}

impl From<&PolkaCertificate<Ours>> for CertificateMessage {
    fn from(certificate: &PolkaCertificate<Ours>) -> Self {
        let signatures = certificate.polka_signatures.iter();
        Self::new(
            certificate.height,
            certificate.round,
            &certificate.value_id,
            signatures.map(|entry| (&entry.address, &entry.signature)),
        )
    }
}

impl TryFrom<CertificateMessage> for PolkaCertificate<Ours> {
    type Error = Malformed;

    fn try_from(message: CertificateMessage) -> Decoded<Self> {
        Ok(Self {
            height: Height(message.height),
            round: defined(message.round)?,
            value_id: BlockId::from_bytes(&message.value)?,
            polka_signatures: message
                .signatures()?
                .into_iter()
                .map(|(address, signature)| PolkaSignature::new(address, signature))
                .collect(),
        })
    }
}

impl From<&ExtendedCommitCertificate<Ours>> for CertificateMessage {
    fn from(certificate: &ExtendedCommitCertificate<Ours>) -> Self {
        let signatures = certificate.commit_signatures.iter();
        Self::new(
            certificate.height,
            certificate.round,
            &certificate.value_id,
            signatures.map(|entry| (&entry.address, &entry.signature)),
        )
    }
}

impl TryFrom<CertificateMessage> for ExtendedCommitCertificate<Ours> {
    type Error = Malformed;

    fn try_from(message: CertificateMessage) -> Decoded<Self> {
        Ok(Self {
            height: Height(message.height),
            round: defined(message.round)?,
            value_id: BlockId::from_bytes(&message.value)?,
            commit_signatures: message
                .signatures()?
                .into_iter()
                .map(|(address, signature)| ExtendedCommitSignature::new(address, signature, None))
                .collect(),
        })
    }
}

/// A stored decision, as others ask for it.
pub(super) fn certificate(commit: &crate::embedded::canonical::Commit) -> CommitCertificate<Ours> {
    CommitCertificate {
        height: Height(commit.height),
        round: Round::new(commit.round),
        value_id: commit.block_id,
        commit_signatures: commit
            .signers()
            .map(|(address, signature)| CommitSignature::new(address, signature))
            .collect(),
    }
}

impl From<&RoundCertificate<Ours>> for RoundCertificateMessage {
    fn from(certificate: &RoundCertificate<Ours>) -> Self {
        Self {
            height: certificate.height.0,
            round: certificate.round.as_i64(),
            is_skip: certificate.cert_type == RoundCertificateType::Skip,
            votes: certificate
                .round_signatures
                .iter()
                .map(|entry| RoundSignatureMessage {
                    kind: kind_number(entry.vote_type),
                    value: value_bytes(&entry.value_id),
                    address: copy(&entry.address.0),
                    signature: copy(&entry.signature.0),
                })
                .collect(),
        }
    }
}

impl TryFrom<RoundCertificateMessage> for RoundCertificate<Ours> {
    type Error = Malformed;

    fn try_from(message: RoundCertificateMessage) -> Decoded<Self> {
        let votes = message.votes.into_iter();
        Ok(Self {
            height: Height(message.height),
            round: defined(message.round)?,
            cert_type: if message.is_skip {
                RoundCertificateType::Skip
            } else {
                RoundCertificateType::Precommit
            },
            round_signatures: votes
                .map(|entry| {
                    Ok(RoundSignature::new(
                        kind(entry.kind)?,
                        value(entry.value)?,
                        Address::from_slice(&entry.address)?,
                        Signature::from_slice(&entry.signature)?,
                    ))
                })
                .collect::<Decoded<_>>()?,
        })
    }
}

type ProposedValue = malachitebft_app_channel::app::types::ProposedValue<Ours>;

impl From<&ProposedValue> for ProposedMessage {
    fn from(proposed: &ProposedValue) -> Self {
        Self {
            height: proposed.height.0,
            round: proposed.round.as_i64(),
            valid_round: proposed.valid_round.as_i64(),
            proposer: copy(&proposed.proposer.0),
            value: copy(&proposed.value.to_bytes()),
            is_valid: proposed.validity.is_valid(),
        }
    }
}

impl TryFrom<ProposedMessage> for ProposedValue {
    type Error = Malformed;

    fn try_from(message: ProposedMessage) -> Decoded<Self> {
        Ok(Self {
            height: Height(message.height),
            round: round(message.round)?,
            valid_round: round(message.valid_round)?,
            proposer: Address::from_slice(&message.proposer)?,
            value: BlockId::from_bytes(&message.value)?,
            validity: Validity::from_bool(message.is_valid),
        })
    }
}

impl From<&Announcement> for AnnouncementMessage {
    fn from(announcement: &Announcement) -> Self {
        Self {
            height: announcement.height,
            round: announcement.round,
            id: copy(&announcement.id.to_bytes()),
            bytes: announcement.bytes,
            proposer: copy(&announcement.proposer.0),
            signature: copy(&announcement.signature.0),
        }
    }
}

impl TryFrom<AnnouncementMessage> for Announcement {
    type Error = Malformed;

    fn try_from(message: AnnouncementMessage) -> Decoded<Self> {
        defined(i64::from(message.round))?;
        Ok(Self {
            height: message.height,
            round: message.round,
            id: BlockId::from_bytes(&message.id)?,
            bytes: message.bytes,
            proposer: Address::from_slice(&message.proposer)?,
            signature: Signature::from_slice(&message.signature)?,
        })
    }
}

impl From<&Part> for PartMessage {
    fn from(part: &Part) -> Self {
        let content = match part {
            Part::Announcement(announcement) => PartContent::Announcement(announcement.into()),
            Part::Chunk(chunk) => PartContent::Chunk(chunk.clone()),
        };
        Self {
            content: Some(content),
        }
    }
}

impl TryFrom<PartMessage> for Part {
    type Error = Malformed;

    fn try_from(message: PartMessage) -> Decoded<Self> {
        Ok(match message.content.ok_or(Malformed)? {
            PartContent::Announcement(announcement) => Part::Announcement(announcement.try_into()?),
            PartContent::Chunk(chunk) => Part::Chunk(chunk),
        })
    }
}

fn copy(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(bytes)
}

fn kind_number(kind: VoteType) -> u32 {
    match kind {
        VoteType::Prevote => 1,
        VoteType::Precommit => 2,
    }
}

fn kind(number: u32) -> Decoded<VoteType> {
    match number {
        1 => Ok(VoteType::Prevote),
        2 => Ok(VoteType::Precommit),
        _ => Err(Malformed),
    }
}

fn value_bytes(value: &NilOrVal<BlockId>) -> Option<Bytes> {
    match value {
        NilOrVal::Nil => None,
        NilOrVal::Val(id) => Some(copy(&id.to_bytes())),
    }
}

fn value(bytes: Option<Bytes>) -> Decoded<NilOrVal<BlockId>> {
    Ok(match bytes {
        None => NilOrVal::Nil,
        Some(bytes) => NilOrVal::Val(BlockId::from_bytes(&bytes)?),
    })
}

/// A round, or none. CometBFT counts rounds in 31 bits, so more is refused here, at the border.
fn round(number: i64) -> Decoded<Round> {
    match number {
        -1 => Ok(Round::Nil),
        0..=0x7fff_ffff => Ok(Round::new(number as u32)),
        _ => Err(Malformed),
    }
}

fn defined(number: i64) -> Decoded<Round> {
    match round(number)? {
        Round::Nil => Err(Malformed),
        round @ Round::Some(_) => Ok(round),
    }
}
