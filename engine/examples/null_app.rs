//! An application that does nothing, behind the socket server that a real one uses: the other side of a benchmark.
//!
//! ```text
//! null_app unix:///path/to/abci.sock
//! null_app tcp://127.0.0.1:26658
//! ```
//!
//! Every transaction is accepted with an empty result, and the app hash never changes. It keeps nothing: after a
//! restart CometBFT replays its blocks.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use polity_engine::abci::{Endpoint, Limits, Server};
use polity_engine::application::{
    BlockResult, Check, CheckResult, Committed, EngineRow, FinalizeBlock, Info, InitChain,
    InitChainResult, PrepareProposal, ProcessProposal, ProposalVerdict, Query, QueryResult,
    Recheck, TxResult,
};
use polity_engine::{Application, Fault};
use tokio::signal::unix::{SignalKind, signal};

static APP_HASH: [u8; 32] = [0; 32];

#[tokio::main]
async fn main() -> ExitCode {
    let Some(Ok(endpoint)) = std::env::args().nth(1).map(|text| text.parse::<Endpoint>()) else {
        eprintln!("usage: null_app unix:///PATH | tcp://ADDRESS:PORT");
        return ExitCode::from(2);
    };
    match serve(&endpoint).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("null_app: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(endpoint: &Endpoint) -> Result<(), Box<dyn std::error::Error>> {
    let (mut interrupt, mut terminate) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    let shutdown = async {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    let server = Server::bind(endpoint, Limits::default()).await?;
    println!("listening on {}", server.endpoint()?);
    Ok(server
        .run(Arc::new(NullApp::default()), Arc::new(|_, _| {}), shutdown)
        .await?)
}

#[derive(Default)]
struct NullApp {
    executed_height: AtomicU64,
    committed_height: AtomicU64,
}

impl Application for NullApp {
    fn info(&self) -> Result<Info, Fault> {
        Ok(Info {
            name: "null".to_owned(),
            app_version: 1,
            last_block_height: self.committed_height.load(Ordering::SeqCst),
            last_block_app_hash: Bytes::from_static(&APP_HASH),
            ..Info::default()
        })
    }

    fn init_chain(&self, _request: InitChain) -> Result<InitChainResult, Fault> {
        Ok(InitChainResult {
            app_hash: Bytes::from_static(&APP_HASH),
            ..InitChainResult::default()
        })
    }

    fn check(&self, _request: Check) -> Result<CheckResult, Fault> {
        Ok(CheckResult::default())
    }

    fn prepare_proposal(&self, request: PrepareProposal) -> Result<Vec<Bytes>, Fault> {
        // CometBFT offers no more than fits.
        Ok(request.transactions)
    }

    fn process_proposal(&self, _request: ProcessProposal) -> Result<ProposalVerdict, Fault> {
        Ok(ProposalVerdict::Accept)
    }

    fn finalize_block(&self, request: FinalizeBlock) -> Result<BlockResult, Fault> {
        self.executed_height.store(request.height, Ordering::SeqCst);
        Ok(BlockResult {
            transactions: vec![TxResult::default(); request.transactions.len()],
            app_hash: Bytes::from_static(&APP_HASH),
            ..BlockResult::default()
        })
    }

    fn commit(&self, _: Vec<EngineRow>) -> Result<Committed, Fault> {
        self.committed_height.store(
            self.executed_height.load(Ordering::SeqCst),
            Ordering::SeqCst,
        );
        Ok(Committed {
            retain_height: 0,
            recheck: Recheck::Lanes(Vec::new()),
        })
    }

    fn query(&self, request: Query) -> Result<QueryResult, Fault> {
        Ok(QueryResult {
            key: request.data,
            ..QueryResult::default()
        })
    }
}
