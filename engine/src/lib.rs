//! Who makes blocks.
//!
//! One program, the [`Application`], is driven by whatever makes blocks, and neither side sees the other's types:
//!
//! | module | what it is | who needs it |
//! |---|---|---|
//! | [`application`] | the trait, its requests and answers | whoever writes an application, and every engine |
//! | [`abci`] | the server through which CometBFT drives an application | the node |
//! | [`cometbft`] | CometBFT itself: home directory, keys, genesis file, process | the node, tools, tests |
//! | [`embedded`] | BFT consensus inside the process, with CometBFT's blocks | the node, tools, tests |
//!
//! The way of a block under CometBFT: its process connects to [`abci::Server`], which decodes each request, calls
//! the application away from the event loop, and writes the answers in the order of the requests. A refused
//! transaction is an answer; a [`Fault`] ends the server, and its owner must end the process.
//!
//! The crate knows nothing of the ledger: transactions are bytes, and editing a rule never recompiles an engine.
//! `examples/null_app.rs` is the smallest whole application.

pub mod abci;
pub mod application;
pub mod cometbft;
pub mod embedded;

pub use application::{Application, Fault};

// The networks of the integration suite serve the unit tests of hostile validators too, by the name that they know.
#[cfg(test)]
extern crate self as polity_engine;
