//! The messages of consensus, as protobuf. What comes in is turned into our types or refused.

mod blocks;
mod certificates;
mod votes;

use bytes::Bytes;
use malachitebft_app_channel::app::types::core::{NilOrVal, Round, VoteType};

use crate::embedded::canonical::{BlockId, Malformed};

pub(super) use blocks::{AnnouncementMessage, PartMessage, ProposedMessage};
pub(super) use certificates::{
    CertificateMessage, RoundCertificateMessage, SIGNATURES_MAX, certificate,
};
pub(super) use votes::{ProposalMessage, VoteMessage};

type Decoded<T> = Result<T, Malformed>;

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
