//! Blocks: as consensus names them, and in the pieces in which they travel.

use bytes::Bytes;
use malachitebft_app_channel::app::types::core::Validity;
use prost::Message;

use super::{Decoded, copy, defined, round};
use crate::embedded::canonical::{Address, BlockId, Malformed, Signature};
use crate::embedded::consensus::context::{EmbeddedContext, Height};
use crate::embedded::consensus::parts::{Announcement, Part};

#[derive(Clone, PartialEq, Message)]
pub(in crate::embedded::consensus) struct ProposedMessage {
    #[prost(uint64, tag = "1")]
    pub(in crate::embedded::consensus) height: u64,
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
pub(in crate::embedded::consensus) struct AnnouncementMessage {
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
pub(in crate::embedded::consensus) struct PartMessage {
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

type ProposedValue = malachitebft_app_channel::app::types::ProposedValue<EmbeddedContext>;

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
