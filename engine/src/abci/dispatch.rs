//! One request, one call of the application, one answer.

use std::thread;
use std::time::Duration;

use tendermint_proto::v0_38::abci::{self, request, response};

use super::convert;
use super::frame::FrameError;
use crate::application::{Application, Check, Fault};
use crate::cometbft::app_state;

/// What CometBFT asks about a peer, by its id.
const PEER_FILTER: &str = "/p2p/filter/id/";

/// How long a peer waits for its refusal. CometBFT calls a persistent peer again that it has lost, but not one that is gone
/// before its call has ended: a node that starts before its department has registered it would seldom find all of the
/// others. The price is that CometBFT, which lets peers in one after the other, refuses at most twenty in a second.
const REFUSAL_DELAY: Duration = Duration::from_millis(50);

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// The sender's: its connection ends.
    #[error(transparent)]
    Request(#[from] FrameError),
    /// The application's: everything ends.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Trouble {
    /// As a fault, for a server that cannot end one connection alone.
    pub(super) fn into_fault(self) -> Fault {
        match self {
            Self::Request(error) => Fault(error.to_string()),
            Self::Fault(fault) => fault,
        }
    }
}

/// Answers one request.
pub(super) fn answer<A: Application + ?Sized>(
    application: &A,
    request: request::Value,
) -> Result<response::Value, Trouble> {
    use request::Value as Request;
    use response::Value as Response;
    Ok(match request {
        Request::Echo(request) => Response::Echo(abci::ResponseEcho {
            message: request.message,
        }),
        Request::Flush(_) => Response::Flush(abci::ResponseFlush {}),
        Request::Info(_) => Response::Info(convert::info_answer(application.info()?)?),
        Request::InitChain(request) => Response::InitChain(init_chain(application, request)?),
        Request::Query(request) => Response::Query(query(application, request)?),
        Request::CheckTx(request) => Response::CheckTx(convert::check_answer(
            application.check(convert::check(request))?,
        )),
        Request::Commit(_) => {
            Response::Commit(convert::commit_answer(application.commit(Vec::new())?)?)
        }
        Request::ListSnapshots(_) => Response::ListSnapshots(Default::default()),
        Request::OfferSnapshot(request) => Response::OfferSnapshot(offer_snapshot(&request)?),
        Request::LoadSnapshotChunk(_) => Response::LoadSnapshotChunk(Default::default()),
        Request::ApplySnapshotChunk(_) => Response::ApplySnapshotChunk(apply_snapshot_chunk()),
        Request::PrepareProposal(request) => {
            Response::PrepareProposal(abci::ResponsePrepareProposal {
                txs: application.prepare_proposal(convert::prepare_proposal(request)?)?,
            })
        }
        Request::ProcessProposal(request) => {
            Response::ProcessProposal(convert::process_proposal_answer(
                application.process_proposal(convert::process_proposal(request)?)?,
            ))
        }
        Request::ExtendVote(_) => Response::ExtendVote(abci::ResponseExtendVote::default()),
        Request::VerifyVoteExtension(request) => {
            Response::VerifyVoteExtension(verify_vote_extension(&request))
        }
        Request::FinalizeBlock(request) => {
            Response::FinalizeBlock(finalize_block(application, request)?)
        }
    })
}

/// Answers checks that arrived together.
pub(super) fn answer_checks<A: Application + ?Sized>(
    application: &A,
    requests: Vec<Check>,
) -> Result<Vec<response::Value>, Fault> {
    let expected = requests.len();
    let results = application.check_batch(requests)?;
    require_one_each("check", expected, results.len())?;
    Ok(results
        .into_iter()
        .map(convert::check_answer)
        .map(response::Value::CheckTx)
        .collect())
}

/// The method's name as operators read it.
pub(super) fn method(request: &request::Value) -> &'static str {
    use request::Value as Request;
    match request {
        Request::Echo(_) => "echo",
        Request::Flush(_) => "flush",
        Request::Info(_) => "info",
        Request::InitChain(_) => "init_chain",
        Request::Query(_) => "query",
        Request::CheckTx(_) => "check_tx",
        Request::Commit(_) => "commit",
        Request::ListSnapshots(_) => "list_snapshots",
        Request::OfferSnapshot(_) => "offer_snapshot",
        Request::LoadSnapshotChunk(_) => "load_snapshot_chunk",
        Request::ApplySnapshotChunk(_) => "apply_snapshot_chunk",
        Request::PrepareProposal(_) => "prepare_proposal",
        Request::ProcessProposal(_) => "process_proposal",
        Request::ExtendVote(_) => "extend_vote",
        Request::VerifyVoteExtension(_) => "verify_vote_extension",
        Request::FinalizeBlock(_) => "finalize_block",
    }
}

/// Whether the request belongs to the making of blocks, which one connection alone may drive.
pub(super) fn is_consensus(request: &request::Value) -> bool {
    use request::Value as Request;
    match request {
        Request::InitChain(_)
        | Request::PrepareProposal(_)
        | Request::ProcessProposal(_)
        | Request::ExtendVote(_)
        | Request::VerifyVoteExtension(_)
        | Request::FinalizeBlock(_)
        | Request::Commit(_) => true,
        Request::Echo(_)
        | Request::Flush(_)
        | Request::Info(_)
        | Request::Query(_)
        | Request::CheckTx(_)
        | Request::ListSnapshots(_)
        | Request::OfferSnapshot(_)
        | Request::LoadSnapshotChunk(_)
        | Request::ApplySnapshotChunk(_) => false,
    }
}

pub(super) fn init_chain<A: Application + ?Sized>(
    application: &A,
    mut request: abci::RequestInitChain,
) -> Result<abci::ResponseInitChain, Trouble> {
    let encoded = std::mem::take(&mut request.app_state_bytes);
    let app_state = app_state::decode(&encoded).ok_or(FrameError::Malformed(
        "app_state of the genesis file is not one base64 string",
    ))?;
    let result = application.init_chain(convert::init_chain(request, app_state.into())?)?;
    Ok(convert::init_chain_answer(result)?)
}

pub(super) fn query<A: Application + ?Sized>(
    application: &A,
    request: abci::RequestQuery,
) -> Result<abci::ResponseQuery, Fault> {
    let is_of_peer = request.path.starts_with(PEER_FILTER);
    match convert::query(request) {
        Some(query) => {
            let result = application.query(query)?;
            if is_of_peer && result.code != 0 {
                thread::sleep(REFUSAL_DELAY);
            }
            convert::query_answer(result)
        }
        None => Ok(abci::ResponseQuery {
            code: 1,
            log: "height is negative".to_owned(),
            codespace: "abci".to_owned(),
            ..Default::default()
        }),
    }
}

/// State sync is refused altogether.
pub(super) fn offer_snapshot(
    request: &abci::RequestOfferSnapshot,
) -> Result<abci::ResponseOfferSnapshot, FrameError> {
    use abci::response_offer_snapshot::Result as Verdict;
    if request.snapshot.is_none() {
        return Err(FrameError::Malformed("no snapshot was offered"));
    }
    Ok(abci::ResponseOfferSnapshot {
        result: Verdict::Abort.into(),
    })
}

pub(super) fn apply_snapshot_chunk() -> abci::ResponseApplySnapshotChunk {
    use abci::response_apply_snapshot_chunk::Result as Verdict;
    abci::ResponseApplySnapshotChunk {
        result: Verdict::Abort.into(),
        ..Default::default()
    }
}

/// Extensions are disabled, so a vote that carries one comes from a node that runs something else.
pub(super) fn verify_vote_extension(
    request: &abci::RequestVerifyVoteExtension,
) -> abci::ResponseVerifyVoteExtension {
    use abci::response_verify_vote_extension::VerifyStatus;
    let status = if request.vote_extension.is_empty() {
        VerifyStatus::Accept
    } else {
        VerifyStatus::Reject
    };
    abci::ResponseVerifyVoteExtension {
        status: status.into(),
    }
}

pub(super) fn finalize_block<A: Application + ?Sized>(
    application: &A,
    request: abci::RequestFinalizeBlock,
) -> Result<abci::ResponseFinalizeBlock, Trouble> {
    let expected = request.txs.len();
    let result = application.finalize_block(convert::finalize_block(request)?)?;
    require_one_each("finalize_block", expected, result.transactions.len())?;
    Ok(convert::finalize_block_answer(result)?)
}

/// CometBFT panics on a wrong count, long after the cause; here the cause is named.
fn require_one_each(method: &str, expected: usize, answered: usize) -> Result<(), Fault> {
    if expected == answered {
        Ok(())
    } else {
        Err(Fault(format!(
            "{method} answered {answered} results for {expected} transactions"
        )))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use bytes::Bytes;
    use proptest::prelude::*;
    use prost::Message;

    use super::*;
    use crate::application::{
        BlockResult, CheckResult, Committed, EngineRow, FinalizeBlock, Info, InitChain,
        InitChainResult, PrepareProposal, ProcessProposal, ProposalVerdict, Query, QueryResult,
        TxResult,
    };

    /// Answers everything, and one result too few when a block is executed.
    struct Forgetful;

    impl Application for Forgetful {
        fn info(&self) -> Result<Info, Fault> {
            Ok(Info {
                last_block_height: u64::MAX,
                ..Info::default()
            })
        }
        fn init_chain(&self, _: InitChain) -> Result<InitChainResult, Fault> {
            Ok(InitChainResult::default())
        }
        fn check(&self, _: Check) -> Result<CheckResult, Fault> {
            Ok(CheckResult::default())
        }
        fn prepare_proposal(&self, request: PrepareProposal) -> Result<Vec<Bytes>, Fault> {
            Ok(request.transactions)
        }
        fn process_proposal(&self, _: ProcessProposal) -> Result<ProposalVerdict, Fault> {
            Ok(ProposalVerdict::Accept)
        }
        fn finalize_block(&self, request: FinalizeBlock) -> Result<BlockResult, Fault> {
            let transactions =
                vec![TxResult::default(); request.transactions.len().saturating_sub(1)];
            Ok(BlockResult {
                transactions,
                ..BlockResult::default()
            })
        }
        fn commit(&self, _: Vec<EngineRow>) -> Result<Committed, Fault> {
            Ok(Committed::default())
        }
        /// Knows no strangers.
        fn query(&self, request: Query) -> Result<QueryResult, Fault> {
            Ok(QueryResult {
                code: request.path.ends_with("stranger").into(),
                ..QueryResult::default()
            })
        }
    }

    #[test]
    fn a_peer_waits_for_its_refusal_and_nobody_for_another_answer() {
        let takes = |path: &str| {
            let begun = Instant::now();
            let request = abci::RequestQuery {
                path: path.to_owned(),
                ..Default::default()
            };
            query(&Forgetful, request).unwrap();
            begun.elapsed()
        };
        assert!(takes("/p2p/filter/id/stranger") >= REFUSAL_DELAY);
        // Not all of them are slow by chance.
        for path in ["/p2p/filter/id/known", "/member/stranger"] {
            assert!((0..100).any(|_| takes(path) < REFUSAL_DELAY), "{path}");
        }
    }

    #[test]
    fn an_answer_that_cannot_be_is_a_fault_with_its_cause() {
        let time = Some(tendermint_proto::google::protobuf::Timestamp {
            seconds: 1,
            nanos: 0,
        });
        let block = abci::RequestFinalizeBlock {
            txs: vec![Bytes::new(); 2],
            time,
            ..Default::default()
        };
        let cases = [
            (
                request::Value::FinalizeBlock(block),
                "finalize_block answered 1 results for 2 transactions",
            ),
            (
                request::Value::Info(abci::RequestInfo::default()),
                "last block height of 18446744073709551615 does not fit ABCI",
            ),
        ];
        for (request, expected) in cases {
            match answer(&Forgetful, request) {
                Err(Trouble::Fault(fault)) => assert_eq!(fault.0, expected),
                other => panic!("{other:?}"),
            }
        }
    }

    proptest! {
        /// The first byte names each of ABCI's fields in turn, so that the noise meets every message.
        #[test]
        fn noise_is_refused_or_answered_and_never_a_panic(field in 1u8..=20, content: Vec<u8>) {
            let mut bytes = Vec::new();
            prost::encoding::encode_key(field.into(), prost::encoding::WireType::LengthDelimited, &mut bytes);
            prost::encoding::encode_varint(content.len() as u64, &mut bytes);
            bytes.extend(content);
            if let Ok(abci::Request { value: Some(request) }) = abci::Request::decode(&bytes[..]) {
                prop_assert!(!method(&request).is_empty());
                let _ = answer(&Forgetful, request);
            }
        }
    }
}
