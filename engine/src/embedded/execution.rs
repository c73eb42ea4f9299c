//! A decided block, executed by the application.

use super::canonical::SealedBlock;
use super::evidence;
use crate::Fault;
use crate::application::{Application, BlockResult, FinalizeBlock};

/// What the application makes of a block: one result for each transaction.
pub(super) fn execute(
    application: &dyn Application,
    block: &SealedBlock,
) -> Result<BlockResult, Fault> {
    let header = block.header();
    let result = application.finalize_block(FinalizeBlock {
        transactions: block.block().transactions.clone(),
        misbehavior: evidence::misbehavior(&block.block().evidence),
        hash: block.id().hash.to_vec().into(),
        height: header.height,
        time: header.time,
        proposer_address: header.proposer_address.0.to_vec().into(),
    })?;
    if result.transactions.len() != block.block().transactions.len() {
        return Err(Fault(
            "the application gave another number of results than transactions".into(),
        ));
    }
    Ok(result)
}
