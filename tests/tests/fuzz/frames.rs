//! Frames of the ABCI socket: whatever one peer sends, the server goes on for the others.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use polity_engine::abci::{Endpoint, Limits, Server, ServerError};
use polity_engine::application::{
    BlockResult, Check, CheckResult, Committed, EngineRow, FinalizeBlock, Info, InitChain,
    InitChainResult, PrepareProposal, ProcessProposal, ProposalVerdict, Query, QueryResult,
    TxResult,
};
use polity_engine::{Application, Fault};
use polity_tests::fuzz::{Form, Outcome};
use prost::Message;
use tendermint_proto::google::protobuf::Timestamp;
use tendermint_proto::v0_38::abci::{
    Request, RequestCheckTx, RequestEcho, RequestFinalizeBlock, RequestFlush, RequestInfo,
    RequestInitChain, RequestQuery, Response, request, response,
};
use tokio::sync::oneshot;

/// An application that answers everything and does nothing.
struct Silent;

impl Application for Silent {
    fn info(&self) -> Result<Info, Fault> {
        Ok(Info::default())
    }

    fn init_chain(&self, _: InitChain) -> Result<InitChainResult, Fault> {
        Ok(InitChainResult::default())
    }

    fn check(&self, _: Check) -> Result<CheckResult, Fault> {
        Ok(CheckResult::default())
    }

    fn prepare_proposal(&self, request: PrepareProposal) -> Result<Vec<bytes::Bytes>, Fault> {
        Ok(request.transactions)
    }

    fn process_proposal(&self, _: ProcessProposal) -> Result<ProposalVerdict, Fault> {
        Ok(ProposalVerdict::Accept)
    }

    fn finalize_block(&self, request: FinalizeBlock) -> Result<BlockResult, Fault> {
        Ok(BlockResult {
            transactions: vec![TxResult::default(); request.transactions.len()],
            ..BlockResult::default()
        })
    }

    fn commit(&self, _: Vec<EngineRow>) -> Result<Committed, Fault> {
        Ok(Committed::default())
    }

    fn query(&self, _: Query) -> Result<QueryResult, Fault> {
        Ok(QueryResult::default())
    }
}

fn frame(value: request::Value) -> Vec<u8> {
    Request { value: Some(value) }.encode_length_delimited_to_vec()
}

fn corpus() -> Vec<Vec<u8>> {
    let time = Some(Timestamp {
        seconds: 1_767_571_200,
        nanos: 0,
    });
    vec![
        frame(request::Value::Echo(RequestEcho {
            message: "hello".into(),
        })),
        [
            frame(request::Value::Info(RequestInfo::default())),
            frame(request::Value::Flush(RequestFlush {})),
        ]
        .concat(),
        frame(request::Value::CheckTx(RequestCheckTx {
            tx: b"transaction".to_vec().into(),
            r#type: 0,
        })),
        frame(request::Value::Query(RequestQuery {
            path: "/key".into(),
            data: vec![1].into(),
            ..RequestQuery::default()
        })),
        frame(request::Value::InitChain(RequestInitChain {
            time,
            chain_id: "c".into(),
            app_state_bytes: b"\"AAAA\"".to_vec().into(),
            initial_height: 1,
            ..RequestInitChain::default()
        })),
        frame(request::Value::FinalizeBlock(RequestFinalizeBlock {
            txs: vec![b"a".to_vec().into(), b"b".to_vec().into()],
            height: 1,
            time,
            ..RequestFinalizeBlock::default()
        })),
    ]
}

/// A peer with bad frames is told so and let go. Only on the connection that makes the blocks they end
/// the server, by that name: an engine that it does not understand is not served half.
#[test]
fn frames() {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let socket = directory.path().join("abci.sock");
    let mut server = Serving::start(&socket);
    let hello = corpus().swap_remove(0);
    crate::check("frames", Form::Bytes, &corpus(), 1_500, |bytes| {
        let answered = send(&socket, bytes);
        if send(&socket, &hello) != Some("hello".into()) {
            return match server.end() {
                Err(ServerError::Senseless(_)) => {
                    server = Serving::start(&socket);
                    Ok(Outcome::Refused)
                }
                ended => Err(format!("another peer is not answered: {ended:?}")),
            };
        }
        match answered {
            Some(_) => Ok(Outcome::Accepted),
            None => Ok(Outcome::Refused),
        }
    });
    assert!(server.end().is_ok());
}

/// Sends bytes on a connection of their own, and closes it for writing. What the first answer
/// echoes; none where there is no answer, or an exception.
fn send(socket: &Path, bytes: &[u8]) -> Option<String> {
    let mut stream = UnixStream::connect(socket).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .ok()?;
    // A server that has refused a header may close before it has read the rest.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    let mut answers = Vec::new();
    let _ = stream.read_to_end(&mut answers);
    let first = Response::decode_length_delimited(answers.as_slice());
    match first.ok()?.value? {
        response::Value::Exception(_) => None,
        response::Value::Echo(echo) => Some(echo.message),
        _ => Some(String::new()),
    }
}

/// A server on a thread of its own.
struct Serving {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<(), ServerError>>>,
}

impl Serving {
    fn start(socket: &Path) -> Serving {
        let endpoint = Endpoint::Unix(socket.to_owned());
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime can be made");
            let limits = Limits {
                frame_bytes_max: 100_000,
                handover_timeout: Duration::from_millis(50),
                ..Limits::default()
            };
            runtime.block_on(async {
                let server = Server::bind(&endpoint, limits).await?;
                tell.send(()).expect("the test waits");
                let shutdown = async {
                    // Dropped or told: either stops the server.
                    let _ = stopped.await;
                };
                server
                    .run(Arc::new(Silent), Arc::new(|_, _| {}), shutdown)
                    .await
            })
        });
        told.recv().expect("the server binds");
        Serving {
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Stops the server, if it has not ended by itself; how it ended.
    fn end(&mut self) -> Result<(), ServerError> {
        drop(self.stop.take());
        let thread = self.thread.take().expect("a server ends once");
        thread.join().expect("the server does not panic")
    }
}
