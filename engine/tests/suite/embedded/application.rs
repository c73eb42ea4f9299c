//! The smallest application with a store: its state is the list of its transactions.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use polity_engine::application::{
    BlockResult, Check, CheckResult, Committed, ConsensusParams, EngineRow, EngineStore,
    FinalizeBlock, Info, InitChain, InitChainResult, PaceParams, PrepareProposal, ProcessProposal,
    ProposalVerdict, Query, QueryResult, TxResult, ValidatorUpdate,
};
use polity_engine::{Application, Fault};
use sha2::{Digest, Sha256};

/// A parameter that the application decides at the founding; the genesis has another.
pub(super) const FOUNDING_STEP_MILLIS: u64 = 150;

/// How often a slow disk looks whether it is done.
const GLANCE: Duration = Duration::from_millis(2);

/// State that outlives the engine, as a disk would.
#[derive(Default)]
pub(super) struct App {
    state: Mutex<State>,
    before_last_commit: Mutex<State>,
    is_hostile: AtomicBool,
    is_broken: AtomicBool,
    write_millis: AtomicU64,
}

#[derive(Clone, Default)]
struct State {
    height: u64,
    app_hash: Vec<u8>,
    transactions: BTreeMap<Bytes, u64>,
    convicted: Vec<Bytes>,
    rows: BTreeMap<Vec<u8>, Bytes>,
    pending: Option<Box<State>>,
}

impl App {
    pub(super) fn height_of(&self, transaction: &str) -> Option<u64> {
        let state = self.state.lock().unwrap();
        state.transactions.get(transaction.as_bytes()).copied()
    }

    pub(super) fn height(&self) -> u64 {
        self.state.lock().unwrap().height
    }

    /// The addresses of validators of whom a block said that they signed twice, once for each piece of evidence.
    pub(super) fn convicted(&self) -> Vec<Bytes> {
        self.state.lock().unwrap().convicted.clone()
    }

    /// Proposes what every honest application refuses, and finds it good.
    pub(super) fn turn_hostile(&self) {
        self.is_hostile.store(true, Ordering::Relaxed);
    }

    /// Makes another state of each transaction than the others from now on.
    pub(super) fn break_down(&self) {
        self.is_broken.store(true, Ordering::Relaxed);
    }

    /// Each write takes so long from now on, as on a slow disk.
    pub(super) fn slow_down(&self, write: Duration) {
        let millis = write.as_millis() as u64;
        self.write_millis.store(millis, Ordering::Relaxed);
    }

    fn work_the_disk(&self) {
        let begun = Instant::now();
        // It may become faster while it writes.
        while begun.elapsed().as_millis() < u128::from(self.write_millis.load(Ordering::Relaxed)) {
            std::thread::sleep(GLANCE);
        }
    }

    pub(super) fn lose_data(&self) {
        *self.state.lock().unwrap() = State::default();
    }

    /// As a power cut does where the disk had not kept what it said.
    pub(super) fn lose_last_commit(&self) {
        let before = self.before_last_commit.lock().unwrap().clone();
        *self.state.lock().unwrap() = before;
    }
}

impl Application for App {
    fn info(&self) -> Result<Info, Fault> {
        let state = self.state.lock().unwrap();
        Ok(Info {
            last_block_height: state.height,
            last_block_app_hash: state.app_hash.clone().into(),
            ..Info::default()
        })
    }

    fn init_chain(&self, request: InitChain) -> Result<InitChainResult, Fault> {
        let app_hash = Sha256::digest(&request.app_state).to_vec();
        self.state.lock().unwrap().app_hash.clone_from(&app_hash);
        let pace = PaceParams {
            timeout_step: FOUNDING_STEP_MILLIS,
            ..PaceParams::default()
        };
        Ok(InitChainResult {
            app_hash: app_hash.into(),
            consensus_params: Some(ConsensusParams {
                pace: Some(pace),
                ..ConsensusParams::default()
            }),
            ..InitChainResult::default()
        })
    }

    fn check(&self, _: Check) -> Result<CheckResult, Fault> {
        Ok(CheckResult::default())
    }

    fn prepare_proposal(&self, request: PrepareProposal) -> Result<Vec<Bytes>, Fault> {
        let mut transactions = request.transactions;
        if self.is_hostile.load(Ordering::Relaxed) {
            transactions.push(format!("invalid {}", request.height).into());
        }
        Ok(transactions)
    }

    fn process_proposal(&self, request: ProcessProposal) -> Result<ProposalVerdict, Fault> {
        let refused = !self.is_hostile.load(Ordering::Relaxed)
            && request
                .transactions
                .iter()
                .any(|bytes| bytes.starts_with(b"invalid"));
        Ok(if refused {
            ProposalVerdict::Reject
        } else {
            ProposalVerdict::Accept
        })
    }

    fn finalize_block(&self, request: FinalizeBlock) -> Result<BlockResult, Fault> {
        let mut state = self.state.lock().unwrap();
        let mut next = State {
            height: request.height,
            transactions: state.transactions.clone(),
            convicted: state.convicted.clone(),
            app_hash: state.app_hash.clone(),
            ..State::default()
        };
        let convicted = request.misbehavior.iter();
        next.convicted
            .extend(convicted.map(|found| found.validator_address.clone()));
        let mut validator_updates = Vec::new();
        let broken_bytes = usize::from(self.is_broken.load(Ordering::Relaxed));
        for transaction in &request.transactions {
            next.transactions
                .insert(transaction.clone(), request.height);
            next.app_hash = Sha256::new()
                .chain_update(&next.app_hash)
                .chain_update(transaction)
                .chain_update(&b"broken"[..broken_bytes])
                .finalize()
                .to_vec();
            validator_updates.extend(update(transaction));
        }
        let result = BlockResult {
            transactions: vec![TxResult::default(); request.transactions.len()],
            validator_updates,
            consensus_param_updates: None,
            app_hash: next.app_hash.clone().into(),
        };
        state.pending = Some(Box::new(next));
        Ok(result)
    }

    fn commit(&self, engine_rows: Vec<EngineRow>) -> Result<Committed, Fault> {
        self.work_the_disk();
        let mut state = self.state.lock().unwrap();
        let mut next = *state.pending.take().expect("a block was executed");
        *self.before_last_commit.lock().unwrap() = state.clone();
        next.rows = std::mem::take(&mut state.rows);
        put(&mut next.rows, engine_rows);
        *state = next;
        Ok(Committed::default())
    }

    fn query(&self, _: Query) -> Result<QueryResult, Fault> {
        Ok(QueryResult::default())
    }
}

impl EngineStore for App {
    fn read(&self, key: &[u8]) -> Result<Option<Bytes>, Fault> {
        Ok(self.state.lock().unwrap().rows.get(key).cloned())
    }

    fn scan(&self, prefix: &[u8]) -> Result<Vec<(Vec<u8>, Bytes)>, Fault> {
        let state = self.state.lock().unwrap();
        let from = state.rows.range(prefix.to_vec()..);
        Ok(from
            .take_while(|(key, _)| key.starts_with(prefix))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect())
    }

    fn write(&self, rows: Vec<EngineRow>) -> Result<(), Fault> {
        self.work_the_disk();
        put(&mut self.state.lock().unwrap().rows, rows);
        Ok(())
    }
}

fn put(rows: &mut BTreeMap<Vec<u8>, Bytes>, changes: Vec<EngineRow>) {
    for row in changes {
        match row.value {
            Some(value) => rows.insert(row.key, value),
            None => rows.remove(&row.key),
        };
    }
}

/// `validator KEY POWER`.
fn update(transaction: &[u8]) -> Option<ValidatorUpdate> {
    let text = std::str::from_utf8(transaction).ok()?;
    let (key, power) = text.strip_prefix("validator ")?.split_once(' ')?;
    Some(ValidatorUpdate {
        public_key: hex::decode(key).ok()?.try_into().ok()?,
        power: power.parse().ok()?,
    })
}
