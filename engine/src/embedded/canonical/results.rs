//! The hash of what a block's transactions came to.

use prost::Message;
use tendermint_proto::v0_38::abci::ExecTxResult;

use super::{Hash, merkle};
use crate::application::TxResult;

/// Root over the results, carried by the next header. Only code and data count; gas is always zero.
#[must_use]
pub fn results_hash(results: &[TxResult]) -> Hash {
    let entries: Vec<Vec<u8>> = results
        .iter()
        .map(|result| {
            ExecTxResult {
                code: result.code,
                data: result.data.clone(),
                ..ExecTxResult::default()
            }
            .encode_to_vec()
        })
        .collect();
    merkle::root(&entries)
}
