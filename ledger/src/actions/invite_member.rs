//! `invite_member`: a unit admits somebody, who may then join with the invited key.

use polity_proto::v1::{
    Capability, InviteMember, Key, Member, MemberKind, MemberState, ObjectKind, Unit,
};

use super::{Act, enrolment};
use crate::context::Context;
use crate::judge::Need;
use crate::state::keys::List;
use crate::state::{lists, names};
use crate::{Rejection, form};

impl Act for InviteMember {
    fn check(&self) -> Result<(), Rejection> {
        form::handle(&self.handle)?;
        form::external_id(&self.external_id)?;
        form::optional_hash(&self.commitment)?;
        form::known_or_zero::<MemberKind>(self.kind)?;
        form::reference(&self.unit)?;
        enrolment::check_fit(&self.key)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        Ok(vec![Need::of(Capability::AdmitMembers, unit.number)])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let now = context.now();
        let unit: Unit = context.find(&self.unit)?;
        if unit.dissolved_at != 0 {
            return Err(Rejection::UnitDissolved);
        }
        enrolment::check_free(context, &self.key)?;

        let member = Member {
            handle: self.handle.clone(),
            external_id: self.external_id.clone(),
            kind: self.kind,
            state: MemberState::Invited as i32,
            commitment: self.commitment.clone(),
            keys: vec![Key {
                public: self.key.clone(),
                added_at: now.time,
                revoked_at: 0,
                paused: now.paused,
            }],
            ..Member::default()
        };
        let number = admit(context, member, unit.number)?;
        enrolment::reserve(context, number, &self.key);
        Ok(())
    }
}

/// Gives a new member a number, a name and a place among the members; returns the number.
pub(super) fn admit(
    context: &mut Context<'_, '_>,
    member: Member,
    unit: u64,
) -> Result<u64, Rejection> {
    names::check_handle(context, ObjectKind::Member, 0, &member.handle)?;
    names::check_external_id(context, ObjectKind::Member, &member.external_id)?;

    let number = context.next_number(ObjectKind::Member);
    names::claim(
        context.state,
        ObjectKind::Member,
        0,
        &member.handle,
        &member.external_id,
        number,
    );
    context.put(&Member {
        number,
        unit,
        admitted_by: context.basis.member,
        admission: Some(context.basis),
        admitted_at: context.now().time,
        effective_at: context.effective_at,
        ..member
    });
    lists::append(context.state, List::Members, 0, number);
    let histories = [(ObjectKind::Member, number), (ObjectKind::Unit, unit)];
    context.event(ObjectKind::Member, number, &histories);
    Ok(number)
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{action::Kind, *};

    use crate::state::keys::List;
    use crate::world::{World, public};

    #[test]
    fn a_unit_invites_whom_nobody_else_is() {
        let mut world = World::new();
        let ivy = InviteMember {
            external_id: "IV-1".into(),
            ..world.invite("ivy", "dev")
        };
        let past = world.dissolved();
        let jon = world.invite("jon", "dev");
        for (invite, expected) in [
            (
                InviteMember {
                    handle: "Ivy".into(),
                    ..ivy.clone()
                },
                "rejected handle_malformed",
            ),
            (
                InviteMember {
                    external_id: "ü".into(),
                    ..ivy.clone()
                },
                "rejected external_id_malformed",
            ),
            (
                InviteMember {
                    commitment: vec![1],
                    ..ivy.clone()
                },
                "rejected hash_malformed",
            ),
            (
                InviteMember {
                    kind: 7,
                    ..ivy.clone()
                },
                "rejected value_unknown",
            ),
            (
                InviteMember {
                    unit: None,
                    ..ivy.clone()
                },
                "rejected ref_malformed",
            ),
            (
                InviteMember {
                    key: vec![0; 32],
                    ..ivy.clone()
                },
                "rejected key_unfit",
            ),
            (
                InviteMember {
                    key: public("finn"),
                    ..ivy.clone()
                },
                "rejected key_unfit",
            ),
            (
                InviteMember {
                    unit: crate::form::numbered(99),
                    ..ivy.clone()
                },
                "rejected object_unknown",
            ),
            (
                InviteMember {
                    unit: past,
                    ..ivy.clone()
                },
                "rejected unit_dissolved",
            ),
            (
                InviteMember {
                    handle: "finn".into(),
                    ..ivy.clone()
                },
                "rejected handle_taken",
            ),
            (ivy.clone(), "accepted"),
            (
                InviteMember {
                    external_id: "IV-1".into(),
                    ..jon
                },
                "rejected external_id_taken",
            ),
        ] {
            world.check(
                "ada",
                Some("acme#lead"),
                Kind::InviteMember(invite),
                expected,
            );
        }
        let kim = Kind::InviteMember(world.invite("kim", "dev"));
        world.check(
            "finn",
            Some("dev#engineer"),
            kim.clone(),
            "rejected no_grant",
        );
        world.check("finn", Some("dev#lead"), kim, "rejected role_not_held");

        let member = world.member("ivy");
        assert_eq!(member.state(), MemberState::Invited);
        assert_eq!(
            (member.unit, member.admitted_by),
            (2, world.member_number("ada"))
        );
        assert_eq!(world.list(List::Members, 0).last(), Some(&member.number));
        assert_eq!(world.history_count(ObjectKind::Member, member.number), 1);
    }
}
