//! Questions to the committed state: `abci_query`, the same behind every engine and in the gateway.
//!
//! A value at height H is proven against the app hash of header H+1. Where the newest block left
//! the root as it was, the answer is given for the height before it, so an idle network answers at once.

pub(crate) mod authority;
mod health;
mod history;
mod inbox;
pub(crate) mod json;
mod list;
mod outlook;
pub(crate) mod peers;
mod point;
pub(crate) mod receipt;
pub(crate) mod refusals;
mod status;
#[cfg(test)]
mod tests;

pub(crate) use refusals::PUT_ONCE_INDEXES;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use polity_engine::application::{Query, QueryResult};
use polity_ledger::parameters;
use polity_ledger::query::Waits;
use polity_ledger::state::Read;
use prost::Message;

use crate::app::App;
use crate::config::Engine;
use crate::store::{AsOf, AsOfError, Snapshot};

/// Bytes of data that a question may have in any case: a hundred keys, say.
const DATA_BYTES: usize = 64 << 10;

/// Why a question has no answer. Outside of consensus: a code, never a fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The path is not one of ours.
    #[error("unknown path; see the paths in the auditor's guide")]
    UnknownPath,
    /// The data do not fit the path.
    #[error("the data do not fit the path: {0}")]
    BadRequest(&'static str),
    /// What was asked for does not exist.
    #[error("not found: {0}")]
    NotFound(&'static str),
    /// The height is above the newest.
    #[error("height {0} is not committed yet")]
    NotYet(u64),
    /// The height is below what the node holds.
    #[error("below_history_base: this node holds heights from {history_base_height}")]
    BelowHistoryBase {
        /// The oldest height that is readable.
        history_base_height: u64,
    },
    /// No proof can be given.
    #[error("{0}")]
    Proof(#[from] crate::app::ProofError),
    /// The committed state moved for too long.
    #[error("busy: a block is being committed; try again")]
    Busy,
    /// The organisation is not founded yet.
    #[error("not_founded: the organisation has no state yet")]
    NotFounded,
    /// Whoever asked has gone, or their time is up.
    #[error("abandoned: nobody waits for the answer any more")]
    Abandoned,
    /// This node cannot read what it stored.
    #[error("fault: {0}")]
    Fault(#[from] crate::fault::Fault),
}

impl QueryError {
    /// The code in the answer: stable.
    pub fn code(&self) -> u32 {
        match self {
            QueryError::UnknownPath => 10,
            QueryError::BadRequest(_) => 11,
            QueryError::NotFound(_) => 12,
            QueryError::NotYet(_) => 13,
            QueryError::BelowHistoryBase { .. } => 14,
            QueryError::Proof(_) => 15,
            QueryError::Busy => 16,
            QueryError::NotFounded => 17,
            QueryError::Abandoned => 18,
            QueryError::Fault(_) => 19,
        }
    }
}

impl From<AsOfError> for QueryError {
    fn from(error: AsOfError) -> QueryError {
        match error {
            AsOfError::NotYet { asked, .. } => QueryError::NotYet(asked),
            AsOfError::BelowHistoryBase {
                history_base_height,
                ..
            } => QueryError::BelowHistoryBase {
                history_base_height,
            },
        }
    }
}

/// The paths of questions. Beside them there is only what CometBFT asks about its peers, and `/store/key` for `/key`.
pub fn paths() -> impl Iterator<Item = &'static str> {
    let others = json::PATHS.iter().map(|messages| messages.path);
    std::iter::once("/key").chain(others)
}

/// The committed state that a question is answered from.
pub(crate) struct View {
    pub snapshot: Arc<Snapshot>,
    pub as_of: AsOf,
    pub height: u64,
    /// Whether the next block would be dated now.
    pub is_dated_now: bool,
    /// Transactions of blocks that were read for the answer.
    transactions_read: AtomicUsize,
}

impl View {
    /// Counts transactions whose bytes or receipts are read.
    pub(super) fn count_read(&self, transactions: usize) {
        self.transactions_read
            .fetch_add(transactions, Ordering::Relaxed);
    }
}

impl Read for View {
    fn get(&self, key: &[u8]) -> Option<Bytes> {
        // Rows beside the tree have one version; histories say themselves how far they reach.
        Read::get(&self.as_of, key)
    }
}

impl App {
    /// Answers a question from the newest committed snapshot, or as of `query.height`, for as long as somebody waits.
    pub fn answer(&self, query: &Query, waits: Waits<'_>) -> QueryResult {
        self.answer_and_count(query, waits).0
    }

    /// The same, and how many transactions of blocks were read for it.
    pub(crate) fn answer_and_count(&self, query: &Query, waits: Waits<'_>) -> (QueryResult, usize) {
        let mut transactions_read = 0;
        let result = match self.route(query, waits, &mut transactions_read) {
            Ok(result) => result,
            Err(error) => QueryResult {
                code: error.code(),
                log: error.to_string(),
                height: self.snapshot().height(),
                codespace: "polity-query".into(),
                ..QueryResult::default()
            },
        };
        (result, transactions_read)
    }

    /// Whether a question is short enough to be looked into: decoded, small parts in large numbers take a hundred times
    /// their bytes. What is longer than a transaction may be asks about none that could be sent.
    pub(crate) fn is_short(&self, query: &Query) -> bool {
        let transaction_bytes_max = parameters::get(&*self.snapshot()).transaction_bytes_max;
        query.data.len() <= DATA_BYTES.max(transaction_bytes_max as usize)
    }

    fn route(
        &self,
        query: &Query,
        waits: Waits<'_>,
        transactions_read: &mut usize,
    ) -> Result<QueryResult, QueryError> {
        if !self.is_short(query) {
            return Err(QueryError::BadRequest("they are too long"));
        }
        if let Some(peer) = query.path.strip_prefix("/p2p/filter/") {
            return self.filter_peer(peer);
        }
        if query.path == "/key" || query.path == "/store/key" {
            return self.key(query);
        }
        let view = self.view(query.height)?;
        let data = &query.data[..];
        let value = match query.path.as_str() {
            "/keys" => self.keys(query)?.encode_to_vec(),
            "/list" => list::numbers(&view, &decode(data)?).encode_to_vec(),
            "/history" => history::page(&view, &decode(data)?)?.encode_to_vec(),
            "/consistency" => history::consistency(&view, &decode(data)?)?.encode_to_vec(),
            "/inclusion" => history::inclusion(&view, &decode(data)?)?.encode_to_vec(),
            "/receipt" => receipt::by_id(&view, &self.receipt_trees, data)?.encode_to_vec(),
            "/receipt-at" => {
                receipt::at(&view, &self.receipt_trees, &decode(data)?)?.encode_to_vec()
            }
            "/simulate" => authority::simulate(&view, &decode(data)?, waits)?.encode_to_vec(),
            "/can" => authority::can(&view, &decode(data)?, waits)?.encode_to_vec(),
            "/who-can" => authority::who_can(&view, &decode(data)?, waits)?.encode_to_vec(),
            "/health" => health::of(&view, &decode(data)?, waits)?.encode_to_vec(),
            "/outlook" => outlook::of(&view, &decode(data)?)?.encode_to_vec(),
            "/inbox" => inbox::list(&view, &decode(data)?, waits)?.encode_to_vec(),
            "/refusals" => refusals::list(&view, &decode(data)?)?.encode_to_vec(),
            "/status" => status::of(self, &view)?.encode_to_vec(),
            _ => return Err(QueryError::UnknownPath),
        };
        *transactions_read = view.transactions_read.load(Ordering::Relaxed);
        Ok(QueryResult {
            value: value.into(),
            height: view.height,
            ..QueryResult::default()
        })
    }

    /// The state as of a height; 0: the newest.
    pub(crate) fn view(&self, height: u64) -> Result<View, QueryError> {
        let snapshot = self.snapshot();
        let height = if height == 0 {
            snapshot.height()
        } else {
            height
        };
        let as_of = snapshot.at(height)?;
        Ok(View {
            // CometBFT dates a block by the votes for its parent, which may be long ago.
            is_dated_now: self.options.engine == Engine::Embedded.name()
                && height == snapshot.height(),
            snapshot,
            as_of,
            height,
            transactions_read: AtomicUsize::new(0),
        })
    }
}

fn decode<T: Message + Default>(data: &[u8]) -> Result<T, QueryError> {
    T::decode(data).map_err(|_| QueryError::BadRequest("not the message of this path"))
}

/// An answer with a key, a value and, where there is one, a proof.
fn key_result(key: Vec<u8>, value: Vec<u8>, proof: Option<Vec<u8>>, height: u64) -> QueryResult {
    let proof_ops = proof
        .map(|data| polity_engine::application::ProofOp {
            kind: "ics23:jmt".into(),
            key: Bytes::from(key.clone()),
            data: data.into(),
        })
        .into_iter()
        .collect();
    QueryResult {
        key: key.into(),
        value: value.into(),
        height,
        proof_ops,
        ..QueryResult::default()
    }
}
