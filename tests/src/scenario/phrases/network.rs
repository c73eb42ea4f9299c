//! Validators, nodes, parameters.

use polity_ledger::parameters::ALL;
use polity_proto::v1::{
    AddValidator, ObjectKind, Parameters, RegisterNode, RemoveNode, RemoveValidator,
    RotateValidatorKey, SetParameters, action::Kind,
};

use super::super::clock;
use super::super::draft::Draft;
use super::super::text::Words;
use super::super::trouble::{Outcome, trouble};
use super::document;
use crate::keys::public;

pub(super) fn read(draft: &mut Draft<'_>, verb: &str, words: &mut Words) -> Outcome<bool> {
    match verb {
        "add" if words.take("the validator of") => add_validator(draft, words)?,
        "remove" if words.take("the validator of") => {
            let unit = draft.refer(ObjectKind::Unit, words)?;
            draft.push(Kind::RemoveValidator(RemoveValidator { unit }));
        }
        "rotate" if words.take("the validator of") => rotate(draft, words)?,
        "register" if words.take("node") => register_node(draft, words)?,
        "remove" if words.take("node") => {
            let node = draft.refer(ObjectKind::Node, words)?;
            draft.push(Kind::RemoveNode(RemoveNode { node }));
        }
        "set" if words.take("parameter") => {
            let parameters = parameter(words)?;
            draft.push(Kind::SetParameters(SetParameters {
                parameters: Some(parameters),
            }));
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// `adds the validator of U with power N [and key K] [proven by OTHER]`.
fn add_validator(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    let path = words.word("unit")?;
    words.need("with power")?;
    let power = words.number("power")?;
    let key = words
        .after("and key")?
        .unwrap_or_else(|| format!("{path} validator"));
    let possession = possession(draft, words, &path, &key)?;
    let unit = draft.lookup.find(ObjectKind::Unit, &path)?;
    draft.push(Kind::AddValidator(AddValidator {
        unit,
        key: public(&key),
        possession,
        power,
    }));
    Ok(())
}

/// `rotates the validator of U to key K [proven by OTHER]`.
fn rotate(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    let path = words.word("unit")?;
    words.need("to key")?;
    let key = words.word("key")?;
    let possession = possession(draft, words, &path, &key)?;
    let unit = draft.lookup.find(ObjectKind::Unit, &path)?;
    draft.push(Kind::RotateValidatorKey(RotateValidatorKey {
        unit,
        key: public(&key),
        possession,
    }));
    Ok(())
}

fn possession(draft: &mut Draft<'_>, words: &mut Words, unit: &str, key: &str) -> Outcome<Vec<u8>> {
    let signing = words.after("proven by")?;
    // At the genesis the proof names no unit: it has no number yet.
    let number = draft.lookup.number(ObjectKind::Unit, unit).unwrap_or(0);
    Ok(draft.possession(number, signing.as_deref().unwrap_or(key), true))
}

/// `registers node NAME of U`.
fn register_node(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    let name = words.word("node")?;
    words.need("of")?;
    let unit = draft.refer(ObjectKind::Unit, words)?;
    let act = RegisterNode {
        unit,
        id: document(&name)[..20].to_vec(),
        address: String::new(),
        key: Vec::new(),
    };
    draft.call(ObjectKind::Node, &name, Kind::RegisterNode(act));
    Ok(())
}

/// `NAME to VALUE`, the value a number or a duration.
pub(in super::super) fn parameter(words: &mut Words) -> Outcome<Parameters> {
    let name = words.word("parameter")?;
    words.need("to")?;
    let value: u64 = if clock::is_duration(words) {
        clock::duration(words)?
    } else {
        words.number("value")?
    };
    let Some(parameter) = ALL.iter().find(|parameter| parameter.name == name) else {
        return trouble(format!("`{name}` is no parameter"));
    };
    let mut parameters = Parameters::default();
    parameter.set(&mut parameters, value);
    Ok(parameters)
}
