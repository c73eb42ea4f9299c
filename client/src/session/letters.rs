//! Numbers with their letters: member `m12`, unit `u4`, role `r9`.

use polity_proto::v1::ObjectKind;

/// Every kind with its letter. Assets have codes instead, and the organisation is one.
const LETTERS: [(ObjectKind, char); 20] = [
    (ObjectKind::Member, 'm'),
    (ObjectKind::Unit, 'u'),
    (ObjectKind::Role, 'r'),
    (ObjectKind::Assignment, 'n'),
    (ObjectKind::Grant, 'g'),
    (ObjectKind::Policy, 'y'),
    (ObjectKind::Proposal, 'p'),
    (ObjectKind::Account, 'a'),
    (ObjectKind::Transfer, 't'),
    (ObjectKind::Hold, 'h'),
    (ObjectKind::Party, 'x'),
    (ObjectKind::BudgetLine, 'b'),
    (ObjectKind::SodRule, 's'),
    (ObjectKind::SodException, 'e'),
    (ObjectKind::Node, 'd'),
    (ObjectKind::Document, 'k'),
    (ObjectKind::Recovery, 'v'),
    (ObjectKind::Auditor, 'w'),
    (ObjectKind::Objection, 'o'),
    (ObjectKind::Election, 'j'),
];

/// A number with its letter.
#[must_use]
pub fn lettered(kind: ObjectKind, number: u64) -> String {
    match LETTERS.iter().find(|(known, _)| *known == kind) {
        Some((_, letter)) => format!("{letter}{number}"),
        None if kind == ObjectKind::Organisation => "organisation".to_owned(),
        None => format!("{} {number}", kind_name(kind)),
    }
}

/// Reads a number of one kind: `g41`.
#[must_use]
pub fn number_of(kind: ObjectKind, text: &str) -> Option<u64> {
    match object(text) {
        Some((found, number)) if found == kind => Some(number),
        Some(_) | None => None,
    }
}

/// Reads a letter and a number.
#[must_use]
pub fn object(text: &str) -> Option<(ObjectKind, u64)> {
    let letter = text.chars().next()?;
    let (kind, _) = LETTERS.iter().find(|(_, known)| *known == letter)?;
    let digits = &text[letter.len_utf8()..];
    if digits.starts_with(['0', '+']) {
        return None;
    }
    Some((*kind, digits.parse().ok()?))
}

/// A kind's name as people say it.
#[must_use]
pub fn kind_name(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::None => "object",
        ObjectKind::Member => "member",
        ObjectKind::Unit => "unit",
        ObjectKind::Role => "role",
        ObjectKind::Assignment => "assignment",
        ObjectKind::Grant => "grant",
        ObjectKind::Policy => "policy",
        ObjectKind::Proposal => "proposal",
        ObjectKind::Account => "account",
        ObjectKind::Asset => "asset",
        ObjectKind::Transfer => "transfer",
        ObjectKind::Hold => "hold",
        ObjectKind::Party => "party",
        ObjectKind::BudgetLine => "budget line",
        ObjectKind::SodRule => "duty rule",
        ObjectKind::SodException => "duty exception",
        ObjectKind::Node => "node",
        ObjectKind::Document => "document",
        ObjectKind::Recovery => "recovery",
        ObjectKind::Auditor => "auditor",
        ObjectKind::Organisation => "organisation",
        ObjectKind::Objection => "objection",
        ObjectKind::Election => "election",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_reads_back_and_none_is_used_twice() {
        for (kind, letter) in LETTERS {
            assert_eq!(object(&lettered(kind, 41)), Some((kind, 41)), "{letter}");
        }
    }

    #[test]
    fn what_is_not_a_number_with_its_letter_is_a_handle() {
        for text in [
            "", "m", "m0", "m-1", "m+1", "m1x", "z4", "c2", "q5", "finn", "é1", "m01",
        ] {
            assert_eq!(object(text), None, "{text}");
        }
    }
}
