//! A chain that goes on as another one: the same ledger under a new chain id, perhaps made by the other engine.
//!
//! | file | what it is |
//! |---|---|
//! | `stand` | where a stopped node stands, and whether a chain can end there |
//! | `archive` | the blocks of ended chains, kept in the store and shown beside those of the running engine |
//! | `ended` | the blocks of the chain that ends now, read from its engine |
//! | `go_on` | binding a home to the chain that goes on |

mod archive;
mod ended;
mod go_on;
mod stand;

pub use archive::{Archive, Continued};
pub(crate) use archive::{ArchivedBlock, block_key, hash_key, validators_key};
pub use go_on::go_on;
pub use stand::Stand;
