//! Running CometBFT for a department: its home directory, keys, genesis file and process.
//!
//! One release is known to work and every other one is refused: [`VERSION`].

pub mod app_state;
mod binary;
mod genesis;
mod home;
mod key;
mod leftover;
mod process;
#[cfg(test)]
mod sample;
mod settings;

pub use binary::{CometBinary, CometError, VERSION};
pub use genesis::{Genesis, GenesisError, GenesisValidator};
pub use home::{Home, HomeError};
pub use key::{Key, KeyError, address, node_id};
pub use process::CometProcess;
pub use settings::{Peer, Settings};
