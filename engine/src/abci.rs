//! Drives an [`Application`](crate::Application) from CometBFT, over the ABCI socket protocol.
//!
//! CometBFT opens four connections (consensus, mempool, query, snapshots) and sends on each a stream of protobuf
//! messages, every one preceded by its length. The answers follow in the order of the requests.
//!
//! [`Server`] is the server of ours; [`Adapter`] lends the same application to the server of `tendermint-abci`.

mod adapter;
mod connection;
mod convert;
mod dispatch;
mod endpoint;
mod frame;
mod server;

pub use adapter::Adapter;
pub use endpoint::{Endpoint, EndpointError};
pub use server::{Limits, Observer, Server, ServerError};
