//! What became of a transaction: that a block has it, and that its receipt is the one whose hash
//! is in the next header.

use polity_ledger::merkle::history::{leaf_hash, verify_inclusion};
use polity_proto::v1::{Envelope, Receipt, ReceiptAnswer};
use prost::Message;
use sha2::{Digest, Sha256};

use crate::trust::VerifiedHeader;
use crate::{Error, Result};

/// A receipt that was proven, with its place in the chain.
#[derive(Clone, Debug, PartialEq)]
pub struct ProvenReceipt {
    /// The height of its block.
    pub height: u64,
    /// Its place in the block.
    pub index: u32,
    /// How many transactions the answer says that the block has. Paths of several totals can look alike: whoever
    /// relies on the number compares it with the block's.
    pub total: u32,
    /// The envelope as the block has it.
    pub transaction: Vec<u8>,
    /// 0, or the number of the rejection.
    pub code: u32,
    /// What happened.
    pub receipt: Receipt,
}

/// Verifies the answer to `/receipt`: `block` is the header of the answer's height, `next` the one
/// after it. The transaction is the one that was asked for: its body hashes to `transaction_id`.
pub fn verify_receipt(
    answer: &ReceiptAnswer,
    transaction_id: &[u8; 32],
    block: &VerifiedHeader,
    next: &VerifiedHeader,
) -> Result<ProvenReceipt> {
    if block.height() != answer.height || answer.height.checked_add(1) != Some(next.height()) {
        return Err(Error::proof("the receipt is of another height"));
    }
    let envelope = Envelope::decode(answer.transaction.as_slice())
        .map_err(|error| Error::proof("the transaction is malformed").with_source(error))?;
    if Sha256::digest(&envelope.body)[..] != transaction_id[..] {
        return Err(Error::proof("the receipt is of another transaction"));
    }

    let missing = || Error::proof("the header has no such root");
    let index = u64::from(answer.index);
    let total = u64::from(answer.total);
    verify_transaction(
        &block.data_hash().ok_or_else(missing)?,
        &answer.transaction,
        index,
        total,
        &hashes(&answer.transaction_path)?,
    )?;
    verify_result(
        &next.last_results_hash().ok_or_else(missing)?,
        answer.code,
        &answer.receipt,
        index,
        total,
        &hashes(&answer.results_path)?,
    )?;

    let receipt = Receipt::decode(answer.receipt.as_slice())
        .map_err(|error| Error::proof("the receipt is malformed").with_source(error))?;
    if receipt.code != answer.code {
        return Err(Error::proof("the receipt and its result differ in code"));
    }
    Ok(ProvenReceipt {
        height: answer.height,
        index: answer.index,
        total: answer.total,
        transaction: answer.transaction.clone(),
        code: answer.code,
        receipt,
    })
}

/// Verifies that the block with this data hash has the transaction at `index` of `total`. `path`
/// holds the sibling hashes from the leaf upwards.
pub fn verify_transaction(
    data_hash: &[u8; 32],
    transaction: &[u8],
    index: u64,
    total: u64,
    path: &[[u8; 32]],
) -> Result<()> {
    // The leaves of a block's data are hashes of transactions, not the transactions.
    let leaf = leaf_hash(&Sha256::digest(transaction));
    if !verify_inclusion(&leaf, index, total, path, data_hash) {
        return Err(Error::proof(
            "the block does not have this transaction there",
        ));
    }
    Ok(())
}

/// Verifies that the result at `index` of `total` in the block before a header with this results
/// hash has this code and these data.
pub fn verify_result(
    last_results_hash: &[u8; 32],
    code: u32,
    data: &[u8],
    index: u64,
    total: u64,
    path: &[[u8; 32]],
) -> Result<()> {
    let leaf = leaf_hash(&covered_result(code, data));
    if !verify_inclusion(&leaf, index, total, path, last_results_hash) {
        return Err(Error::proof(
            "the result is not the one that the header covers",
        ));
    }
    Ok(())
}

/// A result as the results hash covers it.
pub(crate) fn covered_result(code: u32, data: &[u8]) -> Vec<u8> {
    let data = data.to_vec();
    CoveredResult { code, data }.encode_to_vec()
}

/// The part of CometBFT's `ExecTxResult` that the results hash covers. Gas is always zero here,
/// and zeros are not encoded.
#[derive(Clone, PartialEq, prost::Message)]
struct CoveredResult {
    #[prost(uint32, tag = "1")]
    code: u32,
    #[prost(bytes = "vec", tag = "2")]
    data: Vec<u8>,
}

fn hashes(path: &[Vec<u8>]) -> Result<Vec<[u8; 32]>> {
    let hashes = path.iter().map(|hash| hash.as_slice().try_into());
    hashes
        .collect::<Result<_, _>>()
        .map_err(|_| Error::proof("a proof's hash is not of 32 bytes"))
}

#[cfg(test)]
mod tests;
