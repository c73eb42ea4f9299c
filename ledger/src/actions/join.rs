//! `join`: the invited key accepts the constitution, and the member becomes active.

use polity_proto::v1::{Join, Member, MemberState, ObjectKind, Organisation};

use super::{Act, enrolment};
use crate::context::Context;
use crate::judge::Need;
use crate::{Rejection, form};

impl Act for Join {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.member)?;
        form::hash(&self.constitution)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let member: Member = context.find(&self.member)?;
        let need = if member.number == context.actor.member {
            Need::own()
        } else {
            Need::not_yours()
        };
        Ok(vec![need])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let member: Member = context.find(&self.member)?;
        let organisation: Organisation = context.get(0)?;
        if member.state() != MemberState::Invited {
            return Err(Rejection::MemberStateWrong);
        }
        if self.constitution != organisation.constitution {
            return Err(Rejection::ConstitutionWrong);
        }
        // Elsewhere the transaction's own signature is the proof.
        if context.is_genesis() {
            let key = member.keys.first().map_or(&[][..], |key| &key.public);
            enrolment::check_possession(context, member.number, key, &self.possession)?;
        }

        let number = member.number;
        context.put(&Member {
            state: MemberState::Active as i32,
            // The time as a newcomer begins now: having been invited long ago does not shorten it.
            admitted_at: context.now().time,
            joined_at: context.effective(),
            constitution: self.constitution.clone(),
            ..member
        });
        context.event(ObjectKind::Member, number, &[(ObjectKind::Member, number)]);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{action::Kind, *};

    use crate::Rejection;
    use crate::world::{Charter, World, constitution, public};

    #[test]
    fn an_invited_key_joins_once_and_does_nothing_else_before() {
        let mut world = World::new();
        world.ada(Kind::InviteMember(world.invite("ivy", "dev")));
        let join = world.join("ivy");
        for (actor, kind, expected) in [
            (
                "ivy",
                Kind::Join(Join {
                    member: None,
                    ..join.clone()
                }),
                "rejected ref_malformed",
            ),
            (
                "ivy",
                Kind::Join(Join {
                    constitution: vec![],
                    ..join.clone()
                }),
                "rejected hash_malformed",
            ),
            ("ivy", Kind::Leave(Leave {}), "rejected invited_only_joins"),
            (
                "ivy",
                Kind::Join(Join {
                    member: crate::form::numbered(99),
                    ..join.clone()
                }),
                "rejected object_unknown",
            ),
            (
                "ivy",
                Kind::Join(Join {
                    constitution: vec![7; 32],
                    ..join.clone()
                }),
                "rejected constitution_wrong",
            ),
            ("finn", Kind::Join(join.clone()), "rejected not_yours"),
            ("ivy", Kind::Join(join.clone()), "accepted"),
            ("ivy", Kind::Join(join), "rejected member_state_wrong"),
        ] {
            world.check(actor, None, kind, expected);
        }
        let member = world.member("ivy");
        assert_eq!(member.state(), MemberState::Active);
        assert_eq!(member.joined_at, world.time - 1);
        assert_eq!(member.constitution, constitution());
    }

    #[test]
    fn in_a_genesis_the_key_proves_its_possession() {
        let mut charter = Charter::acme();
        let invite = InviteMember {
            handle: "ivy".into(),
            key: public("ivy"),
            unit: charter.named("dev"),
            ..InviteMember::default()
        };
        charter.push("ivy", Kind::InviteMember(invite));
        let join = Join {
            member: charter.named("ivy"),
            constitution: constitution(),
            possession: vec![1; 64],
        };
        charter.push("ivy joins", Kind::Join(join));
        let refused = World::try_founded(&charter).err();
        assert_eq!(
            refused.map(|error| error.rejection),
            Some(Rejection::PossessionUnproven)
        );
    }
}
