//! Calls and their answers: one arm for each method, each answered by the node or by the engine.

use std::net::IpAddr;

use tokio::time::{Instant, timeout_at};

use super::backend::{Ask, Depth};
use super::means::Gateway;
use super::methods::{Method, Signature};
use super::params::Args;
use super::rpc::{Call, Json, Reply, RpcError};

/// Bytes of the engine's answer that are made for one call: of a block, about a hundred transactions.
const ANSWER_BYTES_PER_CALL: usize = 32 << 10;

impl Gateway {
    /// Answers one JSON-RPC call.
    pub(super) async fn reply(&self, call: Call, peer: IpAddr, deadline: Instant) -> Reply {
        let outcome = match Signature::find(&call.method) {
            Some(signature) => match Args::from_json(signature.parameters, call.params) {
                Ok(args) => self.answer(signature, args, peer, deadline).await,
                Err(detail) => Err(RpcError::invalid_params(&params_detail(&detail))),
            },
            None => Err(RpcError::method_not_found()),
        };
        Reply::new(call.id, outcome)
    }

    /// Answers one call of an allowed method, in time.
    pub(super) async fn answer(
        &self,
        signature: &Signature,
        args: Args,
        peer: IpAddr,
        deadline: Instant,
    ) -> Result<Json, RpcError> {
        let waits = signature.method == Method::BroadcastTxCommit;
        let deadline = if waits {
            deadline + self.limits().commit_wait()
        } else {
            deadline
        };

        let begun = Instant::now();
        let outcome = timeout_at(deadline, self.dispatch(signature.method, args, peer))
            .await
            .unwrap_or_else(|_| Err(RpcError::server("the call took longer than it may")));
        self.metrics()
            .count_call(signature.name, outcome.is_ok(), begun.elapsed());
        outcome
    }

    async fn dispatch(
        &self,
        method: Method,
        mut args: Args,
        peer: IpAddr,
    ) -> Result<Json, RpcError> {
        let height = args.integer("height");
        match method {
            Method::Health => self.ask(Ask::Health, peer).await,
            Method::Status => self.status().await,
            Method::NetInfo => self.ask(Ask::NetInfo, peer).await,
            Method::Genesis => self.ask(Ask::Genesis, peer).await,
            Method::GenesisChunked => {
                self.ask(Ask::GenesisChunked(args.integer("chunk")), peer)
                    .await
            }
            Method::Block => self.ask(Ask::Block(height), peer).await,
            Method::BlockByHash => self.ask(Ask::BlockByHash(args.bytes("hash")), peer).await,
            Method::BlockResults => self.block_results(height, peer).await,
            Method::Blockchain => {
                let min_height = args.integer("minHeight").unwrap_or(0);
                let max_height = args.integer("maxHeight").unwrap_or(0);
                let ask = Ask::Blockchain {
                    min_height,
                    max_height,
                };
                self.ask(ask, peer).await
            }
            Method::Header => self.ask(Ask::Header(height), peer).await,
            Method::HeaderByHash => self.ask(Ask::HeaderByHash(args.bytes("hash")), peer).await,
            Method::Commit => self.ask(Ask::Commit(height), peer).await,
            Method::Validators => {
                let (page, per_page) = (args.integer("page"), args.integer("per_page"));
                let ask = Ask::Validators {
                    height,
                    page,
                    per_page,
                };
                self.ask(ask, peer).await
            }
            Method::ConsensusParams => self.ask(Ask::ConsensusParams(height), peer).await,
            Method::UnconfirmedTxs => {
                self.ask(Ask::UnconfirmedTxs(args.integer("limit")), peer)
                    .await
            }
            Method::NumUnconfirmedTxs => self.ask(Ask::NumUnconfirmedTxs, peer).await,
            Method::Tx => {
                self.transaction(args.bytes("hash"), args.flag("prove"), peer)
                    .await
            }
            Method::AbciInfo => self.abci_info().await,
            Method::AbciQuery => self.abci_query(height, args, peer).await,
            Method::Query => self.query(height, args, peer).await,
            Method::BroadcastTxSync => self.broadcast(args.bytes("tx"), Depth::Checked, peer).await,
            Method::BroadcastTxAsync => {
                self.broadcast(args.bytes("tx"), Depth::HandedOver, peer)
                    .await
            }
            Method::BroadcastTxCommit => self.broadcast_commit(args.bytes("tx"), peer).await,
            Method::BroadcastBatch => self.broadcast_batch(args.list("txs"), peer).await,
            // The websocket session answers them itself; elsewhere they do not exist.
            Method::Websocket(_) => Err(RpcError::method_not_found()),
        }
    }

    /// The engine's status, with what the node adds. The node keeps and answers transactions itself, so the index is
    /// on, whatever the engine says of its own.
    async fn status(&self) -> Result<Json, RpcError> {
        let mut status = self.value(Ask::Status).await?;
        let mut own = self.read(|queries| queries.status()).await?;

        if let Some(own) = own.as_object_mut() {
            own.insert("engine".to_owned(), self.engine().into());
        }
        if let Some(index) = status.pointer_mut("/node_info/other/tx_index") {
            *index = "on".into();
        }
        if let Some(status) = status.as_object_mut() {
            status.insert("polity".to_owned(), own);
        }
        Ok(status.to_string())
    }

    /// What the engine answers. The address pays for a long one, beyond the call itself.
    async fn ask(&self, ask: Ask, peer: IpAddr) -> Result<Json, RpcError> {
        let turn = if ask.takes_long() {
            Some(self.turn_for_long_of_engine(peer).await?)
        } else {
            None
        };
        let gateway = self.clone();
        let settle = move |bytes: usize| {
            gateway.charge(peer, bytes / ANSWER_BYTES_PER_CALL);
            drop(turn);
        };
        self.text(ask, settle).await
    }
}

/// What CometBFT says of the form of arguments.
pub(super) fn params_detail(detail: &str) -> String {
    format!("error converting json params to arguments: {detail}")
}
