//! Documents, auditors and closed periods.

use polity_ledger::time::DAY;
use polity_proto::v1::action::Kind;
use polity_proto::v1::{AnchorDocument, ClosePeriod, Document, GrantAuditor, SupersedeDocument};

use super::{Deed, Scene};

pub(crate) fn anchor_document(scene: &mut Scene<'_>) -> Option<Deed> {
    let anchor = AnchorDocument {
        unit: scene.unit(),
        hash: scene.hash(),
        label: "minutes".into(),
    };
    Some(Kind::AnchorDocument(anchor).into())
}

pub(crate) fn supersede_document(scene: &mut Scene<'_>) -> Option<Deed> {
    let mut documents = scene.view.all::<Document>();
    documents.retain(|document| document.superseded_by == 0);
    let supersede = SupersedeDocument {
        document: scene.reference(documents),
        hash: scene.hash(),
    };
    Some(Kind::SupersedeDocument(supersede).into())
}

pub(crate) fn grant_auditor(scene: &mut Scene<'_>) -> Option<Deed> {
    let grant = GrantAuditor {
        member: scene.member(),
        units: scene.unit().into_iter().collect(),
        window_from: 1,
        window_until: scene.time(),
        until: scene.soon(150),
    };
    Some(Kind::GrantAuditor(grant).into())
}

pub(crate) fn close_period(scene: &mut Scene<'_>) -> Option<Deed> {
    let today = scene.time() / DAY * DAY;
    let close = ClosePeriod {
        unit: scene.unit(),
        until: today.saturating_sub(scene.dice.below(3) * DAY),
    };
    Some(Kind::ClosePeriod(close).into())
}
