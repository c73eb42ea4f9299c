//! Requests of CometBFT as ours, in the order of the life cycle.

use bytes::Bytes;
use tendermint_proto::google::protobuf;
use tendermint_proto::v0_38::{abci, crypto, types};

use super::Incoming;
use super::NANOS_PER_SECOND;
use crate::abci::frame::FrameError;
use crate::application::{
    BlockParams, Check, CheckKind, ConsensusParams, EvidenceParams, FinalizeBlock, InitChain,
    Misbehavior, MisbehaviorKind, PrepareProposal, ProcessProposal, Query, Timestamp,
    ValidatorUpdate,
};

pub(in crate::abci) fn init_chain(
    request: abci::RequestInitChain,
    app_state: Bytes,
) -> Incoming<InitChain> {
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

pub(in crate::abci) fn check(request: abci::RequestCheckTx) -> Check {
    let kind = match request.r#type() {
        abci::CheckTxType::New => CheckKind::New,
        abci::CheckTxType::Recheck => CheckKind::Recheck,
    };
    Check {
        transaction: request.tx,
        kind,
    }
}

pub(in crate::abci) fn prepare_proposal(
    request: abci::RequestPrepareProposal,
) -> Incoming<PrepareProposal> {
    Ok(PrepareProposal {
        max_transaction_bytes: unsigned(request.max_tx_bytes, "transaction bytes are negative")?,
        transactions: request.txs,
        misbehavior: evidence(request.misbehavior)?,
        height: height(request.height)?,
        time: time(request.time)?,
    })
}

pub(in crate::abci) fn process_proposal(
    request: abci::RequestProcessProposal,
) -> Incoming<ProcessProposal> {
    Ok(ProcessProposal {
        transactions: request.txs,
        misbehavior: evidence(request.misbehavior)?,
        height: height(request.height)?,
        time: time(request.time)?,
    })
}

pub(in crate::abci) fn finalize_block(
    request: abci::RequestFinalizeBlock,
) -> Incoming<FinalizeBlock> {
    Ok(FinalizeBlock {
        transactions: request.txs,
        misbehavior: evidence(request.misbehavior)?,
        hash: request.hash,
        height: height(request.height)?,
        time: time(request.time)?,
        proposer_address: request.proposer_address,
    })
}

/// `None` when the height is negative: the question comes from anyone, so it gets an answer and no closed connection.
pub(in crate::abci) fn query(request: abci::RequestQuery) -> Option<Query> {
    let height = u64::try_from(request.height).ok()?;
    Some(Query {
        path: request.path,
        data: request.data,
        height,
        prove: request.prove,
    })
}

fn unsigned(value: i64, complaint: &'static str) -> Incoming<u64> {
    u64::try_from(value).map_err(|_| FrameError::Malformed(complaint))
}

fn height(value: i64) -> Incoming<u64> {
    unsigned(value, "height is negative")
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

fn evidence(pieces: Vec<abci::Misbehavior>) -> Incoming<Vec<Misbehavior>> {
    pieces.into_iter().map(misbehavior).collect()
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
