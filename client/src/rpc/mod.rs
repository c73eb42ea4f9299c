//! The way to a node: JSON-RPC as CometBFT v0.38 speaks it, served by every node's gateway.
//!
//! Nothing that comes back is to be believed: [`crate::trust`] and [`crate::proof`] decide that.
//! Answers are bounded in size and in time, and a node that does not answer, or answers without
//! sense, is passed over for the next one.

mod answers;
mod client;
mod failure;
mod json;
mod methods;
mod nodes;
mod subscribe;
mod tls;

pub use answers::{
    BlockAnswer, BroadcastAnswer, ProofOp, QueryAnswer, StatusAnswer, TransactionAnswer,
    TransactionProof, TransactionResult,
};
pub use client::{Client, ClientOptions};
pub(crate) use json::number;
pub use methods::{BROADCAST_BATCH_MAX, VALIDATORS_MAX};
pub use subscribe::BlockStream;
