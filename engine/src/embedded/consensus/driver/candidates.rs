//! Blocks that may be decided at the next height, each judged once.

use std::collections::BTreeMap;
use std::sync::Arc;

use malachitebft_app_channel::app::types::ProposedValue;
use malachitebft_app_channel::app::types::core::{Round, Validity};
use prost::Message;

use crate::application::Timestamp;
use crate::embedded::canonical::{Address, BlockId, SealedBlock};
use crate::embedded::consensus::context::{EmbeddedContext, Height};
use crate::embedded::consensus::judge;
use crate::embedded::consensus::messages::AnnouncementMessage;
use crate::embedded::consensus::parts::{Announcement, Arrived, HEIGHTS_AHEAD_MAX};
use crate::embedded::rows::Kept;

/// Blocks of one round that are looked at: a proposer that makes more of them is faulty.
const PER_ROUND_MAX: usize = 3;
/// What one proposer's blocks of a height take together, in blocks of the largest size. An honest one makes smaller and
/// smaller ones: where it makes every other block, they take four.
const PER_PROPOSER_MAX: u64 = 8;
/// Smaller blocks are looked at also of one that has made so many.
const SMALL_BYTES: u64 = 64 << 10;
/// Most blocks that came as decided: one for each question on its way, so that those of liars do not take the place of
/// the one that was.
const SYNCED_MAX: usize = 8;
/// Bytes of blocks of heights and rounds to come that are kept until their turn comes.
const EARLY_BYTES_MAX: usize = 32 << 20;
/// How many there may be, however small they are.
const EARLY_MAX: usize = 2 * HEIGHTS_AHEAD_MAX as usize;

/// Blocks of the next height, and those that came too early.
#[derive(Default)]
pub(super) struct Candidates {
    blocks: BTreeMap<BlockId, Candidate>,
    // By height and round: the farther from now, the less it matters.
    early: BTreeMap<(u64, u32, BlockId), Arrived>,
    early_bytes: usize,
}

/// A block that may be decided.
pub(super) struct Candidate {
    pub(super) block: Arc<SealedBlock>,
    /// With which it came; a synced block has none.
    pub(super) announcement: Option<Announcement>,
    pub(super) proposer: Address,
    pub(super) round: u32,
    pub(super) is_sound: bool,
    pub(super) is_timely: bool,
    /// It came with its decision, from a node that is ahead.
    pub(super) is_synced: bool,
    /// Consensus knows of it.
    pub(super) is_told: bool,
    /// It is on the disk.
    pub(super) is_kept: bool,
}

impl Candidates {
    /// A block that consensus may still name after a restart: its log holds names alone. It was kept because it is sound;
    /// whether its time is, no row tells.
    pub(super) fn restore(&mut self, kept: Kept, now: Timestamp) {
        let announcement = match kept.announcement {
            None => None,
            Some(bytes) => match AnnouncementMessage::decode(bytes).map(Announcement::try_from) {
                Ok(Ok(announcement)) => Some(announcement),
                Ok(Err(_)) | Err(_) => return,
            },
        };
        let time = kept.block.header().time;
        self.insert(Candidate {
            proposer: kept.block.header().proposer_address,
            round: announcement.as_ref().map_or(0, |announced| announced.round),
            block: Arc::new(kept.block),
            // A synced block comes once more together with its decision.
            is_told: announcement.is_none(),
            is_synced: announcement.is_none(),
            announcement,
            is_sound: true,
            // By the rule of later rounds: what was in time once has only grown older.
            is_timely: judge::is_timely(time, now, 1),
            is_kept: true,
        });
    }

    pub(super) fn insert(&mut self, candidate: Candidate) {
        self.blocks.insert(candidate.block.id(), candidate);
    }

    /// Takes in a block that somebody gave as decided. Its name is compared with the decision after this, so it may be any
    /// block: few are kept.
    pub(super) fn insert_synced(&mut self, candidate: Candidate) {
        let is_given = |other: &Candidate| other.is_synced && other.announcement.is_none();
        if self.blocks.values().filter(|other| is_given(other)).count() >= SYNCED_MAX {
            self.blocks.retain(|_, other| !is_given(other));
        }
        self.insert(candidate);
    }

    pub(super) fn get(&self, id: &BlockId) -> Option<&Candidate> {
        self.blocks.get(id)
    }

    pub(super) fn get_mut(&mut self, id: &BlockId) -> Option<&mut Candidate> {
        self.blocks.get_mut(id)
    }

    /// The block that this validator made for a round.
    pub(super) fn made_by(&self, proposer: Address, round: u32) -> Option<&Candidate> {
        self.blocks.values().find(|candidate| {
            candidate.announcement.as_ref().is_some_and(|announcement| {
                (announcement.proposer, announcement.round) == (proposer, round)
            })
        })
    }

    /// Whether a block is looked at, where the largest has so many bytes: all that are stay until their height is decided.
    pub(super) fn has_room_for(&self, announcement: &Announcement, bytes_max: u64) -> bool {
        let candidates = self.blocks.values();
        let of_round = candidates.filter(|candidate| candidate.round == announcement.round);
        if of_round.count() >= PER_ROUND_MAX {
            return false;
        }
        let announced = self
            .blocks
            .values()
            .filter_map(|one| one.announcement.as_ref());
        let of_proposer = announced.filter(|other| other.proposer == announcement.proposer);
        let bytes: u64 = of_proposer.map(|other| other.bytes).sum();
        announcement.bytes <= SMALL_BYTES
            || bytes + announcement.bytes <= PER_PROPOSER_MAX.saturating_mul(bytes_max)
    }

    /// The blocks that lie on the disk.
    pub(super) fn kept(&self) -> Vec<BlockId> {
        self.blocks
            .values()
            .filter(|candidate| candidate.is_kept)
            .map(|candidate| candidate.block.id())
            .collect()
    }

    /// What consensus does not know yet: after a restart, and what came before its height.
    pub(super) fn untold(&mut self, height: u64) -> Vec<ProposedValue<EmbeddedContext>> {
        self.blocks
            .values_mut()
            .filter(|candidate| candidate.block.header().height == height && !candidate.is_told)
            .map(|candidate| {
                candidate.is_told = true;
                candidate.proposed(candidate.round)
            })
            .collect()
    }

    /// Keeps a block whose turn has not come, and forgets the farthest where there are too many.
    pub(super) fn put_early(&mut self, arrived: Arrived) {
        let Announcement {
            height, round, id, ..
        } = arrived.announcement;
        let of_round = (height, round, BlockId::default())..(height, round + 1, BlockId::default());
        if self.early.range(of_round).count() >= PER_ROUND_MAX {
            return;
        }
        self.early_bytes += arrived.bytes.len();
        if let Some(known) = self.early.insert((height, round, id), arrived) {
            self.early_bytes -= known.bytes.len();
        }
        while self.early.len() > EARLY_MAX || self.early_bytes > EARLY_BYTES_MAX {
            let Some((_, farthest)) = self.early.pop_last() else {
                return;
            };
            self.early_bytes -= farthest.bytes.len();
        }
    }

    /// Forgets the decided height.
    pub(super) fn decided(&mut self, height: u64) {
        self.blocks.clear();
        self.early_until((height + 1, 0, BlockId::default()));
    }

    /// What came early for the rounds of a height up to this one.
    pub(super) fn due(&mut self, height: u64, round: u32) -> Vec<Arrived> {
        self.early_until((height, round + 1, BlockId::default()))
    }

    fn early_until(&mut self, end: (u64, u32, BlockId)) -> Vec<Arrived> {
        let later = self.early.split_off(&end);
        let due = std::mem::replace(&mut self.early, later);
        self.early_bytes = self.early.values().map(|early| early.bytes.len()).sum();
        due.into_values().collect()
    }
}

impl Candidate {
    /// The block as consensus is told of it, in this round.
    pub(super) fn proposed(&self, round: u32) -> ProposedValue<EmbeddedContext> {
        ProposedValue {
            height: Height(self.block.header().height),
            round: Round::new(round),
            valid_round: Round::Nil,
            proposer: self.proposer,
            value: self.block.id(),
            validity: Validity::from_bool(self.is_sound && self.is_timely),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::embedded::sample::{Chain, key};

    fn early(height: u64, round: u32, bytes: usize) -> Arrived {
        let chain = Chain::found(&[10; 4]);
        let block = chain.next_block(Vec::new());
        let proposer = Address([1; 20]);
        let mut announcement = Announcement::new(&block, round, proposer, "sample-1", &key(1));
        announcement.height = height;
        Arrived {
            announcement,
            bytes: Bytes::from(vec![0; bytes]),
        }
    }

    fn due(candidates: &mut Candidates, height: u64, round: u32) -> Vec<(u64, u32)> {
        candidates.decided(height - 1);
        let due = candidates.due(height, round).into_iter();
        due.map(|early| (early.announcement.height, early.announcement.round))
            .collect()
    }

    #[test]
    fn a_block_that_came_early_waits_for_its_height_and_round_and_for_no_other() {
        let mut candidates = Candidates::default();
        for (height, round) in [(9, 0), (7, 1), (7, 3), (7, 0), (5, 0), (7, 0)] {
            candidates.put_early(early(height, round, 10));
        }
        assert_eq!(due(&mut candidates, 7, 0), [(7, 0)]);
        assert_eq!(due(&mut candidates, 7, 2), [(7, 1)]);
        assert_eq!(due(&mut candidates, 8, 0), []);
        assert_eq!(due(&mut candidates, 9, 0), [(9, 0)]);
        assert_eq!(candidates.early_bytes, 0);
    }

    #[test]
    fn no_more_blocks_wait_for_a_round_than_are_looked_at_in_it() {
        let mut candidates = Candidates::default();
        for number in 0..10 {
            let mut arrived = early(7, 1, 10);
            arrived.announcement.id.parts = number;
            candidates.put_early(arrived);
        }
        candidates.put_early(early(7, 2, 10));
        let waiting = due(&mut candidates, 7, 2);
        assert_eq!(
            waiting,
            [vec![(7, 1); PER_ROUND_MAX], vec![(7, 2)]].concat()
        );
    }

    #[test]
    fn a_kept_block_that_is_dated_ahead_of_the_clock_is_not_voted_for_after_a_restart_either() {
        let chain = Chain::found(&[10; 4]);
        let block = chain.next_block(Vec::new());
        let announcement = Announcement::new(&block, 0, Address([1; 20]), "sample-1", &key(1));
        let announced = AnnouncementMessage::from(&announcement).encode_to_vec();
        let dated = block.header().time;
        let at = |seconds| Timestamp { seconds, nanos: 0 };

        for (now, validity) in [
            (at(dated.seconds - 3_600), Validity::Invalid),
            (dated, Validity::Valid),
            (at(dated.seconds + 3_600), Validity::Valid),
        ] {
            let mut candidates = Candidates::default();
            let kept = Kept {
                block: block.clone(),
                announcement: Some(announced.clone().into()),
            };
            candidates.restore(kept, now);
            let told = candidates.untold(block.header().height);
            assert_eq!(told.len(), 1);
            assert_eq!(told[0].validity, validity, "at {now:?}");
        }
    }

    #[test]
    fn a_proposer_that_makes_large_blocks_in_round_after_round_is_heard_with_small_ones_alone() {
        let chain = Chain::found(&[10; 4]);
        let mut candidates = Candidates::default();
        let largest = 1 << 20;
        let mut is_taken = |proposer, round: u32, bytes| {
            let block = chain.next_block(vec![Bytes::from(round.to_be_bytes().to_vec())]);
            let proposer = Address([proposer; 20]);
            let mut announcement = Announcement::new(&block, round, proposer, "sample-1", &key(1));
            announcement.bytes = bytes;
            let has_room = candidates.has_room_for(&announcement, largest);
            if has_room {
                candidates.insert(Candidate {
                    block: Arc::new(block),
                    announcement: Some(announcement),
                    proposer,
                    round,
                    is_sound: true,
                    is_timely: true,
                    is_synced: false,
                    is_told: true,
                    is_kept: true,
                });
            }
            has_room
        };
        let taken = (0..100).filter(|round| is_taken(1, *round, largest));
        assert_eq!(taken.count() as u64, PER_PROPOSER_MAX);
        assert!(is_taken(1, 100, SMALL_BYTES));
        assert!(is_taken(2, 101, largest), "another's");
        // It makes every other one, half as large after each four.
        let honest = |round: &u32| largest >> (round / 4);
        assert!(
            (200..300)
                .step_by(2)
                .all(|round| is_taken(3, round, honest(&(round - 200))))
        );
    }

    #[test]
    fn where_there_is_no_room_the_farthest_goes() {
        let mut candidates = Candidates::default();
        for height in (10..40).rev() {
            candidates.put_early(early(height, 0, 4 << 20));
            assert!(candidates.early_bytes <= EARLY_BYTES_MAX);
        }
        for height in 10..18 {
            assert_eq!(due(&mut candidates, height, 0), [(height, 0)]);
        }
        assert!(due(&mut candidates, 18, 0).is_empty());
        for round in 0..1_000 {
            candidates.put_early(early(99, round, 0));
        }
        assert_eq!(candidates.early.len(), EARLY_MAX);
    }
}
