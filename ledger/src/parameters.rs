//! Waits, terms and bounds that the organisation sets for itself.

use std::ops::RangeInclusive;
use std::rc::Rc;

use polity_proto::v1::Parameters;

use crate::Rejection;
use crate::actions::validators::VALIDATORS_MAX;
use crate::check::ENVELOPE_BYTES_MAX;
use crate::state::{Read, keys, objects};
use crate::time::{DAY, HOUR};

/// A parameter, by its name.
#[derive(Debug)]
pub struct Named {
    /// The name of its field in [`Parameters`]; of milliseconds it ends in `_ms`.
    pub name: &'static str,
    /// What it means: one line for people, without a full stop.
    pub meaning: &'static str,
    /// What its value counts.
    pub unit: Unit,
    /// The least and the most that it may be, whatever holds beside it. Zero is never within: it stands for no change.
    pub bounds: RangeInclusive<u64>,
    get: fn(&Parameters) -> u64,
    set: fn(&mut Parameters, u64),
}

/// What a parameter's value counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A length of time in seconds.
    Seconds,
    /// A length of time in milliseconds.
    Milliseconds,
    /// Something without a unit; the value has 32 bits.
    Number,
}

const YEAR: u64 = 366 * DAY;
const MINUTE_MS: u64 = 60_000;

/// Makes the parameters of one row for each: its name, what its value counts, its default, its bounds, and what it means.
macro_rules! parameters {
    ($($name:ident: $unit:ident = $default:expr, $bounds:expr, $meaning:literal;)+) => {
        /// What holds where the genesis says nothing.
        pub fn defaults() -> Parameters {
            Parameters { $($name: $default,)+ }
        }

        /// Every parameter, in the order of its number on the wire.
        pub const ALL: &[Named] = &[$(Named {
            name: stringify!($name),
            meaning: $meaning,
            unit: Unit::$unit,
            bounds: $bounds,
            get: |parameters| parameters.$name.into(),
            set: |parameters, value| parameters.$name = value.try_into().unwrap_or(u32::MAX.into()),
        }),+];
    };
}

parameters! {
    // Validity counts from the newest block, which may be older than any rest. Were it shorter than that, no
    // transaction would be valid, not even one that sets it back.
    validity_max: Seconds = 7 * DAY, HOUR..=90 * DAY, "How long a signed transaction may be sent";
    validators_min: Number = 4, 1..=VALIDATORS_MAX as u64, "Fewest validators that a change may leave";
    key_protection: Seconds = 72 * HOUR, 1..=YEAR, "How long a key that was added cannot end older ones";
    recovery_wait: Seconds = 48 * HOUR, 1..=YEAR, "From asking for a recovery to the new key";
    recovery_window: Seconds = 30 * DAY, 1..=YEAR, "A second recovery within it needs three people and cannot be stopped";
    recovery_sleep: Seconds = 7 * DAY, 1..=YEAR, "How long a recovered member may not spend, approve, operate, govern, assign, admit";
    admission_distance: Seconds = 30 * DAY, 1..=YEAR, "How long a newcomer counts as whoever admitted them";
    proposal_ttl: Seconds = 30 * DAY, 1..=YEAR, "When an open proposal lapses";
    exception_max: Seconds = 30 * DAY, 1..=YEAR, "Longest exception to a duty rule";
    auditor_max: Seconds = 180 * DAY, 1..=YEAR, "Longest term of an auditor";
    outage_gap: Seconds = 600, 60..=DAY, "A longer silence of the network stops the clocks of decisions";
    hold_max: Seconds = 366 * DAY, 1..=10 * YEAR, "Longest hold";
    transaction_bytes_max: Number = 256 * 1_024, 4_096..=ENVELOPE_BYTES_MAX as u64, "Most bytes of a transaction";
    block_interval_ms: Milliseconds = 20, 1..=MINUTE_MS, "Embedded engine: how fast blocks follow under load";
    idle_interval: Seconds = 60, 1..=600, "Embedded engine: how fast blocks follow at rest";
    propose_timeout_ms: Milliseconds = 600, 50..=MINUTE_MS, "Embedded engine: how long a round waits for its proposal";
    vote_timeout_ms: Milliseconds = 300, 20..=MINUTE_MS, "Embedded engine: how long a round waits for further votes";
    timeout_step_ms: Milliseconds = 200, 10..=MINUTE_MS, "Embedded engine: what each further round adds to both";
    election_ballots: Seconds = 72 * HOUR, 1..=YEAR, "To seal a ballot";
    election_reveal: Seconds = 72 * HOUR, 1..=YEAR, "To reveal it";
    election_change: Seconds = 24 * HOUR, 1..=YEAR, "To change it after a tie";
    election_objections: Seconds = 72 * HOUR, 1..=YEAR, "To object to the result of an election";
    election_term: Seconds = 365 * DAY, 1..=10 * YEAR, "How long somebody is elected for, where the role states no term";
    profile_deadline: Seconds = 72 * HOUR, 1..=YEAR, "To answer, by the policies that a profile gives";
    open_proposals_max: Number = 100, 1..=10_000, "Most open proposals of one member";
}

/// The parameters that hold.
pub fn get(state: &dyn Read) -> Parameters {
    let parameters = state.decoded(&keys::key(keys::PARAMETERS, &[]), |value| {
        Rc::new(objects::decode_shared::<Parameters>(value))
    });
    parameters.map_or_else(defaults, |parameters| {
        *parameters.downcast().expect("only parameters lie there")
    })
}

/// Refuses changes that are out of their bounds, or that do not fit together, whatever holds beside them.
pub(crate) fn check(changes: &Parameters) -> Result<(), Rejection> {
    // What the changes leave out is assumed so that it stands in their way nowhere.
    let base = Parameters {
        outage_gap: DAY,
        idle_interval: 1,
        ..defaults()
    };
    merge(&base, changes).map(|_| ())
}

/// `changes` over `base`: a zero keeps a value. Refuses what is out of its bounds.
pub fn merge(base: &Parameters, changes: &Parameters) -> Result<Parameters, Rejection> {
    let mut merged = *base;
    for parameter in ALL {
        let value = parameter.get(changes);
        if value != 0 {
            Rejection::ParameterBounds.unless(parameter.bounds.contains(&value))?;
            parameter.set(&mut merged, value);
        }
    }
    // A rest must not be taken for an outage: it would stop every clock.
    Rejection::ParameterBounds.unless(merged.outage_gap >= 2 * merged.idle_interval)?;
    Ok(merged)
}

impl Named {
    /// Its value among others.
    pub fn get(&self, parameters: &Parameters) -> u64 {
        (self.get)(parameters)
    }

    /// Sets its value. Where it has fewer bits than `value`, it becomes the largest that there is.
    pub fn set(&self, parameters: &mut Parameters, value: u64) {
        (self.set)(parameters, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_within_their_own_bounds() {
        assert_eq!(merge(&Parameters::default(), &defaults()), Ok(defaults()));
    }

    #[test]
    fn a_value_out_of_its_own_bounds_is_not_taken() {
        for (name, value, is_taken) in [
            ("outage_gap", 59, false),
            ("outage_gap", 60, true),
            ("recovery_wait", 0, false),
            ("validators_min", 100, true),
            ("validators_min", (1 << 32) + 1, false),
        ] {
            let parameter = ALL.iter().find(|parameter| parameter.name == name).unwrap();
            assert_eq!(
                parameter.bounds.contains(&value),
                is_taken,
                "{name} {value}"
            );
        }
    }
}
