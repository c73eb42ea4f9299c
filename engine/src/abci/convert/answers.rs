//! Our answers as those of ABCI.

use tendermint_proto::google::protobuf;
use tendermint_proto::v0_38::{abci, crypto, types};

use super::NANOS_PER_SECOND;
use crate::application::{
    BlockResult, CheckResult, Committed, ConsensusParams, Fault, Info, InitChainResult, ProofOp,
    ProposalVerdict, QueryResult, TxResult, ValidatorUpdate,
};

pub(in crate::abci) fn info_answer(info: Info) -> Result<abci::ResponseInfo, Fault> {
    Ok(abci::ResponseInfo {
        data: info.name,
        version: info.version,
        app_version: info.app_version,
        last_block_height: signed(info.last_block_height, "last block height")?,
        last_block_app_hash: info.last_block_app_hash,
    })
}

pub(in crate::abci) fn init_chain_answer(
    result: InitChainResult,
) -> Result<abci::ResponseInitChain, Fault> {
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
pub(in crate::abci) fn check_answer(checked: CheckResult) -> abci::ResponseCheckTx {
    let TxResult { code, data, log } = checked.result;
    abci::ResponseCheckTx {
        code,
        data,
        log,
        ..Default::default()
    }
}

pub(in crate::abci) fn process_proposal_answer(
    verdict: ProposalVerdict,
) -> abci::ResponseProcessProposal {
    use abci::response_process_proposal::ProposalStatus;
    let status = match verdict {
        ProposalVerdict::Accept => ProposalStatus::Accept,
        ProposalVerdict::Reject => ProposalStatus::Reject,
    };
    abci::ResponseProcessProposal {
        status: status.into(),
    }
}

pub(in crate::abci) fn finalize_block_answer(
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

pub(in crate::abci) fn commit_answer(committed: Committed) -> Result<abci::ResponseCommit, Fault> {
    Ok(abci::ResponseCommit {
        retain_height: signed(committed.retain_height, "retain height")?,
    })
}

pub(in crate::abci) fn query_answer(result: QueryResult) -> Result<abci::ResponseQuery, Fault> {
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

fn signed(value: u64, what: &str) -> Result<i64, Fault> {
    i64::try_from(value).map_err(|_| Fault(format!("{what} of {value} does not fit ABCI")))
}

fn validator_answer(update: ValidatorUpdate) -> Result<abci::ValidatorUpdate, Fault> {
    let key = crypto::public_key::Sum::Ed25519(update.public_key.to_vec());
    Ok(abci::ValidatorUpdate {
        pub_key: Some(crypto::PublicKey { sum: Some(key) }),
        power: signed(update.power, "validator power")?,
    })
}

/// CometBFT keeps its pace by its own configuration, so a change of the pace alone changes nothing
/// for it.
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
