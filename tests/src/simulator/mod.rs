//! A whole network in one process, at random and the same in every run.
//!
//! A seed makes the workload: people who do what the state lets them, thieves, fools and junk. The
//! ledger in memory is the model; beside it run several nodes, each the real application over its
//! real store, which die between any two steps, come back, fall behind, lose their disks. Each is
//! configured in its own way. After each block all of them must have the model's receipts, validators
//! and app hash, and answer alike whatever is asked, and every invariant of the ledger must hold.

mod asking;
mod author;
mod chain;
mod configurations;
pub mod founding;
mod hostile;
mod keyring;
pub mod kinds;
mod oracle;
mod pool;
mod proposing;
mod replica;
mod run;
mod sample;
mod silent;
mod tally;
mod trouble;
mod usurpers;
mod view;
mod workload;

pub use run::{Failure, simulate};
pub use sample::Sample;
pub use tally::Tally;
pub use trouble::Trouble;
pub use usurpers::usurp;
