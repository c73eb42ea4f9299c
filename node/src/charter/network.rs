//! Validators, nodes and parameters.

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
    let duration = |name, text: &Option<String>| {
        words::optional_duration(text).map_err(|words| entry(name).error(words))
    };
    Ok(Parameters {
        validity_max: duration("validity_max", &form.validity_max)?,
        validators_min: form.validators_min.unwrap_or_default(),
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
        transaction_bytes_max: form.transaction_bytes_max.unwrap_or_default(),
        block_interval_ms: form.block_interval_ms.unwrap_or_default(),
        idle_interval: duration("idle_interval", &form.idle_interval)?,
        propose_timeout_ms: form.propose_timeout_ms.unwrap_or_default(),
        vote_timeout_ms: form.vote_timeout_ms.unwrap_or_default(),
        timeout_step_ms: form.timeout_step_ms.unwrap_or_default(),
        election_ballots: duration("election_ballots", &form.election_ballots)?,
        election_reveal: duration("election_reveal", &form.election_reveal)?,
        election_change: duration("election_change", &form.election_change)?,
        election_objections: duration("election_objections", &form.election_objections)?,
        election_term: duration("election_term", &form.election_term)?,
        profile_deadline: duration("profile_deadline", &form.profile_deadline)?,
        open_proposals_max: form.open_proposals_max.unwrap_or_default(),
    })
}
