//! Validators, nodes and parameters.

use polity_ledger::time::{DAY, HOUR};
use polity_ledger::{check, form};
use polity_proto::v1::action::Kind;
use polity_proto::v1::{
    AddValidator, Node, Parameters, RegisterNode, RemoveNode, RemoveValidator, RotateValidatorKey,
    SetParameters,
};

use super::{Deed, Scene};

pub(crate) fn add_validator(scene: &mut Scene<'_>) -> Option<Deed> {
    let validating: Vec<u64> = validating(scene);
    let mut units = scene.view.units();
    units.retain(|unit| !validating.contains(&unit.number));
    let unit = scene.one(units)?.number;
    let (key, possession) = consensus_key(scene, unit);
    let add = AddValidator {
        unit: form::numbered(unit),
        key,
        possession,
        power: 1 + scene.dice.below(12),
    };
    Some(Kind::AddValidator(add).into())
}

pub(crate) fn remove_validator(scene: &mut Scene<'_>) -> Option<Deed> {
    let validating = validating(scene);
    let remove = RemoveValidator {
        unit: form::numbered(*scene.dice.pick(&validating)?),
    };
    Some(Kind::RemoveValidator(remove).into())
}

pub(crate) fn rotate_validator_key(scene: &mut Scene<'_>) -> Option<Deed> {
    let validating = validating(scene);
    let unit = *scene.dice.pick(&validating)?;
    let (key, possession) = consensus_key(scene, unit);
    let rotate = RotateValidatorKey {
        unit: form::numbered(unit),
        key,
        possession,
    };
    Some(Kind::RotateValidatorKey(rotate).into())
}

pub(crate) fn register_node(scene: &mut Scene<'_>) -> Option<Deed> {
    let validating = validating(scene);
    let register = RegisterNode {
        unit: form::numbered(*scene.dice.pick(&validating)?),
        id: scene.dice.bytes(20),
        address: "node.example:26656".into(),
        ..RegisterNode::default()
    };
    Some(Kind::RegisterNode(register).into())
}

pub(crate) fn remove_node(scene: &mut Scene<'_>) -> Option<Deed> {
    let mut nodes = scene.view.all::<Node>();
    nodes.retain(|node| node.removed_at == 0);
    let remove = RemoveNode {
        node: scene.reference(nodes),
    };
    Some(Kind::RemoveNode(remove).into())
}

pub(crate) fn set_parameters(scene: &mut Scene<'_>) -> Option<Deed> {
    let parameters = Parameters {
        proposal_ttl: scene.dice.one_of([0, 10 * DAY, 40 * DAY]),
        outage_gap: scene.dice.one_of([0, HOUR, DAY]),
        key_protection: scene.dice.one_of([0, HOUR, 72 * HOUR]),
        recovery_sleep: scene.dice.one_of([0, DAY, 7 * DAY]),
        hold_max: scene.dice.one_of([0, 30 * DAY]),
        ..Parameters::default()
    };
    let set = SetParameters {
        parameters: Some(parameters),
    };
    Some(Kind::SetParameters(set).into())
}

fn validating(scene: &Scene<'_>) -> Vec<u64> {
    let validators = scene.view.validators();
    validators
        .into_iter()
        .map(|validator| validator.unit)
        .collect()
}

/// A new consensus key for a unit, with the proof that it is possessed.
fn consensus_key(scene: &mut Scene<'_>, unit: u64) -> (Vec<u8>, Vec<u8>) {
    let key = scene.keyring.make();
    let message = check::consensus_possession_bytes(&scene.organisation, unit, &key);
    let possession = scene.keyring.sign(&key, &message);
    (key, possession)
}
