//! The calls, one function each.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tendermint::block::{Header, signed_header::SignedHeader};
use tendermint::validator;

use super::Client;
use super::answers::{
    BlockAnswer, BlockForm, BlockchainForm, BroadcastAnswer, CommitForm, GenesisForm, QueryAnswer,
    QueryForm, StatusAnswer, StatusForm, TransactionAnswer, ValidatorsForm,
};
use super::client::SecondAnswer;
use super::json::{AnswerError, ReportedError};
use crate::{Error, ErrorKind, Result};

/// The most transactions of one call of [`Client::broadcast_batch`].
pub const BROADCAST_BATCH_MAX: usize = 1_000;

/// The most validators that are read of one height.
pub const VALIDATORS_MAX: usize = 1_000;

const VALIDATORS_PER_PAGE: u64 = 100;

impl Client {
    /// What the node says of itself.
    pub async fn status(&self) -> Result<StatusAnswer> {
        let read = |form: StatusForm| Ok(form.into());
        self.call("status", json!({}), read).await
    }

    /// The genesis as the node has it; never a root of trust.
    pub async fn genesis(&self) -> Result<Value> {
        let read = |form: GenesisForm| Ok(form.genesis);
        self.call("genesis", json!({}), read).await
    }

    /// Hands a transaction to the node's door and returns what the door says. Sending the same
    /// bytes again is safe and answered like the first time.
    ///
    /// # Errors
    /// [`ErrorKind::OutcomeUnknown`] where no node answered and one of them was reached: it may have taken it.
    pub async fn broadcast_tx_sync(&self, transaction: &[u8]) -> Result<BroadcastAnswer> {
        let params = json!({"tx": STANDARD.encode(transaction)});
        let answered = self.hand_over("broadcast_tx_sync", params, Ok).await;

        match answered {
            // CometBFT reports bytes that it already holds as an error of the call.
            Err(error)
                if error.kind() == ErrorKind::Trouble
                    && error.to_string().contains("already exists in cache") =>
            {
                Ok(BroadcastAnswer {
                    code: 0,
                    log: "the node has it already".into(),
                    hash: Sha256::digest(transaction).into(),
                })
            }
            answered => answered,
        }
    }

    /// Hands many transactions over at once; the answers are in the same order.
    pub async fn broadcast_batch(&self, transactions: &[Vec<u8>]) -> Result<Vec<BroadcastAnswer>> {
        if transactions.len() > BROADCAST_BATCH_MAX {
            return Err(Error::usage(format!(
                "more than {BROADCAST_BATCH_MAX} transactions in one call"
            )));
        }

        let texts: Vec<String> = transactions.iter().map(|t| STANDARD.encode(t)).collect();
        let read = |answers: Vec<BroadcastAnswer>| {
            if answers.len() == transactions.len() {
                Ok(answers)
            } else {
                let (answers, count) = (answers.len(), transactions.len());
                let words = format!("{answers} answers for {count} transactions");
                Err(Error::trouble(words).into())
            }
        };
        self.hand_over("broadcast_batch", json!({"txs": texts}), read)
            .await
    }

    /// Asks the application. `height` 0 is the newest.
    pub async fn abci_query(
        &self,
        path: &str,
        data: &[u8],
        height: u64,
        prove: bool,
    ) -> Result<QueryAnswer> {
        self.query_any(path, data, height, prove, Ok).await
    }

    /// The same, and reads the value. A node is passed over whose answer cannot be read, or says by its code that there is
    /// none: that is an error which it reports. What is read is hearsay until it is proven.
    pub(crate) async fn query<T>(
        &self,
        path: &str,
        data: &[u8],
        height: u64,
        prove: bool,
        read: impl Fn(&[u8]) -> Result<T>,
    ) -> Result<T> {
        let read = |answer: QueryAnswer| match answer.code {
            0 => Ok(read(&answer.value)?),
            code => Err(ReportedError::of_code(code, answer.log).into()),
        };
        self.query_any(path, data, height, prove, read).await
    }

    /// The same of the newest state, where that a node has none is an answer.
    pub(crate) async fn query_one<T>(
        &self,
        path: &str,
        data: &[u8],
        read: impl Fn(&[u8]) -> Result<T>,
    ) -> Result<Option<T>> {
        let read = |answer: QueryAnswer| match answer.code {
            0 => Ok(Some(read(&answer.value)?)),
            _ => Ok(None),
        };
        self.query_any(path, data, 0, false, read).await
    }

    async fn query_any<T>(
        &self,
        path: &str,
        data: &[u8],
        height: u64,
        prove: bool,
        read: impl Fn(QueryAnswer) -> Result<T, AnswerError>,
    ) -> Result<T> {
        let params = json!({
            "path": path,
            "data": hex::encode(data),
            "height": height.to_string(),
            "prove": prove,
        });
        let read = |form: QueryForm| read(form.response);
        self.call("abci_query", params, read).await
    }

    /// The header of a height with the commit that signs it; the newest without a height.
    pub async fn commit(&self, height: Option<u64>) -> Result<SignedHeader> {
        let read = |form: CommitForm| Ok(form.signed_header);
        self.call("commit", at(height), read).await
    }

    /// How many headers one call of [`Client::headers`] gives at most.
    pub const HEADERS_MAX: usize = 20;

    /// The headers of these heights, the highest first: at most [`Client::HEADERS_MAX`]. A node gives fewer at a time where
    /// blocks are large, and is asked again for the rest.
    pub async fn headers(&self, lowest: u64, highest: u64) -> Result<Vec<Header>> {
        let asked = highest.saturating_sub(lowest) as usize;
        let wanted = asked.saturating_add(1).min(Self::HEADERS_MAX);
        let mut headers = Vec::new();
        while headers.len() < wanted {
            let highest = highest - headers.len() as u64;
            let params = json!({"minHeight": lowest.to_string(), "maxHeight": highest.to_string()});
            let form: BlockchainForm = self.call("blockchain", params, Ok).await?;
            if form.block_metas.is_empty() {
                break;
            }
            headers.extend(form.block_metas.into_iter().map(|meta| meta.header));
        }
        Ok(headers)
    }

    /// The header of a height, or the newest, as another node than the usual one has it, where one answers within
    /// `limit`.
    pub(crate) async fn second_commit(
        &self,
        height: Option<u64>,
        limit: Duration,
    ) -> Option<SecondAnswer<SignedHeader>> {
        let second = self
            .call_another::<CommitForm>("commit", at(height), limit)
            .await?;
        Some(SecondAnswer {
            first: second.first,
            second: second.second,
            answer: second.answer.signed_header,
        })
    }

    /// All validators of a height, over as many pages as that takes.
    pub async fn validators(&self, height: u64) -> Result<Vec<validator::Info>> {
        let mut validators = Vec::new();
        loop {
            let page = validators.len() as u64 / VALIDATORS_PER_PAGE + 1;
            let params = json!({
                "height": height.to_string(),
                "page": page.to_string(),
                "per_page": VALIDATORS_PER_PAGE.to_string(),
            });
            let read = |form| Ok(listed(form, height)?);
            let (listed, total) = self.call("validators", params, read).await?;
            let ends = listed.len() as u64 != VALIDATORS_PER_PAGE;
            validators.extend(listed);
            if ends || validators.len() as u64 >= total {
                return Ok(validators);
            }
            if validators.len() >= VALIDATORS_MAX {
                return Err(Error::trouble(format!(
                    "more than {VALIDATORS_MAX} validators at height {height}"
                )));
            }
        }
    }

    /// A block; the newest without a height.
    pub async fn block(&self, height: Option<u64>) -> Result<BlockAnswer> {
        let read = |form: BlockForm| Ok(form.into());
        self.call("block", at(height), read).await
    }

    /// Where the transaction with this SHA-256 of its bytes is, with a path into the block's data
    /// hash where `prove` asks for it.
    pub async fn tx(&self, hash: &[u8; 32], prove: bool) -> Result<TransactionAnswer> {
        let params = json!({"hash": STANDARD.encode(hash), "prove": prove});
        self.call("tx", params, Ok).await
    }
}

/// The validators of one page, and how many all pages have.
fn listed(form: ValidatorsForm, height: u64) -> Result<(Vec<validator::Info>, u64)> {
    if form.block_height != height {
        return Err(Error::trouble("validators of another height came back"));
    }
    let listed = form.validators.unwrap_or_default().into_iter();
    let validators = listed.map(|listed| {
        let power = listed
            .power
            .try_into()
            .map_err(|_| Error::trouble("a validator's power is out of range"))?;
        Ok(validator::Info::new(listed.pub_key, power))
    });
    Ok((validators.collect::<Result<_>>()?, form.total))
}

fn at(height: Option<u64>) -> Value {
    match height {
        Some(height) => json!({"height": height.to_string()}),
        None => json!({}),
    }
}
