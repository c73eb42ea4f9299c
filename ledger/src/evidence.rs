//! Evidence of double signing: recorded, and answered by taking the validator's power.

use polity_proto::v1::{Misbehaviour, Validator};
use prost::Message;
use sha2::{Digest, Sha256};

use crate::block::Evidence;
use crate::context::Block;
use crate::judge::policies;
use crate::parameters;
use crate::state::keys::{self, List};
use crate::state::{Overlay, Read, lists};

/// Records each piece of evidence once. The validator loses its power if enough others remain.
pub(crate) fn record(state: &mut Overlay<'_>, block: Block, evidence: &[Evidence]) {
    for piece in evidence {
        let key = keys::key_with(keys::MISBEHAVIOUR, &[piece.height], &piece.address);
        if state.get(&key).is_some() {
            continue;
        }
        let validators = policies::validators(state);
        let guilty = validators
            .iter()
            .find(|validator| Sha256::digest(&validator.key)[..20] == piece.address[..]);
        let enough = validators.len() > parameters::get(state).validators_min as usize;
        let power_taken = guilty.is_some() && enough;
        let record = Misbehaviour {
            address: piece.address.clone(),
            height: piece.height,
            time: piece.time,
            unit: guilty.map_or(0, |validator| validator.unit),
            power_taken,
        };

        state.put(key, record.encode_to_vec());
        if let (Some(guilty), true) = (guilty, power_taken) {
            take_power(state, block, guilty);
        }
    }
}

fn take_power(state: &mut Overlay<'_>, block: Block, validator: &Validator) {
    lists::remove(state, List::Validators, 0, validator.unit);
    state.delete(keys::key(keys::VALIDATOR, &[validator.unit]));
    state.delete(keys::key_with(keys::CONSENSUS_KEY, &[], &validator.key));
    mark_changed(state, block);
}

/// Notes the height at which validators changed: at most one change a block.
pub(crate) fn mark_changed(state: &mut Overlay<'_>, block: Block) {
    let counter = polity_proto::v1::Counter { last: block.height };
    state.put(
        keys::key(keys::VALIDATORS_CHANGED, &[]),
        counter.encode_to_vec(),
    );
}
