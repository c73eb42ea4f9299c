use std::fmt::Debug;

use malachitebft_app_channel::app::types::core::{
    Context, ExtendedCommitCertificate, NilOrVal, PolkaSignature, Round, RoundCertificate,
    RoundCertificateType, RoundSignature, SignedProposal, SignedVote, Validity, VoteType,
};

use malachitebft_app_channel::app::types::codec::HasEncodedLen;
use malachitebft_app_channel::app::types::sync::{RawDecidedValue, Request, Response};
use malachitebft_sync::{ValueRequest, ValueResponse};

use super::*;
use crate::embedded::canonical::{Address, BlockId};
use crate::embedded::consensus::context::Height;
use crate::embedded::consensus::parts::CHUNK_BYTES;
use crate::embedded::sample::Chain;

fn there_and_back<T: Debug + PartialEq>(value: &T)
where
    Protobuf: Codec<T>,
{
    let bytes = Protobuf::default().encode(value).unwrap();
    let again = Protobuf::default().decode(bytes.clone());
    assert!(again.is_ok_and(|again| again == *value), "{value:?}");
    for end in 0..bytes.len() {
        // Cut anywhere, it may be another message, but never a panic.
        let _ = Protobuf::default().decode(bytes.slice(..end));
    }
}

fn id() -> BlockId {
    BlockId {
        hash: [1; 32],
        parts: 3,
        parts_hash: [2; 32],
    }
}

fn vote(kind: VoteType, round: u32, value: NilOrVal<BlockId>) -> SignedVote<EmbeddedContext> {
    let vote = match kind {
        VoteType::Prevote => {
            EmbeddedContext.new_prevote(Height(7), Round::new(round), value, ADDRESS)
        }
        VoteType::Precommit => {
            EmbeddedContext.new_precommit(Height(7), Round::new(round), value, ADDRESS)
        }
    };
    SignedVote::new(vote, SIGNATURE)
}

fn proposal(round: u32, pol_round: Round) -> SignedProposal<EmbeddedContext> {
    let proposal =
        EmbeddedContext.new_proposal(Height(7), Round::new(round), id(), pol_round, ADDRESS);
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
    there_and_back(&ProposedValue::<EmbeddedContext> {
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
    let response = Response::ValueResponse(ValueResponse::<EmbeddedContext>::new(
        Height(3),
        vec![RawDecidedValue::new(
            Bytes::from_static(b"block"),
            certificate,
        )],
    ));
    there_and_back(&response);
    let encoded: Bytes = Protobuf::default().encode(&response).unwrap();
    assert_eq!(
        Protobuf::default().encoded_len(&response),
        Ok(encoded.len())
    );
    let request = ValueRequest::<EmbeddedContext>::new(Height(3)..=Height(9));
    there_and_back(&Request::ValueRequest(request));
}

#[test]
fn a_certificate_with_more_signatures_than_there_are_validators_is_refused() {
    let wire = Protobuf {
        voters: Some(Voters::new(&Chain::found(&[10; 4]).tip)),
        ahead: None,
    };
    let is_read = |signatures: usize| {
        let polka = PolkaCertificate {
            height: Height(1),
            round: Round::new(0),
            value_id: id(),
            polka_signatures: vec![PolkaSignature::new(ADDRESS, SIGNATURE); signatures],
        };
        let signature = RoundSignature::new(VoteType::Prevote, NilOrVal::Nil, ADDRESS, SIGNATURE);
        let skip = RoundCertificate {
            height: Height(1),
            round: Round::new(0),
            cert_type: RoundCertificateType::Skip,
            round_signatures: vec![signature; signatures],
        };
        let certificates = [
            LivenessMsg::PolkaCertificate(polka),
            LivenessMsg::SkipRoundCertificate(skip),
        ];
        certificates.map(|certificate| {
            let bytes = wire.encode(&certificate).unwrap();
            let read: Result<LivenessMsg<EmbeddedContext>, _> = wire.decode(bytes);
            read.is_ok()
        })
    };
    assert_eq!(is_read(4), [true, true]);
    assert_eq!(is_read(5), [false, false]);
}

#[test]
fn a_round_beyond_31_bits_is_refused_at_the_border() {
    for round in [1 << 31, u32::MAX] {
        let message = SignedConsensusMsg::Vote(vote(VoteType::Prevote, round, NilOrVal::Nil));
        let bytes = Protobuf::default().encode(&message).unwrap();
        let read: Result<SignedConsensusMsg<EmbeddedContext>, _> =
            Protobuf::default().decode(bytes);
        assert_eq!(read, Err(CodecError::Malformed));
    }
}

#[test]
fn a_vote_for_the_name_of_no_block_is_refused_at_the_border() {
    let nothing = NilOrVal::Val(BlockId::default());
    for kind in [VoteType::Prevote, VoteType::Precommit] {
        let message = SignedConsensusMsg::Vote(vote(kind, 0, nothing));
        let bytes = Protobuf::default().encode(&message).unwrap();
        let read: Result<SignedConsensusMsg<EmbeddedContext>, _> =
            Protobuf::default().decode(bytes);
        assert_eq!(read, Err(CodecError::Malformed));
        let message = LivenessMsg::Vote(vote(kind, 0, nothing));
        let bytes = Protobuf::default().encode(&message).unwrap();
        let read: Result<LivenessMsg<EmbeddedContext>, _> = Protobuf::default().decode(bytes);
        assert!(read.is_err());
    }
}

#[test]
fn what_the_guard_refused_does_not_leave_the_process() {
    let mut refused = vote(VoteType::Prevote, 0, NilOrVal::Nil);
    refused.signature = REFUSED;
    let message = SignedConsensusMsg::Vote(refused.clone());
    assert_eq!(
        Protobuf::default().encode(&message),
        Err(CodecError::Refused)
    );
    let message = LivenessMsg::Vote(refused);
    assert_eq!(
        Protobuf::default().encode(&message),
        Err(CodecError::Refused)
    );
}

#[test]
fn what_is_said_again_is_said_in_bytes_that_nobody_foresees() {
    let vote = vote(VoteType::Prevote, 0, NilOrVal::Nil);
    let again = LivenessMsg::Vote(vote.clone());
    let message = SignedConsensusMsg::Vote(vote);
    let part = StreamMessage::<Part>::new(StreamId::new(Bytes::new()), 9, StreamContent::Fin);
    let said = || -> [Bytes; 3] {
        let wire = Protobuf::default();
        [
            wire.encode(&message).unwrap(),
            wire.encode(&again).unwrap(),
            wire.encode(&part).unwrap(),
        ]
    };
    for (first, second) in said().into_iter().zip(said()) {
        assert_eq!(first.len(), second.len());
        assert_ne!(first, second);
    }
}

#[test]
fn a_piece_of_a_block_brings_nothing_beside_itself() {
    let part = StreamMessage::new(
        StreamId::new(Bytes::from(vec![0; 16])),
        9,
        StreamContent::Data(Part::Chunk(vec![7; CHUNK_BYTES].into())),
    );
    let bytes: Bytes = Protobuf::default().encode(&part).unwrap();
    let read: Result<StreamMessage<Part>, _> = Protobuf::default().decode(bytes.clone());
    assert_eq!(read, Ok(part), "the largest piece that is cut");
    // A field that nobody reads: its tag, its length, its bytes.
    let padding = [&[0x7a, 0x80, 0x10][..], &[0; 2_048]].concat();
    let padded = Bytes::from([&bytes[..], &padding].concat());
    let read: Result<StreamMessage<Part>, _> = Protobuf::default().decode(padded);
    assert_eq!(read, Err(CodecError::Malformed));
}
