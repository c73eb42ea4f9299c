//! What a genesis file tells beside the founding actions, for light clients and readers: it says what follows from
//! them and nothing else, and whoever reads the file checks that.

use polity_proto::v1::Unit;

use crate::judge::departments;
use crate::state::{Read, objects};

/// A validator as a genesis file lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedValidator {
    /// Its consensus key.
    pub key: Vec<u8>,
    /// Its voting power.
    pub power: u64,
    /// Its department's handle.
    pub name: String,
}

/// The validators of a state, as a genesis file lists them.
pub fn listed_validators(state: &dyn Read) -> Vec<ListedValidator> {
    departments::validators(state)
        .into_iter()
        .map(|validator| ListedValidator {
            key: validator.key,
            power: validator.power,
            name: handle_of(state, validator.unit),
        })
        .collect()
}

/// A department's handle.
pub fn handle_of(state: &dyn Read, unit: u64) -> String {
    let unit: Option<Unit> = objects::get(state, unit);
    unit.map(|unit| unit.handle).unwrap_or_default()
}

/// The label beside a signature that counts for these departments.
pub fn handles_of(state: &dyn Read, units: &[u64]) -> String {
    let handles: Vec<String> = units.iter().map(|unit| handle_of(state, *unit)).collect();
    handles.join(", ")
}
