//! The pace of blocks: parameters of the ledger that the engine obeys.

use polity_engine::application::{ConsensusParams, PaceParams};
use polity_ledger::state::{Changes, keys, objects};
use polity_proto::v1::Parameters;

/// What these parameters tell the engine.
pub(super) fn of(parameters: &Parameters) -> ConsensusParams {
    let pace = PaceParams {
        block_interval: parameters.block_interval_ms,
        idle_interval: parameters.idle_interval * 1_000,
        propose_timeout: parameters.propose_timeout_ms,
        vote_timeout: parameters.vote_timeout_ms,
        timeout_step: parameters.timeout_step_ms,
    };
    ConsensusParams {
        pace: Some(pace),
        ..ConsensusParams::default()
    }
}

/// What a block tells the engine, where it changed the parameters.
pub(super) fn change(changes: &Changes) -> Option<ConsensusParams> {
    let value = changes.get(&keys::key(keys::PARAMETERS, &[]))?.as_ref()?;
    Some(of(&objects::decode(value)))
}
