//! The one home of Malachite: its types stay below this module.
//!
//! | file | what it is |
//! |---|---|
//! | `context` | our heights, votes and validators as Malachite asks for them |
//! | `messages`, `codec` | their bytes on the wire and in the write-ahead log |
//! | `signing` | the signer with its guard, and the verifier |
//! | `parts` | a block on its way: announced, cut, put together within bounds |
//! | `judge` | whether a proposed block may be voted for |
//! | `build` | the block that this node proposes |
//! | `ahead` | blocks that others gave, before their turn |
//! | `driver` | the conversation with Malachite, message by message |
//! | `log` | its write-ahead log |
//! | `trouble` | a file that cannot be written, which Malachite does not pass on |
//! | `voters` | whose words may wait for their height |
//! | `network` | its configuration, and peers |
//! | `hostile` | in tests alone: a proposer that breaks the rules |

pub(super) mod ahead;
pub(super) mod build;
pub(super) mod codec;
pub(super) mod context;
pub(super) mod driver;
#[cfg(test)]
mod hostile;
pub(super) mod judge;
mod log;
pub(super) mod messages;
pub(super) mod network;
pub(super) mod parts;
pub(super) mod signing;
pub(super) mod trouble;
pub(super) mod voters;
