//! A small real application: a register of names. A transaction is `name=value`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

use bytes::Bytes;
use polity_engine::application::{
    BlockResult, Check, CheckResult, Committed, EngineRow, FinalizeBlock, Info, InitChain,
    InitChainResult, PrepareProposal, ProcessProposal, ProposalVerdict, Query, QueryResult,
    TxResult,
};
use polity_engine::{Application, Fault};
use sha2::{Digest, Sha256};

#[derive(Clone, Default)]
struct State {
    height: u64,
    names: BTreeMap<String, String>,
}

/// The register. Its state lives in a file when it has one.
#[derive(Default)]
pub(crate) struct Register {
    committed: Mutex<State>,
    executed: Mutex<Option<State>>,
    file: Option<PathBuf>,
    gate: Option<Gate>,
    pub(crate) batches: Mutex<Vec<usize>>,
    pub(crate) founding: Mutex<Option<InitChain>>,
}

/// Holds the query `/hold` back until a test lets it go.
struct Gate {
    entered: Sender<()>,
    released: Mutex<Receiver<()>>,
}

impl Register {
    pub(crate) fn in_file(file: PathBuf) -> Self {
        let committed = std::fs::read_to_string(&file)
            .map(|text| State::read(&text))
            .unwrap_or_default();
        Self {
            committed: Mutex::new(committed),
            file: Some(file),
            ..Self::default()
        }
    }

    /// A register with a gate: the receiver says that a request waits there, the sender lets it go.
    pub(crate) fn with_gate() -> (Self, Receiver<()>, Sender<()>) {
        let (entered, arrival) = channel();
        let (release, released) = channel();
        let gate = Gate {
            entered,
            released: Mutex::new(released),
        };
        (
            Self {
                gate: Some(gate),
                ..Self::default()
            },
            arrival,
            release,
        )
    }

    fn execute(names: &mut BTreeMap<String, String>, transaction: &[u8]) -> TxResult {
        match parse(transaction) {
            Some((name, value)) => {
                names.insert(name.to_owned(), value.to_owned());
                TxResult {
                    code: 0,
                    data: Bytes::from(format!("{name} is {value}")),
                    log: String::new(),
                }
            }
            None => TxResult {
                code: 7,
                data: Bytes::new(),
                log: "not a name and a value".to_owned(),
            },
        }
    }
}

impl State {
    fn app_hash(&self) -> Bytes {
        Sha256::digest(self.lines()).to_vec().into()
    }

    fn lines(&self) -> String {
        self.names
            .iter()
            .map(|(name, value)| format!("{name}={value}\n"))
            .collect()
    }

    fn write(&self) -> String {
        format!("{}\n{}", self.height, self.lines())
    }

    fn read(text: &str) -> Self {
        let (height, lines) = text.split_once('\n').unwrap();
        let names = lines.lines().filter_map(|line| line.split_once('='));
        Self {
            height: height.parse().unwrap(),
            names: names
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        }
    }
}

fn parse(transaction: &[u8]) -> Option<(&str, &str)> {
    std::str::from_utf8(transaction).ok()?.split_once('=')
}

impl Application for Register {
    fn info(&self) -> Result<Info, Fault> {
        let state = self.committed.lock().unwrap();
        Ok(Info {
            name: "register".to_owned(),
            version: "1".to_owned(),
            app_version: 1,
            last_block_height: state.height,
            last_block_app_hash: if state.height == 0 {
                Bytes::new()
            } else {
                state.app_hash()
            },
        })
    }

    fn init_chain(&self, request: InitChain) -> Result<InitChainResult, Fault> {
        *self.founding.lock().unwrap() = Some(request);
        let app_hash = self.committed.lock().unwrap().app_hash();
        Ok(InitChainResult {
            app_hash,
            ..InitChainResult::default()
        })
    }

    fn check(&self, request: Check) -> Result<CheckResult, Fault> {
        match &request.transaction[..] {
            b"fault" => Err(Fault("the disk is gone".to_owned())),
            b"panic" => panic!("the application has a defect"),
            transaction => Ok(Self::execute(&mut BTreeMap::new(), transaction).into()),
        }
    }

    fn check_batch(&self, requests: Vec<Check>) -> Result<Vec<CheckResult>, Fault> {
        self.batches.lock().unwrap().push(requests.len());
        requests
            .into_iter()
            .map(|request| self.check(request))
            .collect()
    }

    fn prepare_proposal(&self, request: PrepareProposal) -> Result<Vec<Bytes>, Fault> {
        Ok(request.transactions)
    }

    fn process_proposal(&self, request: ProcessProposal) -> Result<ProposalVerdict, Fault> {
        let readable = request
            .transactions
            .iter()
            .all(|transaction| parse(transaction).is_some());
        Ok(if readable {
            ProposalVerdict::Accept
        } else {
            ProposalVerdict::Reject
        })
    }

    fn finalize_block(&self, request: FinalizeBlock) -> Result<BlockResult, Fault> {
        let mut state = self.committed.lock().unwrap().clone();
        state.height = request.height;
        let transactions = request
            .transactions
            .iter()
            .map(|tx| Self::execute(&mut state.names, tx))
            .collect();
        let app_hash = state.app_hash();
        *self.executed.lock().unwrap() = Some(state);
        Ok(BlockResult {
            transactions,
            app_hash,
            ..BlockResult::default()
        })
    }

    fn commit(&self, _: Vec<EngineRow>) -> Result<Committed, Fault> {
        let executed = self
            .executed
            .lock()
            .unwrap()
            .take()
            .ok_or(Fault("nothing was executed".to_owned()))?;
        if let Some(file) = &self.file {
            let fresh = file.with_extension("new");
            std::fs::write(&fresh, executed.write())
                .and_then(|()| std::fs::rename(&fresh, file))
                .unwrap();
        }
        *self.committed.lock().unwrap() = executed;
        Ok(Committed::default())
    }

    fn query(&self, request: Query) -> Result<QueryResult, Fault> {
        if let ("/hold", Some(gate)) = (&request.path[..], &self.gate) {
            gate.entered.send(()).unwrap();
            gate.released.lock().unwrap().recv().unwrap();
        }
        let state = self.committed.lock().unwrap();
        let name = String::from_utf8_lossy(&request.data);
        let value = state.names.get(&*name).cloned().unwrap_or_default();
        Ok(QueryResult {
            key: request.data,
            value: value.into(),
            height: state.height,
            ..QueryResult::default()
        })
    }
}
