//! Clauses that several phrases end with.

use polity_proto::v1::Capability;

use super::super::names::time;

/// A capability as a verb.
pub(super) fn capability(capability: Capability) -> String {
    capability
        .as_str_name()
        .trim_start_matches("CAPABILITY_")
        .to_lowercase()
}

pub(super) fn conferring(confers: &[i32]) -> String {
    if confers.is_empty() {
        return String::new();
    }
    let names: Vec<String> = confers
        .iter()
        .map(|one| Capability::try_from(*one).map_or_else(|_| one.to_string(), capability))
        .collect();
    format!(", conferring {}", names.join(", "))
}

pub(super) fn until(seconds: u64) -> String {
    match seconds {
        0 => String::new(),
        seconds => format!(" until {}", time(seconds)),
    }
}

pub(super) fn stating(name: &str, text: &str) -> String {
    match text.is_empty() {
        true => String::new(),
        false => format!(", {name} {}", quoted(text)),
    }
}

/// Somebody's words, marked as theirs and on one line.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\n', " "))
}
