//! What members, the terminal and the explorer talk to.
//!
//! The gateway speaks CometBFT v0.38's RPC, so that clients written for CometBFT work unchanged, whichever engine
//! makes the blocks. Questions about the ledger are answered by the node from its committed snapshot
//! ([`Queries`]); headers, commits, validators and the pool come from the engine in use ([`Blocks`]).
//! Nothing here touches the connections over which consensus drives the application.
//!
//! A request's way: `listen` (connections, TLS) → `http` or `websocket` → `throttle` (limits per
//! address) → `rpc` and `params` (form) → `methods` (the allow-list) → `answer` (one arm per method;
//! `submit` for transactions, `reads` for the node's own store) → `shapes` (CometBFT's JSON).

mod announce;
mod answer;
mod backend;
mod body;
mod budget;
mod comet;
mod cors;
mod embedded;
mod farewell;
mod http;
mod limits;
mod listen;
mod means;
mod methods;
mod metrics;
mod ops;
mod outbox;
mod params;
mod places;
mod reads;
mod rpc;
mod shapes;
mod stall;
mod submit;
mod subscription;
#[cfg(test)]
mod tests;
mod throttle;
mod tls;
mod txproof;
mod websocket;

pub use backend::{
    Admission, Answering, Ask, Blocks, CommittedBlock, CommittedTransaction, Depth,
    FoundTransaction, Queries, Submission, Submitted, Trouble,
};
pub use comet::{Comet, CometLimits};
pub use cors::{OriginError, Origins};
pub use embedded::{About, Embedded, block_json, commit_json, validators_json};
pub(crate) use embedded::{headers, page};
pub use limits::{LimitError, Limits};
pub use listen::serve;
pub use means::Gateway;
pub use ops::{Readiness, ops_router, serve_ops};
pub(crate) use places::OWN_PLACES;
pub use tls::{TlsError, TlsFiles};
