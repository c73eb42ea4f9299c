//! The state machine of Polity: pure rules over a key-value state.
//!
//! The narrow waist is [`check::check`] (what bytes alone can tell), [`block::execute_block`] (the
//! only verdict) and [`judge::judge`] (authority). No clock, no randomness, no environment, no IO.

#![forbid(unsafe_code)]

pub mod actions;
mod amount;
pub mod block;
pub mod check;
mod context;
pub mod continuation;
pub mod decisions;
pub mod elections;
mod evidence;
pub mod form;
pub mod genesis;
pub mod health;
pub mod invariants;
pub mod judge;
pub mod merkle;
pub mod outlook;
pub mod parameters;
pub mod profiles;
pub mod query;
mod rejection;
pub mod state;
pub mod time;
pub mod timer;
pub mod window;
#[cfg(test)]
#[allow(dead_code, unused_imports)]
// One world for every test: not each part is used at every time.
mod world;

pub use amount::Amount;
pub use context::{Authority, Block, Context};
pub use rejection::Rejection;
