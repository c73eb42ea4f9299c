//! The block that this node proposes.

use crate::application::{PrepareProposal, Timestamp};
use crate::embedded::canonical::{Address, Block, DoubleVote, Header, consensus_hash};
use crate::embedded::evidence;
use crate::embedded::tip::Tip;

/// Bytes by which the length of a block's data can grow, beside the transactions themselves.
const LENGTH_BYTES: u64 = 16;

/// A block on this tip, without transactions yet, made at this time.
pub(super) fn empty(
    tip: &Tip,
    evidence: Vec<DoubleVote>,
    proposer: Address,
    now: Timestamp,
) -> Block {
    Block {
        header: Header {
            app_version: tip.params.app_version,
            chain_id: tip.chain_id.clone(),
            height: tip.next_height(),
            time: now.max(after(tip.time)),
            last_block_id: tip.block_id,
            validators_hash: tip.validators.hash(),
            next_validators_hash: tip.next_validators.hash(),
            consensus_hash: consensus_hash(&tip.params.block),
            app_hash: tip.app_hash.clone(),
            last_results_hash: tip.results_hash,
            proposer_address: proposer,
            // Sealing fills them in.
            last_commit_hash: [0; 32],
            data_hash: [0; 32],
            evidence_hash: [0; 32],
        },
        transactions: Vec::new(),
        evidence,
        last_commit: tip.commit.clone(),
    }
}

/// After so many rounds without a decision, a block is half as large as before: what is too large to reach the others within
/// a round's time would never be decided, however often it is made.
const ROUNDS_PER_HALF: u32 = 4;

/// What the application is asked for: as many transactions as fit beside what the block holds already.
pub(super) fn request(block: &Block, tip: &Tip, round: u32) -> PrepareProposal {
    let taken = block.clone().seal().bytes().len() as u64 + LENGTH_BYTES;
    let halves = round / ROUNDS_PER_HALF;
    let bytes_max = tip.params.block_bytes_max().checked_shr(halves);
    PrepareProposal {
        max_transaction_bytes: bytes_max.unwrap_or_default().saturating_sub(taken),
        transactions: Vec::new(),
        misbehavior: evidence::misbehavior(&block.evidence),
        height: block.header.height,
        time: block.header.time,
    }
}

/// The smallest time that exceeds this one, for clocks that stand behind it.
fn after(time: Timestamp) -> Timestamp {
    if time.nanos < 999_999_999 {
        Timestamp {
            seconds: time.seconds,
            nanos: time.nanos + 1,
        }
    } else {
        Timestamp {
            seconds: time.seconds + 1,
            nanos: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::sample::Chain;

    #[test]
    fn blocks_of_later_rounds_are_smaller_until_they_are_empty() {
        let tip = Chain::found(&[10; 4]).tip;
        let block = empty(&tip, Vec::new(), Address([1; 20]), tip.time);
        let bytes = |round| request(&block, &tip, round).max_transaction_bytes;
        let first = bytes(0);
        let taken = tip.params.block_bytes_max() - first;
        assert_eq!(bytes(ROUNDS_PER_HALF - 1), first);
        assert_eq!(bytes(ROUNDS_PER_HALF), (first + taken) / 2 - taken);
        for round in [63, 64, 65, 1_000].map(|halves| halves * ROUNDS_PER_HALF) {
            assert_eq!(bytes(round), 0);
        }
    }
}
