//! Blocks that this node proposes, sends, and receives.

use std::hash::BuildHasher as _;
use std::sync::Arc;

use bytes::Bytes;
use malachitebft_app_channel::app::types::core::Round;
use malachitebft_app_channel::app::types::streaming::StreamMessage;
use malachitebft_app_channel::app::types::{LocallyProposedValue, PeerId, ProposedValue};
use malachitebft_app_channel::{NetworkMsg, Reply};
use prost::Message;

use super::candidates::Candidate;
use super::{Driver, blocking};
use crate::Fault;
use crate::embedded::NodeId;
use crate::embedded::canonical::{Address, BlockId, SealedBlock};
use crate::embedded::consensus::build;
use crate::embedded::consensus::context::{EmbeddedContext, Height, countable};
use crate::embedded::consensus::judge;
use crate::embedded::consensus::messages::AnnouncementMessage;
use crate::embedded::consensus::network;
use crate::embedded::consensus::parts::{Announcement, Arrived, Part, cut};

/// Rounds above the one at work whose blocks are taken in: a proposer has infinitely many.
const ROUNDS_AHEAD_MAX: u32 = 16;

impl Driver {
    /// Makes this node's block for a round, the same one when asked again, and sends it to the others.
    pub(super) async fn propose(
        &mut self,
        height: Height,
        round: Round,
        reply: Reply<LocallyProposedValue<EmbeddedContext>>,
    ) -> Result<(), Fault> {
        let Some(number) = countable(round).filter(|_| height.0 == self.tip.next_height()) else {
            return Ok(());
        };
        let made = self.candidates.made_by(self.dependencies.address, number);
        let id = match made {
            Some(candidate) => candidate.block.id(),
            None => self.make_block(number).await?,
        };

        let _ = reply.send(LocallyProposedValue::new(height, round, id));
        if self.dependencies.guard.may_sign_at(height.0) {
            self.restream(height, round, self.dependencies.address, id)
                .await;
        }
        Ok(())
    }

    async fn make_block(&mut self, round: u32) -> Result<BlockId, Fault> {
        let (rows, tip) = (self.dependencies.rows.clone(), Arc::clone(&self.tip));
        let (address, key) = (self.dependencies.address, self.dependencies.key.clone());
        let evidence = self.evidence.for_block(&rows, &tip)?;
        let mut block = build::empty(&tip, evidence, address, (self.dependencies.clock)());
        // A node that catches up is asked for blocks of heights that were decided long ago. The guard lets none out.
        let is_shown = self.dependencies.guard.may_sign_at(tip.next_height());
        if is_shown {
            let request = build::request(&block, &tip, round);
            block.transactions = self.dependencies.pool.propose(request).await?;
        }
        let (block, announcement) = blocking(move || {
            let block = block.seal();
            let announcement = Announcement::new(&block, round, address, &tip.chain_id, &key);
            // Proposing is voting: the block must not be lost.
            if is_shown {
                let announced = AnnouncementMessage::from(&announcement).encode_to_vec();
                rows.keep(&block, Some(announced.into()))?;
            }
            Ok((block, announcement))
        })
        .await?;

        let id = block.id();
        self.candidates.insert(Candidate {
            block: Arc::new(block),
            announcement: Some(announcement),
            proposer: address,
            round,
            is_sound: true,
            is_timely: true,
            is_synced: false,
            is_told: true,
            is_kept: is_shown,
        });
        Ok(id)
    }

    /// Sends a block that is here to the others: under the announcement with which it came, or, where this node
    /// proposes it anew, under one of its own.
    pub(super) async fn restream(
        &mut self,
        height: Height,
        round: Round,
        proposer: Address,
        id: BlockId,
    ) {
        let Some(candidate) = self.candidates.get(&id) else {
            tracing::warn!(%height, %round, block = %id, "a block to be sent again is not here");
            return;
        };
        let own = proposer == self.dependencies.address;
        let announcement = match (&candidate.announcement, countable(round)) {
            (Some(announcement), Some(round))
                if !own || (announcement.proposer, announcement.round) == (proposer, round) =>
            {
                announcement.clone()
            }
            (_, Some(round)) if own => Announcement::new(
                &candidate.block,
                round,
                proposer,
                &self.tip.chain_id,
                &self.dependencies.key,
            ),
            (_, _) => return,
        };

        // The network drops what has the hash of an earlier message: whoever foresees a piece can send another one with
        // its hash before.
        self.streams_begun += 1;
        let number = self.stream_numbers.hash_one(self.streams_begun);
        for part in cut(&announcement, candidate.block.bytes(), number) {
            let sent = self
                .network
                .send(NetworkMsg::PublishProposalPart(part))
                .await;
            // The network ends together with consensus, whose end is noticed elsewhere.
            if sent.is_err() {
                return;
            }
        }
    }

    /// Takes in a piece of another node's block; answers the block when it is whole. Anybody can
    /// publish under keys that they make for it, so registered nodes have places of their own, and all others share few.
    pub(super) async fn receive(
        &mut self,
        publisher: &PeerId,
        part: StreamMessage<Part>,
    ) -> Result<Option<ProposedValue<EmbeddedContext>>, Fault> {
        let publisher = self.registered(publisher);
        let Some(arrived) = self.streams.take(publisher, part, &self.tip) else {
            return Ok(None);
        };
        self.see_proposer(&arrived.announcement);
        self.arrived(arrived).await
    }

    /// Whether consensus works on the next height.
    fn is_started(&self) -> bool {
        self.dependencies.progress.borrow().working_height == self.tip.next_height()
    }

    /// The round at work for the next height.
    pub(super) fn round(&self) -> u32 {
        if self.is_started() {
            self.dependencies.progress.borrow().round
        } else {
            0
        }
    }

    fn registered(&self, publisher: &PeerId) -> Option<NodeId> {
        let key = network::public_key(&publisher.to_bytes())?;
        let publisher = NodeId::of(&key);
        let registered = self.dependencies.registered.borrow();
        registered
            .iter()
            .any(|node| node.id == publisher)
            .then_some(publisher)
    }

    /// Judges the blocks that came before their height or round, which has come now.
    pub(super) async fn look_at_early(
        &mut self,
        height: u64,
        round: u32,
    ) -> Result<Vec<ProposedValue<EmbeddedContext>>, Fault> {
        let mut proposed = Vec::new();
        for arrived in self.candidates.due(height, round) {
            if arrived.announcement.is_due(&self.tip) {
                self.see_proposer(&arrived.announcement);
                proposed.extend(self.arrived(arrived).await?);
            }
        }
        Ok(proposed)
    }

    /// Judges a block that has arrived whole. A block that is known keeps its verdict, however late it comes again.
    pub(super) async fn arrived(
        &mut self,
        arrived: Arrived,
    ) -> Result<Option<ProposedValue<EmbeddedContext>>, Fault> {
        let Arrived {
            announcement,
            bytes,
        } = arrived;
        let (round, at_work) = (announcement.round, self.round());
        let is_next = announcement.height == self.tip.next_height();
        if is_next && round > at_work + ROUNDS_AHEAD_MAX {
            tracing::warn!(
                height = announcement.height,
                round,
                proposer = %announcement.proposer,
                at_work,
                "a proposed block of a round too far ahead is left out"
            );
            return Ok(None);
        }
        // Most rounds never come, and whoever proposes in them may send the largest blocks for each.
        if !is_next || round > at_work {
            // Anybody can send other bytes under an announcement that was sent to all: they would take the block's place.
            let (id, sent) = (announcement.id, bytes.clone());
            if super::blocking(move || Ok(id.has_bytes(&sent))).await? {
                self.candidates.put_early(Arrived {
                    announcement,
                    bytes,
                });
            }
            return Ok(None);
        }
        let now = (self.dependencies.clock)();
        // Before its height starts, consensus would keep every word of it unseen: it is told of the block at the start.
        let is_started = self.is_started();
        if let Some(candidate) = self.candidates.get_mut(&announcement.id) {
            // Its decision is here: nobody asks for a vote, and it may not lie on the disk.
            if candidate.is_synced {
                return Ok(None);
            }
            let time = candidate.block.header().time;
            candidate.is_timely |= judge::is_timely(time, now, round);
            return Ok(is_started.then(|| candidate.proposed(round)));
        }
        let bytes_max = self.tip.params.block_bytes_max();
        if !self.candidates.has_room_for(&announcement, bytes_max) {
            return Ok(None);
        }

        let Some(judged) = self.judge(announcement.clone(), bytes).await? else {
            return Ok(None);
        };
        let (block, is_sound) = judged;
        let candidate = Candidate {
            is_timely: judge::is_timely(block.header().time, now, round),
            block: Arc::new(block),
            proposer: announcement.proposer,
            round,
            announcement: Some(announcement),
            is_sound,
            is_synced: false,
            is_told: is_started,
            is_kept: is_sound,
        };
        if !candidate.is_timely {
            tracing::warn!(
                height = self.tip.next_height(),
                "a proposed block's time is too far from this node's clock"
            );
        }
        let proposed = candidate.proposed(round);
        self.candidates.insert(candidate);
        Ok(is_started.then_some(proposed))
    }

    /// The block and whether it is sound; a sound one is on the disk before anyone can vote for it.
    async fn judge(
        &self,
        announcement: Announcement,
        bytes: Bytes,
    ) -> Result<Option<(SealedBlock, bool)>, Fault> {
        let application = Arc::clone(&self.dependencies.application);
        let rows = self.dependencies.rows.clone();
        let tip = Arc::clone(&self.tip);
        blocking(move || {
            let block = match SealedBlock::decode(bytes) {
                Ok(block) if block.id() == announcement.id => block,
                Ok(_) | Err(_) => {
                    tracing::warn!(
                        height = announcement.height,
                        proposer = %announcement.proposer,
                        "a proposed block is not what was announced"
                    );
                    return Ok(None);
                }
            };
            let is_sound = match judge::check(&block, &tip, &rows)? {
                Ok(()) => judge::ask(&*application, &block)?,
                Err(rule) => {
                    tracing::warn!(
                        height = announcement.height,
                        proposer = %announcement.proposer,
                        rule,
                        "a proposed block breaks a rule"
                    );
                    false
                }
            };
            if is_sound {
                let announcement = AnnouncementMessage::from(&announcement).encode_to_vec();
                rows.keep(&block, Some(announcement.into()))?;
            }
            Ok(Some((block, is_sound)))
        })
        .await
    }
}
