//! `anchor_document`: a unit records that a document with this hash was there now.

use polity_proto::v1::{AnchorDocument, Capability, Document, ObjectKind, Unit};

use super::Act;
use crate::context::Context;
use crate::judge::Need;
use crate::state::{keys, names, objects};
use crate::{Rejection, form};

impl Act for AnchorDocument {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.unit)?;
        form::hash(&self.hash)?;
        form::line(&self.label, form::SHORT_BYTES_MAX)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        Ok(vec![Need::of(Capability::Anchor, unit.number)])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        if unit.dissolved_at != 0 {
            return Err(Rejection::UnitDissolved);
        }
        anchor(context, unit.number, &self.hash, &self.label).map(|_| ())
    }
}

/// Anchors a hash that the unit has not anchored yet; returns the document's number.
pub(super) fn anchor(
    context: &mut Context<'_, '_>,
    unit: u64,
    hash: &[u8],
    label: &str,
) -> Result<u64, Rejection> {
    let index = index(context, unit, hash);
    if names::find(context, &index).is_some() {
        return Err(Rejection::DocumentKnown);
    }

    let number = context.next_number(ObjectKind::Document);
    context.put(&Document {
        number,
        unit,
        hash: hash.to_vec(),
        label: label.to_owned(),
        anchored_by: context.actor.member,
        anchored_at: context.now().time,
        superseded_by: 0,
        effective_at: context.effective_at,
    });
    names::point(context.state, index, number);
    context.event(ObjectKind::Document, number, &[(ObjectKind::Unit, unit)]);
    Ok(number)
}

/// The key under which a unit's document with this hash is found. For the unit that anchored the hash first it is the
/// hash alone, so that whoever has the document finds it; for any other, such as the second of two that signed it, hash
/// and unit.
fn index(context: &Context<'_, '_>, unit: u64, hash: &[u8]) -> Vec<u8> {
    let by_hash = keys::key_with(keys::DOCUMENT_HASH, &[], hash);
    let first = names::find(context, &by_hash)
        .and_then(|number| objects::look::<Document>(context, number));
    match first {
        Some(first) if first.unit != unit => {
            let of_unit = [hash, &unit.to_be_bytes()].concat();
            keys::key_with(keys::DOCUMENT_HASH, &[], &of_unit)
        }
        Some(_) | None => by_hash,
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::action::Kind;

    use super::*;
    use crate::world::World;

    #[test]
    fn both_who_signed_a_document_anchor_it_and_the_first_is_found_by_its_hash() {
        let mut world = World::new();
        let hash = vec![5; 32];
        let anchor = |world: &World, unit| {
            Kind::AnchorDocument(AnchorDocument {
                unit: world.unit_ref(unit),
                hash: hash.clone(),
                label: "contract".into(),
            })
        };
        for expected in ["accepted", "rejected document_known"] {
            for (member, role, unit) in [("ben", "dev#lead", "dev"), ("cleo", "ops#lead", "ops")] {
                let act = anchor(&world, unit);
                world.check(member, Some(role), act, expected);
            }
        }
        let of = |number| world.get::<Document>(number).unit;
        assert_eq!(
            [1, 2].map(of),
            ["dev", "ops"].map(|unit| world.unit(unit).number)
        );
        let by_hash = keys::key_with(keys::DOCUMENT_HASH, &[], &hash);
        assert_eq!(names::find(&world.state, &by_hash), Some(1));
    }

    #[test]
    fn a_hash_is_anchored_once_and_each_refusal_has_its_name() {
        let mut world = World::new();
        let lead = Some("dev#lead");
        let good = AnchorDocument {
            unit: world.unit_ref("dev"),
            hash: vec![5; 32],
            label: "contract".into(),
        };
        let unit = world.unit("dev").number;
        let entries = world.history_count(ObjectKind::Unit, unit);
        world.check("ben", lead, Kind::AnchorDocument(good.clone()), "accepted");
        let document: Document = world.get(1);
        assert_eq!(document.anchored_by, world.member_number("ben"));
        assert_eq!(document.anchored_at, world.time);
        assert_eq!(world.history_count(ObjectKind::Unit, unit), entries + 1);

        for (expected, act) in [
            (
                "rejected ref_malformed",
                AnchorDocument {
                    unit: None,
                    ..good.clone()
                },
            ),
            (
                "rejected hash_malformed",
                AnchorDocument {
                    hash: vec![5],
                    ..good.clone()
                },
            ),
            (
                "rejected text_malformed",
                AnchorDocument {
                    label: "l".repeat(129),
                    ..good.clone()
                },
            ),
            (
                "rejected object_unknown",
                AnchorDocument {
                    unit: form::numbered(99),
                    ..good.clone()
                },
            ),
            ("rejected document_known", good.clone()),
        ] {
            world.check("ben", lead, Kind::AnchorDocument(act), expected);
        }
        let act = Kind::AnchorDocument(good);
        world.check(
            "finn",
            Some("dev#engineer"),
            act.clone(),
            "rejected no_grant",
        );
        let mut dissolved = world.unit("dev");
        dissolved.dissolved_at = 1;
        world.put_for_test(&dissolved);
        world.check_decided("ben", act, "rejected unit_dissolved");
    }
}
