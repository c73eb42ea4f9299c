//! How trouble is told: a sentence and its causes on stderr, and to scripts an object in place of the answer.

use std::error::Error as _;

use polity_client::ledger::Rejection;
use polity_client::session::visible;
use polity_client::{Error, ErrorKind, Refusal};
use serde_json::{Value, json};

use crate::output::{self, Form};
use crate::refusal;

/// What somebody typed, or gave, cannot be done.
pub fn usage(words: impl Into<String>) -> Error {
    Error::usage(words)
}

/// A command line cannot be read.
pub fn misread(error: &clap::Error) -> Error {
    let text = error.render().to_string();
    usage(text.trim().trim_start_matches("error: "))
}

/// Tells an error in words on stderr. To a script it is the answer as well, where the command gave none, so that stdout
/// has one object however a command ends.
pub fn show(error: &Error, form: Form) {
    use std::io::Write;
    if form == Form::Json && !output::has_answered() {
        output::print(&format!("{:#}\n", as_json(error)));
    }
    let _ = writeln!(anstream::stderr(), "{}", as_text(error));
}

/// A rejection's name by its number; door codes of the node have none.
#[must_use]
pub fn rejection_name(code: u32) -> &'static str {
    Rejection::from_code(code).map_or("unknown", Rejection::name)
}

/// A rejection's sentence by its number.
#[must_use]
pub fn rejection_sentence(code: u32) -> String {
    Rejection::from_code(code).map_or_else(
        || "a refusal that this program does not know".to_owned(),
        |one| one.to_string(),
    )
}

fn as_text(error: &Error) -> String {
    let red = anstyle::AnsiColor::Red.on_default();
    let mut text = match error.refusal() {
        None => format!("{red}polity:{red:#} {}", with_causes(error)),
        Some(refusal) => {
            let code = refusal.code;
            let mut text = match Rejection::from_code(code) {
                Some(one) => format!("{red}refused{red:#} {code} {}: {one}", one.name()),
                None => format!("{red}refused{red:#} code {code}: {}", visible(&refusal.log)),
            };
            let mut told = Vec::new();
            for (name, value) in facts_of(refusal) {
                let line = format!("\n  {}: {}", visible(name), visible(value));
                // Of two needs of one unit, for instance, the same is said of each.
                if !told.contains(&line) {
                    text.push_str(&line);
                    told.push(line);
                }
            }
            text
        }
    };
    match error.way() {
        Some(way) => text.push_str(&format!("\n  {way}")),
        None if error.kind() == ErrorKind::ProofFailed => text.push_str(
            "\n  not shown: the node lies or keeps another chain than your genesis.json, or this machine's clock is wrong; \
             ask another by --node",
        ),
        None => {}
    }
    if error.kind() == ErrorKind::NotReached && !text.contains("--node") {
        text.push_str(
            "\n  no answer: see whether the node runs; others are named by --node, or as `nodes` in config.toml",
        );
    }
    if let Some(id) = error.transaction_id() {
        text.push_str(&format!("\n  transaction: {}", hex::encode(id)));
    }
    text
}

fn as_json(error: &Error) -> Value {
    let mut value = json!({
        "error": kind_name(error.kind()),
        "exit_code": error.kind().exit_code(),
        "message": with_causes(error),
    });
    if let Some(refusal) = error.refusal() {
        value["code"] = refusal.code.into();
        if let Some(one) = Rejection::from_code(refusal.code) {
            value["rejection"] = one.name().into();
            value["message"] = one.to_string().into();
        } else {
            value["message"] = refusal.log.clone().into();
        }
        value["facts"] = refusal::as_json(facts_of(refusal));
    }
    if let Some(id) = error.transaction_id() {
        value["id"] = hex::encode(id).into();
    }
    value
}

/// The facts of a refusal, and what to do next, unless one of them says it.
fn facts_of(refusal: &Refusal) -> impl Iterator<Item = (&str, &str)> {
    let facts = refusal.facts.iter();
    let facts = facts.map(|(name, value)| (name.as_str(), value.as_str()));
    let is_said = facts.clone().any(|(name, _)| name == "way");
    let way = Rejection::from_code(refusal.code).and_then(refusal::way);
    facts.chain(way.filter(|_| !is_said).map(|way| ("way", way)))
}

/// A sentence and its causes.
pub(crate) fn with_causes(error: &Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let words = cause.to_string();
        if !text.ends_with(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        next = cause.source();
    }
    text
}

fn kind_name(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Usage => "usage",
        ErrorKind::Refused => "refused",
        ErrorKind::NotReached => "not_reached",
        ErrorKind::ProofFailed => "proof_failed",
        ErrorKind::OutcomeUnknown => "outcome_unknown",
        ErrorKind::Key => "key",
        // The library may learn kinds: to a script they are trouble.
        ErrorKind::Trouble | _ => "trouble",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_that_is_known_is_told_in_place_of_that_a_node_may_lie() {
        let told = as_text(&Error::new(ErrorKind::ProofFailed, "x--checkpoint"));
        assert!(told.contains("the node lies"), "{told}");
        let told = as_text(&Error::new(ErrorKind::ProofFailed, "too old").with_way("do this"));
        assert!(told.ends_with("\n  do this"), "{told}");
        assert!(!told.contains("the node lies"), "{told}");
    }

    #[test]
    fn whoever_reaches_no_node_is_told_what_to_do_once() {
        let told = |words: &str| as_text(&Error::new(ErrorKind::NotReached, words));
        assert!(told("connection refused").contains("others are named by --node"));
        let full = "has no room: ask another by --node";
        assert!(told(full).ends_with(full));
    }

    #[test]
    fn what_is_said_of_two_needs_is_told_in_words_once() {
        let facts = [("unit", "u16"), ("unit", "u16"), ("unit", "u2")];
        let facts = facts.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let told = as_text(&Error::refused(Refusal {
            code: Rejection::NoGrant.code(),
            log: String::new(),
            facts: facts.to_vec(),
        }));
        assert_eq!(told.matches("unit: u16").count(), 1, "{told}");
        assert!(told.contains("unit: u2"), "{told}");
    }

    #[test]
    fn what_is_said_of_several_is_told_of_each_in_json_too() {
        let told = |facts: &[(&str, &str)]| {
            let facts = facts.iter();
            as_json(&Error::refused(Refusal {
                code: Rejection::NotConferred.code(),
                log: String::new(),
                facts: facts
                    .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                    .collect(),
            }))
        };
        let value = told(&[
            ("capability", "audit"),
            ("unit", "u3"),
            ("capability", "audit"),
            ("unit", "u2"),
            ("unit", "u3"),
        ]);
        assert_eq!(value["facts"]["capability"], "audit");
        assert_eq!(value["facts"]["unit"], "u3, u2");
    }
}
