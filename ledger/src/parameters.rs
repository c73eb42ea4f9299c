//! Waits, terms and bounds that the organisation sets for itself.

mod named;

use std::rc::Rc;

use polity_proto::v1::Parameters;

pub use named::{ALL, Named, Unit};

use crate::Rejection;
use crate::actions::validators::VALIDATORS_MAX;
use crate::state::{Read, keys, objects};
use crate::time::{DAY, HOUR};

/// The parameters that hold.
pub fn get(state: &dyn Read) -> Parameters {
    let parameters = state.decoded(&keys::key(keys::PARAMETERS, &[]), |value| {
        Rc::new(objects::decode_shared::<Parameters>(value))
    });
    parameters.map_or_else(defaults, |parameters| {
        *parameters.downcast().expect("only parameters lie there")
    })
}

/// What holds where the genesis says nothing.
pub fn defaults() -> Parameters {
    Parameters {
        validity_max: 7 * DAY,
        validators_min: 4,
        key_protection: 72 * HOUR,
        recovery_wait: 48 * HOUR,
        recovery_window: 30 * DAY,
        recovery_sleep: 7 * DAY,
        admission_distance: 30 * DAY,
        proposal_ttl: 30 * DAY,
        exception_max: 30 * DAY,
        auditor_max: 180 * DAY,
        outage_gap: 600,
        hold_max: 366 * DAY,
        transaction_bytes_max: 256 * 1_024,
        block_interval_ms: 20,
        idle_interval: 60,
        propose_timeout_ms: 600,
        vote_timeout_ms: 300,
        timeout_step_ms: 200,
        election_ballots: 72 * HOUR,
        election_reveal: 72 * HOUR,
        election_change: 24 * HOUR,
        election_objections: 72 * HOUR,
        election_term: 365 * DAY,
        profile_deadline: 72 * HOUR,
        open_proposals_max: 100,
    }
}

/// Refuses changes that are out of their bounds, or that do not fit together, whatever holds beside them.
pub(crate) fn check(changes: &Parameters) -> Result<(), Rejection> {
    // What is not said leaves room for what is.
    let base = Parameters {
        outage_gap: DAY,
        idle_interval: 1,
        ..defaults()
    };
    merge(&base, changes).map(|_| ())
}

/// `changes` over `base`: a zero keeps a value. Refuses what is out of its bounds.
pub fn merge(base: &Parameters, changes: &Parameters) -> Result<Parameters, Rejection> {
    const YEAR: u64 = 366 * DAY;
    const MINUTE_MS: u64 = 60_000;
    let merged = Parameters {
        // It counts from the newest block, which may be older than any rest: within less, nobody could take it back.
        validity_max: bounded(changes.validity_max, base.validity_max, HOUR, 90 * DAY)?,
        validators_min: bounded(
            changes.validators_min,
            base.validators_min,
            1,
            VALIDATORS_MAX,
        )?,
        key_protection: bounded(changes.key_protection, base.key_protection, 1, YEAR)?,
        recovery_wait: bounded(changes.recovery_wait, base.recovery_wait, 1, YEAR)?,
        recovery_window: bounded(changes.recovery_window, base.recovery_window, 1, YEAR)?,
        recovery_sleep: bounded(changes.recovery_sleep, base.recovery_sleep, 1, YEAR)?,
        admission_distance: bounded(changes.admission_distance, base.admission_distance, 1, YEAR)?,
        proposal_ttl: bounded(changes.proposal_ttl, base.proposal_ttl, 1, YEAR)?,
        exception_max: bounded(changes.exception_max, base.exception_max, 1, YEAR)?,
        auditor_max: bounded(changes.auditor_max, base.auditor_max, 1, YEAR)?,
        outage_gap: bounded(changes.outage_gap, base.outage_gap, 60, DAY)?,
        hold_max: bounded(changes.hold_max, base.hold_max, 1, 10 * YEAR)?,
        transaction_bytes_max: bounded(
            changes.transaction_bytes_max,
            base.transaction_bytes_max,
            4_096,
            crate::check::ENVELOPE_BYTES_MAX as u32,
        )?,
        block_interval_ms: bounded(
            changes.block_interval_ms,
            base.block_interval_ms,
            1,
            MINUTE_MS,
        )?,
        idle_interval: bounded(changes.idle_interval, base.idle_interval, 1, 600)?,
        propose_timeout_ms: bounded(
            changes.propose_timeout_ms,
            base.propose_timeout_ms,
            50,
            MINUTE_MS,
        )?,
        vote_timeout_ms: bounded(changes.vote_timeout_ms, base.vote_timeout_ms, 20, MINUTE_MS)?,
        timeout_step_ms: bounded(changes.timeout_step_ms, base.timeout_step_ms, 10, MINUTE_MS)?,
        election_ballots: bounded(changes.election_ballots, base.election_ballots, 1, YEAR)?,
        election_reveal: bounded(changes.election_reveal, base.election_reveal, 1, YEAR)?,
        election_change: bounded(changes.election_change, base.election_change, 1, YEAR)?,
        election_objections: bounded(
            changes.election_objections,
            base.election_objections,
            1,
            YEAR,
        )?,
        election_term: bounded(changes.election_term, base.election_term, 1, 10 * YEAR)?,
        profile_deadline: bounded(changes.profile_deadline, base.profile_deadline, 1, YEAR)?,
        open_proposals_max: bounded(
            changes.open_proposals_max,
            base.open_proposals_max,
            1,
            10_000,
        )?,
    };
    // A rest must not be taken for an outage: it would stop every clock.
    match merged.outage_gap >= 2 * merged.idle_interval {
        true => Ok(merged),
        false => Err(Rejection::ParameterBounds),
    }
}

fn bounded<T: Default + PartialOrd>(change: T, base: T, low: T, high: T) -> Result<T, Rejection> {
    if change == T::default() {
        return Ok(base);
    }
    if change < low || change > high {
        return Err(Rejection::ParameterBounds);
    }
    Ok(change)
}
