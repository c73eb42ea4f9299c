//! Hash trees: the authenticated state, histories, and roots of ordered lists.
//!
//! Two shapes serve two questions. The state tree ([`tree`]) answers "what is the value of this
//! key, or is there none?" and is hash for hash the tree of the `jmt` crate 0.12 over SHA-256, so
//! the ICS-23 verifiers of that tree verify ours. Histories ([`history`]) and lists
//! ([`receipts`]) answer "is this the whole log, is this entry in it, did it only grow?" and are
//! the trees of RFC 9162.

pub mod history;
pub mod jellyfish;
pub mod proof;
pub mod receipts;
pub mod subtree;
pub mod tree;

/// A SHA-256 hash.
pub type Hash = [u8; 32];
