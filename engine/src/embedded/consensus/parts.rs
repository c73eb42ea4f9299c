//! A block on its way: announced by its proposer, cut into chunks, put together within bounds.

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use ed25519_dalek::{Signer as _, SigningKey};
use malachitebft_app_channel::app::streaming::{StreamContent, StreamId, StreamMessage};
use malachitebft_app_channel::app::types::core::ProposalPart;

use super::context::EmbeddedContext;
use crate::embedded::NodeId;
use crate::embedded::canonical::{Address, BlockId, SealedBlock, Signature, ValidatorSet};
use crate::embedded::tip::Tip;

/// Heights above the newest whose blocks are taken in. A node that comes back hears of blocks before it has those below
/// them; it joins the others only if it has kept them by then.
pub(super) const HEIGHTS_AHEAD_MAX: u64 = 64;
/// Bytes of a block that travel in one message.
pub(super) const CHUNK_BYTES: usize = 128 * 1024;
/// A message that carries them: they, and what says whose and which they are.
pub(super) const PART_MESSAGE_BYTES_MAX: usize = CHUNK_BYTES + 1024;
/// Blocks of one publisher that can be on their way at once; a further one pushes out the oldest. Registered nodes are
/// few.
const STREAMS_PER_PUBLISHER_MAX: usize = 4;
/// What a block may have beside the bytes that the parameters count.
const SLACK_BYTES: u64 = 1 << 20;

/// A piece of a proposed block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Which block follows, and whose it is.
    Announcement(Announcement),
    /// The next bytes of the block.
    Chunk(Bytes),
}

/// Says which block follows. Signed by the proposer of its round, so that nobody else can make others collect bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Announcement {
    pub(super) height: u64,
    pub(super) round: u32,
    pub(super) id: BlockId,
    pub(super) bytes: u64,
    pub(super) proposer: Address,
    pub(super) signature: Signature,
}

impl Announcement {
    pub(super) fn new(
        block: &SealedBlock,
        round: u32,
        proposer: Address,
        chain_id: &str,
        key: &SigningKey,
    ) -> Self {
        let mut announcement = Self {
            height: block.header().height,
            round,
            id: block.id(),
            bytes: block.bytes().len() as u64,
            proposer,
            signature: Signature([0; 64]),
        };
        let signature = key.sign(&announcement.sign_bytes(chain_id));
        announcement.signature = Signature(signature.to_bytes());
        announcement
    }

    /// Whether the proposer of its round, not far above the tip, made it. The validators of two heights are known; of
    /// those above it is assumed that nothing changes, which is looked at again when their turn comes.
    pub(super) fn is_due(&self, tip: &Tip) -> bool {
        let validators = match self.height.checked_sub(tip.height) {
            None | Some(0) => return false,
            Some(1) => &tip.validators,
            Some(2..=HEIGHTS_AHEAD_MAX) => &tip.next_validators,
            Some(_) => return false,
        };
        self.bytes <= tip.params.block_bytes_max() + SLACK_BYTES
            && self.is_by_proposer(&tip.chain_id, validators)
    }

    fn is_by_proposer(&self, chain_id: &str, validators: &ValidatorSet) -> bool {
        let proposer = validators.proposer(self.height, self.round);
        proposer.address == self.proposer
            && self
                .signature
                .is_by(&proposer.public_key, &self.sign_bytes(chain_id))
    }

    fn sign_bytes(&self, chain_id: &str) -> Vec<u8> {
        [
            b"\0polity announcement\0",
            &self.height.to_be_bytes()[..],
            &self.round.to_be_bytes(),
            &self.id.to_bytes(),
            &self.bytes.to_be_bytes(),
            &self.proposer.0,
            chain_id.as_bytes(),
        ]
        .concat()
    }
}

impl ProposalPart<EmbeddedContext> for Part {
    fn is_first(&self) -> bool {
        matches!(self, Part::Announcement(_))
    }

    // The end of a stream is a message of its own.
    fn is_last(&self) -> bool {
        false
    }
}

/// The messages that carry a block; `number` tells this stream from others of the same node.
pub(super) fn cut(
    announcement: &Announcement,
    bytes: &Bytes,
    number: u64,
) -> Vec<StreamMessage<Part>> {
    let id = StreamId::new(
        [announcement.height.to_be_bytes(), number.to_be_bytes()]
            .concat()
            .into(),
    );
    let chunks = (0..bytes.len())
        .step_by(CHUNK_BYTES)
        .map(|from| bytes.slice(from..bytes.len().min(from + CHUNK_BYTES)));
    std::iter::once(Part::Announcement(announcement.clone()))
        .chain(chunks.map(Part::Chunk))
        .map(StreamContent::Data)
        .chain(std::iter::once(StreamContent::Fin))
        .enumerate()
        .map(|(sequence, content)| StreamMessage::new(id.clone(), sequence as u64, content))
        .collect()
}

/// A block that has arrived whole.
#[derive(Debug)]
pub(super) struct Arrived {
    pub(super) announcement: Announcement,
    pub(super) bytes: Bytes,
}

/// Blocks on their way to this node, by publisher.
#[derive(Default)]
pub(super) struct Streams {
    // All who are not registered are one publisher.
    publishers: BTreeMap<Option<NodeId>, Vec<Stream>>,
}

struct Stream {
    id: StreamId,
    height: u64,
    announcement: Option<Announcement>,
    chunks: BTreeMap<u64, Bytes>,
    bytes: u64,
    end: Option<u64>,
}

impl Streams {
    /// Takes a message in, of a registered node or of somebody else; answers the block that it completed.
    pub(super) fn take(
        &mut self,
        publisher: Option<NodeId>,
        message: StreamMessage<Part>,
        tip: &Tip,
    ) -> Option<Arrived> {
        let height = height_of(&message.stream_id)?;
        if !(tip.height + 1..=tip.height + HEIGHTS_AHEAD_MAX).contains(&height) {
            return None;
        }
        let streams = self.publishers.entry(publisher).or_default();
        let at = match streams
            .iter()
            .position(|stream| stream.id == message.stream_id)
        {
            Some(at) => at,
            None => {
                if streams.len() >= STREAMS_PER_PUBLISHER_MAX {
                    streams.remove(0);
                }
                streams.push(Stream::new(message.stream_id.clone(), height));
                streams.len() - 1
            }
        };

        match streams[at].take(message, tip) {
            Progress::Open => None,
            Progress::Broken => {
                streams.remove(at);
                None
            }
            Progress::Whole => streams.remove(at).put_together(),
        }
    }

    /// Forgets what belongs to heights that are decided.
    pub(super) fn decided(&mut self, height: u64) {
        for streams in self.publishers.values_mut() {
            streams.retain(|stream| stream.height > height);
        }
        self.publishers.retain(|_, streams| !streams.is_empty());
    }
}

enum Progress {
    Open,
    Broken,
    Whole,
}

impl Stream {
    fn new(id: StreamId, height: u64) -> Self {
        Self {
            id,
            height,
            announcement: None,
            chunks: BTreeMap::new(),
            bytes: 0,
            end: None,
        }
    }

    fn take(&mut self, message: StreamMessage<Part>, tip: &Tip) -> Progress {
        let bytes_max = tip.params.block_bytes_max() + SLACK_BYTES;
        let chunks_max = bytes_max.div_ceil(CHUNK_BYTES as u64) + 1;
        let sequence = message.sequence;
        match message.content {
            StreamContent::Data(Part::Announcement(announcement)) => {
                let expected = self.announcement.is_none()
                    && sequence == 0
                    && announcement.height == self.height
                    && announcement.is_due(tip);
                if !expected {
                    return Progress::Broken;
                }
                self.announcement = Some(announcement);
            }
            StreamContent::Data(Part::Chunk(chunk)) => {
                if sequence == 0 || sequence > chunks_max || self.chunks.contains_key(&sequence) {
                    return Progress::Broken;
                }
                self.bytes += chunk.len() as u64;
                if chunk.is_empty() || self.bytes > bytes_max {
                    return Progress::Broken;
                }
                self.chunks.insert(sequence, chunk);
            }
            StreamContent::Fin => self.end = Some(sequence),
        }

        match (&self.announcement, self.end) {
            (Some(announcement), Some(end)) if self.chunks.len() as u64 + 1 == end => {
                if self.bytes == announcement.bytes {
                    Progress::Whole
                } else {
                    Progress::Broken
                }
            }
            (_, _) => Progress::Open,
        }
    }

    fn put_together(self) -> Option<Arrived> {
        let mut bytes = BytesMut::with_capacity(self.bytes as usize);
        for chunk in self.chunks.values() {
            bytes.extend_from_slice(chunk);
        }
        Some(Arrived {
            announcement: self.announcement?,
            bytes: bytes.freeze(),
        })
    }
}

fn height_of(id: &StreamId) -> Option<u64> {
    let bytes = id.to_bytes();
    match bytes.split_first_chunk::<8>() {
        Some((height, rest)) if rest.len() == 8 => Some(u64::from_be_bytes(*height)),
        Some(_) | None => None,
    }
}

#[cfg(test)]
mod tests;
