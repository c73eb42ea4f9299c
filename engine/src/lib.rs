//! Who makes blocks.
//!
//! - [`application`]: the trait [`Application`], which every engine drives. Whoever writes an application needs this
//!   module and nothing else of the crate.
//! - [`abci`]: the server through which CometBFT drives it.
//! - [`cometbft`]: what it takes to run CometBFT itself: home directory, keys, genesis file, process.
//!
//! The crate knows nothing of the ledger: transactions are bytes, and editing a rule never recompiles an engine.

pub mod abci;
pub mod application;
pub mod cometbft;

pub use application::{Application, Fault};
