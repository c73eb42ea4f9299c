//! Whether a proposed block may be voted for.

use std::time::Duration;

use crate::Fault;
use crate::application::{Application, ProcessProposal, ProposalVerdict, Timestamp};
use crate::embedded::canonical::{Commit, SealedBlock, consensus_hash};
use crate::embedded::evidence;
use crate::embedded::rows::Rows;
use crate::embedded::tip::Tip;

/// A block's time may be so far ahead of this node's clock.
const AHEAD_MAX: Duration = Duration::from_secs(5);
/// In the first round, a block's time may be so far behind it. In later rounds an older block may come again.
const BEHIND_MAX: Duration = Duration::from_secs(10);

/// Whether the engine's own rules hold for a block on this tip. Says which one does not.
pub(super) fn check(
    block: &SealedBlock,
    tip: &Tip,
    rows: &Rows,
) -> Result<Result<(), &'static str>, Fault> {
    if let Err(rule) = follows(block, tip) {
        return Ok(Err(rule));
    }
    if !is_commit_sound(&block.block().last_commit, tip) {
        return Ok(Err("commit of the parent"));
    }
    if !evidence::is_admissible(rows, tip, &block.block().evidence)? {
        return Ok(Err("evidence"));
    }
    Ok(Ok(()))
}

/// Whether the header is that of the next block after this tip. Says which rule does not hold.
pub(in crate::embedded) fn follows(block: &SealedBlock, tip: &Tip) -> Result<(), &'static str> {
    let header = block.header();
    let expected = [
        ("chain id", header.chain_id == tip.chain_id),
        ("height", header.height == tip.next_height()),
        ("app version", header.app_version == tip.params.app_version),
        ("parent", header.last_block_id == tip.block_id),
        (
            "validators",
            header.validators_hash == tip.validators.hash(),
        ),
        (
            "next validators",
            header.next_validators_hash == tip.next_validators.hash(),
        ),
        (
            "parameters",
            header.consensus_hash == consensus_hash(&tip.params.block),
        ),
        ("app hash", header.app_hash == tip.app_hash),
        ("results", header.last_results_hash == tip.results_hash),
        ("time", header.time > tip.time),
        (
            "proposer",
            tip.validators.index_of(&header.proposer_address).is_some(),
        ),
        (
            "size",
            block.bytes().len() as u64 <= tip.params.block_bytes_max(),
        ),
    ];
    match expected.iter().find(|(_, holds)| !holds) {
        None => Ok(()),
        Some((rule, _)) => Err(rule),
    }
}

/// Whether the application accepts the block.
pub(super) fn ask(application: &dyn Application, block: &SealedBlock) -> Result<bool, Fault> {
    let header = block.header();
    let verdict = application.process_proposal(ProcessProposal {
        transactions: block.block().transactions.clone(),
        misbehavior: evidence::misbehavior(&block.block().evidence),
        height: header.height,
        time: header.time,
    })?;
    Ok(verdict == ProposalVerdict::Accept)
}

/// Whether this node's clock agrees with a block's time well enough to vote for it.
pub(super) fn is_timely(time: Timestamp, now: Timestamp, round: u32) -> bool {
    let nanos = |time: Timestamp| i128::from(time.seconds) * 1_000_000_000 + i128::from(time.nanos);
    let ahead = nanos(time) - nanos(now);
    let bound = |bound: Duration| bound.as_nanos() as i128;
    ahead <= bound(AHEAD_MAX) && (round > 0 || -ahead <= bound(BEHIND_MAX))
}

/// Whether these signatures decided the block of this tip. Those with which the tip itself was decided are known.
pub(in crate::embedded) fn is_commit_sound(commit: &Commit, tip: &Tip) -> bool {
    if tip.is_first() {
        return *commit == Commit::default();
    }
    commit.height == tip.height
        && commit.block_id == tip.block_id
        && commit.is_decided_beside(&tip.commit, &tip.chain_id, &tip.last_validators)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::canonical::{Block, CommitSignature};
    use crate::embedded::sample::Chain;

    #[test]
    fn each_rule_has_its_name() {
        let mut chain = Chain::found(&[10; 4]);
        chain.grow(1, 0, &[], Vec::new());
        chain.grow(1, 1, &[2], Vec::new());
        let good = chain.next_block(Vec::new());
        assert_eq!(check(&good, &chain.tip, &chain.rows), Ok(Ok(())));

        type Change = fn(&mut Block);
        let changes: [(&str, Change); 14] = [
            ("chain id", |block| block.header.chain_id.push('x')),
            ("height", |block| block.header.height += 1),
            ("app version", |block| block.header.app_version += 1),
            ("parent", |block| block.header.last_block_id.parts += 1),
            ("validators", |block| block.header.validators_hash[0] ^= 1),
            ("next validators", |block| {
                block.header.next_validators_hash[0] ^= 1
            }),
            ("parameters", |block| block.header.consensus_hash[0] ^= 1),
            ("app hash", |block| block.header.app_hash[0] ^= 1),
            ("results", |block| block.header.last_results_hash[0] ^= 1),
            ("time", |block| block.header.time.seconds -= 1),
            ("proposer", |block| block.header.proposer_address.0[0] ^= 1),
            ("size", |block| {
                block.transactions.push(vec![0; 5 << 20].into())
            }),
            ("commit of the parent", |block| {
                block.last_commit.signatures[0] = CommitSignature::Absent;
            }),
            ("commit of the parent", |block| block.last_commit.round += 1),
        ];
        for (rule, change) in changes {
            let mut block = good.block().clone();
            change(&mut block);
            assert_eq!(check(&block.seal(), &chain.tip, &chain.rows), Ok(Err(rule)));
        }
    }

    #[test]
    fn a_vote_needs_a_clock_that_agrees() {
        let at = |seconds| Timestamp { seconds, nanos: 0 };
        for (time, round, expected) in [
            (100, 0, true),
            (105, 0, true),
            (106, 0, false),
            (106, 3, false),
            (90, 0, true),
            (89, 0, false),
            (89, 1, true),
        ] {
            assert_eq!(
                is_timely(at(time), at(100), round),
                expected,
                "{time} in round {round}"
            );
        }
    }
}
