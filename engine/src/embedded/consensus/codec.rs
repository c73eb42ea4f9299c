//! Bytes of what travels between nodes, and of what the write-ahead log keeps.

mod sync;

use std::hash::{BuildHasher as _, RandomState};

use bytes::Bytes;
use malachitebft_app_channel::app::consensus::LivenessMsg;
use malachitebft_app_channel::app::streaming::{StreamContent, StreamId, StreamMessage};
use malachitebft_app_channel::app::types::codec::Codec;
use malachitebft_app_channel::app::types::core::{
    PolkaCertificate, RoundCertificate, ValidatorProof,
};
use malachitebft_app_channel::app::types::{ProposedValue, SignedConsensusMsg};
use prost::Message;

use super::ahead::Ahead;
use super::context::EmbeddedContext;
use super::messages::{
    CertificateMessage, PartMessage, ProposalMessage, ProposedMessage, RoundCertificateMessage,
    SIGNATURES_MAX, VoteMessage,
};
use super::parts::{PART_MESSAGE_BYTES_MAX, Part};
use super::signing::REFUSED;
use super::voters::Voters;
use crate::embedded::canonical::{Malformed, Signature};

/// Speaks protobuf.
#[derive(Clone, Debug, Default)]
pub(super) struct Protobuf {
    /// Where the blocks that others give are noted.
    pub(super) ahead: Option<Ahead>,
    /// Who is heard before their height's turn; everybody where nothing waits.
    pub(super) voters: Option<Voters>,
}

/// Why bytes were not made or not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum CodecError {
    #[error("malformed message")]
    Malformed,
    /// The guard refused the signature, so the message stays here.
    #[error("a message that the guard refused to sign")]
    Refused,
    /// A word about a height to come, which would have to wait, from somebody who does not vote or who has said enough.
    #[error("a word too early")]
    TooEarly,
}

impl From<Malformed> for CodecError {
    fn from(_: Malformed) -> Self {
        CodecError::Malformed
    }
}

impl From<prost::DecodeError> for CodecError {
    fn from(_: prost::DecodeError) -> Self {
        CodecError::Malformed
    }
}

type Encoded = Result<Bytes, CodecError>;

/// A type whose message is made from a reference and read back.
macro_rules! codec {
    ($type:ty as $message:ty) => {
        impl Codec<$type> for Protobuf {
            type Error = CodecError;

            fn encode(&self, value: &$type) -> Encoded {
                Ok(<$message>::from(value).encode_to_vec().into())
            }

            fn decode(&self, bytes: Bytes) -> Result<$type, CodecError> {
                Ok(<$message>::decode(bytes)?.try_into()?)
            }
        }
    };
}

codec!(Part as PartMessage);
codec!(PolkaCertificate<EmbeddedContext> as CertificateMessage);
codec!(ProposedValue<EmbeddedContext> as ProposedMessage);

#[derive(Clone, PartialEq, Message)]
struct ConsensusMessage {
    #[prost(oneof = "ConsensusContent", tags = "1, 2")]
    content: Option<ConsensusContent>,
    /// See [`unforeseen`].
    #[prost(fixed64, tag = "4")]
    unforeseen: u64,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum ConsensusContent {
    #[prost(message, tag = "1")]
    Vote(VoteMessage),
    #[prost(message, tag = "2")]
    Proposal(ProposalMessage),
}

impl Codec<SignedConsensusMsg<EmbeddedContext>> for Protobuf {
    type Error = CodecError;

    fn encode(&self, message: &SignedConsensusMsg<EmbeddedContext>) -> Encoded {
        permitted(message.signature())?;
        let content = match message {
            SignedConsensusMsg::Vote(vote) => ConsensusContent::Vote(vote.into()),
            SignedConsensusMsg::Proposal(proposal) => ConsensusContent::Proposal(proposal.into()),
        };
        let message = ConsensusMessage {
            content: Some(content),
            unforeseen: unforeseen(),
        };
        Ok(message.encode_to_vec().into())
    }

    fn decode(&self, bytes: Bytes) -> Result<SignedConsensusMsg<EmbeddedContext>, CodecError> {
        let content = ConsensusMessage::decode(bytes)?.content;
        let message = match content.ok_or(CodecError::Malformed)? {
            ConsensusContent::Vote(vote) => SignedConsensusMsg::Vote(vote.try_into()?),
            ConsensusContent::Proposal(proposal) => {
                SignedConsensusMsg::Proposal(proposal.try_into()?)
            }
        };
        self.heard(|voters| voters.may_speak(&message))?;
        Ok(message)
    }
}

/// The largest certificate: what a longer list is read into takes many times its bytes.
const LIVENESS_BYTES_MAX: usize = SIGNATURES_MAX * 256;

#[derive(Clone, PartialEq, Message)]
struct LivenessMessage {
    #[prost(oneof = "LivenessContent", tags = "1, 2, 3")]
    content: Option<LivenessContent>,
    /// See [`unforeseen`].
    #[prost(fixed64, tag = "4")]
    unforeseen: u64,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum LivenessContent {
    #[prost(message, tag = "1")]
    Vote(VoteMessage),
    #[prost(message, tag = "2")]
    Polka(CertificateMessage),
    #[prost(message, tag = "3")]
    SkipRound(RoundCertificateMessage),
}

impl Codec<LivenessMsg<EmbeddedContext>> for Protobuf {
    type Error = CodecError;

    fn encode(&self, message: &LivenessMsg<EmbeddedContext>) -> Encoded {
        let content = match message {
            LivenessMsg::Vote(vote) => {
                permitted(&vote.signature)?;
                LivenessContent::Vote(vote.into())
            }
            LivenessMsg::PolkaCertificate(polka) => LivenessContent::Polka(polka.into()),
            LivenessMsg::SkipRoundCertificate(skip) => LivenessContent::SkipRound(skip.into()),
        };
        let message = LivenessMessage {
            content: Some(content),
            unforeseen: unforeseen(),
        };
        Ok(message.encode_to_vec().into())
    }

    fn decode(&self, bytes: Bytes) -> Result<LivenessMsg<EmbeddedContext>, CodecError> {
        if bytes.len() > LIVENESS_BYTES_MAX {
            return Err(CodecError::Malformed);
        }
        let content = LivenessMessage::decode(bytes)?.content;
        Ok(match content.ok_or(CodecError::Malformed)? {
            LivenessContent::Vote(vote) => {
                let vote = vote.try_into()?;
                self.heard(|voters| voters.may_vote(&vote))?;
                LivenessMsg::Vote(vote)
            }
            LivenessContent::Polka(polka) => {
                let polka: PolkaCertificate<EmbeddedContext> = polka.try_into()?;
                self.signed_by_so_many(polka.polka_signatures.len())?;
                LivenessMsg::PolkaCertificate(polka)
            }
            LivenessContent::SkipRound(skip) => {
                let skip: RoundCertificate<EmbeddedContext> = skip.try_into()?;
                self.signed_by_so_many(skip.round_signatures.len())?;
                LivenessMsg::SkipRoundCertificate(skip)
            }
        })
    }
}

#[derive(Clone, PartialEq, Message)]
struct StreamPartMessage {
    #[prost(bytes = "bytes", tag = "1")]
    stream_id: Bytes,
    #[prost(uint64, tag = "2")]
    sequence: u64,
    /// Absent at the end of a stream.
    #[prost(message, optional, tag = "3")]
    part: Option<PartMessage>,
    /// See [`unforeseen`].
    #[prost(fixed64, tag = "4")]
    unforeseen: u64,
}

impl Codec<StreamMessage<Part>> for Protobuf {
    type Error = CodecError;

    fn encode(&self, message: &StreamMessage<Part>) -> Encoded {
        let message = StreamPartMessage {
            stream_id: message.stream_id.to_bytes(),
            sequence: message.sequence,
            part: message.content.as_data().map(PartMessage::from),
            unforeseen: unforeseen(),
        };
        Ok(message.encode_to_vec().into())
    }

    fn decode(&self, bytes: Bytes) -> Result<StreamMessage<Part>, CodecError> {
        // What waits for the rest of its block is a piece of this message, and keeps all of it in memory.
        if bytes.len() > PART_MESSAGE_BYTES_MAX {
            return Err(CodecError::Malformed);
        }
        let message = StreamPartMessage::decode(bytes)?;
        let content = match message.part {
            None => StreamContent::Fin,
            Some(part) => StreamContent::Data(part.try_into()?),
        };
        Ok(StreamMessage::new(
            StreamId::new(message.stream_id),
            message.sequence,
            content,
        ))
    }
}

#[derive(Clone, PartialEq, Message)]
struct ProofMessage {
    #[prost(bytes = "vec", tag = "1")]
    public_key: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    peer_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    signature: Vec<u8>,
}

impl Codec<ValidatorProof<EmbeddedContext>> for Protobuf {
    type Error = CodecError;

    fn encode(&self, proof: &ValidatorProof<EmbeddedContext>) -> Encoded {
        let message = ProofMessage {
            public_key: proof.public_key.clone(),
            peer_id: proof.peer_id.clone(),
            signature: proof.signature.0.to_vec(),
        };
        Ok(message.encode_to_vec().into())
    }

    fn decode(&self, bytes: Bytes) -> Result<ValidatorProof<EmbeddedContext>, CodecError> {
        let message = ProofMessage::decode(bytes)?;
        Ok(ValidatorProof::new(
            message.public_key,
            message.peer_id,
            Signature::from_slice(&message.signature)?,
        ))
    }
}

impl Protobuf {
    fn heard(&self, may_speak: impl FnOnce(&Voters) -> bool) -> Result<(), CodecError> {
        if self.voters.as_ref().is_none_or(may_speak) {
            Ok(())
        } else {
            Err(CodecError::TooEarly)
        }
    }

    /// Whether so many can have signed a certificate: Malachite writes one that does not hold into its log, whole.
    fn signed_by_so_many(&self, signatures: usize) -> Result<(), CodecError> {
        let voters = self.voters.as_ref();
        if voters.is_none_or(|voters| signatures <= voters.count()) {
            Ok(())
        } else {
            Err(CodecError::Malformed)
        }
    }
}

/// By which what is said again is said in other bytes. The network drops what has the hash of an earlier message, and
/// anybody can send another message with the hash of one that they foresee.
fn unforeseen() -> u64 {
    RandomState::new().hash_one(())
}

fn permitted(signature: &Signature) -> Result<(), CodecError> {
    if *signature == REFUSED {
        Err(CodecError::Refused)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
