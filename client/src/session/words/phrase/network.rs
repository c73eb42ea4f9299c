//! Phrases about validators, nodes and parameters.

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
    let Parameters {
        validity_max,
        validators_min,
        key_protection,
        recovery_wait,
        recovery_window,
        recovery_sleep,
        admission_distance,
        proposal_ttl,
        exception_max,
        auditor_max,
        outage_gap,
        hold_max,
        transaction_bytes_max,
        block_interval_ms,
        idle_interval,
        propose_timeout_ms,
        vote_timeout_ms,
        timeout_step_ms,
        election_ballots,
        election_reveal,
        election_change,
        election_objections,
        election_term,
        profile_deadline,
        open_proposals_max,
    } = *parameters;
    let lasting = |name, value, present| told(name, value, present, length);
    let counting =
        |name, value, present| told(name, value, present, |number: u32| number.to_string());
    let in_ms = |name, value, present| told(name, value, present, |ms: u64| format!("{ms} ms"));
    [
        lasting("validity_max", validity_max, present.validity_max),
        counting("validators_min", validators_min, present.validators_min),
        lasting("key_protection", key_protection, present.key_protection),
        lasting("recovery_wait", recovery_wait, present.recovery_wait),
        lasting("recovery_window", recovery_window, present.recovery_window),
        lasting("recovery_sleep", recovery_sleep, present.recovery_sleep),
        lasting(
            "admission_distance",
            admission_distance,
            present.admission_distance,
        ),
        lasting("proposal_ttl", proposal_ttl, present.proposal_ttl),
        lasting("exception_max", exception_max, present.exception_max),
        lasting("auditor_max", auditor_max, present.auditor_max),
        lasting("outage_gap", outage_gap, present.outage_gap),
        lasting("hold_max", hold_max, present.hold_max),
        counting(
            "transaction_bytes_max",
            transaction_bytes_max,
            present.transaction_bytes_max,
        ),
        in_ms(
            "block_interval",
            block_interval_ms,
            present.block_interval_ms,
        ),
        lasting("idle_interval", idle_interval, present.idle_interval),
        in_ms(
            "propose_timeout",
            propose_timeout_ms,
            present.propose_timeout_ms,
        ),
        in_ms("vote_timeout", vote_timeout_ms, present.vote_timeout_ms),
        in_ms("timeout_step", timeout_step_ms, present.timeout_step_ms),
        lasting(
            "election_ballots",
            election_ballots,
            present.election_ballots,
        ),
        lasting("election_reveal", election_reveal, present.election_reveal),
        lasting("election_change", election_change, present.election_change),
        lasting(
            "election_objections",
            election_objections,
            present.election_objections,
        ),
        lasting("election_term", election_term, present.election_term),
        lasting(
            "profile_deadline",
            profile_deadline,
            present.profile_deadline,
        ),
        counting(
            "open_proposals_max",
            open_proposals_max,
            present.open_proposals_max,
        ),
    ]
    .concat()
}

/// Zero is no change.
fn told<T: Default + PartialEq>(
    name: &str,
    value: T,
    present: T,
    shown: fn(T) -> String,
) -> String {
    if value == T::default() {
        return String::new();
    }
    let now = match present == value || present == T::default() {
        true => String::new(),
        false => format!(" (now {})", shown(present)),
    };
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
            ", recovery_wait 1d (now 2d), block_interval 20 ms, open_proposals_max 50 (now 100)";
        assert_eq!(changed(&parameters, &present), expected);
    }
}
