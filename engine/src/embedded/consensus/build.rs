//! The block that this node proposes.

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use crate::Fault;
use crate::application::{Application, PrepareProposal, Timestamp};
use crate::embedded::canonical::{Address, Block, DoubleVote, Header, SealedBlock, consensus_hash};
use crate::embedded::evidence;
use crate::embedded::tip::Tip;

/// Bytes by which the length of a block's data can grow, beside the transactions themselves.
const LENGTH_BYTES: u64 = 16;

/// Makes a block on this tip; the application chooses among what waits.
pub(super) fn build(
    application: &dyn Application,
    tip: &Tip,
    waiting: Vec<Bytes>,
    evidence: Vec<DoubleVote>,
    proposer: Address,
) -> Result<SealedBlock, Fault> {
    let time = now().max(after(tip.time));
    let mut block = Block {
        header: Header {
            app_version: tip.params.app_version,
            chain_id: tip.chain_id.clone(),
            height: tip.next_height(),
            time,
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
    };
    let empty = block.clone().seal();
    let taken = empty.bytes().len() as u64 + LENGTH_BYTES;

    block.transactions = application.prepare_proposal(PrepareProposal {
        max_transaction_bytes: tip.params.block_bytes_max().saturating_sub(taken),
        transactions: waiting,
        misbehavior: evidence::misbehavior(&block.evidence),
        height: tip.next_height(),
        time,
        next_validators_hash: tip.next_validators.hash().to_vec().into(),
        proposer_address: proposer.0.to_vec().into(),
    })?;
    Ok(block.seal())
}

/// This node's clock.
pub(super) fn now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp {
        seconds: since.as_secs() as i64,
        nanos: since.subsec_nanos(),
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
