//! How an organisation begins: founding actions, judged by the same rules but for authority.

mod listing;
mod signatures;

use std::collections::BTreeMap;

use polity_proto::v1::{Basis, BasisSource, Genesis, ObjectKind, Organisation, Receipt};
use prost::Message;
use sha2::{Digest, Sha256};

use crate::block::ValidatorUpdate;
use crate::context::{Authority, Block, Context};
use crate::judge::{Actor, Now, departments};
use crate::state::{Changes, Overlay, keys};
use crate::{Rejection, actions, parameters};

pub use listing::{ListedValidator, handle_of, handles_of, listed_validators};
pub use signatures::{SignatureError, check_signatures, operated_units};

/// Most founding actions.
pub const ACTIONS_MAX: usize = 100_000;

/// Everything that InitChain gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Founding<'g> {
    /// Chain id.
    pub chain_id: &'g str,
    /// Genesis time in Unix seconds.
    pub time: u64,
    /// Height of the first block.
    pub initial_height: u64,
    /// Bytes of the `Genesis` message.
    pub app_state: &'g [u8],
}

/// A founded organisation.
#[derive(Clone, Debug, PartialEq)]
pub struct Founded {
    /// Every key of the first state.
    pub changes: Changes,
    /// The founding validators.
    pub validators: Vec<ValidatorUpdate>,
    /// What the founding actions did: the receipt at height 0, position 0.
    pub receipt: Receipt,
}

impl Founded {
    /// The first state as a map.
    pub fn state(&self) -> BTreeMap<Vec<u8>, Vec<u8>> {
        self.changes
            .iter()
            .filter_map(|(key, value)| value.clone().map(|value| (key.clone(), value)))
            .collect()
    }
}

/// Why a genesis founds nothing: the index of the action, and the rejection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("founding action {action}: {rejection}")]
pub struct FoundingError {
    /// Index into the founding actions.
    pub action: usize,
    /// Which rule said no.
    pub rejection: Rejection,
}

/// SHA-256 over everything that InitChain was given: no replay between chains. The parameters and the validators are
/// in the founding actions. Every part has a fixed length or says its own, but for the last: so no two foundings have
/// the same bytes.
pub fn organisation_digest(founding: &Founding<'_>) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(b"polity/v1/organisation\0");
    hasher.update((founding.chain_id.len() as u64).to_be_bytes());
    hasher.update(founding.chain_id);
    hasher.update(founding.time.to_be_bytes());
    hasher.update(founding.initial_height.to_be_bytes());
    hasher.update(founding.app_state);
    hasher.finalize().into()
}

/// Runs the founding actions. The genesis ends sealed: its basis opens nothing afterwards.
pub fn found(founding: &Founding<'_>) -> Result<Founded, FoundingError> {
    let at = |action: usize| move |rejection| FoundingError { action, rejection };
    let genesis = Genesis::decode(founding.app_state).map_err(|_| at(0)(Rejection::Malformed))?;
    if genesis.encode_to_vec() != founding.app_state {
        return Err(at(0)(Rejection::NotCanonical));
    }
    if genesis.chain_id != founding.chain_id {
        return Err(at(0)(Rejection::WrongOrganisation));
    }
    if genesis.actions.len() > ACTIONS_MAX {
        return Err(at(0)(Rejection::ActionCount));
    }
    let given = genesis.parameters.unwrap_or_default();
    let parameters = parameters::merge(&parameters::defaults(), &given).map_err(at(0))?;

    let base = BTreeMap::new();
    let mut state = Overlay::new(&base);
    state.put(keys::key(keys::PARAMETERS, &[]), parameters.encode_to_vec());
    let block = Block {
        height: 0,
        now: Now {
            time: founding.time,
            paused: 0,
        },
    };
    let mut context = Context::new(&mut state, block, 0, Authority::Genesis);
    context.put(&Organisation {
        chain_id: genesis.chain_id.clone(),
        digest: organisation_digest(founding).to_vec(),
        constitution: genesis.constitution.clone(),
        root_unit: 1,
    });
    context.basis = Basis {
        source: BasisSource::Genesis as i32,
        ..Basis::default()
    };
    context.event(
        ObjectKind::Organisation,
        0,
        &[(ObjectKind::Organisation, 0)],
    );

    for (index, action) in genesis.actions.iter().enumerate() {
        context.actor = Actor { member: 0, role: 0 };
        actions::check_form(action, 1).map_err(at(index))?;
        actions::run(&mut context, index as u32, action).map_err(at(index))?;
    }
    let receipt = Receipt {
        code: 0,
        failed_action: 0,
        events: std::mem::take(&mut context.events),
    };
    let validators = departments::validators(&state);
    let validators_min = parameters::get(&state).validators_min;
    actions::validators::check_set(&validators, validators_min)
        .map_err(at(genesis.actions.len()))?;
    Ok(Founded {
        validators: validators
            .into_iter()
            .map(|validator| ValidatorUpdate {
                key: validator.key,
                power: validator.power,
            })
            .collect(),
        changes: state.into_changes(),
        receipt,
    })
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::Action;
    use prost::Message;

    use super::*;

    #[test]
    fn a_genesis_has_a_bound_and_a_form() {
        let genesis = |actions: usize| Genesis {
            chain_id: "acme".into(),
            constitution: vec![1; 32],
            actions: vec![Action::default(); actions],
            ..Genesis::default()
        };
        for (bytes, expected) in [
            (vec![0xff], Rejection::Malformed),
            (
                genesis(ACTIONS_MAX + 1).encode_to_vec(),
                Rejection::ActionCount,
            ),
            (genesis(1).encode_to_vec(), Rejection::ActionMissing),
        ] {
            let founding = Founding {
                chain_id: "acme",
                time: 1,
                initial_height: 1,
                app_state: &bytes,
            };
            let refused = found(&founding).map_err(|error| error.rejection);
            assert_eq!(refused.map(|_| ()), Err(expected));
        }
    }
}
