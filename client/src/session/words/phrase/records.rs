//! Phrases about documents and auditors.

use polity_proto::v1::{AnchorDocument, GrantAuditor, ObjectKind, SupersedeDocument};

use super::super::Words;
use super::super::names::{hash, named};
use super::Phrase;
use super::clauses::{from, stating, until};
use crate::Result;

impl Words<'_> {
    pub(super) async fn anchor_document(&self, act: &AnchorDocument) -> Result<Phrase> {
        Ok((
            "anchor",
            format!(
                "the document {} in {}{}",
                hash(&act.hash),
                self.unit_of(&act.unit).await?,
                stating("label", &act.label)
            ),
        ))
    }

    pub(super) async fn supersede_document(&self, act: &SupersedeDocument) -> Result<Phrase> {
        Ok((
            "replace",
            format!(
                "the document {} by {}",
                named(ObjectKind::Document, &act.document),
                hash(&act.hash)
            ),
        ))
    }

    pub(super) async fn grant_auditor(&self, act: &GrantAuditor) -> Result<Phrase> {
        Ok(("let", {
            let mut units = Vec::new();
            for unit in &act.units {
                units.push(self.unit_of(&Some(*unit)).await?);
            }
            format!(
                "{} audit {}{}{}",
                self.member_of(&act.member).await?,
                units.join(", "),
                until(act.until),
                window(act.window_from, act.window_until)
            )
        }))
    }
}

/// The time whose records may be read.
fn window(begins: u64, ends: u64) -> String {
    match (begins, ends) {
        (0, 0) => String::new(),
        (begins, ends) => format!(", records{}{}", from(begins), until(ends)),
    }
}
