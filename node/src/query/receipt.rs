//! Receipts with the paths that lead to signed headers.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use polity_ledger::merkle::receipts::ListTree;
use polity_proto::v1::{Receipt, ReceiptAnswer, ReceiptAtRequest};
use prost::Message;
use sha2::{Digest, Sha256};

use super::{QueryError, View};
use crate::fault::{Fault, FaultKind};
use crate::store::{Position, Snapshot};

/// Blocks whose trees are remembered. A receipt's path leads over the whole block, and everybody who waits for a block
/// asks for one of its receipts, so each of these is read and hashed once. A block of ten thousand transactions takes a
/// little more than a MiB.
const BLOCKS_MAX: usize = 16;

/// The trees over the transactions and the results of a block.
struct BlockTrees {
    transactions: ListTree,
    results: ListTree,
}

/// A block's trees, made by the first who needs them while the others wait.
type Made = Arc<Mutex<Option<Arc<BlockTrees>>>>;

/// The trees of the blocks that were asked about last.
#[derive(Default)]
pub(crate) struct ReceiptTrees(Mutex<VecDeque<(u64, Made)>>);

impl ReceiptTrees {
    fn of(
        &self,
        height: u64,
        make: impl FnOnce() -> Result<BlockTrees, Fault>,
    ) -> Result<Arc<BlockTrees>, Fault> {
        let made = self.place(height);
        let mut made = made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(trees) = &*made {
            return Ok(Arc::clone(trees));
        }
        let trees = Arc::new(make()?);
        *made = Some(Arc::clone(&trees));
        Ok(trees)
    }

    fn place(&self, height: u64) -> Made {
        let mut blocks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = blocks.iter().position(|(known, _)| *known == height);
        let block = known.and_then(|known| blocks.remove(known));
        let block = block.unwrap_or_default();
        let made = Arc::clone(&block.1);
        blocks.push_front((height, block.1));
        blocks.truncate(BLOCKS_MAX);
        made
    }
}

/// Path /receipt: by transaction id.
pub(super) fn by_id(
    view: &View,
    trees: &ReceiptTrees,
    id: &[u8],
) -> Result<ReceiptAnswer, QueryError> {
    let id = id
        .try_into()
        .map_err(|_| QueryError::BadRequest("an id is 32 bytes"))?;
    let position = view.snapshot.position_of(&id)?.ok_or(QueryError::NotFound(
        "a transaction with this id in a block",
    ))?;
    answer(view, trees, position)
}

/// Path /receipt-at: by position.
pub(super) fn at(
    view: &View,
    trees: &ReceiptTrees,
    request: &ReceiptAtRequest,
) -> Result<ReceiptAnswer, QueryError> {
    let position = Position {
        height: request.height,
        index: request.index,
    };
    answer(view, trees, position)
}

fn answer(
    view: &View,
    trees: &ReceiptTrees,
    position: Position,
) -> Result<ReceiptAnswer, QueryError> {
    let Position { height, index } = position;
    let missing = QueryError::NotFound("this position");
    let transaction = view.snapshot.transaction(position)?.ok_or(missing)?;
    let trees = trees.of(height, || {
        let made = make(&view.snapshot, height)?;
        view.count_read(made.transactions.len());
        Ok(made)
    })?;
    let lost = || Fault::new(FaultKind::StoreDamaged, "a receipt is missing");
    let receipt = view.snapshot.receipt(position)?.ok_or_else(lost)?;
    let path = |tree: &ListTree| -> Result<Vec<Vec<u8>>, Fault> {
        let path = tree.prove(index as usize).ok_or_else(lost)?;
        Ok(path.into_iter().map(|hash| hash.to_vec()).collect())
    };
    Ok(ReceiptAnswer {
        height,
        index,
        code: code_of(&receipt)?,
        transaction,
        receipt,
        total: trees.transactions.len() as u32,
        results_path: path(&trees.results)?,
        transaction_path: path(&trees.transactions)?,
    })
}

fn make(snapshot: &Snapshot, height: u64) -> Result<BlockTrees, Fault> {
    let transactions = snapshot.transactions(height)?;
    let hashes: Vec<_> = transactions.iter().map(Sha256::digest).collect();
    let receipts = snapshot.receipts(height)?;
    let results = receipts
        .iter()
        .map(|receipt| deterministic_result(receipt))
        .collect::<Result<Vec<Vec<u8>>, Fault>>()?;
    Ok(BlockTrees {
        transactions: ListTree::new(&hashes),
        results: ListTree::new(&results),
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn the_blocks_that_were_asked_about_last_are_hashed_once() {
        let trees = ReceiptTrees::default();
        let made = Cell::new(0);
        let ask = |height| {
            let make = || {
                made.set(made.get() + 1);
                Ok(BlockTrees {
                    transactions: ListTree::new::<&[u8]>(&[]),
                    results: ListTree::new::<&[u8]>(&[]),
                })
            };
            trees.of(height, make).map(drop).unwrap();
        };
        let last = BLOCKS_MAX as u64;
        (1..=last).for_each(ask);
        (1..=last).for_each(ask);
        assert_eq!(made.get(), BLOCKS_MAX);
        ask(last + 1);
        ask(2);
        assert_eq!(made.get(), BLOCKS_MAX + 1);
        ask(1);
        assert_eq!(
            made.get(),
            BLOCKS_MAX + 2,
            "the one asked about longest ago"
        );
    }

    #[test]
    fn a_block_that_cannot_be_read_is_not_remembered() {
        let trees = ReceiptTrees::default();
        let fault = || Err(Fault::new(FaultKind::StoreDamaged, ""));
        assert!(trees.of(1, fault).is_err());
        let made = trees.of(1, || {
            Ok(BlockTrees {
                transactions: ListTree::new(&["a"]),
                results: ListTree::new(&["b"]),
            })
        });
        assert_eq!(made.unwrap().transactions.len(), 1);
    }
}
