//! Phrases about validators, nodes and parameters.

use polity_ledger::parameters::{ALL, Named, Unit};
use polity_proto::v1::{
    AddValidator, ObjectKind, Parameters, RegisterNode, RemoveNode, RemoveValidator,
    RotateValidatorKey, SetParameters,
};

use super::super::Words;
use super::super::names::{hash, named};
use super::Phrase;
use super::clauses::{hashed, stating};
use crate::Result;
use crate::time::length;

impl Words<'_> {
    pub(super) async fn add_validator(&self, act: &AddValidator) -> Result<Phrase> {
        Ok((
            "add",
            format!(
                "the validator of {} with power {} and the key {}",
                self.unit_of(&act.unit).await?,
                act.power,
                hash(&act.key)
            ),
        ))
    }

    pub(super) async fn remove_validator(&self, act: &RemoveValidator) -> Result<Phrase> {
        Ok((
            "remove",
            format!("the validator of {}", self.unit_of(&act.unit).await?),
        ))
    }

    pub(super) async fn rotate_validator_key(&self, act: &RotateValidatorKey) -> Result<Phrase> {
        Ok((
            "change",
            format!(
                "the consensus key of {} to {}",
                self.unit_of(&act.unit).await?,
                hash(&act.key)
            ),
        ))
    }

    pub(super) async fn register_node(&self, act: &RegisterNode) -> Result<Phrase> {
        Ok((
            "register",
            format!(
                "the node {} of {}{}{}",
                hex::encode(&act.id),
                self.unit_of(&act.unit).await?,
                stating("address", &act.address),
                hashed("key", &act.key)
            ),
        ))
    }

    pub(super) async fn remove_node(&self, act: &RemoveNode) -> Result<Phrase> {
        Ok((
            "remove",
            format!("the node {}", named(ObjectKind::Node, &act.node)),
        ))
    }

    pub(super) async fn set_parameters(&self, act: &SetParameters) -> Result<Phrase> {
        let present = self.session.parameters().await?;
        let changed = changed(&act.parameters.unwrap_or_default(), &present);
        Ok(("set", format!("the parameters{changed}")))
    }
}

/// What the parameters are set to, and what they are where that is something else; whatever is not said stays as it is.
fn changed(parameters: &Parameters, present: &Parameters) -> String {
    let told = ALL
        .iter()
        .map(|parameter| told(parameter, parameter.get(parameters), parameter.get(present)));
    told.collect()
}

/// Zero is no change.
fn told(parameter: &Named, value: u64, present: u64) -> String {
    if value == 0 {
        return String::new();
    }
    let shown = |value: u64| match parameter.unit {
        Unit::Seconds => length(value),
        Unit::Milliseconds => format!("{value} ms"),
        Unit::Number => value.to_string(),
    };
    let now = if present == value || present == 0 {
        String::new()
    } else {
        format!(" (now {})", shown(present))
    };
    let name = parameter.name.trim_end_matches("_ms");
    format!(", {name} {}{now}", shown(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_told_by_name_with_what_they_are_now_and_only_those_that_change() {
        let parameters = Parameters {
            recovery_wait: 86_400,
            block_interval_ms: 20,
            open_proposals_max: 50,
            ..Parameters::default()
        };
        let present = Parameters {
            hold_max: 7,
            block_interval_ms: 20,
            open_proposals_max: 100,
            recovery_wait: 172_800,
            ..Parameters::default()
        };
        let expected =
            ", recovery_wait 24h (now 48h), block_interval 20 ms, open_proposals_max 50 (now 100)";
        assert_eq!(changed(&parameters, &present), expected);
    }
}
