//! The blocks of the chain that ends, read from what its engine left.

use std::sync::Arc;
use std::time::{Duration, Instant};

use polity_engine::cometbft::{CometBinary, CometProcess, Home};
use polity_engine::embedded::Past;
use serde_json::Value;

use super::archive::{ArchivedBlock, block_at, has_validators, validators_entry};
use crate::app::BlockRecord;
use crate::config::Config;
use crate::fault::{Fault, FaultKind};
use crate::gateway::{self, Ask, Blocks, Comet, CometLimits, Trouble};
use crate::store::Store;

/// CometBFT opens its files in less.
const PATIENCE: Duration = Duration::from_secs(60);
const GLANCE: Duration = Duration::from_millis(50);
/// Blocks that are written together.
const BATCH: u64 = 200;
/// Validators of one answer.
const PAGE: i64 = 100;

/// Where the blocks are.
enum Source {
    Embedded(Past),
    Cometbft(Box<Comet>, Box<CometProcess>),
}

/// Puts every block of the chain from `first` to `last` into the archive; what is there already is passed over, so a
/// run that was broken off goes on. `progress` is told each height.
pub(super) async fn archive(
    config: &Config,
    store: &Arc<Store>,
    first: u64,
    last: u64,
    mut progress: impl FnMut(u64),
) -> Result<(), Fault> {
    let mut height = first;
    while height <= last && block_at(store, height)?.is_some() {
        height += 1;
    }
    if height > last {
        return Ok(());
    }
    let mut source = Source::open(config, store, last).await?;
    while height <= last {
        let batch_end = last.min(height + BATCH - 1);
        let mut entries = Vec::new();
        for height in height..=batch_end {
            let block = source.block(height).await?;
            check_hash(store, height, &block)?;
            let hash = block.block["block"]["header"]["validators_hash"].as_str();
            let hash = hex::decode(hash.unwrap_or_default()).unwrap_or_default();
            let is_known = entries
                .iter()
                .any(|(key, _): &(Vec<u8>, _)| key[0] == b'V' && key[1..] == hash[..]);
            if !is_known && !has_validators(store, &hash)? {
                entries.push(validators_entry(
                    &hash,
                    &source.validators(height, &hash).await?,
                ));
            }
            entries.extend(block.entries(height)?);
            progress(height);
        }
        store.put_archive(&entries)?;
        height = batch_end + 1;
    }
    source.close().await
}

impl Source {
    /// The engine that made the last block is the one that has it.
    async fn open(config: &Config, store: &Arc<Store>, last: u64) -> Result<Source, Fault> {
        let past = Past::new(Arc::clone(store) as Arc<_>);
        if past.block(last).map_err(|fault| engine(&fault))?.is_some() {
            return Ok(Source::Embedded(past));
        }
        let home = Home::new(config.cometbft_home());
        if !home.path().join("data/blockstore.db").exists() {
            let words = format!("no engine of this home has block {last}: its data are missing");
            return Err(Fault::new(FaultKind::Engine, words));
        }
        let binary = config.cometbft_binary();
        let binary = CometBinary::find(binary)
            .await
            .map_err(|error| engine(&error))?;
        let rpc = config.cometbft.rpc_listen.to_string();
        let log = config.home.join("cometbft.log");
        let mut process = CometProcess::inspect(&binary, &home, &rpc, &log)
            .await
            .map_err(|error| engine(&error))?;
        let comet = Comet::new(&rpc, CometLimits::default()).map_err(|error| engine(&error))?;
        let until = Instant::now() + PATIENCE;
        loop {
            match comet.ask(Ask::Commit(Some(last as i64))).await {
                Ok(_) => return Ok(Source::Cometbft(Box::new(comet), Box::new(process))),
                Err(trouble @ Trouble::Refused { .. }) => return Err(engine(&trouble)),
                Err(trouble) if Instant::now() > until => return Err(engine(&trouble)),
                Err(_) => {}
            }
            tokio::select! {
                ended = process.ended() => {
                    let status = ended.map_err(|error| engine(&error))?;
                    let words = format!("cometbft does not show its blocks: {status}; see cometbft.log");
                    return Err(Fault::new(FaultKind::Engine, words));
                }
                () = tokio::time::sleep(GLANCE) => {}
            }
        }
    }

    async fn block(&self, height: u64) -> Result<ArchivedBlock, Fault> {
        let mut archived = match self {
            Source::Embedded(past) => {
                let missing =
                    || Fault::new(FaultKind::Engine, format!("block {height} is missing"));
                let block = past.block(height).map_err(|fault| engine(&fault))?;
                let commit = past.commit(height).map_err(|fault| engine(&fault))?;
                ArchivedBlock {
                    block: gateway::block_json(&block.ok_or_else(missing)?),
                    commit: gateway::commit_json(&commit.ok_or_else(missing)?),
                }
            }
            Source::Cometbft(comet, _) => {
                let asked = Some(height as i64);
                let block = comet.ask(Ask::Block(asked)).await;
                let mut commit = comet
                    .ask(Ask::Commit(asked))
                    .await
                    .map_err(|trouble| engine(&trouble))?;
                ArchivedBlock {
                    block: block.map_err(|trouble| engine(&trouble))?,
                    commit: commit["signed_header"]["commit"].take(),
                }
            }
        };
        archived.block["block"]["data"]["txs"] = Value::Array(Vec::new());
        Ok(archived)
    }

    async fn validators(&self, height: u64, hash: &[u8]) -> Result<Vec<Value>, Fault> {
        let missing = || {
            let words = format!("the validators of height {height} are missing");
            Fault::new(FaultKind::Engine, words)
        };
        match self {
            Source::Embedded(past) => {
                let hash = hash.try_into().map_err(|_| missing())?;
                let set = past.validators(&hash).map_err(|fault| engine(&fault))?;
                Ok(gateway::validators_json(&set.ok_or_else(missing)?))
            }
            Source::Cometbft(comet, _) => {
                let mut all = Vec::new();
                loop {
                    let ask = Ask::Validators {
                        height: Some(height as i64),
                        page: Some(all.len() as i64 / PAGE + 1),
                        per_page: Some(PAGE),
                    };
                    let answer = comet.ask(ask).await.map_err(|trouble| engine(&trouble))?;
                    let shown = answer["validators"].as_array().ok_or_else(missing)?;
                    all.extend(shown.iter().cloned());
                    let total = answer["total"]
                        .as_str()
                        .and_then(|total| total.parse().ok());
                    if shown.is_empty() || Some(all.len()) == total {
                        return Ok(all);
                    }
                }
            }
        }
    }

    async fn close(&mut self) -> Result<(), Fault> {
        match self {
            Source::Embedded(_) => Ok(()),
            Source::Cometbft(_, process) => {
                let ended = process.stop(PATIENCE).await;
                ended.map(|_| ()).map_err(|error| engine(&error))
            }
        }
    }
}

/// The ledger knows which block it executed.
fn check_hash(store: &Store, height: u64, block: &ArchivedBlock) -> Result<(), Fault> {
    let record = store.snapshot().block(height)?;
    let hash = record
        .map(|record| BlockRecord::read(&record))
        .transpose()?
        .map(|record| hex::encode_upper(record.hash));
    if hash.as_deref() == block.block["block_id"]["hash"].as_str() {
        return Ok(());
    }
    let words = format!("the engine has another block of height {height} than the ledger executed");
    Err(Fault::new(FaultKind::Engine, words))
}

fn engine(error: &dyn std::fmt::Display) -> Fault {
    Fault::new(FaultKind::Engine, error.to_string())
}
