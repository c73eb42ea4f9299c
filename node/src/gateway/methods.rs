//! The allow-list: every method that the gateway answers, with its parameters. What is not here does not exist.

use super::params::{Kind, Parameter};

/// A method that the gateway answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Method {
    Health,
    Status,
    NetInfo,
    Genesis,
    GenesisChunked,
    Block,
    BlockByHash,
    BlockResults,
    Blockchain,
    Header,
    HeaderByHash,
    Commit,
    Validators,
    ConsensusParams,
    UnconfirmedTxs,
    NumUnconfirmedTxs,
    Tx,
    AbciInfo,
    AbciQuery,
    BroadcastTxSync,
    BroadcastTxAsync,
    BroadcastTxCommit,
    BroadcastBatch,
    Websocket(WebsocketMethod),
}

/// A method that makes sense only on a connection that can be written to later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum WebsocketMethod {
    Subscribe,
    Unsubscribe,
    UnsubscribeAll,
}

/// A method as clients call it.
pub(super) struct Signature {
    pub(super) method: Method,
    pub(super) name: &'static str,
    /// In CometBFT's order, which arguments by position follow.
    pub(super) parameters: &'static [Parameter],
}

const HEIGHT: &[Parameter] = &[("height", Kind::Integer)];
const TX: &[Parameter] = &[("tx", Kind::Base64)];
const SUBSCRIPTION: &[Parameter] = &[("query", Kind::Text)];

/// All methods, as the list of endpoints shows them.
#[rustfmt::skip]
pub(super) const METHODS: &[Signature] = &[
    entry(Method::Health, "health", &[]),
    entry(Method::Status, "status", &[]),
    entry(Method::NetInfo, "net_info", &[]),
    entry(Method::Genesis, "genesis", &[]),
    entry(Method::GenesisChunked, "genesis_chunked", &[("chunk", Kind::Integer)]),
    entry(Method::Block, "block", HEIGHT),
    entry(Method::BlockByHash, "block_by_hash", &[("hash", Kind::Base64)]),
    entry(Method::BlockResults, "block_results", HEIGHT),
    entry(Method::Blockchain, "blockchain", &[("minHeight", Kind::Integer), ("maxHeight", Kind::Integer)]),
    entry(Method::Header, "header", HEIGHT),
    entry(Method::HeaderByHash, "header_by_hash", &[("hash", Kind::Hex)]),
    entry(Method::Commit, "commit", HEIGHT),
    entry(Method::Validators, "validators", &[("height", Kind::Integer), ("page", Kind::Integer), ("per_page", Kind::Integer)]),
    entry(Method::ConsensusParams, "consensus_params", HEIGHT),
    entry(Method::UnconfirmedTxs, "unconfirmed_txs", &[("limit", Kind::Integer)]),
    entry(Method::NumUnconfirmedTxs, "num_unconfirmed_txs", &[]),
    entry(Method::Tx, "tx", &[("hash", Kind::Base64), ("prove", Kind::Flag)]),
    entry(Method::AbciInfo, "abci_info", &[]),
    entry(Method::AbciQuery, "abci_query", &[("path", Kind::Text), ("data", Kind::Hex), ("height", Kind::Integer), ("prove", Kind::Flag)]),
    entry(Method::BroadcastTxSync, "broadcast_tx_sync", TX),
    entry(Method::BroadcastTxAsync, "broadcast_tx_async", TX),
    entry(Method::BroadcastTxCommit, "broadcast_tx_commit", TX),
    entry(Method::BroadcastBatch, "broadcast_batch", &[("txs", Kind::Base64List)]),
    entry(Method::Websocket(WebsocketMethod::Subscribe), "subscribe", SUBSCRIPTION),
    entry(Method::Websocket(WebsocketMethod::Unsubscribe), "unsubscribe", SUBSCRIPTION),
    entry(Method::Websocket(WebsocketMethod::UnsubscribeAll), "unsubscribe_all", &[]),
];

impl Signature {
    /// The method of this name, if it is allowed.
    pub(super) fn find(name: &str) -> Option<&'static Signature> {
        METHODS.iter().find(|signature| signature.name == name)
    }
}

const fn entry(method: Method, name: &'static str, parameters: &'static [Parameter]) -> Signature {
    Signature {
        method,
        name,
        parameters,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_method_has_one_name() {
        let methods: HashSet<_> = METHODS.iter().map(|signature| signature.method).collect();
        let names: HashSet<_> = METHODS.iter().map(|signature| signature.name).collect();
        assert_eq!((methods.len(), names.len()), (METHODS.len(), METHODS.len()));
    }

    #[test]
    fn methods_that_change_a_node_are_not_offered() {
        for name in [
            "dial_peers",
            "unsafe_flush_mempool",
            "broadcast_evidence",
            "check_tx",
            "dump_consensus_state",
        ] {
            assert!(Signature::find(name).is_none(), "{name}");
        }
    }
}
