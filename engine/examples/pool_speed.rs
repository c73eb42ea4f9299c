//! What pool and gossip cost a node for each transaction, in CPU time, beside the check itself: the application here
//! lets everything in. Nodes, connections and generator share this process.
//!
//! ```text
//! pool_speed [TRANSACTIONS] [NODES]      by default 200000 and 4
//! ```

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use polity_engine::application::{
    BlockResult, Check, CheckResult, Committed, EngineRow, FinalizeBlock, Info, InitChain,
    InitChainResult, PrepareProposal, ProcessProposal, ProposalVerdict, Query, QueryResult,
    Recheck,
};
use polity_engine::cometbft::Key;
use polity_engine::embedded::NodeId;
use polity_engine::embedded::gossip::{Gossip, Heights, Peer};
use polity_engine::embedded::pool::{Limits, Pool};
use polity_engine::{Application, Fault};
use tokio::sync::watch;

const TRANSACTION_BYTES: usize = 250;
const LANES: u64 = 1_000;
const BATCH: u64 = 100;
/// Transactions of a block, after which the pools are told.
const BLOCK: u64 = 2_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>());
    let transactions = arguments.next().unwrap_or(Ok(200_000))? / BLOCK * BLOCK;
    let nodes = arguments.next().unwrap_or(Ok(4))?;

    let runtime = tokio::runtime::Runtime::new()?;
    let alone = runtime.block_on(run(transactions, 1))?;
    let together = runtime.block_on(run(transactions, nodes))?;
    println!("pool alone        {alone:.2} µs of CPU a transaction");
    println!("pool and gossip   {together:.2} µs of CPU a transaction and node, {nodes} nodes");
    Ok(())
}

/// Passes transactions through a network of pools; answers CPU microseconds a transaction and node.
async fn run(transactions: u64, nodes: u64) -> std::io::Result<f64> {
    let pools = network(nodes).await?;
    let (started, before) = (Instant::now(), cpu_time()?);
    let mut made = 0;
    while made < transactions {
        let block: Vec<Vec<Bytes>> = (0..BLOCK / BATCH)
            .map(|batch| {
                (0..BATCH)
                    .map(|one| transaction(made + batch * BATCH + one))
                    .collect()
            })
            .collect();
        for (batch, pool) in block.iter().zip(pools.iter().cycle()) {
            pool.submit(batch.clone()).await;
        }
        made += BLOCK;
        let block = block.concat();
        for pool in &pools {
            let mut status = pool.watch();
            let all = status.wait_for(|status| status.admitted >= made).await;
            assert!(all.is_ok(), "the pool is there");
            assert_eq!(pool.reap(u64::MAX).len() as u64, BLOCK);
            let nothing = Recheck::Lanes(Vec::new());
            assert_eq!(pool.committed(&block, 0, &nothing).await, Ok(()));
        }
    }
    let cpu = cpu_time()? - before;
    let rate = transactions as f64 / started.elapsed().as_secs_f64();
    println!("{nodes} nodes: {rate:.0} transactions a second of {TRANSACTION_BYTES} bytes");
    Ok(cpu.as_secs_f64() * 1e6 / transactions as f64 / nodes as f64)
}

async fn network(nodes: u64) -> std::io::Result<Vec<Pool>> {
    let (mut pools, mut all, mut told) = (Vec::new(), Vec::new(), Vec::new());
    for seed in 1..=nodes {
        let key = Key::from_seed(&[seed as u8; 32]);
        let (pool, admission) = Pool::new(Arc::new(Willing), Limits::default());
        tokio::spawn(admission.run());
        let (peers, watched) = watch::channel(Vec::new());
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let gossip = Gossip::bind(
            anywhere,
            &key,
            "speed",
            pool.clone(),
            Heights::new(0),
            watched,
        )
        .await?;
        all.push(Peer {
            id: NodeId::of(&key.public_key()),
            address: Some(gossip.address()?.to_string()),
        });
        told.push((peers, gossip.view()));
        tokio::spawn(gossip.run(std::future::pending()));
        pools.push(pool);
    }
    for (peers, _) in &told {
        peers.send_replace(all.clone());
    }
    for (_, view) in &told {
        let mut changes = view.watch();
        let connected = || view.connected() == view.peers().len();
        let _ = changes.wait_for(|_| connected()).await;
    }
    Ok(pools)
}

fn transaction(number: u64) -> Bytes {
    let mut bytes = vec![0; TRANSACTION_BYTES];
    bytes[..8].copy_from_slice(&(number % LANES).to_be_bytes());
    bytes[8..16].copy_from_slice(&number.to_be_bytes());
    bytes.into()
}

/// User and system time of this process, which Linux counts in hundredths of a second.
fn cpu_time() -> std::io::Result<Duration> {
    let text = std::fs::read_to_string("/proc/self/stat")?;
    let fields = text.rsplit(')').next().unwrap_or_default();
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.filter_map(|field| field.parse::<u64>().ok()).sum();
    Ok(Duration::from_millis(ticks * 10))
}

/// Lets everything in; the first eight bytes are the lane.
struct Willing;

impl Application for Willing {
    fn info(&self) -> Result<Info, Fault> {
        Ok(Info::default())
    }
    fn init_chain(&self, _: InitChain) -> Result<InitChainResult, Fault> {
        Ok(InitChainResult::default())
    }
    fn check(&self, request: Check) -> Result<CheckResult, Fault> {
        Ok(CheckResult {
            lane: request.transaction.slice(..8),
            ..CheckResult::default()
        })
    }
    fn prepare_proposal(&self, request: PrepareProposal) -> Result<Vec<Bytes>, Fault> {
        Ok(request.transactions)
    }
    fn process_proposal(&self, _: ProcessProposal) -> Result<ProposalVerdict, Fault> {
        Ok(ProposalVerdict::Accept)
    }
    fn finalize_block(&self, _: FinalizeBlock) -> Result<BlockResult, Fault> {
        Ok(BlockResult::default())
    }
    fn commit(&self, _: Vec<EngineRow>) -> Result<Committed, Fault> {
        Ok(Committed::default())
    }
    fn query(&self, _: Query) -> Result<QueryResult, Fault> {
        Ok(QueryResult::default())
    }
}
