//! A decided height: executed, durable in one piece, and the end of its work.

use std::sync::Arc;

use malachitebft_app_channel::Reply;
use malachitebft_app_channel::app::engine::host::Next;
use malachitebft_app_channel::app::types::MisbehaviorEvidence;
use malachitebft_app_channel::app::types::core::{CommitCertificate, SignedVote};

use super::{Driver, MOVE_AWAY, blocking};
use crate::Fault;
use crate::embedded::canonical::{self, Commit, SealedBlock, ValidatorSet};
use crate::embedded::consensus::ahead;
use crate::embedded::consensus::context::{EmbeddedContext, countable};
use crate::embedded::consensus::judge;
use crate::embedded::execution::execute;
use crate::embedded::guard::Guard;
use crate::embedded::presence::Turn;
use crate::embedded::rows;

/// Fresh heights that an untrusted guard sees decided before it signs.
const HEIGHTS_WATCHED_MIN: u32 = 3;

impl Driver {
    /// Executes a decided block and makes it durable: block, signatures, state and height in one batch.
    pub(super) async fn decide(
        &mut self,
        certificate: CommitCertificate<EmbeddedContext>,
    ) -> Result<(), Fault> {
        let height = certificate.height.0;
        if height <= self.tip.height {
            return Ok(());
        }
        let Some(candidate) = self.candidates.get(&certificate.value_id) else {
            let words = format!(
                "block {} of height {height} was decided but is not here: the store is older than consensus' \
                 write-ahead log. {MOVE_AWAY}",
                certificate.value_id
            );
            return Err(Fault(words));
        };
        let (block, is_synced) = (Arc::clone(&candidate.block), candidate.is_synced);
        let commit = arrange(&certificate, &self.tip.validators)?;
        if !is_synced {
            self.watch(&block, &commit)?;
        }

        self.foresee(height + 1, is_synced);

        let application = Arc::clone(&self.dependencies.application);
        let (tip, kept) = (Arc::clone(&self.tip), self.candidates.kept());
        let can_wait = can_wait(&self.dependencies.guard, height, is_synced);
        let decided = Arc::clone(&block);
        // The application's line of the block shows it.
        let span = tracing::info_span!(
            "decided",
            round = commit.round,
            pool = self.dependencies.pool.status().transactions,
            missed_rounds = self.dependencies.progress.borrow().missed_rounds,
        );
        let (next, committed) = blocking(move || {
            let _within = span.entered();
            let result = execute(&*application, &decided)?;
            let next = tip.after(&decided, commit, &result)?;
            let rows = rows::decided(&decided, &next, &kept);
            let committed = if can_wait {
                application.commit_later(rows)?
            } else {
                application.commit(rows)?
            };
            Ok((next, committed))
        })
        .await?;

        let time = block.header().time.seconds;
        self.dependencies
            .pool
            .committed(&block.block().transactions, time, &committed.recheck)
            .await?;
        for (one, other) in self.witness.decided(height) {
            self.evidence.note(&self.dependencies.rows, one, other)?;
        }
        self.streams.decided(height);
        self.dependencies.heights.reach(height);
        self.note_presence(&block);
        self.tip = Arc::new(next);
        let tip = Arc::clone(&self.tip);
        self.pacing.decided(height, is_synced, &tip.validators);
        self.dependencies
            .progress
            .send_modify(|progress| progress.decided(&tip, is_synced));
        self.candidates.decided(height);
        // Consensus is told of them when it starts the height.
        self.look_at_early(height + 1, 0).await?;
        Ok(())
    }

    /// Lets the application verify the block after the one in hand, where this node catches up and has it already.
    fn foresee(&self, height: u64, is_catching_up: bool) {
        let Some(next) = self
            .dependencies
            .ahead
            .take(height)
            .filter(|_| is_catching_up)
        else {
            return;
        };
        let application = Arc::clone(&self.dependencies.application);
        let tip = Arc::clone(&self.tip);
        // Nobody waits for it.
        tokio::task::spawn_blocking(move || {
            if let Some(block) = ahead::decided_after_next(next, &tip) {
                application.foresee(&block.block().transactions);
            }
        });
    }

    /// Whether this validator signed the parent, as the chain shows it. Blocks of a time when it was away say nothing.
    fn note_presence(&self, block: &SealedBlock) {
        let own = self.dependencies.address;
        let is_validator = self.tip.last_validators.index_of(&own).is_some();
        let is_fresh = judge::is_timely(block.header().time, (self.dependencies.clock)(), 0);
        if self.tip.is_first() || !is_validator || !is_fresh {
            return;
        }
        let mut signers = block.block().last_commit.signers();
        let is_signed = signers.any(|(address, _)| address == own);
        self.dependencies.progress.send_modify(|progress| {
            let turn = progress.presence.note(is_signed);
            let (signed, blocks) = (progress.presence.signed(), progress.presence.blocks());
            match turn {
                Some(Turn::Missing) => tracing::warn!(
                    signed,
                    blocks,
                    "this validator signs almost no block: it is behind, or its votes come too late"
                ),
                Some(Turn::Back) => tracing::info!(signed, blocks, "this validator signs again"),
                None => {}
            }
        });
    }

    /// The height's last word: a larger set of signatures, perhaps, and what validators did wrong.
    pub(super) fn finalize(
        &mut self,
        certificate: CommitCertificate<EmbeddedContext>,
        evidence: MisbehaviorEvidence<EmbeddedContext>,
        reply: Reply<Next<EmbeddedContext>>,
    ) -> Result<(), Fault> {
        if certificate.height.0 == self.tip.height {
            let commit = arrange(&certificate, &self.tip.last_validators)?;
            if commit.signers().count() > self.tip.commit.signers().count() {
                Arc::make_mut(&mut self.tip).commit = commit;
            }
        }
        for (one, other) in evidence.votes.iter().flat_map(|(_, pairs)| pairs) {
            if let (Some(one), Some(other)) = (signed(one), signed(other)) {
                self.evidence.note(&self.dependencies.rows, one, other)?;
            }
        }
        self.pacing.rest(reply);
        Ok(())
    }

    /// A vote was heard, perhaps one that contradicts another.
    pub(super) fn hear(&mut self, vote: &SignedVote<EmbeddedContext>) -> Result<(), Fault> {
        let Some(vote) = signed(vote) else {
            return Ok(());
        };
        self.see_voter(&vote);
        let own = &self.dependencies;
        // While this node is behind, an old vote that somebody kept looks like a new one.
        if !own.guard.is_trusted()
            && vote.vote.address == own.address
            && vote.vote.height >= self.tip.height
            && vote.vote.height > self.first_height
            && judge::is_timely(self.tip.time, (own.clock)(), 0)
            && vote.is_signed_by(&self.tip.chain_id, &own.key.verifying_key())
        {
            return Err(somebody_else_signs());
        }
        match self.witness.hear(vote, &self.tip) {
            Some((one, other)) => self.evidence.note(&self.dependencies.rows, one, other),
            None => Ok(()),
        }
    }

    /// An untrusted guard learns that this node saw fresh heights decided, without a word of its own validator: whoever
    /// signed at the first of them is heard before the last, however late.
    fn watch(&mut self, block: &SealedBlock, commit: &Commit) -> Result<(), Fault> {
        let guard = &self.dependencies.guard;
        let header = block.header();
        let is_fresh = judge::is_timely(header.time, (self.dependencies.clock)(), 0);
        // The first height may be decided by the log, which holds what this node said before it was started again.
        if guard.is_trusted() || !is_fresh || header.height == self.first_height {
            return Ok(());
        }
        if commit
            .signers()
            .any(|(address, _)| address == self.dependencies.address)
        {
            return Err(somebody_else_signs());
        }
        self.heights_watched += 1;
        if self.heights_watched < HEIGHTS_WATCHED_MIN {
            return Ok(());
        }
        guard
            .watched(header.height)
            .map_err(|error| Fault(error.to_string()))
    }
}

/// Whether the disk may get a decided height later: where others decided it without a word of this validator. What a word
/// binds it to lies in consensus' log, which the next height empties.
fn can_wait(guard: &Guard, height: u64, is_synced: bool) -> bool {
    is_synced && !guard.has_spoken_at(height)
}

fn somebody_else_signs() -> Fault {
    let words = "another process signs with this validator's key, while this one only watches: stop one of them, for \
                 good";
    Fault(words.to_owned())
}

fn arrange(
    certificate: &CommitCertificate<EmbeddedContext>,
    validators: &ValidatorSet,
) -> Result<Commit, Fault> {
    let round = countable(certificate.round)
        .ok_or_else(|| Fault("a decision in a round that cannot be counted".into()))?;
    let signatures = certificate
        .commit_signatures
        .iter()
        .map(|entry| (entry.address, entry.signature));
    Ok(Commit::arrange(
        certificate.height.0,
        round,
        certificate.value_id,
        signatures,
        validators,
    ))
}

fn signed(vote: &SignedVote<EmbeddedContext>) -> Option<canonical::SignedVote> {
    Some(canonical::SignedVote {
        vote: vote.canonical()?,
        signature: vote.signature,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::canonical::BlockId;
    use crate::embedded::guard::{Step, Word};

    #[test]
    fn the_disk_may_wait_for_a_height_that_others_decided_without_a_word_of_ours() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("consensus.guard");
        Guard::create(&file).unwrap();
        let guard = Guard::open(&file).unwrap();
        assert!(can_wait(&guard, 5, true));
        assert!(!can_wait(&guard, 5, false));

        let word = Word {
            height: 5,
            round: 0,
            step: Step::Precommit,
            said: [1; BlockId::BYTES],
            pol_round: None,
        };
        assert!(guard.permit(&word).unwrap());
        assert!(!can_wait(&guard, 5, true), "its lock is in the log alone");
        // What is below the newest word is never signed again.
        assert!(can_wait(&guard, 4, true));
        assert!(can_wait(&guard, 6, true));
    }
}
