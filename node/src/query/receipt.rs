//! Receipts with the paths that lead to signed headers.

use polity_ledger::merkle::receipts;
use polity_proto::v1::{Receipt, ReceiptAnswer, ReceiptAtRequest};
use prost::Message;
use sha2::{Digest, Sha256};

use super::{QueryError, View};
use crate::fault::{Fault, FaultKind};
use crate::store::Position;

/// Path /receipt: by transaction id.
pub(super) fn by_id(view: &View, id: &[u8]) -> Result<ReceiptAnswer, QueryError> {
    let id = id
        .try_into()
        .map_err(|_| QueryError::BadRequest("an id is 32 bytes"))?;
    let position = view.snapshot.position_of(&id)?.ok_or(QueryError::NotFound(
        "a transaction with this id in a block",
    ))?;
    answer(view, position)
}

/// Path /receipt-at: by position.
pub(super) fn at(view: &View, request: &ReceiptAtRequest) -> Result<ReceiptAnswer, QueryError> {
    answer(
        view,
        Position {
            height: request.height,
            index: request.index,
        },
    )
}

fn answer(view: &View, position: Position) -> Result<ReceiptAnswer, QueryError> {
    let transactions = view.snapshot.transactions(position.height)?;
    let receipts = view.snapshot.receipts(position.height)?;
    let index = position.index as usize;
    let (Some(transaction), Some(receipt)) = (transactions.get(index), receipts.get(index)) else {
        return Err(QueryError::NotFound("this position"));
    };
    let results = receipts
        .iter()
        .map(|receipt| deterministic_result(receipt))
        .collect::<Result<Vec<Vec<u8>>, Fault>>()?;
    let hashes: Vec<Vec<u8>> = transactions
        .iter()
        .map(|bytes| Sha256::digest(bytes).to_vec())
        .collect();
    let path = |items: &[Vec<u8>]| -> Vec<Vec<u8>> {
        let path = receipts::prove(items, index).unwrap_or_default();
        path.into_iter().map(|hash| hash.to_vec()).collect()
    };
    Ok(ReceiptAnswer {
        height: position.height,
        index: position.index,
        transaction: transaction.clone(),
        receipt: receipt.clone(),
        code: code_of(receipt)?,
        total: transactions.len() as u32,
        results_path: path(&results),
        transaction_path: path(&hashes),
    })
}

/// What became of a transaction. A receipt that cannot be read tells nothing, least of all that it was accepted.
pub(crate) fn code_of(receipt: &[u8]) -> Result<u32, Fault> {
    match Receipt::decode(receipt) {
        Ok(receipt) => Ok(receipt.code),
        Err(_) => Err(Fault::new(FaultKind::StoreDamaged, "a receipt")),
    }
}

/// What the last results hash covers of a result: code and data; gas is zero.
fn deterministic_result(receipt: &[u8]) -> Result<Vec<u8>, Fault> {
    #[derive(Clone, PartialEq, Message)]
    struct Deterministic {
        #[prost(uint32, tag = "1")]
        code: u32,
        #[prost(bytes = "vec", tag = "2")]
        data: Vec<u8>,
    }
    let result = Deterministic {
        code: code_of(receipt)?,
        data: receipt.to_vec(),
    };
    Ok(result.encode_to_vec())
}
