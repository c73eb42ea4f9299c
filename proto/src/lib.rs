//! The wire of Polity and nothing else: messages of transactions, state, receipts and queries.
//!
//! The meaning of each field stands in the `.proto` files beside this crate.
//! Rules live in `polity-ledger`.

/// The `.proto` files as an encoded `google.protobuf.FileDescriptorSet`: for whoever reads messages by their names.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// Package `polity.v1`.
#[allow(missing_docs, clippy::all)]
pub mod v1 {
    include!(concat!(env!("OUT_DIR"), "/polity.v1.rs"));
}
