//! The state machine of Polity: pure rules over a key-value state.
//!
//! The narrow waist is [`check::check`] (what bytes alone can tell), [`block::execute_block`] (the
//! only verdict) and [`judge::judge`] (authority). No clock, no randomness, no environment, no IO.
//!
//! | modules | what they are |
//! |---|---|
//! | [`check`], [`form`], [`validity`], [`Rejection`] | the form of transactions, bounds of fields, size and time, why something is refused |
//! | [`block`], [`timer`], [`genesis`], [`continuation`] | a block from beginning to end, what time alone does, how chains begin |
//! | [`actions`] | one file for each action: what it needs, what it does |
//! | [`judge`] | who may do what: grants, policies, separated duties, who counts as one person |
//! | [`decisions`], [`elections`], [`profiles`] | how units decide and elect; ways of working |
//! | [`state`], [`merkle`] | keys, values, lists and histories; the trees that prove them |
//! | [`query`], [`outlook`], [`health`] | what would happen, and what is missing; nothing here decides |
//! | [`parameters`], [`Amount`], [`time`], [`window`] | what the rules count with |
//! | [`invariants`] | what holds after every block, for simulation and audits |

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
pub mod validity;
pub mod window;
#[cfg(test)]
#[allow(dead_code, unused_imports)]
// One world for every test: not each part is used at every time.
mod world;

pub use amount::Amount;
pub use context::{Authority, Block, Context};
pub use rejection::{Family, Rejection};
