//! From a root that the caller holds to a header that may be believed.
//!
//! The root is the genesis file, whose validators sign the first header, or a checkpoint. From
//! there [`LightClient`] verifies headers as CometBFT's light client does, in steps as long as the
//! change of validators allows, and compares what it comes to believe with a second node. One
//! verifier serves both engines, because both make the same commits. State and results of height H
//! are proven by the header of H + 1.

mod block;
mod chain;
mod ended;
mod floor;
mod genesis;
mod header;
mod light;
mod links;
mod root;
mod store;
mod verify;
mod way;
mod witness;

pub use block::LightBlock;
pub use chain::verify_chain;
pub use genesis::{GENESIS_BYTES_MAX, Genesis};
pub use header::{Validator, VerifiedHeader};
pub use light::LightClient;
pub use root::{Checkpoint, TrustRoot};
pub use store::TrustStore;
pub use verify::TrustOptions;
