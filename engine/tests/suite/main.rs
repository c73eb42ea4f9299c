//! The ABCI server as its peers see it, and CometBFT as a department runs it.

mod addresses;
mod bad_frames;
mod cometbft;
mod conversation;
mod embedded;
mod register;
mod running;
mod stopping;
