//! Our [`Application`] as the application of `tendermint-abci`, so that either server can drive it.

use std::sync::Arc;

use tendermint_abci::Application as AbciApplication;
use tendermint_proto::v0_38::abci;

use super::convert;
use super::dispatch::{self, Trouble};
use crate::application::{Application, Fault};

/// Lends an application to the server of `tendermint-abci`.
///
/// That server's methods cannot fail, so a fault (or a request that makes no sense) goes to `halt`, which ends the
/// process: a panic would end one connection only and leave a half-dead node.
pub struct Adapter<A: ?Sized> {
    application: Arc<A>,
    halt: fn(&Fault) -> !,
}

impl<A: Application + ?Sized> Adapter<A> {
    /// Wraps an application; `halt` must end the process.
    pub fn new(application: Arc<A>, halt: fn(&Fault) -> !) -> Self {
        Self { application, halt }
    }

    fn settle<T>(&self, result: Result<T, impl Into<Trouble>>) -> T {
        match result {
            Ok(answer) => answer,
            Err(trouble) => (self.halt)(&trouble.into().into_fault()),
        }
    }
}

impl<A: ?Sized> Clone for Adapter<A> {
    fn clone(&self) -> Self {
        Self {
            application: Arc::clone(&self.application),
            halt: self.halt,
        }
    }
}

impl<A: Application + ?Sized> AbciApplication for Adapter<A> {
    fn info(&self, _request: abci::RequestInfo) -> abci::ResponseInfo {
        self.settle(self.application.info().and_then(convert::info_answer))
    }

    fn init_chain(&self, request: abci::RequestInitChain) -> abci::ResponseInitChain {
        self.settle(dispatch::init_chain(&*self.application, request))
    }

    fn query(&self, request: abci::RequestQuery) -> abci::ResponseQuery {
        self.settle(dispatch::query(&*self.application, request))
    }

    fn check_tx(&self, request: abci::RequestCheckTx) -> abci::ResponseCheckTx {
        self.settle(
            self.application
                .check(convert::check(request))
                .map(convert::check_answer),
        )
    }

    fn commit(&self) -> abci::ResponseCommit {
        self.settle(
            self.application
                .commit(Vec::new())
                .and_then(convert::commit_answer),
        )
    }

    fn offer_snapshot(&self, request: abci::RequestOfferSnapshot) -> abci::ResponseOfferSnapshot {
        self.settle(dispatch::offer_snapshot(&request))
    }

    fn apply_snapshot_chunk(
        &self,
        _request: abci::RequestApplySnapshotChunk,
    ) -> abci::ResponseApplySnapshotChunk {
        dispatch::apply_snapshot_chunk()
    }

    fn prepare_proposal(
        &self,
        request: abci::RequestPrepareProposal,
    ) -> abci::ResponsePrepareProposal {
        let request = self.settle(convert::prepare_proposal(request));
        abci::ResponsePrepareProposal {
            txs: self.settle(self.application.prepare_proposal(request)),
        }
    }

    fn process_proposal(
        &self,
        request: abci::RequestProcessProposal,
    ) -> abci::ResponseProcessProposal {
        let request = self.settle(convert::process_proposal(request));
        convert::process_proposal_answer(self.settle(self.application.process_proposal(request)))
    }

    fn verify_vote_extension(
        &self,
        request: abci::RequestVerifyVoteExtension,
    ) -> abci::ResponseVerifyVoteExtension {
        dispatch::verify_vote_extension(&request)
    }

    fn finalize_block(&self, request: abci::RequestFinalizeBlock) -> abci::ResponseFinalizeBlock {
        self.settle(dispatch::finalize_block(&*self.application, request))
    }
}
