//! Questions that the node answers from its own store.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use polity_engine::application::{Query, QueryResult};

use super::backend::{CommittedBlock, Queries};
use super::means::Gateway;
use super::params::Args;
use super::rpc::{Json, RpcError};
use super::shapes;
use super::txproof::TxProof;
use crate::query::json::Messages;

/// Transactions of blocks that are read for one call. Whoever asks for what needs more of them pays for the others too.
const TRANSACTIONS_PER_CALL: usize = 100;

impl Gateway {
    pub(super) async fn abci_info(&self) -> Result<Json, RpcError> {
        self.read(|queries| shapes::info(&queries.info()).to_string())
            .await
    }

    pub(super) async fn abci_query(
        &self,
        height: Option<i64>,
        mut args: Args,
        peer: IpAddr,
    ) -> Result<Json, RpcError> {
        let query = Query {
            path: args.text("path"),
            data: args.bytes("data"),
            height: height_of_state(height)?,
            prove: args.flag("prove"),
        };
        let shape = |result: &QueryResult| shapes::query_result(result).to_string();
        self.answer_query(query, peer, shape).await
    }

    /// The same, with the question and its answer in JSON.
    pub(super) async fn query(
        &self,
        height: Option<i64>,
        mut args: Args,
        peer: IpAddr,
    ) -> Result<Json, RpcError> {
        let height = height_of_state(height)?;
        let (path, prove) = (args.text("path"), args.flag("prove"));
        let messages = Messages::of(&path)
            .ok_or_else(|| RpcError::invalid_params("path: no question in JSON has it"))?;
        let json = args.text("data");
        let data = self.read(move |_| messages.question(&json)).await?;
        let query = Query {
            path,
            data: data.map_err(|detail| RpcError::invalid_params(&format!("data: {detail}")))?,
            height,
            prove,
        };
        let shape = move |result: &QueryResult| messages.result(result).to_string();
        self.answer_query(query, peer, shape).await
    }

    async fn answer_query(
        &self,
        query: Query,
        peer: IpAddr,
        shape: impl Fn(&QueryResult) -> Json + Send + 'static,
    ) -> Result<Json, RpcError> {
        let gateway = self.clone();
        let answer = move |queries: &dyn Queries, query, waits: &dyn Fn() -> bool| {
            let (result, transactions_read) = queries.query(query, waits);
            gateway.charge_for(transactions_read, peer);
            shape(&result)
        };
        let judged = self.judged_actions(&query);
        if judged == 0 {
            return self
                .read(move |queries| answer(queries, query, &|| true))
                .await;
        }

        self.charge(peer, judged * self.limits().judged_action_cost as usize);
        let turn = self.turn_to_judge().await;
        let caller = Caller::default();
        let gone = caller.gone();
        self.read(move |queries| {
            let _turn = turn;
            answer(queries, query, &|| !gone.load(Ordering::Relaxed))
        })
        .await
    }

    pub(super) async fn block_results(
        &self,
        height: Option<i64>,
        peer: IpAddr,
    ) -> Result<Json, RpcError> {
        let turn = self.turn_for_long(peer).await?;
        let gateway = self.clone();
        self.read(move |queries| {
            let _turn = turn;
            let last = queries.info().last_block_height;
            let height = known_height(height, queries.base_height(), last)?;
            let block = queries.block(height)?.ok_or_else(|| {
                RpcError::internal(&format!("results of height {height} are not available"))
            })?;
            gateway.charge_for(block.transactions.len(), peer);
            Ok(shapes::block_results(&block).to_string())
        })
        .await?
    }

    pub(super) async fn transaction(
        &self,
        hash: Bytes,
        prove: bool,
        peer: IpAddr,
    ) -> Result<Json, RpcError> {
        let not_found = RpcError::internal(&format!("tx ({}) not found", shapes::hash_text(&hash)));
        let Ok(hash) = <[u8; 32]>::try_from(hash.as_ref()) else {
            return Err(not_found);
        };

        let turn = if prove {
            Some(self.turn_for_long(peer).await?)
        } else {
            None
        };
        let gateway = self.clone();
        self.read(move |queries| {
            let _turn = turn;
            let found = queries.transaction(hash)?.ok_or(not_found)?;
            let proof = if prove {
                let block = queries.block(found.height)?.unwrap_or_default();
                gateway.charge_for(block.transactions.len(), peer);
                prove_transaction(&block, found.index)
            } else {
                None
            };
            Ok(shapes::transaction(&found, proof.as_ref()).to_string())
        })
        .await?
    }

    /// Makes the address pay for transactions that were read, beyond the call itself.
    fn charge_for(&self, transactions: usize, peer: IpAddr) {
        self.charge(peer, transactions / TRANSACTIONS_PER_CALL);
    }
}

/// Who waits for an answer: gone when this is dropped, because the answer is there, the time is up, or the connection
/// has ended.
#[derive(Default)]
struct Caller(Arc<AtomicBool>);

impl Caller {
    fn gone(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The height as of which the state is asked about; 0: the newest.
fn height_of_state(height: Option<i64>) -> Result<u64, RpcError> {
    u64::try_from(height.unwrap_or(0))
        .map_err(|_| RpcError::invalid_params("height must not be negative"))
}

/// CometBFT's rules and words for a height that is asked for.
fn known_height(height: Option<i64>, base: u64, last: u64) -> Result<u64, RpcError> {
    let Some(asked) = height else {
        return Ok(last);
    };
    let height = u64::try_from(asked).unwrap_or(0);
    if height == 0 {
        return Err(RpcError::internal(&format!(
            "height must be greater than 0, but got {asked}"
        )));
    }
    if height > last {
        let detail = format!(
            "height {height} must be less than or equal to the current blockchain height {last}"
        );
        return Err(RpcError::internal(&detail));
    }
    if height < base {
        let detail = format!("height {height} is not available, lowest height is {base}");
        return Err(RpcError::internal(&detail));
    }
    Ok(height)
}

fn prove_transaction(block: &CommittedBlock, index: u32) -> Option<TxProof> {
    let hashes: Vec<_> = block
        .transactions
        .iter()
        .map(|transaction| transaction.hash)
        .collect();
    TxProof::new(&hashes, index as usize)
}
