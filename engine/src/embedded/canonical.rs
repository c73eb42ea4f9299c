//! Blocks, headers, votes and commits, byte for byte as CometBFT v0.38 makes them.
//!
//! So one light client verifies a chain whichever engine made it. The bytes are protobuf messages of
//! `tendermint-proto`; the rules of hashing, ordering and of what Go writes although it is empty stand here.

mod block;
mod block_id;
mod commit;
mod evidence;
mod header;
mod list;
mod merkle;
mod results;
mod shown;
mod validators;
mod vote;

pub use block::{Block, Malformed, Outline, SealedBlock, TRANSACTIONS_MAX, data_hash};
pub use block_id::BlockId;
pub use commit::{Commit, CommitSignature};
pub use evidence::{DoubleVote, evidence_hash};
pub use header::{Address, BLOCK_PROTOCOL, Hash, Header, consensus_hash};
pub(super) use list::decode_short;
pub use results::results_hash;
pub use shown::{ShownBlock, shown_validators};
pub use validators::{TOTAL_POWER_MAX, Validator, ValidatorSet, ValidatorSetError};
pub use vote::{SIGNATURE_BYTES, Signature, SignedVote, Vote, VoteKind, vote_time};

#[cfg(test)]
mod tests;
