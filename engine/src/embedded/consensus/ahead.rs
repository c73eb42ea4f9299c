//! Blocks that others gave together with their decisions, before their turn: while one is executed, the signatures of the
//! next one's transactions are verified.
//!
//! What lies here is nobody's word: whoever answers may lie. So a block is looked into when the validators of its height
//! are known, which is one height before its turn, and only where they decided it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use malachitebft_app_channel::app::types::sync::RawDecidedValue;

use super::context::{EmbeddedContext, Height, countable};
use crate::embedded::canonical::{Commit, SealedBlock};
use crate::embedded::tip::Tip;

/// Bytes of blocks that wait here; the farthest goes.
const BYTES_MAX: usize = 16 << 20;
/// Smaller blocks are not worth a second look.
const BLOCK_BYTES_MIN: usize = 16 << 10;

/// The blocks that wait, shared by whoever reads answers and whoever executes.
#[derive(Clone, Debug, Default)]
pub(in crate::embedded) struct Ahead(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    /// Lower heights have had their turn.
    lowest: u64,
    blocks: BTreeMap<u64, RawDecidedValue<EmbeddedContext>>,
    bytes: usize,
}

impl Ahead {
    /// Keeps what an answer holds. Copies: a piece of an answer would keep all of it in memory.
    pub(super) fn note(&self, answer: &[RawDecidedValue<EmbeddedContext>]) {
        let mut waiting = self.lock();
        for value in answer {
            let Height(height) = value.certificate.height;
            if height >= waiting.lowest && value.value_bytes.len() >= BLOCK_BYTES_MIN {
                let block = Bytes::copy_from_slice(&value.value_bytes);
                waiting.insert(
                    height,
                    RawDecidedValue::new(block, value.certificate.clone()),
                );
            }
        }
    }

    /// Takes out the block of a height; what is lower is forgotten.
    pub(super) fn take(&self, height: u64) -> Option<RawDecidedValue<EmbeddedContext>> {
        let mut waiting = self.lock();
        let lowest = height + 1;
        let higher = waiting.blocks.split_off(&lowest);
        let mut due = std::mem::replace(&mut waiting.blocks, higher);
        let bytes = due.values().map(|value| value.value_bytes.len());
        waiting.bytes -= bytes.sum::<usize>();
        waiting.lowest = lowest;
        due.remove(&height)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn insert(&mut self, height: u64, value: RawDecidedValue<EmbeddedContext>) {
        self.bytes += value.value_bytes.len();
        if let Some(replaced) = self.blocks.insert(height, value) {
            self.bytes -= replaced.value_bytes.len();
        }
        while self.bytes > BYTES_MAX
            && let Some((_, farthest)) = self.blocks.pop_last()
        {
            self.bytes -= farthest.value_bytes.len();
        }
    }
}

/// The block, where the validators of the height after the next one of this tip decided it.
pub(super) fn decided_after_next(
    value: RawDecidedValue<EmbeddedContext>,
    tip: &Tip,
) -> Option<SealedBlock> {
    let height = tip.next_height() + 1;
    let (certificate, validators) = (value.certificate, &tip.next_validators);
    let signatures = certificate.commit_signatures.iter();
    let commit = Commit::arrange(
        certificate.height.0,
        countable(certificate.round)?,
        certificate.value_id,
        signatures.map(|entry| (entry.address, entry.signature)),
        validators,
    );
    if commit.height != height || !commit.is_decided_by(&tip.chain_id, validators) {
        return None;
    }
    let block = SealedBlock::decode(value.value_bytes).ok()?;
    (block.id() == commit.block_id).then_some(block)
}

#[cfg(test)]
mod tests {
    use malachitebft_app_channel::app::types::core::{ExtendedCommitCertificate, VoteExtensions};

    use super::*;
    use crate::embedded::canonical::CommitSignature;
    use crate::embedded::consensus::messages::certificate;
    use crate::embedded::sample::Chain;

    fn value(block: Bytes, commit: &Commit) -> RawDecidedValue<EmbeddedContext> {
        let certificate = ExtendedCommitCertificate::from_commit_certificate_and_extensions(
            certificate(commit),
            VoteExtensions::default(),
        );
        RawDecidedValue::new(block, certificate)
    }

    fn of_height(height: u64, bytes: usize) -> RawDecidedValue<EmbeddedContext> {
        let commit = Commit {
            height,
            ..Commit::default()
        };
        value(Bytes::from(vec![0; bytes]), &commit)
    }

    #[test]
    fn a_block_waits_for_its_turn_and_the_farthest_go_where_there_are_too_many() {
        let ahead = Ahead::default();
        let large = BYTES_MAX / 4;
        ahead.note(&[of_height(3, BLOCK_BYTES_MIN - 1)]);
        ahead.note(
            &(1..=9)
                .map(|height| of_height(height, large))
                .collect::<Vec<_>>(),
        );
        ahead.note(&[of_height(2, large), of_height(9, large)]);
        assert!(ahead.take(2).is_some());
        assert!(ahead.take(3).is_some());
        ahead.note(&[of_height(3, large), of_height(5, large)]);
        assert!(ahead.take(3).is_none(), "it had its turn");
        assert!(ahead.take(5).is_some());
        assert_eq!(ahead.lock().bytes, 0);
        assert!(ahead.take(9).is_none());
    }

    #[test]
    fn only_what_the_validators_of_its_height_decided_is_looked_into() {
        let mut chain = Chain::found(&[10; 4]);
        let tip = chain.tip.clone();
        chain.grow(1, 0, &[], Vec::new());
        chain.grow(1, 0, &[], Vec::new());
        let (first, second) = (&chain.blocks[0], &chain.blocks[1]);
        let commit = &chain.commits[1];
        let looked = |value| decided_after_next(value, &tip).map(|block| block.id());

        assert_eq!(
            looked(value(second.bytes().clone(), commit)),
            Some(second.id())
        );
        assert_eq!(looked(value(first.bytes().clone(), commit)), None);
        assert_eq!(
            looked(value(first.bytes().clone(), &chain.commits[0])),
            None
        );
        assert_eq!(looked(value(second.bytes().slice(1..), commit)), None);
        let mut undecided = commit.clone();
        undecided.signatures[..2].fill(CommitSignature::Absent);
        assert_eq!(looked(value(second.bytes().clone(), &undecided)), None);
    }
}
