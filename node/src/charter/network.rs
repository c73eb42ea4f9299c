//! Validators, nodes and parameters.

use polity_ledger::parameters;
use polity_proto::v1::{AddValidator, Parameters, RegisterNode, action::Kind};

use super::draft::{Draft, Entry, Sort};
use super::{CharterError, form, words};

pub(super) fn add(draft: &mut Draft, charter: &form::Charter) -> Result<(), CharterError> {
    for validator in &charter.validators {
        let entry = Entry {
            table: "validators",
            name: &validator.unit,
        };
        let wrong = |words: String| entry.error(words);
        let add = AddValidator {
            unit: draft.find(entry, Sort::Unit, &validator.unit)?,
            key: words::hex_bytes(&validator.key, 32).map_err(wrong)?,
            possession: words::hex_bytes(&validator.possession, 64).map_err(wrong)?,
            power: validator.power,
        };
        draft.push(entry, "", Kind::AddValidator(add));
    }
    for node in &charter.nodes {
        let entry = Entry {
            table: "nodes",
            name: &node.unit,
        };
        let register = RegisterNode {
            unit: draft.find(entry, Sort::Unit, &node.unit)?,
            id: words::hex_bytes(&node.id, 20).map_err(|words| entry.error(words))?,
            address: node.address.clone(),
            key: match &node.key {
                Some(key) => words::hex_bytes(key, 32).map_err(|words| entry.error(words))?,
                None => Vec::new(),
            },
        };
        draft.push(entry, "", Kind::RegisterNode(register));
    }
    Ok(())
}

pub(super) fn parameters(form: &form::Parameters) -> Result<Parameters, CharterError> {
    let entry = |name| Entry {
        table: "parameters",
        name,
    };
    let some = |name, value: u64| match value {
        0 => Err(entry(name).error("nothing is no value: leave it out for the default")),
        value => Ok(value),
    };
    let duration = |name, text: &Option<String>| match text {
        None => Ok(0),
        Some(text) => {
            let seconds = words::duration(text).map_err(|words| entry(name).error(words))?;
            some(name, seconds)
        }
    };
    let number = |name, value: Option<u64>| value.map_or(Ok(0), |value| some(name, value));
    let narrow = |name, value: Option<u32>| {
        let value = number(name, value.map(u64::from))?;
        Ok(value as u32)
    };
    let given = Parameters {
        validity_max: duration("validity_max", &form.validity_max)?,
        validators_min: narrow("validators_min", form.validators_min)?,
        key_protection: duration("key_protection", &form.key_protection)?,
        recovery_wait: duration("recovery_wait", &form.recovery_wait)?,
        recovery_window: duration("recovery_window", &form.recovery_window)?,
        recovery_sleep: duration("recovery_sleep", &form.recovery_sleep)?,
        admission_distance: duration("admission_distance", &form.admission_distance)?,
        proposal_ttl: duration("proposal_ttl", &form.proposal_ttl)?,
        exception_max: duration("exception_max", &form.exception_max)?,
        auditor_max: duration("auditor_max", &form.auditor_max)?,
        outage_gap: duration("outage_gap", &form.outage_gap)?,
        hold_max: duration("hold_max", &form.hold_max)?,
        transaction_bytes_max: narrow("transaction_bytes_max", form.transaction_bytes_max)?,
        block_interval_ms: number("block_interval_ms", form.block_interval_ms)?,
        idle_interval: duration("idle_interval", &form.idle_interval)?,
        propose_timeout_ms: number("propose_timeout_ms", form.propose_timeout_ms)?,
        vote_timeout_ms: number("vote_timeout_ms", form.vote_timeout_ms)?,
        timeout_step_ms: number("timeout_step_ms", form.timeout_step_ms)?,
        election_ballots: duration("election_ballots", &form.election_ballots)?,
        election_reveal: duration("election_reveal", &form.election_reveal)?,
        election_change: duration("election_change", &form.election_change)?,
        election_objections: duration("election_objections", &form.election_objections)?,
        election_term: duration("election_term", &form.election_term)?,
        profile_deadline: duration("profile_deadline", &form.profile_deadline)?,
        open_proposals_max: narrow("open_proposals_max", form.open_proposals_max)?,
    };
    match parameters::merge(&parameters::defaults(), &given) {
        Ok(_) => Ok(given),
        Err(rejection) => Err(entry(out_of_bounds(&given)).error(rejection.to_string())),
    }
}

/// The first parameter that is out of its bounds by itself; else those that do not go together.
fn out_of_bounds(given: &Parameters) -> &'static str {
    let is_outside = |parameter: &&parameters::Named| {
        let value = parameter.get(given);
        value != 0 && !parameter.bounds.contains(&value)
    };
    let outside = parameters::ALL.iter().find(is_outside);
    outside.map_or("outage_gap and idle_interval", |parameter| parameter.name)
}
