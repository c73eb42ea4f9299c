//! Bytes of what travels between nodes, and of what the write-ahead log keeps.

use bytes::Bytes;
use malachitebft_app_channel::app::consensus::LivenessMsg;
use malachitebft_app_channel::app::streaming::{StreamContent, StreamId, StreamMessage};
use malachitebft_app_channel::app::types::codec::{Codec, HasEncodedLen};
use malachitebft_app_channel::app::types::core::{PolkaCertificate, ValidatorProof};
use malachitebft_app_channel::app::types::sync::{RawDecidedValue, Request, Response, Status};
use malachitebft_app_channel::app::types::{PeerId, ProposedValue, SignedConsensusMsg};
use malachitebft_sync::{ValueRequest, ValueResponse};
use prost::Message;

use super::context::{Height, Ours};
use super::messages::{
    CertificateMessage, PartMessage, ProposalMessage, ProposedMessage, RoundCertificateMessage,
    VoteMessage,
};
use super::parts::Part;
use super::signing::REFUSED;
use crate::embedded::canonical::{Malformed, Signature};

/// Speaks protobuf.
#[derive(Clone, Copy, Debug)]
pub(super) struct Protobuf;

/// Why bytes were not made or not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum CodecError {
    #[error("malformed message")]
    Malformed,
    /// The guard refused the signature, so the message stays here.
    #[error("a message that the guard refused to sign")]
    Refused,
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
codec!(PolkaCertificate<Ours> as CertificateMessage);
codec!(ProposedValue<Ours> as ProposedMessage);

#[derive(Clone, PartialEq, Message)]
struct ConsensusMessage {
    #[prost(oneof = "ConsensusContent", tags = "1, 2")]
    content: Option<ConsensusContent>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum ConsensusContent {
    #[prost(message, tag = "1")]
    Vote(VoteMessage),
    #[prost(message, tag = "2")]
    Proposal(ProposalMessage),
}

impl Codec<SignedConsensusMsg<Ours>> for Protobuf {
    type Error = CodecError;

    fn encode(&self, message: &SignedConsensusMsg<Ours>) -> Encoded {
        permitted(message.signature())?;
        let content = match message {
            SignedConsensusMsg::Vote(vote) => ConsensusContent::Vote(vote.into()),
            SignedConsensusMsg::Proposal(proposal) => ConsensusContent::Proposal(proposal.into()),
        };
        let message = ConsensusMessage {
            content: Some(content),
        };
        Ok(message.encode_to_vec().into())
    }

    fn decode(&self, bytes: Bytes) -> Result<SignedConsensusMsg<Ours>, CodecError> {
        let content = ConsensusMessage::decode(bytes)?.content;
        Ok(match content.ok_or(CodecError::Malformed)? {
            ConsensusContent::Vote(vote) => SignedConsensusMsg::Vote(vote.try_into()?),
            ConsensusContent::Proposal(proposal) => {
                SignedConsensusMsg::Proposal(proposal.try_into()?)
            }
        })
    }
}

#[derive(Clone, PartialEq, Message)]
struct LivenessMessage {
    #[prost(oneof = "LivenessContent", tags = "1, 2, 3")]
    content: Option<LivenessContent>,
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

impl Codec<LivenessMsg<Ours>> for Protobuf {
    type Error = CodecError;

    fn encode(&self, message: &LivenessMsg<Ours>) -> Encoded {
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
        };
        Ok(message.encode_to_vec().into())
    }

    fn decode(&self, bytes: Bytes) -> Result<LivenessMsg<Ours>, CodecError> {
        let content = LivenessMessage::decode(bytes)?.content;
        Ok(match content.ok_or(CodecError::Malformed)? {
            LivenessContent::Vote(vote) => LivenessMsg::Vote(vote.try_into()?),
            LivenessContent::Polka(polka) => LivenessMsg::PolkaCertificate(polka.try_into()?),
            LivenessContent::SkipRound(skip) => LivenessMsg::SkipRoundCertificate(skip.try_into()?),
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
}

impl Codec<StreamMessage<Part>> for Protobuf {
    type Error = CodecError;

    fn encode(&self, message: &StreamMessage<Part>) -> Encoded {
        let message = StreamPartMessage {
            stream_id: message.stream_id.to_bytes(),
            sequence: message.sequence,
            part: message.content.as_data().map(PartMessage::from),
        };
        Ok(message.encode_to_vec().into())
    }

    fn decode(&self, bytes: Bytes) -> Result<StreamMessage<Part>, CodecError> {
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

impl Codec<ValidatorProof<Ours>> for Protobuf {
    type Error = CodecError;

    fn encode(&self, proof: &ValidatorProof<Ours>) -> Encoded {
        let message = ProofMessage {
            public_key: proof.public_key.clone(),
            peer_id: proof.peer_id.clone(),
            signature: proof.signature.0.to_vec(),
        };
        Ok(message.encode_to_vec().into())
    }

    fn decode(&self, bytes: Bytes) -> Result<ValidatorProof<Ours>, CodecError> {
        let message = ProofMessage::decode(bytes)?;
        Ok(ValidatorProof::new(
            message.public_key,
            message.peer_id,
            Signature::from_slice(&message.signature)?,
        ))
    }
}

#[derive(Clone, PartialEq, Message)]
struct StatusMessage {
    #[prost(bytes = "vec", tag = "1")]
    peer_id: Vec<u8>,
    #[prost(uint64, tag = "2")]
    tip_height: u64,
    #[prost(uint64, tag = "3")]
    base_height: u64,
}

impl Codec<Status<Ours>> for Protobuf {
    type Error = CodecError;

    fn encode(&self, status: &Status<Ours>) -> Encoded {
        let message = StatusMessage {
            peer_id: status.peer_id.to_bytes(),
            tip_height: status.tip_height.0,
            base_height: status.history_min_height.0,
        };
        Ok(message.encode_to_vec().into())
    }

    fn decode(&self, bytes: Bytes) -> Result<Status<Ours>, CodecError> {
        let message = StatusMessage::decode(bytes)?;
        Ok(Status {
            peer_id: PeerId::from_bytes(&message.peer_id).map_err(|_| CodecError::Malformed)?,
            tip_height: Height(message.tip_height),
            history_min_height: Height(message.base_height),
        })
    }
}

#[derive(Clone, PartialEq, Message)]
struct RequestMessage {
    #[prost(uint64, tag = "1")]
    from: u64,
    #[prost(uint64, tag = "2")]
    to: u64,
}

impl Codec<Request<Ours>> for Protobuf {
    type Error = CodecError;

    fn encode(&self, request: &Request<Ours>) -> Encoded {
        let Request::ValueRequest(request) = request;
        let message = RequestMessage {
            from: request.range.start().0,
            to: request.range.end().0,
        };
        Ok(message.encode_to_vec().into())
    }

    fn decode(&self, bytes: Bytes) -> Result<Request<Ours>, CodecError> {
        let message = RequestMessage::decode(bytes)?;
        let range = Height(message.from)..=Height(message.to);
        Ok(Request::ValueRequest(ValueRequest::new(range)))
    }
}

#[derive(Clone, PartialEq, Message)]
struct ResponseMessage {
    #[prost(uint64, tag = "1")]
    start: u64,
    #[prost(message, repeated, tag = "2")]
    values: Vec<DecidedMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct DecidedMessage {
    #[prost(bytes = "bytes", tag = "1")]
    block: Bytes,
    #[prost(message, required, tag = "2")]
    certificate: CertificateMessage,
}

impl From<&Response<Ours>> for ResponseMessage {
    fn from(response: &Response<Ours>) -> Self {
        let Response::ValueResponse(response) = response;
        Self {
            start: response.start_height.0,
            values: response
                .values
                .iter()
                .map(|value| DecidedMessage {
                    block: value.value_bytes.clone(),
                    certificate: (&value.certificate).into(),
                })
                .collect(),
        }
    }
}

impl Codec<Response<Ours>> for Protobuf {
    type Error = CodecError;

    fn encode(&self, response: &Response<Ours>) -> Encoded {
        Ok(ResponseMessage::from(response).encode_to_vec().into())
    }

    fn decode(&self, bytes: Bytes) -> Result<Response<Ours>, CodecError> {
        let message = ResponseMessage::decode(bytes)?;
        let values = message
            .values
            .into_iter()
            .map(|value| {
                Ok(RawDecidedValue::new(
                    value.block,
                    value.certificate.try_into()?,
                ))
            })
            .collect::<Result<_, CodecError>>()?;
        Ok(Response::ValueResponse(ValueResponse::new(
            Height(message.start),
            values,
        )))
    }
}

impl HasEncodedLen<Response<Ours>> for Protobuf {
    fn encoded_len(&self, response: &Response<Ours>) -> Result<usize, CodecError> {
        Ok(ResponseMessage::from(response).encoded_len())
    }
}

fn permitted(signature: &Signature) -> Result<(), CodecError> {
    if *signature == REFUSED {
        Err(CodecError::Refused)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use malachitebft_app_channel::app::types::core::{
        Context, ExtendedCommitCertificate, NilOrVal, PolkaSignature, Round, RoundCertificate,
        RoundCertificateType, RoundSignature, SignedProposal, SignedVote, Validity, VoteType,
    };

    use super::*;
    use crate::embedded::canonical::{Address, BlockId};

    fn there_and_back<T: Debug + PartialEq>(value: &T)
    where
        Protobuf: Codec<T>,
    {
        let bytes = Protobuf.encode(value).unwrap();
        let again = Protobuf.decode(bytes.clone());
        assert!(again.is_ok_and(|again| again == *value), "{value:?}");
        for end in 0..bytes.len() {
            // Cut anywhere, it may be another message, but never a panic.
            let _ = Protobuf.decode(bytes.slice(..end));
        }
    }

    fn id() -> BlockId {
        BlockId {
            hash: [1; 32],
            parts: 3,
            parts_hash: [2; 32],
        }
    }

    fn vote(kind: VoteType, round: u32, value: NilOrVal<BlockId>) -> SignedVote<Ours> {
        let vote = match kind {
            VoteType::Prevote => Ours.new_prevote(Height(7), Round::new(round), value, ADDRESS),
            VoteType::Precommit => Ours.new_precommit(Height(7), Round::new(round), value, ADDRESS),
        };
        SignedVote::new(vote, SIGNATURE)
    }

    fn proposal(round: u32, pol_round: Round) -> SignedProposal<Ours> {
        let proposal = Ours.new_proposal(Height(7), Round::new(round), id(), pol_round, ADDRESS);
        SignedProposal::new(proposal, SIGNATURE)
    }

    const ADDRESS: Address = Address([9; 20]);
    const SIGNATURE: Signature = Signature([8; 64]);

    #[test]
    fn every_message_is_read_as_it_was_written() {
        let polka = PolkaCertificate {
            height: Height(7),
            round: Round::new(2),
            value_id: id(),
            polka_signatures: vec![PolkaSignature::new(ADDRESS, SIGNATURE)],
        };
        let skip = RoundCertificate {
            height: Height(7),
            round: Round::new(2),
            cert_type: RoundCertificateType::Skip,
            round_signatures: vec![
                RoundSignature::new(VoteType::Prevote, NilOrVal::Nil, ADDRESS, SIGNATURE),
                RoundSignature::new(VoteType::Precommit, NilOrVal::Val(id()), ADDRESS, SIGNATURE),
            ],
        };
        for value in [NilOrVal::Nil, NilOrVal::Val(id())] {
            for kind in [VoteType::Prevote, VoteType::Precommit] {
                there_and_back(&SignedConsensusMsg::Vote(vote(kind, 0, value)));
                there_and_back(&LivenessMsg::Vote(vote(kind, 5, value)));
            }
        }
        there_and_back(&SignedConsensusMsg::Proposal(proposal(1, Round::Nil)));
        there_and_back(&SignedConsensusMsg::Proposal(proposal(4, Round::new(3))));
        there_and_back(&polka);
        there_and_back(&LivenessMsg::PolkaCertificate(polka));
        there_and_back(&LivenessMsg::SkipRoundCertificate(skip));
        there_and_back(&ProposedValue::<Ours> {
            height: Height(7),
            round: Round::new(1),
            valid_round: Round::Nil,
            proposer: ADDRESS,
            value: id(),
            validity: Validity::Invalid,
        });
        there_and_back(&StreamMessage::<Part>::new(
            StreamId::new(Bytes::from_static(b"stream")),
            5,
            StreamContent::Fin,
        ));
        there_and_back(&StreamMessage::new(
            StreamId::new(Bytes::from_static(b"stream")),
            5,
            StreamContent::Data(Part::Chunk(Bytes::from_static(b"chunk"))),
        ));
        let certificate = ExtendedCommitCertificate {
            height: Height(3),
            round: Round::new(0),
            value_id: id(),
            commit_signatures: Vec::new(),
        };
        let response = Response::ValueResponse(ValueResponse::<Ours>::new(
            Height(3),
            vec![RawDecidedValue::new(
                Bytes::from_static(b"block"),
                certificate,
            )],
        ));
        there_and_back(&response);
        let encoded: Bytes = Protobuf.encode(&response).unwrap();
        assert_eq!(Protobuf.encoded_len(&response), Ok(encoded.len()));
        let request = ValueRequest::<Ours>::new(Height(3)..=Height(9));
        there_and_back(&Request::ValueRequest(request));
    }

    #[test]
    fn a_round_beyond_31_bits_is_refused_at_the_border() {
        for round in [1 << 31, u32::MAX] {
            let message = SignedConsensusMsg::Vote(vote(VoteType::Prevote, round, NilOrVal::Nil));
            let bytes = Protobuf.encode(&message).unwrap();
            let read: Result<SignedConsensusMsg<Ours>, _> = Protobuf.decode(bytes);
            assert_eq!(read, Err(CodecError::Malformed));
        }
    }

    #[test]
    fn what_the_guard_refused_does_not_leave_the_process() {
        let mut refused = vote(VoteType::Prevote, 0, NilOrVal::Nil);
        refused.signature = REFUSED;
        let message = SignedConsensusMsg::Vote(refused.clone());
        assert_eq!(Protobuf.encode(&message), Err(CodecError::Refused));
        let message = LivenessMsg::Vote(refused);
        assert_eq!(Protobuf.encode(&message), Err(CodecError::Refused));
    }
}
