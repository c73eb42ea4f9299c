//! Clauses that several phrases end with.

use polity_proto::v1::Capability;

use super::super::names::{hash, word};
use crate::time::{length, rfc3339};

/// A capability as a verb.
pub(super) fn capability(capability: Capability) -> String {
    word(capability.as_str_name(), "CAPABILITY_")
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

pub(super) fn from(seconds: u64) -> String {
    match seconds {
        0 => String::new(),
        seconds => format!(" from {}", rfc3339(seconds)),
    }
}

pub(super) fn until(seconds: u64) -> String {
    match seconds {
        0 => String::new(),
        seconds => format!(" until {}", rfc3339(seconds)),
    }
}

pub(super) fn stating(name: &str, text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!(", {name} {}", quoted(text))
    }
}

/// The kind of what is made or moved, by its word; the protocol's word for no kind is `none`.
pub(super) fn of_kind(word: &str) -> String {
    match word {
        "none" => String::new(),
        word => format!(", kind {word}"),
    }
}

pub(super) fn counting(name: &str, number: u32) -> String {
    match number {
        0 => String::new(),
        number => format!(", {name} {number}"),
    }
}

pub(super) fn lasting(name: &str, seconds: u64) -> String {
    match seconds {
        0 => String::new(),
        seconds => format!(", {name} {}", length(seconds)),
    }
}

pub(super) fn hashed(name: &str, bytes: &[u8]) -> String {
    if bytes.is_empty() {
        String::new()
    } else {
        format!(", {name} {}", hash(bytes))
    }
}

/// What a movement of value says beside its sum: its reference, its document, and the day that it belongs to.
pub(super) fn voucher(reference: &str, document: &[u8], value_date: u64) -> String {
    let mut text = stating("reference", reference) + &hashed("document", document);
    if value_date != 0 {
        text.push_str(&format!(", value date {}", rfc3339(value_date)));
    }
    text
}

/// Somebody's words, marked as theirs and on one line: they end where they end, whatever is in them.
pub(super) fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", text.replace('\n', " "))
}
