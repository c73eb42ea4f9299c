//! An application for tests, whose transactions are sentences: `LANE:WORDS`.

use std::collections::BTreeSet;
use std::sync::{Mutex, mpsc};

use bytes::Bytes;

use crate::application::{
    Application, BlockResult, Check, CheckKind, CheckResult, Committed, EngineRow, Fault,
    FinalizeBlock, Info, InitChain, InitChainResult, PrepareProposal, ProcessProposal,
    ProposalVerdict, Query, QueryResult, TxResult,
};

/// `LANE:WORDS` waits in its lane; `LANE:WORDS@SECOND` until then; words that are banned are refused.
#[derive(Default)]
pub(in crate::embedded) struct Sentences {
    banned: Mutex<BTreeSet<String>>,
    /// Sentences that a block has room for; without a bound where nothing is said.
    room: Mutex<Option<usize>>,
    batches: Mutex<Vec<(CheckKind, usize)>>,
    gate: Mutex<Option<Gate>>,
}

/// Holds a check until the test lets it go.
struct Gate {
    entered: mpsc::Sender<()>,
    release: mpsc::Receiver<()>,
}

impl Sentences {
    pub(in crate::embedded) fn ban(&self, transaction: &str) {
        self.banned.lock().unwrap().insert(transaction.to_owned());
    }

    pub(in crate::embedded) fn allow(&self, transaction: &str) {
        self.banned.lock().unwrap().remove(transaction);
    }

    pub(in crate::embedded) fn limit_block(&self, sentences: usize) {
        *self.room.lock().unwrap() = Some(sentences);
    }

    pub(in crate::embedded) fn batches(&self) -> Vec<(CheckKind, usize)> {
        std::mem::take(&mut self.batches.lock().unwrap())
    }

    /// The next check waits: the first end says when it has come, the second lets it go.
    pub(in crate::embedded) fn hold_next_check(&self) -> (mpsc::Receiver<()>, mpsc::Sender<()>) {
        let (entered, has_entered) = mpsc::channel();
        let (let_go, release) = mpsc::channel();
        *self.gate.lock().unwrap() = Some(Gate { entered, release });
        (has_entered, let_go)
    }

    fn judge(&self, request: &Check) -> CheckResult {
        let sentence = String::from_utf8_lossy(&request.transaction).into_owned();
        let Some((lane, words)) = sentence.split_once(':') else {
            return CheckResult {
                blames_sender: true,
                ..refusal(102, "malformed")
            };
        };
        if self.banned.lock().unwrap().contains(&sentence) {
            return refusal(303, "banned");
        }
        CheckResult {
            lane: Bytes::copy_from_slice(lane.as_bytes()),
            valid_until: words
                .split_once('@')
                .and_then(|(_, second)| second.parse().ok()),
            ..CheckResult::default()
        }
    }
}

pub(super) fn refusal(code: u32, log: &str) -> CheckResult {
    CheckResult::from(TxResult {
        code,
        data: Bytes::new(),
        log: log.to_owned(),
    })
}

impl Application for Sentences {
    fn info(&self) -> Result<Info, Fault> {
        Ok(Info::default())
    }
    fn init_chain(&self, _: InitChain) -> Result<InitChainResult, Fault> {
        Ok(InitChainResult::default())
    }
    fn check(&self, request: Check) -> Result<CheckResult, Fault> {
        Ok(self.judge(&request))
    }
    fn check_batch(&self, requests: Vec<Check>) -> Result<Vec<CheckResult>, Fault> {
        if requests
            .iter()
            .any(|request| request.transaction == "fault")
        {
            return Err(Fault("the disk is gone".to_owned()));
        }
        if let Some(gate) = self.gate.lock().unwrap().take() {
            gate.entered.send(()).unwrap();
            gate.release.recv().unwrap();
        }
        let batch = (requests[0].kind, requests.len());
        self.batches.lock().unwrap().push(batch);
        Ok(requests.iter().map(|request| self.judge(request)).collect())
    }
    fn prepare_proposal(&self, request: PrepareProposal) -> Result<Vec<Bytes>, Fault> {
        let banned = self.banned.lock().unwrap();
        let fit = |transaction: &Bytes| !banned.contains(&*String::from_utf8_lossy(transaction));
        let room = self.room.lock().unwrap().unwrap_or(usize::MAX);
        let chosen = request.transactions.into_iter().filter(fit);
        Ok(chosen.take(room).collect())
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
