//! BFT consensus inside the process: Malachite, making blocks that are CometBFT's byte for byte.
//!
//! | module | what it is |
//! |---|---|
//! | [`canonical`] | blocks, headers, votes, commits and their bytes |
//! | `consensus` | the conversation with Malachite; no type of it leaves that module |
//! | [`pool`], [`gossip`] | transactions that wait, and their way between nodes |
//! | [`guard`] | the file that keeps a validator from signing twice |
//! | `rows` | what is kept in the application's store |
//! | [`Past`], [`Audit`] | a chain at rest: read, and judged again |
//! | `tip`, `params`, `evidence` | what the next block is made from and judged by |
//! | `chain`, `progress`, `presence` | what others read |
//! | `clock` | the only clock |
//!
//! One height: a block is proposed, judged and kept on disk, voted for (each signature passes the guard first), decided,
//! executed, and made durable together with its signatures and the new state in one batch of the application's store.

pub mod canonical;
pub mod gossip;
pub mod guard;
pub mod pool;

mod audit;
mod chain;
mod clock;
mod consensus;
mod evidence;
mod execution;
mod founding;
mod node_id;
mod params;
mod past;
mod peers;
mod predecessor;
mod presence;
mod progress;
mod rows;
#[cfg(test)]
mod sample;
mod start;
mod stop;
mod tip;

pub use audit::{Audit, AuditError, Decided, Wrong};
pub use chain::{Chain, Own};
pub use clock::machine_clock;
pub use node_id::NodeId;
pub use params::Params;
pub use past::Past;
pub use peers::{ConnectedPeer, PeerAddress, Peers};
pub use presence::Presence;
pub use progress::Progress;
pub use start::{Embedded, Ended, Settings, StartError, gossip_address};
