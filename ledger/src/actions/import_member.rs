//! `import_member`: somebody whom another system knows. Without keys there is no power, no vote and
//! no count; the first key comes by `add_key`.

use polity_proto::v1::{Capability, ImportMember, Member, MemberKind, MemberState, Unit};

use super::{Act, invite_member};
use crate::context::Context;
use crate::judge::Need;
use crate::{Rejection, form};

impl Act for ImportMember {
    fn check(&self) -> Result<(), Rejection> {
        form::handle(&self.handle)?;
        form::external_id(&self.external_id)?;
        form::known_or_zero::<MemberKind>(self.kind)?;
        form::reference(&self.unit)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        Ok(vec![Need::of(Capability::AdmitMembers, unit.number)])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        if unit.dissolved_at != 0 {
            return Err(Rejection::UnitDissolved);
        }

        let member = Member {
            handle: self.handle.clone(),
            external_id: self.external_id.clone(),
            kind: self.kind,
            state: MemberState::Imported as i32,
            ..Member::default()
        };
        invite_member::admit(context, member, unit.number).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{action::Kind, *};

    use crate::judge::power;
    use crate::world::World;

    #[test]
    fn an_imported_member_is_recorded_and_has_no_power() {
        let mut world = World::new();
        let past = world.dissolved();
        let old = ImportMember {
            external_id: "H-77".into(),
            ..world.import("old", "dev")
        };
        for (import, expected) in [
            (
                ImportMember {
                    handle: String::new(),
                    ..old.clone()
                },
                "rejected handle_malformed",
            ),
            (
                ImportMember {
                    external_id: "a\n".into(),
                    ..old.clone()
                },
                "rejected external_id_malformed",
            ),
            (
                ImportMember {
                    kind: 9,
                    ..old.clone()
                },
                "rejected value_unknown",
            ),
            (
                ImportMember {
                    unit: None,
                    ..old.clone()
                },
                "rejected ref_malformed",
            ),
            (
                ImportMember {
                    unit: crate::form::numbered(99),
                    ..old.clone()
                },
                "rejected object_unknown",
            ),
            (
                ImportMember {
                    unit: past,
                    ..old.clone()
                },
                "rejected unit_dissolved",
            ),
            (
                ImportMember {
                    handle: "ada".into(),
                    ..old.clone()
                },
                "rejected handle_taken",
            ),
            (old.clone(), "accepted"),
            (
                ImportMember {
                    handle: "older".into(),
                    ..old.clone()
                },
                "rejected external_id_taken",
            ),
        ] {
            world.check(
                "ada",
                Some("acme#lead"),
                Kind::ImportMember(import),
                expected,
            );
        }
        let again = Kind::ImportMember(world.import("young", "dev"));
        world.check("finn", Some("dev#engineer"), again, "rejected no_grant");

        let assign = AssignRole {
            manner: Manner::Imported as i32,
            ..world.assign("old", "dev#engineer")
        };
        world.ada(Kind::AssignRole(assign));
        let member = world.member("old");
        assert!(member.keys.is_empty());
        assert!(power::grants_of(&world.state, member.number, world.time).is_empty());
    }
}
