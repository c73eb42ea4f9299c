//! Transactions: shown to the node, handed to the engine, awaited in a block.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::broadcast;
use tokio::time::timeout;

use super::backend::{Admission, CommittedBlock, Depth, Queries, Submission, Submitted, Trouble};
use super::means::Gateway;
use super::rpc::{Json, RpcError, json as json_text};
use super::shapes;

/// `broadcast_batch`'s code for a transaction that the engine did not take. No refusal of the ledger
/// has this number.
const NOT_TAKEN: u32 = 1;

impl Gateway {
    /// One transaction; answers when the engine did.
    pub(super) async fn broadcast(
        &self,
        bytes: Bytes,
        depth: Depth,
        peer: IpAddr,
    ) -> Result<Json, RpcError> {
        let (hash, submission) = self.submit_one(bytes, depth, peer).await?;
        let submitted = answered(submission)?;
        Ok(shapes::broadcast(&submitted, &hash).to_string())
    }

    /// Listens first and submits then, so that the block cannot pass unseen.
    pub(super) async fn broadcast_commit(
        &self,
        bytes: Bytes,
        peer: IpAddr,
    ) -> Result<Json, RpcError> {
        let commits = self.commits();
        let (hash, submission) = self.submit_one(bytes, Depth::Checked, peer).await?;
        let checked = answered(submission)?;
        if checked.code != 0 {
            return Ok(shapes::broadcast_commit(&checked, &hash, None).to_string());
        }

        let (block, index) = timeout(self.limits().commit_wait(), self.committed(commits, hash))
            .await
            .unwrap_or_else(|_| {
                Err(RpcError::internal(
                    "timed out waiting for tx to be included in a block",
                ))
            })?;
        let committed = block
            .transactions
            .get(index)
            .map(|transaction| (&transaction.result, block.height));
        Ok(shapes::broadcast_commit(&checked, &hash, committed).to_string())
    }

    async fn committed(
        &self,
        mut commits: broadcast::Receiver<Arc<CommittedBlock>>,
        hash: [u8; 32],
    ) -> Result<(Arc<CommittedBlock>, usize), RpcError> {
        loop {
            match commits.recv().await {
                Ok(block) => {
                    if let Some(index) = block
                        .transactions
                        .iter()
                        .position(|transaction| transaction.hash == hash)
                    {
                        return Ok((block, index));
                    }
                }
                // Blocks passed unseen: the store knows whether ours was among them.
                Err(broadcast::error::RecvError::Lagged(_)) => {
                    if let Some(found) = self
                        .read(move |queries| queries.transaction(hash))
                        .await??
                    {
                        let height = found.height;
                        let transactions = vec![found.transaction];
                        return Ok((
                            Arc::new(CommittedBlock {
                                height,
                                transactions,
                                ..CommittedBlock::default()
                            }),
                            0,
                        ));
                    }
                }
                Err(broadcast::error::RecvError::Closed) => {
                    return Err(RpcError::internal("the node is stopping"));
                }
            }
        }
    }

    /// Many transactions in one call, each with its own answer, in order.
    pub(super) async fn broadcast_batch(
        &self,
        transactions: Vec<Bytes>,
        peer: IpAddr,
    ) -> Result<Json, RpcError> {
        let most = self.limits().batch_transactions_max;
        if transactions.len() > most {
            let detail = format!(
                "txs: {} transactions, at most {most} are allowed",
                transactions.len()
            );
            return Err(RpcError::invalid_params(&detail));
        }

        let outcomes = self.submit(transactions, Depth::Checked, peer).await?;
        let answers: Vec<Value> = outcomes
            .into_iter()
            .map(|(hash, submission)| {
                let (code, log) = match submission {
                    Submission::Answered(submitted) => (submitted.code, submitted.log),
                    Submission::AlreadyKnown => (0, "already in the pool".to_owned()),
                    Submission::NotTaken(trouble) => (NOT_TAKEN, trouble.to_string()),
                };
                json!({"code": code, "log": log, "hash": shapes::hash_text(&hash)})
            })
            .collect();
        Ok(json_text(&answers))
    }

    async fn submit_one(
        &self,
        bytes: Bytes,
        depth: Depth,
        peer: IpAddr,
    ) -> Result<([u8; 32], Submission), RpcError> {
        let outcome = self.submit(vec![bytes], depth, peer).await?.pop();
        outcome.ok_or_else(|| RpcError::internal("the engine answered nothing"))
    }

    /// Hands transactions to the engine, after a look of the node where the engine would check them one by one.
    /// Answers with each one's hash; the address pays for what no honest client sends.
    async fn submit(
        &self,
        transactions: Vec<Bytes>,
        depth: Depth,
        peer: IpAddr,
    ) -> Result<Vec<([u8; 32], Submission)>, RpcError> {
        let looks = !self.checks_in_batches();
        let look = move |queries: &dyn Queries| look_at(queries, transactions, looks);
        let mut sent = self.read(look).await?;

        let passed: Vec<Bytes> = sent
            .iter()
            .filter(|one| one.answer.is_none())
            .map(|one| one.bytes.clone())
            .collect();
        if !passed.is_empty() {
            let answers = self.hand_over(passed, depth).await?;
            let waiting = sent.iter_mut().filter(|one| one.answer.is_none());
            for (one, answer) in waiting.zip(answers) {
                one.answer = Some(answer);
            }
        }

        let outcomes = sent.into_iter().map(|one| {
            let none = || Submission::NotTaken(Trouble::Garbled("too few answers".to_owned()));
            (one.hash, one.answer.unwrap_or_else(none))
        });
        let outcomes: Vec<([u8; 32], Submission)> = outcomes.collect();
        let charged = outcomes
            .iter()
            .filter(|(_, outcome)| self.costs(outcome))
            .count();
        if charged > 0 {
            let cost = charged.saturating_mul(self.limits().bad_transaction_cost as usize);
            self.charge(peer, cost);
        }
        Ok(outcomes)
    }

    fn costs(&self, outcome: &Submission) -> bool {
        match outcome {
            Submission::Answered(submitted) => self.costs_sender(submitted.code),
            Submission::AlreadyKnown | Submission::NotTaken(_) => false,
        }
    }
}

/// A transaction on its way, with its answer as soon as there is one.
struct Sent {
    hash: [u8; 32],
    bytes: Bytes,
    answer: Option<Submission>,
}

/// The node's own look: what it refuses need not go to the engine.
fn look_at(queries: &dyn Queries, transactions: Vec<Bytes>, looks: bool) -> Vec<Sent> {
    let admissions = if looks {
        queries.admit(&transactions)
    } else {
        Vec::new()
    };
    let mut sent: Vec<Sent> = transactions
        .into_iter()
        .map(|bytes| Sent {
            hash: Sha256::digest(&bytes).into(),
            bytes,
            answer: None,
        })
        .collect();
    for (one, admission) in sent.iter_mut().zip(admissions) {
        if let Admission::Refuse { code, log } = admission {
            one.answer = Some(Submission::Answered(Submitted {
                code,
                log,
                ..Submitted::default()
            }));
        }
    }
    sent
}

/// A single submission as CometBFT answers it: what the pool knows already is an error there.
fn answered(submission: Submission) -> Result<Submitted, RpcError> {
    match submission {
        Submission::Answered(submitted) => Ok(submitted),
        Submission::AlreadyKnown => Err(RpcError::internal("tx already exists in cache")),
        Submission::NotTaken(trouble) => Err(trouble.into()),
    }
}
