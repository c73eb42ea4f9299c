//! Polity's client library: keys, the way to a node, and the proofs that make a node's answer
//! worth believing.
//!
//! It never prints and never trusts. Whatever a node says is checked against headers that the
//! departments signed, and those against the genesis file or a checkpoint that the caller holds;
//! what cannot be checked is an [`Error`] and is not returned.
//!
//! Every future may be dropped wherever it waits: what was believed by then stays believed, and nothing is half written.
//! A transaction may be on its way by then; submitting the same draft again is safe.
//!
//! - [`keys`]: key files encrypted by passphrase, and signing.
//! - [`rpc`]: JSON-RPC to a node's gateway; answers are untrusted.
//! - [`trust`]: from genesis or a checkpoint to a verified header.
//! - [`proof`]: from a verified header to a state value, a receipt, a history.
//! - [`session`]: all of it together: proven reads, signed transactions.
//! - [`import`]: what other systems know, brought onto the chain.
//! - [`export`]: books for other programs.
//! - [`files`]: files that outlive a power cut.
//! - [`amount`], [`period`] and [`time`]: as people write them.
//!
//! The ledger's own words ([`v1`], [`ledger`]) are handed on, so that a user of this library needs no other crate.

pub mod amount;
pub mod error;
pub mod export;
pub mod files;
pub mod import;
pub mod keys;
pub mod period;
pub mod proof;
pub mod rpc;
pub mod session;
pub mod time;
pub mod trust;
mod visible;

#[cfg(test)]
mod made;
#[cfg(test)]
mod recorded;

pub use error::{Error, ErrorKind, Refusal, Result};
pub use polity_ledger as ledger;
pub use polity_proto::v1;
