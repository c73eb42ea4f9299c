//! Headers from a node, verified; what was believed once is kept.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tendermint::Time;
use tendermint::block::signed_header::SignedHeader;
use tendermint::validator::Set;
use tokio::sync::OnceCell;
use tokio::time::{Instant, sleep};

use super::block::{LightBlock, validator_set};
use super::ended::Ended;
use super::header::{VerifiedHeader, system_time};
use super::links::Links;
use super::root::TrustRoot;
use super::store::TrustStore;
use super::verify::{TrustOptions, header_hash, rooted};
use super::witness;
use crate::rpc::Client;
use crate::{Error, ErrorKind, Result};

/// Between two looks for a header. The one that proves a block follows it at once, so the first looks are close together.
const POLL_FIRST: Duration = Duration::from_millis(5);
const POLL_LAST: Duration = Duration::from_millis(200);

/// Verifies headers of one chain, from one root.
pub struct LightClient {
    pub(super) rpc: Client,
    root: TrustRoot,
    pub(super) options: TrustOptions,
    store: Option<TrustStore>,
    believed: Mutex<BTreeMap<u64, Arc<LightBlock>>>,
    pub(super) links: Links,
    ended: Option<Ended>,
    /// Whether another node was asked for its newest header.
    pub(super) looked_around: OnceCell<()>,
}

impl LightClient {
    /// Prepares to verify from `root`; begins with what `store` kept of earlier runs.
    pub fn new(
        rpc: Client,
        root: TrustRoot,
        options: TrustOptions,
        store: Option<TrustStore>,
    ) -> Result<Self> {
        let kept = match &store {
            Some(store) => store.load()?,
            None => Vec::new(),
        };
        let believed = kept.into_iter().map(|b| (b.height(), Arc::new(b)));
        let ended = match &root {
            TrustRoot::Genesis(genesis) => Ended::of(genesis, &rpc, &options, store.as_ref())?,
            TrustRoot::Checkpoint(_) => None,
        };

        Ok(Self {
            believed: Mutex::new(believed.collect()),
            links: Links::open(store.clone())?,
            rpc,
            root,
            options,
            store,
            ended,
            looked_around: OnceCell::new(),
        })
    }

    /// Where trust begins: to be told with whatever is shown as proven.
    #[must_use]
    pub fn root(&self) -> &TrustRoot {
        &self.root
    }

    /// The time of the newest header that is believed; none before the first.
    #[must_use]
    pub fn newest_time(&self) -> Option<SystemTime> {
        let newest = self.newest_believed()?;
        Some(system_time(newest.signed_header().header.time))
    }

    /// The moment of judgement.
    pub(crate) fn now(&self) -> SystemTime {
        self.options.at.unwrap_or_else(SystemTime::now)
    }

    /// Why something that was believed could not be kept for later runs: they begin anew, and do not know how far this
    /// one saw.
    #[must_use]
    pub fn unkept(&self) -> Option<&Error> {
        self.store.as_ref()?.unkept()
    }

    /// Whether a height belongs to a chain that this one goes on from.
    pub(super) fn goes_on_from(&self, height: u64) -> bool {
        self.ended.as_ref().is_some_and(|ended| ended.has(height))
    }

    /// The header of a height, verified. The node must have it already.
    pub async fn verified_header(&self, height: u64) -> Result<VerifiedHeader> {
        if height == 0 {
            return Err(Error::usage("there is no block of height 0"));
        }
        if let Some(ended) = self.ended.as_ref().filter(|ended| ended.has(height)) {
            return Box::pin(ended.verified_header(height)).await;
        }
        let block = self.believe(height).await?;
        Ok(VerifiedHeader::assume(
            block.signed_header().header.clone(),
            block.validators(),
        ))
    }

    /// The header that proves state and results of `height`: that of `height + 1`. Waits for it at
    /// most `limit`; then the error is of kind [`ErrorKind::OutcomeUnknown`].
    pub async fn proven_at(&self, height: u64, limit: Duration) -> Result<VerifiedHeader> {
        let target = height
            .checked_add(1)
            .ok_or_else(|| Error::usage("there is no such height"))?;
        self.wait_for(target, limit).await?;
        self.verified_header(target).await
    }

    /// Waits until the node has a height, at most `limit`.
    pub async fn wait_for(&self, height: u64, limit: Duration) -> Result<()> {
        // Beyond what a clock can tell there is no end.
        let deadline = Instant::now().checked_add(limit);
        let mut pause = POLL_FIRST;
        loop {
            let status = self.rpc.status().await;
            if status.as_ref().is_ok_and(|s| s.latest_height >= height) {
                return Ok(());
            }
            if deadline.is_some_and(|deadline| Instant::now() + pause > deadline) {
                let late = Error::new(
                    ErrorKind::OutcomeUnknown,
                    format!("the header of height {height} did not come in time"),
                );
                return Err(match status {
                    Ok(_) => late,
                    Err(error) => late.with_source(error),
                });
            }
            sleep(pause).await;
            pause = (pause * 3 / 2).min(POLL_LAST);
        }
    }

    async fn believe(&self, height: u64) -> Result<Arc<LightBlock>> {
        if let Some(block) = self.believed().get(&height) {
            return Ok(block.clone());
        }

        let now = self.options.now()?;
        self.believe_root(now).await?;
        let Some(from) = self.vouching_at_or_below(height, now) else {
            return self.backward(height).await;
        };

        let path = self.forward(from.clone(), height, now).await?;
        let highest = path.last().unwrap_or(&from).clone();
        witness::compare(&self.rpc, &highest).await?;
        for block in &path {
            self.keep(block);
        }
        Ok(highest)
    }

    /// Believes the root, where nothing is believed yet.
    pub(super) async fn believe_root(&self, now: Time) -> Result<()> {
        if self.believed().is_empty() {
            let root = self.root_block(now).await?;
            self.keep(&root);
        }
        Ok(())
    }

    /// The newest block that is believed.
    pub(super) fn newest_believed(&self) -> Option<Arc<LightBlock>> {
        let believed = self.believed();
        believed.values().next_back().cloned()
    }

    pub(super) async fn root_block(&self, now: Time) -> Result<Arc<LightBlock>> {
        let height = self.root.height();
        let signed = match self.rpc.commit(Some(height)).await {
            Ok(signed) => signed,
            Err(error) => return Err(self.beyond(error).await),
        };
        let known = match &self.root {
            TrustRoot::Genesis(genesis) => vec![genesis.validators.clone()],
            TrustRoot::Checkpoint(_) => Vec::new(),
        };
        let block = self.complete(signed, height, &known).await?;

        rooted(&self.root, &block, &self.options, now)?;
        if let Some(ended) = &self.ended {
            Box::pin(ended.check(&block)).await?;
        }
        Ok(Arc::new(block))
    }

    /// Why a node does not show the root's header: of a checkpoint ahead of its newest height, that it is ahead.
    async fn beyond(&self, error: Error) -> Error {
        let (TrustRoot::Checkpoint(checkpoint), ErrorKind::Trouble) = (&self.root, error.kind())
        else {
            return error;
        };
        match self.rpc.status().await {
            Ok(status) if status.latest_height < checkpoint.height => Error::proof(format!(
                "the checkpoint is of height {}, and the newest that the node shows is of height {}: it is behind, or the \
                 checkpoint is none of this chain",
                checkpoint.height, status.latest_height
            )),
            _ => error,
        }
    }

    pub(super) async fn fetch(&self, height: u64, near: &LightBlock) -> Result<LightBlock> {
        let signed = self.rpc.commit(Some(height)).await?;
        let known = [near.validators().clone(), near.next_validators().clone()];
        self.complete(signed, height, &known).await
    }

    /// Adds the validators to a header; a set that is known by its hash is not asked for again.
    pub(super) async fn complete(
        &self,
        signed: SignedHeader,
        height: u64,
        known: &[Set],
    ) -> Result<LightBlock> {
        let header = &signed.header;
        if header.height.value() != height {
            return Err(Error::proof("a header of another height came back"));
        }
        if header.chain_id.as_str() != self.root.chain_id() {
            return Err(Error::proof(format!(
                "the node's chain is called {}, and the genesis file here is of {}: where the organisation went on \
                 under another chain id, its new genesis file is needed",
                header.chain_id,
                self.root.chain_id()
            )));
        }

        let known = |hash| known.iter().find(|set| set.hash() == hash).cloned();
        let validators = match known(header.validators_hash) {
            Some(set) => set,
            None => validator_set(self.rpc.validators(height).await?)?,
        };
        let next = match known(header.next_validators_hash) {
            Some(set) => set,
            None if header.next_validators_hash == header.validators_hash => validators.clone(),
            None => validator_set(self.rpc.validators(height.saturating_add(1)).await?)?,
        };
        LightBlock::from_sets(signed, validators, next)
    }

    fn vouching_at_or_below(&self, height: u64, now: Time) -> Option<Arc<LightBlock>> {
        let believed = self.believed();
        let (_, block) = believed.range(..=height).next_back()?;
        self.options.vouches(block, now).then(|| block.clone())
    }

    pub(super) fn keep(&self, block: &Arc<LightBlock>) {
        if let Some(store) = &self.store {
            store.keep(block);
        }
        self.links.remember(block.height(), &header_hash(block));
        self.believed().insert(block.height(), block.clone());
    }

    pub(super) fn believed(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<LightBlock>>> {
        // The map is whole between two statements, whoever panicked elsewhere.
        self.believed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
