//! From a verified header to what a node answered: pure functions over plain data.
//!
//! A header of height H + 1 proves the state after block H and the results of block H; the header
//! of H itself proves which transactions block H has. Whoever calls these functions with the
//! headers that [`crate::trust`] verified may believe what they return, and nothing else.

mod history;
mod receipt;
mod state;

pub use history::{ENTRIES_PER_PAGE_MAX, HistoryHead};
#[cfg(test)]
pub(crate) use receipt::covered_result;
pub use receipt::{ProvenReceipt, verify_receipt, verify_result, verify_transaction};
pub use state::{PROOF_BYTES_MAX, STATE_PROOF_FORM, verify_key, verify_keys, verify_query};
