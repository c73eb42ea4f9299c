//! Translates between the messages of ABCI and our own types.
//!
//! What comes in is checked here (heights and powers are not negative, times are times), so the application never
//! sees a value out of its bounds. What goes out can be out of ABCI's bounds only by a fault of the application.

use bytes::Bytes;
use tendermint_proto::google::protobuf;
use tendermint_proto::v0_38::{abci, crypto, types};

use super::frame::FrameError;
use crate::application::{
    ApplyChunk, ApplyChunkResult, ApplyVerdict, BlockParams, BlockResult, Check, CheckKind,
    CheckResult, Committed, ConsensusParams, EvidenceParams, Fault, FinalizeBlock, Info, InitChain,
    InitChainResult, Misbehavior, MisbehaviorKind, OfferVerdict, PrepareProposal, ProcessProposal,
    ProofOp, ProposalVerdict, Query, QueryResult, Snapshot, Timestamp, TxResult, ValidatorUpdate,
};

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// A request whose fields cannot be what they claim.
type Incoming<T> = Result<T, FrameError>;

// Requests, in the order of the life cycle.

pub(super) fn init_chain(request: abci::RequestInitChain, app_state: Bytes) -> Incoming<InitChain> {
    Ok(InitChain {
        time: time(request.time)?,
        chain_id: request.chain_id,
        consensus_params: request
            .consensus_params
            .map(consensus_params)
            .transpose()?
            .unwrap_or_default(),
        validators: request
            .validators
            .into_iter()
            .map(validator)
            .collect::<Incoming<_>>()?,
        app_state,
        initial_height: unsigned(request.initial_height, "initial height is negative")?,
    })
}

pub(super) fn check(request: abci::RequestCheckTx) -> Check {
    let kind = match request.r#type() {
        abci::CheckTxType::New => CheckKind::New,
        abci::CheckTxType::Recheck => CheckKind::Recheck,
    };
    Check {
        transaction: request.tx,
        kind,
    }
}

pub(super) fn prepare_proposal(request: abci::RequestPrepareProposal) -> Incoming<PrepareProposal> {
    Ok(PrepareProposal {
        max_transaction_bytes: unsigned(request.max_tx_bytes, "transaction bytes are negative")?,
        transactions: request.txs,
        misbehavior: request
            .misbehavior
            .into_iter()
            .map(misbehavior)
            .collect::<Incoming<_>>()?,
        height: height(request.height)?,
        time: time(request.time)?,
        next_validators_hash: request.next_validators_hash,
        proposer_address: request.proposer_address,
    })
}

pub(super) fn process_proposal(request: abci::RequestProcessProposal) -> Incoming<ProcessProposal> {
    Ok(ProcessProposal {
        transactions: request.txs,
        misbehavior: request
            .misbehavior
            .into_iter()
            .map(misbehavior)
            .collect::<Incoming<_>>()?,
        hash: request.hash,
        height: height(request.height)?,
        time: time(request.time)?,
        next_validators_hash: request.next_validators_hash,
        proposer_address: request.proposer_address,
    })
}

pub(super) fn finalize_block(request: abci::RequestFinalizeBlock) -> Incoming<FinalizeBlock> {
    Ok(FinalizeBlock {
        transactions: request.txs,
        misbehavior: request
            .misbehavior
            .into_iter()
            .map(misbehavior)
            .collect::<Incoming<_>>()?,
        hash: request.hash,
        height: height(request.height)?,
        time: time(request.time)?,
        next_validators_hash: request.next_validators_hash,
        proposer_address: request.proposer_address,
    })
}

/// `None` when the height is negative: the question comes from anyone, so it gets an answer and no closed connection.
pub(super) fn query(request: abci::RequestQuery) -> Option<Query> {
    let height = u64::try_from(request.height).ok()?;
    Some(Query {
        path: request.path,
        data: request.data,
        height,
        prove: request.prove,
    })
}

pub(super) fn snapshot(snapshot: abci::Snapshot) -> Snapshot {
    let abci::Snapshot {
        height,
        format,
        chunks,
        hash,
        metadata,
    } = snapshot;
    Snapshot {
        height,
        format,
        chunks,
        hash,
        metadata,
    }
}

pub(super) fn apply_chunk(request: abci::RequestApplySnapshotChunk) -> ApplyChunk {
    let abci::RequestApplySnapshotChunk {
        index,
        chunk,
        sender,
    } = request;
    ApplyChunk {
        index,
        chunk,
        sender,
    }
}

// Answers, in the same order.

pub(super) fn info_answer(info: Info) -> Result<abci::ResponseInfo, Fault> {
    Ok(abci::ResponseInfo {
        data: info.name,
        version: info.version,
        app_version: info.app_version,
        last_block_height: signed(info.last_block_height, "last block height")?,
        last_block_app_hash: info.last_block_app_hash,
    })
}

pub(super) fn init_chain_answer(result: InitChainResult) -> Result<abci::ResponseInitChain, Fault> {
    Ok(abci::ResponseInitChain {
        consensus_params: result.consensus_params.and_then(consensus_params_answer),
        validators: result
            .validators
            .into_iter()
            .map(validator_answer)
            .collect::<Result<_, _>>()?,
        app_hash: result.app_hash,
    })
}

/// CometBFT orders its pool by arrival alone: the lane is not told.
pub(super) fn check_answer(checked: CheckResult) -> abci::ResponseCheckTx {
    let TxResult { code, data, log } = checked.result;
    abci::ResponseCheckTx {
        code,
        data,
        log,
        ..Default::default()
    }
}

pub(super) fn process_proposal_answer(verdict: ProposalVerdict) -> abci::ResponseProcessProposal {
    use abci::response_process_proposal::ProposalStatus;
    let status = match verdict {
        ProposalVerdict::Accept => ProposalStatus::Accept,
        ProposalVerdict::Reject => ProposalStatus::Reject,
    };
    abci::ResponseProcessProposal {
        status: status.into(),
    }
}

pub(super) fn finalize_block_answer(
    result: BlockResult,
) -> Result<abci::ResponseFinalizeBlock, Fault> {
    Ok(abci::ResponseFinalizeBlock {
        events: Vec::new(),
        tx_results: result.transactions.into_iter().map(tx_result).collect(),
        validator_updates: result
            .validator_updates
            .into_iter()
            .map(validator_answer)
            .collect::<Result<_, _>>()?,
        consensus_param_updates: result
            .consensus_param_updates
            .and_then(consensus_params_answer),
        app_hash: result.app_hash,
    })
}

pub(super) fn commit_answer(committed: Committed) -> Result<abci::ResponseCommit, Fault> {
    Ok(abci::ResponseCommit {
        retain_height: signed(committed.retain_height, "retain height")?,
    })
}

pub(super) fn query_answer(result: QueryResult) -> Result<abci::ResponseQuery, Fault> {
    let ops: Vec<_> = result.proof_ops.into_iter().map(proof_op).collect();
    Ok(abci::ResponseQuery {
        code: result.code,
        log: result.log,
        info: String::new(),
        index: 0,
        key: result.key,
        value: result.value,
        proof_ops: if ops.is_empty() {
            None
        } else {
            Some(crypto::ProofOps { ops })
        },
        height: signed(result.height, "height of an answer")?,
        codespace: result.codespace,
    })
}

pub(super) fn snapshot_answer(snapshot: Snapshot) -> abci::Snapshot {
    let Snapshot {
        height,
        format,
        chunks,
        hash,
        metadata,
    } = snapshot;
    abci::Snapshot {
        height,
        format,
        chunks,
        hash,
        metadata,
    }
}

pub(super) fn offer_answer(verdict: OfferVerdict) -> abci::ResponseOfferSnapshot {
    use abci::response_offer_snapshot::Result as Number;
    let number = match verdict {
        OfferVerdict::Accept => Number::Accept,
        OfferVerdict::Abort => Number::Abort,
        OfferVerdict::Reject => Number::Reject,
        OfferVerdict::RejectFormat => Number::RejectFormat,
        OfferVerdict::RejectSender => Number::RejectSender,
    };
    abci::ResponseOfferSnapshot {
        result: number.into(),
    }
}

pub(super) fn apply_answer(result: ApplyChunkResult) -> abci::ResponseApplySnapshotChunk {
    use abci::response_apply_snapshot_chunk::Result as Number;
    let number = match result.verdict {
        ApplyVerdict::Accept => Number::Accept,
        ApplyVerdict::Abort => Number::Abort,
        ApplyVerdict::Retry => Number::Retry,
        ApplyVerdict::RetrySnapshot => Number::RetrySnapshot,
        ApplyVerdict::RejectSnapshot => Number::RejectSnapshot,
    };
    abci::ResponseApplySnapshotChunk {
        result: number.into(),
        refetch_chunks: result.refetch_chunks,
        reject_senders: result.reject_senders,
    }
}

// Parts of several messages.

fn unsigned(value: i64, complaint: &'static str) -> Incoming<u64> {
    u64::try_from(value).map_err(|_| FrameError::Malformed(complaint))
}

fn height(value: i64) -> Incoming<u64> {
    unsigned(value, "height is negative")
}

fn signed(value: u64, what: &str) -> Result<i64, Fault> {
    i64::try_from(value).map_err(|_| Fault(format!("{what} of {value} does not fit ABCI")))
}

fn time(value: Option<protobuf::Timestamp>) -> Incoming<Timestamp> {
    let value = value.ok_or(FrameError::Malformed("time is absent"))?;
    match u32::try_from(value.nanos) {
        Ok(nanos) if i64::from(nanos) < NANOS_PER_SECOND => Ok(Timestamp {
            seconds: value.seconds,
            nanos,
        }),
        Ok(_) | Err(_) => Err(FrameError::Malformed("nanoseconds exceed a second")),
    }
}

fn validator(update: abci::ValidatorUpdate) -> Incoming<ValidatorUpdate> {
    let key = match update.pub_key.and_then(|key| key.sum) {
        Some(crypto::public_key::Sum::Ed25519(key)) => key,
        Some(crypto::public_key::Sum::Secp256k1(_)) | None => {
            return Err(FrameError::Malformed("validator key is not ed25519"));
        }
    };
    let public_key = key
        .try_into()
        .map_err(|_| FrameError::Malformed("validator key has not 32 bytes"))?;
    Ok(ValidatorUpdate {
        public_key,
        power: unsigned(update.power, "validator power is negative")?,
    })
}

fn validator_answer(update: ValidatorUpdate) -> Result<abci::ValidatorUpdate, Fault> {
    let key = crypto::public_key::Sum::Ed25519(update.public_key.to_vec());
    Ok(abci::ValidatorUpdate {
        pub_key: Some(crypto::PublicKey { sum: Some(key) }),
        power: signed(update.power, "validator power")?,
    })
}

fn misbehavior(evidence: abci::Misbehavior) -> Incoming<Misbehavior> {
    let kind = match evidence.r#type() {
        abci::MisbehaviorType::Unknown => MisbehaviorKind::Unknown,
        abci::MisbehaviorType::DuplicateVote => MisbehaviorKind::DuplicateVote,
        abci::MisbehaviorType::LightClientAttack => MisbehaviorKind::LightClientAttack,
    };
    let validator = evidence
        .validator
        .ok_or(FrameError::Malformed("evidence names no validator"))?;
    Ok(Misbehavior {
        kind,
        validator_address: validator.address,
        validator_power: unsigned(validator.power, "validator power is negative")?,
        height: height(evidence.height)?,
        time: time(evidence.time)?,
        total_voting_power: unsigned(evidence.total_voting_power, "total power is negative")?,
    })
}

fn consensus_params(params: types::ConsensusParams) -> Incoming<ConsensusParams> {
    Ok(ConsensusParams {
        block: params.block.map(|block| BlockParams {
            max_bytes: block.max_bytes,
            max_gas: block.max_gas,
        }),
        evidence: params.evidence.map(evidence_params).transpose()?,
        app_version: params.version.map(|version| version.app),
        // CometBFT keeps its pace by its own configuration.
        pace: None,
    })
}

fn evidence_params(params: types::EvidenceParams) -> Incoming<EvidenceParams> {
    let age = params.max_age_duration.unwrap_or_default();
    let max_age_nanos = age
        .seconds
        .checked_mul(NANOS_PER_SECOND)
        .and_then(|nanos| nanos.checked_add(i64::from(age.nanos)))
        .ok_or(FrameError::Malformed("age of evidence is out of range"))?;
    Ok(EvidenceParams {
        max_age_blocks: params.max_age_num_blocks,
        max_age_nanos,
        max_bytes: params.max_bytes,
    })
}

/// CometBFT keeps its pace by its own configuration, so a change of the pace alone is none for it.
fn consensus_params_answer(params: ConsensusParams) -> Option<types::ConsensusParams> {
    let is_told =
        params.block.is_some() || params.evidence.is_some() || params.app_version.is_some();
    is_told.then(|| types::ConsensusParams {
        block: params.block.map(|block| types::BlockParams {
            max_bytes: block.max_bytes,
            max_gas: block.max_gas,
        }),
        evidence: params.evidence.map(|evidence| types::EvidenceParams {
            max_age_num_blocks: evidence.max_age_blocks,
            max_age_duration: Some(protobuf::Duration {
                seconds: evidence.max_age_nanos / NANOS_PER_SECOND,
                // The remainder of a division by 10^9 fits.
                nanos: (evidence.max_age_nanos % NANOS_PER_SECOND) as i32,
            }),
            max_bytes: evidence.max_bytes,
        }),
        validator: None,
        version: params.app_version.map(|app| types::VersionParams { app }),
        abci: None,
    })
}

fn tx_result(result: TxResult) -> abci::ExecTxResult {
    let TxResult { code, data, log } = result;
    abci::ExecTxResult {
        code,
        data,
        log,
        ..Default::default()
    }
}

fn proof_op(op: ProofOp) -> crypto::ProofOp {
    crypto::ProofOp {
        r#type: op.kind,
        key: op.key.to_vec(),
        data: op.data.to_vec(),
    }
}
