//! Documents, auditors, closed periods.

use polity_proto::v1::{
    AnchorDocument, ClosePeriod, GrantAuditor, ObjectKind, SupersedeDocument, action::Kind,
};

use super::super::clock;
use super::super::draft::Draft;
use super::super::text::Words;
use super::super::trouble::Outcome;
use super::document;

pub(super) fn read(draft: &mut Draft<'_>, verb: &str, words: &mut Words) -> Outcome<bool> {
    match verb {
        "anchor" if words.take("document") => {
            let name = words.word("document")?;
            words.need("in")?;
            let unit = draft.refer(ObjectKind::Unit, words)?;
            let act = AnchorDocument {
                unit,
                hash: document(&name),
                label: "document".to_owned(),
            };
            draft.call(ObjectKind::Document, &name, Kind::AnchorDocument(act));
        }
        "supersede" if words.take("document") => {
            let old = draft.refer(ObjectKind::Document, words)?;
            words.need("by")?;
            let name = words.word("document")?;
            let act = SupersedeDocument {
                document: old,
                hash: document(&name),
            };
            draft.call(ObjectKind::Document, &name, Kind::SupersedeDocument(act));
        }
        "appoint" => appoint(draft, words)?,
        "close" if words.take("the books of") => {
            let unit = draft.refer(ObjectKind::Unit, words)?;
            words.need("until")?;
            let until = clock::time(words)?;
            draft.push(Kind::ClosePeriod(ClosePeriod { unit, until }));
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// `appoints kim auditor of U U … until TIME`: the records of the year before.
fn appoint(draft: &mut Draft<'_>, words: &mut Words) -> Outcome<()> {
    let member = draft.refer(ObjectKind::Member, words)?;
    words.need("auditor of")?;
    let mut units = Vec::new();
    while words.peek().is_some_and(|word| word != "until") {
        units.extend(draft.refer(ObjectKind::Unit, words)?);
    }
    words.need("until")?;
    let until = clock::time(words)?;
    draft.push(Kind::GrantAuditor(GrantAuditor {
        member,
        units,
        window_from: draft.now().saturating_sub(365 * polity_ledger::time::DAY),
        window_until: draft.now().max(1),
        until,
    }));
    Ok(())
}
