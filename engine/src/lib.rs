//! Who makes blocks.
//!
//! - [`application`]: the trait [`Application`], which every engine drives. Whoever writes an application needs this
//!   module and nothing else of the crate.
//!
//! The crate knows nothing of the ledger: transactions are bytes, and editing a rule never recompiles an engine.

pub mod application;

pub use application::{Application, Fault};
