//! Running CometBFT for a department: its home directory, keys, genesis file and process.
//!
//! One release is known to work and every other one is refused: [`VERSION`].

pub mod app_state;
mod genesis;
mod home;
mod key;
mod leftover;
mod peer_question;
mod process;
mod settings;

pub use genesis::{Genesis, GenesisError, GenesisValidator};
pub use home::{Home, HomeError};
pub use key::{Key, KeyError, address, node_id};
pub use peer_question::PeerQuestion;
pub use process::{CometBinary, CometError, CometProcess, VERSION};
pub use settings::{Peer, Settings};
