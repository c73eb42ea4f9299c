//! `supersede_document`: another document takes an anchored one's place.

use polity_proto::v1::{Capability, Document, SupersedeDocument};

use super::{Act, anchor_document};
use crate::context::Context;
use crate::judge::{Need, power};
use crate::{Rejection, form};

impl Act for SupersedeDocument {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.document)?;
        form::hash(&self.hash)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let document: Document = context.find(&self.document)?;
        Ok(vec![Need::of(Capability::Anchor, document.unit)])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let document: Document = context.find(&self.document)?;
        if !power::unit_lives(context, document.unit) {
            return Err(Rejection::UnitDissolved);
        }
        if document.superseded_by != 0 {
            return Err(Rejection::DocumentSuperseded);
        }
        let label = document.label.clone();
        let number = anchor_document::anchor(context, document.unit, &self.hash, &label)?;

        context.put(&Document {
            superseded_by: number,
            ..document
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{AnchorDocument, action::Kind};

    use super::*;
    use crate::world::World;

    #[test]
    fn a_document_is_superseded_once_and_each_refusal_has_its_name() {
        let mut world = World::new();
        let lead = Some("dev#lead");
        let anchor = Kind::AnchorDocument(AnchorDocument {
            unit: world.unit_ref("dev"),
            hash: vec![5; 32],
            label: "contract".into(),
        });
        world.check("ben", lead, anchor, "accepted");
        let good = SupersedeDocument {
            document: form::numbered(1),
            hash: vec![6; 32],
        };
        for (expected, act) in [
            (
                "rejected ref_malformed",
                SupersedeDocument {
                    document: None,
                    ..good.clone()
                },
            ),
            (
                "rejected hash_malformed",
                SupersedeDocument {
                    hash: vec![],
                    ..good.clone()
                },
            ),
            (
                "rejected object_unknown",
                SupersedeDocument {
                    document: form::numbered(99),
                    ..good.clone()
                },
            ),
            (
                "rejected document_known",
                SupersedeDocument {
                    hash: vec![5; 32],
                    ..good.clone()
                },
            ),
        ] {
            world.check("ben", lead, Kind::SupersedeDocument(act), expected);
        }
        let act = Kind::SupersedeDocument(good.clone());
        world.check("cleo", Some("ops#lead"), act.clone(), "rejected no_grant");
        world.check("ben", lead, act, "accepted");
        let (old, new): (Document, Document) = (world.get(1), world.get(2));
        assert_eq!(old.superseded_by, 2);
        assert_eq!((new.hash, new.label), (vec![6; 32], old.label));
        let again = Kind::SupersedeDocument(SupersedeDocument {
            hash: vec![7; 32],
            ..good
        });
        world.check("ben", lead, again.clone(), "rejected document_superseded");
        let mut dissolved = world.unit("dev");
        dissolved.dissolved_at = 1;
        world.put_for_test(&dissolved);
        world.check_decided("ben", again, "rejected unit_dissolved");
    }
}
