//! Real input: what another system knows about an organisation, brought onto the chain by somebody who may.
//!
//! Nothing here trusts a node: numbers that are signed come from proven receipts and proven state, and what the chain
//! has already is read from the chain, so an import that was broken off goes on where it stopped.
//!
//! - [`events`]: a file of events, and its checks.
//! - [`story`]: the events as steps of the ledger, in an order that its rules accept.
//! - [`recorded`]: which steps the chain has.
//! - [`plan`]: which steps go into the next transaction.
//! - [`run`]: transactions on their way.
//! - [`roster`]: who holds what, as a file says and as the chain proves.
//! - [`budget`]: a finance team's table.

pub mod budget;
mod deliver;
pub mod events;
mod handles;
pub mod plan;
pub mod recorded;
pub mod roster;
pub mod run;
pub mod story;
pub mod structure;
mod teller;
#[cfg(test)]
mod testing;
