//! How a chain begins: as its genesis says, and as the application makes it.

use super::canonical::{BlockId, Commit, ValidatorSet, results_hash};
use super::consensus::judge;
use super::execution::execute;
use super::params::Params;
use super::rows::{self, Rows};
use super::start::StartError;
use super::tip::Tip;
use crate::Fault;
use crate::application::{Application, InitChain, InitChainResult, PaceParams, ValidatorUpdate};
use crate::cometbft::Genesis;

/// Starts the chain where it is new. Answers how it was founded and where it stands.
pub(super) fn take_up(
    application: &dyn Application,
    rows: &Rows,
    genesis: &Genesis,
) -> Result<(Tip, Tip), StartError> {
    let info = application.info()?;
    if info.last_block_height > 0 {
        let params = rows.founding_params(genesis.initial_height)?;
        let founding = tip_below(genesis, params, &given(genesis), &[])?;
        let tip = rows.tip(&genesis.chain_id, info.last_block_height)?;
        if tip.app_hash != info.last_block_app_hash {
            let words =
                "the application and the engine's rows stand at different states".to_owned();
            return Err(Fault(words).into());
        }
        return Ok((founding, take_again(application, rows, tip)?));
    }

    let made = application.init_chain(InitChain {
        time: genesis.genesis_time,
        chain_id: genesis.chain_id.clone(),
        consensus_params: params_of(genesis).to_changes(),
        validators: given(genesis),
        app_state: genesis.app_state.clone().into(),
        initial_height: genesis.initial_height,
    })?;
    let founding = founded(genesis, made)?;
    rows.found(&founding)?;
    let tip = take_again(application, rows, founding.clone())?;
    Ok((founding, tip))
}

/// Executes again what was decided here and taken back by a rollback of the application: the guard lets nothing else be
/// signed at these heights, and perhaps no other node has them.
fn take_again(application: &dyn Application, rows: &Rows, mut tip: Tip) -> Result<Tip, StartError> {
    let mut block = rows.block(tip.next_height())?;
    loop {
        let height = tip.next_height();
        let (Some(again), Some(commit)) = (block, rows.commit(height)?) else {
            return Ok(tip);
        };
        if let Err(rule) = judge::follows(&again, &tip) {
            let words = format!(
                "the block of height {height}, which was taken back, does not follow: its {rule} is another. Empty \
                 the node's data and let it catch up, or restore a backup"
            );
            return Err(Fault(words).into());
        }
        block = rows.block(height + 1)?;
        if let Some(next) = &block {
            application.foresee(&next.block().transactions);
        }
        let result = execute(application, &again)?;
        tip = tip.after(&again, commit, &result)?;
        application.commit(rows::decided(&again, &tip, &[]))?;
        tracing::info!(height, "a block that was taken back is executed again");
    }
}

/// The chain before its first block: what the application answers replaces what the genesis says.
pub(super) fn founded(genesis: &Genesis, made: InitChainResult) -> Result<Tip, StartError> {
    let changes = made.consensus_params.unwrap_or_default();
    let params = params_of(genesis).updated(&changes);
    let validators = if made.validators.is_empty() {
        given(genesis)
    } else {
        made.validators
    };
    tip_below(genesis, params, &validators, &made.app_hash)
}

fn given(genesis: &Genesis) -> Vec<ValidatorUpdate> {
    let validators = genesis.validators.iter();
    validators
        .map(|validator| ValidatorUpdate {
            public_key: validator.public_key,
            power: validator.power,
        })
        .collect()
}

fn params_of(genesis: &Genesis) -> Params {
    Params {
        block: genesis.block,
        evidence: genesis.evidence,
        pace: PaceParams::default(),
        app_version: genesis.app_version,
    }
}

fn tip_below(
    genesis: &Genesis,
    params: Params,
    validators: &[ValidatorUpdate],
    app_hash: &[u8],
) -> Result<Tip, StartError> {
    let validators = ValidatorSet::new(validators)
        .map_err(|error| StartError::Other(format!("genesis: {error}")))?;
    Ok(Tip {
        chain_id: genesis.chain_id.clone(),
        height: genesis.initial_height.saturating_sub(1),
        block_id: BlockId::default(),
        time: genesis.genesis_time,
        app_hash: app_hash.to_vec(),
        results_hash: results_hash(&[]),
        proof_due: true,
        last_validators: validators.clone(),
        validators: validators.clone(),
        next_validators: validators,
        params,
        commit: Commit::default(),
    })
}
