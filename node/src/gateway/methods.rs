//! The allow-list: every method that the gateway answers, with its parameters. What is not here does not exist.

use super::params::{Kind, Parameter};

/// A method as clients call it.
pub(super) struct Signature {
    pub(super) method: Method,
    pub(super) name: &'static str,
    pub(super) parameters: &'static [Parameter],
}

const HEIGHT: &[Parameter] = &[("height", Kind::Integer)];
const TX: &[Parameter] = &[("tx", Kind::Base64)];
const SUBSCRIPTION: &[Parameter] = &[("query", Kind::Text)];

/// Makes the methods of one row for each: its name, and its parameters in CometBFT's order, which arguments by position
/// follow.
macro_rules! methods {
    (
        any { $($method:ident = $name:literal, $parameters:expr;)+ }
        websocket { $($later:ident = $later_name:literal, $later_parameters:expr;)+ }
    ) => {
        /// A method that the gateway answers.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Method {
            $($method,)+
            Websocket(WebsocketMethod),
        }

        /// A method that makes sense only on a connection that can be written to later.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum WebsocketMethod {
            $($later,)+
        }

        /// All methods, as the list of endpoints shows them.
        pub(super) const METHODS: &[Signature] = &[
            $(Signature {
                method: Method::$method,
                name: $name,
                parameters: $parameters,
            },)+
            $(Signature {
                method: Method::Websocket(WebsocketMethod::$later),
                name: $later_name,
                parameters: $later_parameters,
            },)+
        ];
    };
}

methods! {
    any {
        Health = "health", &[];
        Status = "status", &[];
        NetInfo = "net_info", &[];
        Genesis = "genesis", &[];
        GenesisChunked = "genesis_chunked", &[("chunk", Kind::Integer)];
        Block = "block", HEIGHT;
        BlockByHash = "block_by_hash", &[("hash", Kind::Base64)];
        BlockResults = "block_results", HEIGHT;
        Blockchain = "blockchain", &[("minHeight", Kind::Integer), ("maxHeight", Kind::Integer)];
        Header = "header", HEIGHT;
        HeaderByHash = "header_by_hash", &[("hash", Kind::Hex)];
        Commit = "commit", HEIGHT;
        Validators = "validators", &[("height", Kind::Integer), ("page", Kind::Integer), ("per_page", Kind::Integer)];
        ConsensusParams = "consensus_params", HEIGHT;
        UnconfirmedTxs = "unconfirmed_txs", &[("limit", Kind::Integer)];
        NumUnconfirmedTxs = "num_unconfirmed_txs", &[];
        Tx = "tx", &[("hash", Kind::Base64), ("prove", Kind::Flag)];
        AbciInfo = "abci_info", &[];
        AbciQuery = "abci_query", &[("path", Kind::Text), ("data", Kind::Hex), ("height", Kind::Integer), ("prove", Kind::Flag)];
        Query = "query", &[("path", Kind::Text), ("data", Kind::Json), ("height", Kind::Integer), ("prove", Kind::Flag)];
        BroadcastTxSync = "broadcast_tx_sync", TX;
        BroadcastTxAsync = "broadcast_tx_async", TX;
        BroadcastTxCommit = "broadcast_tx_commit", TX;
        BroadcastBatch = "broadcast_batch", &[("txs", Kind::Base64List)];
    }
    websocket {
        Subscribe = "subscribe", SUBSCRIPTION;
        Unsubscribe = "unsubscribe", SUBSCRIPTION;
        UnsubscribeAll = "unsubscribe_all", &[];
    }
}

impl Signature {
    /// The method of this name, if it is allowed.
    pub(super) fn find(name: &str) -> Option<&'static Signature> {
        METHODS.iter().find(|signature| signature.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
