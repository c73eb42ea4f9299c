//! Transactions that no block took: a home remembers why, because no record does.

use std::path::{Path, PathBuf};

use polity_client::Refusal;
use serde_json::{Value, json};

use crate::draft_file::KEPT;
use crate::failure;
use crate::output::facts;

/// Remembers why a transaction was refused before any block, or from now on where it `was_sent` before: then that no
/// earlier block has it is what nodes say. What cannot be kept was told all the same.
pub fn remember(home: &Path, id: &[u8; 32], refusal: &Refusal, was_sent: bool) {
    let facts = refusal.facts.iter();
    let facts = facts.map(|(name, fact)| (&name[..], &fact[..]));
    let by_any_block = (!was_sent).then_some(false);
    let value = json!({
        "id": hex::encode(id),
        "accepted": by_any_block,
        "recorded": by_any_block,
        "code": refusal.code,
        "rejection": failure::rejection_name(refusal.code),
        "message": failure::rejection_sentence(refusal.code),
        "facts": crate::refusal::as_json(facts),
    });
    let _ = std::fs::create_dir_all(home.join(KEPT))
        .and_then(|()| std::fs::write(path(home, id), value.to_string()));
}

/// Forgets that: it may be in a block now, or on its way to one.
pub fn forget(home: &Path, id: &[u8; 32]) {
    let _ = std::fs::remove_file(path(home, id));
}

/// Why a transaction was refused before any block, where this home sent it.
#[must_use]
pub fn recall(home: &Path, id: &[u8; 32]) -> Option<Value> {
    serde_json::from_slice(&std::fs::read(path(home, id)).ok()?).ok()
}

/// The same for reading.
#[must_use]
pub fn text(value: &Value) -> String {
    let word = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let refused = match value["recorded"] {
        Value::Null => {
            "by every block from now on, which is proven; that no earlier one has it, nodes say"
        }
        _ => "before any block, so nothing is on the record",
    };
    let mut lines = vec![
        ("refused", refused.to_owned()),
        ("rule", format!("{} {}", value["code"], word("rejection"))),
        ("which says", word("message")),
    ];
    let told = value["facts"].as_object().into_iter().flatten();
    lines
        .extend(told.map(|(name, fact)| (name.as_str(), fact.as_str().unwrap_or_default().into())));
    facts(&lines)
}

fn path(home: &Path, id: &[u8; 32]) -> PathBuf {
    home.join(KEPT).join(format!("{}.refused", hex::encode(id)))
}

#[cfg(test)]
mod tests {
    use polity_client::ledger::Rejection;

    use super::*;

    #[test]
    fn why_no_block_took_it_is_told_later_too() {
        let id = [7; 32];
        let home = std::env::temp_dir().join(format!("unrecorded-{}", std::process::id()));
        assert_eq!(recall(&home, &id), None);
        let refusal = Refusal {
            code: Rejection::KeyUnknown.code(),
            log: String::new(),
            facts: [
                ("proven", "by the state of height 69"),
                ("unit", "u3"),
                ("unit", "u2"),
            ]
            .map(|(name, fact)| (name.to_owned(), fact.to_owned()))
            .to_vec(),
        };

        remember(&home, &id, &refusal, true);

        // Of what was sent before no more is known than what holds from now on.
        let value = recall(&home, &id).expect("remembered");
        assert_eq!(
            (&value["recorded"], &value["accepted"]),
            (&Value::Null, &Value::Null)
        );
        assert!(text(&value).contains("by every block from now on"));

        remember(&home, &id, &refusal, false);

        let value = recall(&home, &id).expect("remembered");
        assert_eq!(value["recorded"], false);
        let text = text(&value);
        for words in [
            "nothing is on the record",
            "202 key_unknown",
            "by the state of height 69",
            "u3, u2",
        ] {
            assert!(text.contains(words), "{text}");
        }
        forget(&home, &id);
        assert_eq!(recall(&home, &id), None);
        std::fs::remove_dir_all(home).expect("removed");
    }
}
